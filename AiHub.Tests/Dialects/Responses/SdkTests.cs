using System.ClientModel;
using AiHub.Tests.Node;
using OpenAI.Responses;

// The SDK marks all of its Responses surface as experimental.
#pragma warning disable OPENAI001

namespace AiHub.Tests.Dialects.Responses;

/// <summary>The SDKs developers use accept what this dialect writes, without knowing that a chat model is behind it.</summary>
public sealed class SdkTests(ScriptedModel model) : IClassFixture<ScriptedModel>
{
    private static readonly BinaryData City = BinaryData.FromString(
        """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}""");

    private readonly ResponsesClient _client = new(new ApiKeyCredential("ai-hub-test"), new ResponsesClientOptions { Endpoint = model.Url });

    [NodeTheory]
    [InlineData("create")]
    [InlineData("stream")]
    [InlineData("tools")]
    [InlineData("structured")]
    [InlineData("custom")]
    [InlineData("broken")]
    [InlineData("wrong")]
    public async Task The_OpenAI_SDK_for_Node_understands(string what) =>
        Assert.Equal($"{what}: ok\n", await NodeClients.RunAsync("responses.mjs", model.Url.ToString(), what));

    [Fact]
    public async Task The_OpenAI_SDK_for_NET_reads_a_response()
    {
        ResponseResult response = await _client.CreateResponseAsync(new CreateResponseOptions("scripted", [ResponseItem.CreateUserMessageItem("Say hello")])
        {
            Instructions = "Be brief",
            StoredOutputEnabled = false,
        });

        Assert.Equal(ResponseStatus.Completed, response.Status);
        Assert.Equal("Hello there, 你好!", response.GetOutputText());
        Assert.Equal(10, response.Usage.InputTokenCount);
        Assert.Equal(4, response.Usage.InputTokenDetails.CachedTokenCount);
        Assert.Equal(2, response.Usage.OutputTokenDetails.ReasoningTokenCount);
    }

    [Fact]
    public async Task The_OpenAI_SDK_for_NET_follows_a_stream_and_calls_tools_over_two_turns()
    {
        var options = new CreateResponseOptions("scripted", [ResponseItem.CreateUserMessageItem("Weather in Paris?")])
        {
            IncludedProperties = { IncludedResponseProperty.ReasoningEncryptedContent },
            StoredOutputEnabled = false,
            Tools = { ResponseTool.CreateFunctionTool("get_weather", City, strictModeEnabled: true) },
            StreamingEnabled = true,
        };
        var updates = await Updates(options);

        var first = Assert.IsType<StreamingResponseCompletedUpdate>(updates[^1]).Response;
        var call = Assert.IsType<FunctionCallResponseItem>(first.OutputItems[^1]);
        Assert.Equal("{\"city\":\"Paris\"}", call.FunctionArguments.ToString());
        Assert.Equal(
            "{\"city\":\"Paris\"}",
            string.Concat(updates.OfType<StreamingResponseFunctionCallArgumentsDeltaUpdate>().Select(update => update.Delta.ToString())));

        foreach (var item in first.OutputItems)
        {
            options.InputItems.Add(item);
        }

        options.InputItems.Add(ResponseItem.CreateFunctionCallOutputItem(call.CallId, "{\"degrees\":21}"));
        var second = await Updates(options);

        Assert.Equal("It is 21 degrees in Paris.", string.Concat(second.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(update => update.Delta)));
        Assert.Equal("It is 21 degrees in Paris.", Assert.IsType<StreamingResponseCompletedUpdate>(second[^1]).Response.GetOutputText());
    }

    [Fact]
    public async Task The_OpenAI_SDK_for_NET_sees_a_broken_stream_fail()
    {
        var updates = await Updates(new CreateResponseOptions("scripted", [ResponseItem.CreateUserMessageItem("break")]) { StreamingEnabled = true });

        Assert.Contains(updates, update => update is StreamingResponseFailedUpdate { Response.Status: ResponseStatus.Failed });
        Assert.DoesNotContain(updates, update => update is StreamingResponseCompletedUpdate);
        var error = Assert.IsType<StreamingResponseErrorUpdate>(updates[^1]);
        Assert.Equal("server_error", error.Code);
    }

    private async Task<List<StreamingResponseUpdate>> Updates(CreateResponseOptions options)
    {
        var updates = new List<StreamingResponseUpdate>();
        await foreach (var update in await _client.CreateResponseStreamingAsync(options))
        {
            updates.Add(update);
        }

        return updates;
    }
}
