using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Tests.Hub;
using global::Anthropic;
using global::Anthropic.Exceptions;
using global::Anthropic.Models.Messages;

namespace AiHub.Tests.Sdk;

/// <summary>Anthropic's official .NET SDK, unmodified, calls a chat model through the hub.</summary>
public sealed class AnthropicDotNetTests : IAsyncLifetime
{
    private TestHub _hub = null!;
    private AnthropicClient _client = null!;

    public async Task InitializeAsync()
    {
        _hub = await TestHub.SharedAsync();
        _client = Client((await _hub.RegisterAsync()).Key.Key);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_message_and_its_stream_are_the_same()
    {
        var message = await _client.Messages.Create(Ask("echo", "Say 你好"));
        message.Validate();
        var events = new List<RawMessageStreamEvent>();
        await foreach (var sent in _client.Messages.CreateStreaming(Ask("echo", "Say 你好")))
        {
            sent.Validate();
            events.Add(sent);
        }

        var streamed = await Replay(events).Aggregate();
        Assert.Equal("Say 你好", Text(message));
        Assert.Equal("Say 你好", Text(streamed));
        Assert.Equal(StopReason.EndTurn, message.StopReason!.Value());
        Assert.Equal((message.Usage.InputTokens, message.Usage.OutputTokens), (streamed.Usage.InputTokens, streamed.Usage.OutputTokens));
        Assert.True(message.Usage is { InputTokens: > 0, OutputTokens: > 0 });
    }

    [Fact]
    public async Task A_tool_is_called_and_answered()
    {
        var ask = Ask("tools", "Weather in Paris?") with { Tools = [Weather] };

        var calling = await _client.Messages.Create(ask);
        var streamed = await _client.Messages.CreateStreaming(ask).Aggregate();
        var call = Assert.IsType<ToolUseBlock>(Assert.Single(calling.Content).Value);
        var told = await _client.Messages.Create(ask with
        {
            Messages =
            [
                .. ask.Messages,
                AssistantMessageParam.FromRawUnchecked(Members(new { role = "assistant", content = calling.Content })),
                UserMessageParam.FromRawUnchecked(Members(new { role = "user", content = new[] { new { type = "tool_result", tool_use_id = call.ID, content = "sunny" } } })),
            ],
        });

        Assert.Equal((StopReason.ToolUse, StopReason.ToolUse), (calling.StopReason!.Value(), streamed.StopReason!.Value()));
        Assert.Equal(("get_weather", "Paris"), (call.Name, call.Input["city"].GetString()));
        Assert.Equal("Paris", Assert.IsType<ToolUseBlock>(Assert.Single(streamed.Content).Value).Input["city"].GetString());
        Assert.Equal("The tool answered: sunny", Text(told));
    }

    [Fact]
    public async Task A_schema_shapes_the_answer()
    {
        var message = await _client.Messages.Create(Ask("echo", "Where?") with
        {
            OutputConfig = new OutputConfig { Format = new JsonOutputFormat { Schema = Members(Place) } },
        });

        Assert.Equal("Paris", (string?)JsonNode.Parse(Text(message)!)!["city"]);
    }

    [Fact]
    public async Task Giving_up_on_a_stream_ends_it()
    {
        using var patience = new CancellationTokenSource();
        var words = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var sent in _client.Messages.CreateStreaming(Ask("slow", "slow 10 5000 and then some"), patience.Token))
            {
                if (sent.TryPickContentBlockDelta(out _))
                {
                    words++;
                    await patience.CancelAsync();
                }
            }
        });

        Assert.True(words > 0);
    }

    [Fact]
    public async Task Errors_have_their_types()
    {
        await Assert.ThrowsAsync<AnthropicNotFoundException>(() => _client.Messages.Create(Ask("nobody", "hi")));
        await Assert.ThrowsAsync<AnthropicUnauthorizedException>(() => Client("ai-hub-wrong").Messages.Create(Ask("echo", "hi")));
        await Assert.ThrowsAsync<AnthropicOverloadedException>(() => _client.Messages.Create(Ask("busy", "hi")));
    }

    [Fact]
    public async Task A_stream_that_breaks_off_throws_after_the_words_that_came()
    {
        var words = 0;
        await Assert.ThrowsAnyAsync<AnthropicException>(async () =>
        {
            await foreach (var sent in _client.Messages.CreateStreaming(Ask("dies", "lorem 50")))
            {
                words += sent.TryPickContentBlockDelta(out _) ? 1 : 0;
            }
        });

        Assert.True(words > 0);
    }

    [Fact]
    public async Task Tokens_are_counted_for_nothing()
    {
        var counted = await _client.Messages.CountTokens(new MessageCountTokensParams { Model = "sim/echo", Messages = [new UserMessageParam("How long is this?")] });

        Assert.True(counted.InputTokens > 4);
    }

    private const string Place = """{"type":"object","properties":{"city":{"type":"string","enum":["Paris"]}},"required":["city"],"additionalProperties":false}""";

    private static readonly Tool Weather = new() { Name = "get_weather", InputSchema = InputSchema.FromRawUnchecked(Members(Place)) };

    private static Dictionary<string, JsonElement> Members(object of) =>
        (of is string json ? JsonElement.Parse(json) : JsonSerializer.SerializeToElement(of)).EnumerateObject().ToDictionary(member => member.Name, member => member.Value);

    private AnthropicClient Client(string key) => new() { BaseUrl = _hub.GatewayUrl.ToString().TrimEnd('/'), ApiKey = key, MaxRetries = 0 };

    private static MessageCreateParams Ask(string model, string text) => new() { Model = $"sim/{model}", MaxTokens = 100, Messages = [new UserMessageParam(text)] };

    private static string? Text(Message message) => (string?)JsonSerializer.SerializeToNode(message)!["content"]![0]!["text"];

    private static async IAsyncEnumerable<RawMessageStreamEvent> Replay(List<RawMessageStreamEvent> events)
    {
        foreach (var sent in events)
        {
            yield return sent;
        }

        await Task.CompletedTask;
    }
}
