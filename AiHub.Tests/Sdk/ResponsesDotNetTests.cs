using System.ClientModel;
using System.ClientModel.Primitives;
using AiHub.Tests.Hub;
using OpenAI.Responses;

// The SDK marks all of its Responses surface as experimental.
#pragma warning disable OPENAI001

namespace AiHub.Tests.Sdk;

/// <summary>The official OpenAI SDK, unmodified, through the hub's Responses.</summary>
public sealed class ResponsesDotNetTests : IAsyncLifetime
{
    private ResponsesClient _client = null!;

    public async Task InitializeAsync()
    {
        var hub = await TestHub.SharedAsync();
        var customer = await hub.RegisterAsync();
        _client = new ResponsesClient(new ApiKeyCredential(customer.Key.Key), new ResponsesClientOptions { Endpoint = new Uri(hub.GatewayUrl, "/v1"), RetryPolicy = new ClientRetryPolicy(0) });
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_conversation_goes_on_from_a_stored_response()
    {
        ResponseResult first = await _client.CreateResponseAsync(Ask("echo", "one 二", keep: true));
        var options = Ask("echo", "and three", keep: false);
        options.PreviousResponseId = first.Id;
        ResponseResult second = await _client.CreateResponseAsync(options);

        Assert.Equal(("one 二", "and three"), (first.GetOutputText(), second.GetOutputText()));
        Assert.True(second.Usage.InputTokenCount > first.Usage.InputTokenCount);
        Assert.Equal("one 二", ((ResponseResult)await _client.GetResponseAsync(first.Id)).GetOutputText());
        Assert.True((await _client.DeleteResponseAsync(first.Id)).Value.Deleted);
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => _client.GetResponseAsync(first.Id))).Status);
    }

    [Fact]
    public async Task A_stream_ends_with_the_whole_response()
    {
        var updates = await UpdatesAsync(Ask("echo", "one two three", keep: false));

        Assert.IsType<StreamingResponseCreatedUpdate>(updates[0]);
        var response = Assert.IsType<StreamingResponseCompletedUpdate>(updates[^1]).Response;
        Assert.Equal("one two three", response.GetOutputText());
        Assert.Equal("one two three", string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(update => update.Delta)));
        Assert.True(response.Usage.OutputTokenCount > 0);
    }

    [Fact]
    public async Task A_stream_that_breaks_off_never_completes()
    {
        var updates = await UpdatesAsync(Ask("dies", "lorem 50", keep: false));

        Assert.Contains(updates, update => update is StreamingResponseFailedUpdate);
        Assert.DoesNotContain(updates, update => update is StreamingResponseCompletedUpdate);
    }

    private static CreateResponseOptions Ask(string model, string text, bool keep) =>
        new($"sim/{model}", [ResponseItem.CreateUserMessageItem(text)]) { StoredOutputEnabled = keep };

    private async Task<List<StreamingResponseUpdate>> UpdatesAsync(CreateResponseOptions options)
    {
        options.StreamingEnabled = true;
        var updates = new List<StreamingResponseUpdate>();
        await foreach (var update in await _client.CreateResponseStreamingAsync(options))
        {
            updates.Add(update);
        }

        return updates;
    }
}
