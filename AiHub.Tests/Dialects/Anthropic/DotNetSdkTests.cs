using System.Text.Json;
using System.Text.Json.Nodes;
using global::Anthropic;
using global::Anthropic.Exceptions;
using global::Anthropic.Models.Messages;
using global::Anthropic.Models.Models;

namespace AiHub.Tests.Dialects.Anthropic;

/// <summary>Anthropic's official .NET SDK reads what the dialect writes.</summary>
public sealed class DotNetSdkTests : IAsyncLifetime
{
    private WritersServer _server = null!;
    private AnthropicClient _client = null!;

    public async Task InitializeAsync()
    {
        _server = await WritersServer.StartAsync();
        _client = new AnthropicClient { BaseUrl = _server.Url, ApiKey = "key", MaxRetries = 0 };
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("text")]
    [InlineData("agent")]
    [InlineData("refuses")]
    public async Task A_message_and_its_stream_are_valid_and_the_same(string model)
    {
        var message = await _client.Messages.Create(Ask(model));
        message.Validate();

        var events = new List<RawMessageStreamEvent>();
        await foreach (var sent in _client.Messages.CreateStreaming(Ask(model)))
        {
            sent.Validate();
            events.Add(sent);
        }

        Assert.Equal("msg_1", message.ID);
        Assert.Equal((11, 7, 3, 7), (message.Usage.InputTokens, message.Usage.CacheReadInputTokens, message.Usage.CacheCreationInputTokens, message.Usage.OutputTokens));
        Translate.Same(Content(message), Content(await Collected(events)));
    }

    [Fact]
    public async Task Thinking_and_tools_are_understood()
    {
        var message = await _client.Messages.Create(Ask("agent"));

        Assert.Equal(StopReason.ToolUse, message.StopReason!.Value());
        Translate.Same(
            """
            [{"type":"thinking","thinking":"Hm.","signature":"c2ln"},
             {"type":"redacted_thinking","data":"aihub1.eyJkZXRhaWwiOnsidHlwZSI6InJlYXNvbmluZy5lbmNyeXB0ZWQiLCJkYXRhIjoiWlc1aiIsImZvcm1hdCI6Im9wZW5haS1yZXNwb25zZXMtdjEiLCJpZCI6InJzXzEifX0"},
             {"type":"text","text":"Both.","citations":[{"type":"web_search_result_location","url":"https://w.example","title":"W","cited_text":"c","encrypted_index":""}]},
             {"type":"tool_use","id":"call_a","name":"weather","input":{"city":"Paris"},"caller":{"type":"direct"}},
             {"type":"tool_use","id":"call_b","name":"time","input":{},"caller":{"type":"direct"}}]
            """,
            Content(message));
    }

    [Fact]
    public async Task Errors_have_their_types()
    {
        await Assert.ThrowsAsync<AnthropicBadRequestException>(() => _client.Messages.Create(Ask("status-400")));
        await Assert.ThrowsAsync<AnthropicUnauthorizedException>(() => _client.Messages.Create(Ask("status-401")));
        await Assert.ThrowsAsync<AnthropicForbiddenException>(() => _client.Messages.Create(Ask("status-403")));
        await Assert.ThrowsAsync<AnthropicNotFoundException>(() => _client.Messages.Create(Ask("status-404")));
        await Assert.ThrowsAsync<AnthropicRateLimitException>(() => _client.Messages.Create(Ask("status-429")));
        await Assert.ThrowsAsync<Anthropic5xxException>(() => _client.Messages.Create(Ask("status-502")));
    }

    [Fact]
    public async Task A_broken_stream_throws()
    {
        var failure = await Assert.ThrowsAnyAsync<AnthropicException>(async () =>
        {
            await foreach (var _ in _client.Messages.CreateStreaming(Ask("dies")))
            {
            }
        });

        Assert.Contains("broke off", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_are_counted()
    {
        var counted = await _client.Messages.CountTokens(new MessageCountTokensParams { Model = "m", Messages = [new UserMessageParam("12345")] });

        Assert.Equal(9, counted.InputTokens);
    }

    [Fact]
    public async Task Models_are_listed_page_by_page()
    {
        var page = await _client.Models.List(new ModelListParams { Limit = 2 });
        page.Validate();
        var ids = new List<string>();
        await foreach (var model in page.Paginate())
        {
            model.Validate();
            ids.Add(model.ID);
        }

        Assert.Equal(["vendor/model-1", "vendor/model-2", "vendor/model-3", "vendor/model-4", "vendor/model-5"], ids);
    }

    private static MessageCreateParams Ask(string model) => new() { Model = model, MaxTokens = 100, Messages = [new UserMessageParam("Hello")] };

    private static async Task<Message> Collected(List<RawMessageStreamEvent> events)
    {
        return await Replay().Aggregate();

        async IAsyncEnumerable<RawMessageStreamEvent> Replay()
        {
            foreach (var sent in events)
            {
                yield return sent;
            }

            await Task.CompletedTask;
        }
    }

    private static JsonNode? Content(Message message) => JsonSerializer.SerializeToNode(message)!["content"];
}
