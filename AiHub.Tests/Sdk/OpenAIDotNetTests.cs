using System.ClientModel;
using System.Text;
using System.Text.Json.Nodes;
using OpenAI.Chat;

namespace AiHub.Tests.Sdk;

/// <summary>OpenAI's own SDK for .NET, unmodified, against the vendor and through the hub.</summary>
public sealed class OpenAIDotNetTests
{
    private const string WeatherSchema = """{"type":"object","properties":{"city":{"type":"string","enum":["Paris"]},"days":{"type":"integer","minimum":3}},"required":["city","days"]}""";

    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool("weather", "The weather of a city.", BinaryData.FromString(WeatherSchema));

    [Theory, VendorAndHub]
    public async Task A_completion_is_read_whole(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);

        var answer = (await target.Chat("echo").CompleteChatAsync(new SystemChatMessage("Be brief."), new UserChatMessage("Hello 你好 😀"))).Value;

        Assert.Equal("Hello 你好 😀", answer.Content[0].Text);
        Assert.Equal((ChatMessageRole.Assistant, ChatFinishReason.Stop, "echo"), (answer.Role, answer.FinishReason, answer.Model));
        Assert.StartsWith("chatcmpl-", answer.Id, StringComparison.Ordinal);
        Assert.Equal((18, 4, 22), (answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount));
        Assert.Equal(0, answer.Usage.InputTokenDetails.CachedTokenCount);
        Assert.Equal(0, answer.Usage.OutputTokenDetails.ReasoningTokenCount);
    }

    [Theory, VendorAndHub]
    public async Task A_stream_arrives_word_by_word_and_ends_with_usage(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);
        List<StreamingChatCompletionUpdate> updates = [];

        await foreach (var update in target.Chat("echo").CompleteChatStreamingAsync(new UserChatMessage("one two 三 four")))
        {
            updates.Add(update);
        }

        Assert.Equal(["", "one", " two", " 三", " four"], updates.SelectMany(update => update.ContentUpdate).Select(part => part.Text));
        Assert.Single(updates, update => update.FinishReason == ChatFinishReason.Stop);
        Assert.Equal((11, 4), Assert.Single(updates, update => update.Usage is not null).Usage is var usage ? (usage.InputTokenCount, usage.OutputTokenCount) : default);
        Assert.Single(updates.Select(update => (update.CompletionId, update.Model, update.CreatedAt)).Distinct());
        Assert.Equal("echo", updates[0].Model);
    }

    [Theory, VendorAndHub]
    public async Task A_tool_is_called_and_answered(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);
        List<ChatMessage> messages = [new UserChatMessage("Weather in Paris?")];
        var options = new ChatCompletionOptions { Tools = { Weather }, ToolChoice = ChatToolChoice.CreateFunctionChoice("weather") };

        var asked = (await target.Chat("tools").CompleteChatAsync(messages, options)).Value;
        var call = Assert.Single(asked.ToolCalls);
        messages.Add(new AssistantChatMessage(asked));
        messages.Add(new ToolChatMessage(call.Id, "sunny, 21 °C"));
        var answered = (await target.Chat("tools").CompleteChatAsync(messages, options)).Value;

        Assert.Equal(ChatFinishReason.ToolCalls, asked.FinishReason);
        Assert.Equal(("weather", """{"city":"Paris","days":3}"""), (call.FunctionName, call.FunctionArguments.ToString()));
        Assert.Equal("The tool answered: sunny, 21 °C", answered.Content[0].Text);
    }

    [Theory, VendorAndHub]
    public async Task A_streamed_tool_call_is_put_together(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);
        var (id, name, arguments, finish) = (string.Empty, string.Empty, new StringBuilder(), default(ChatFinishReason?));

        await foreach (var update in target.Chat("tools").CompleteChatStreamingAsync([new UserChatMessage("Weather?")], new ChatCompletionOptions { Tools = { Weather } }))
        {
            foreach (var call in update.ToolCallUpdates)
            {
                Assert.Equal(0, call.Index);
                id += call.ToolCallId;
                name += call.FunctionName;
                arguments.Append(call.FunctionArgumentsUpdate);
            }

            finish ??= update.FinishReason;
        }

        Assert.StartsWith("call_", id, StringComparison.Ordinal);
        Assert.Equal(("weather", """{"city":"Paris","days":3}""", ChatFinishReason.ToolCalls), (name, arguments.ToString(), finish));
    }

    [Theory, VendorAndHub]
    public async Task A_schema_shapes_the_answer(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);
        var options = new ChatCompletionOptions
        {
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat(
                "place",
                BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string","enum":["Paris"]}},"required":["city"],"additionalProperties":false}"""),
                jsonSchemaIsStrict: true),
        };
        var streamed = new StringBuilder();

        var whole = (await target.Chat("echo").CompleteChatAsync([new UserChatMessage("Where?")], options)).Value;
        await foreach (var update in target.Chat("echo").CompleteChatStreamingAsync([new UserChatMessage("Where?")], options))
        {
            streamed.AppendJoin(string.Empty, update.ContentUpdate.Select(part => part.Text));
        }

        Assert.All([whole.Content[0].Text, streamed.ToString()], said => Assert.Equal("Paris", (string?)JsonNode.Parse(said)!["city"]));
    }

    [Theory, VendorAndHub]
    public async Task Limits_and_stop_sequences_reach_the_model(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);

        var cut = (await target.Chat("lorem").CompleteChatAsync([new UserChatMessage("go on")], new ChatCompletionOptions { MaxOutputTokenCount = 7 })).Value;
        var stopped = (await target.Chat("echo").CompleteChatAsync([new UserChatMessage("one two three")], new ChatCompletionOptions { StopSequences = { " three" } })).Value;

        Assert.Equal((ChatFinishReason.Length, 7), (cut.FinishReason, cut.Usage.OutputTokenCount));
        Assert.Equal((ChatFinishReason.Stop, "one two"), (stopped.FinishReason, stopped.Content[0].Text));
    }

    [Theory, VendorAndHub]
    public async Task Reasoning_tokens_are_told_apart(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);

        var usage = (await target.Chat("reasoning").CompleteChatAsync(new UserChatMessage("hello world"))).Value.Usage;

        Assert.Equal(usage.OutputTokenCount - 2, usage.OutputTokenDetails.ReasoningTokenCount);
        Assert.InRange(usage.OutputTokenDetails.ReasoningTokenCount, 10, 40);
    }

    [Theory, VendorAndHub]
    public async Task A_wrong_key_is_an_error_with_status_401(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);

        await FailsAsync(target.Chat("echo", key: "sk-wrong-000000000000"), 401, "invalid_api_key");
    }

    [Theory, VendorAndHub]
    public async Task An_unknown_model_is_an_error_with_status_404(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);

        await FailsAsync(target.Chat("no-such-model"), 404, "model_not_found");
    }

    [Theory]
    [InlineData(Answering.Vendor, 429, "rate_limit_exceeded")]
    // The caller is within its limits; it is the vendor that is not.
    [InlineData(Answering.Hub, 503, "upstream_busy")]
    public async Task A_busy_model_is_an_error_that_says_when_to_come_back(Answering answering, int status, string code)
    {
        var target = await SdkTarget.OfAsync(answering);

        var failure = await FailsAsync(target.Chat("busy"), status, code);

        Assert.True(failure.GetRawResponse()!.Headers.TryGetValue("retry-after", out var seconds));
        Assert.Equal("2", seconds);
    }

    [Theory, VendorAndHub]
    public async Task A_request_that_the_vendor_refuses_is_an_error_with_status_400(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);

        var failure = await Assert.ThrowsAsync<ClientResultException>(
            () => target.Chat("echo").CompleteChatAsync([new UserChatMessage("hi")], new ChatCompletionOptions { Temperature = 3 }));

        Assert.Equal(400, failure.Status);
        Assert.Contains("temperature", failure.Message, StringComparison.Ordinal);
    }

    [Theory, VendorAndHub]
    public async Task A_stream_that_breaks_off_is_an_exception_after_the_words_that_came(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);
        var said = new StringBuilder();

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await foreach (var update in target.Chat("dies").CompleteChatStreamingAsync(new UserChatMessage("lorem 50")))
            {
                said.AppendJoin(string.Empty, update.ContentUpdate.Select(part => part.Text));
            }
        });

        Assert.Equal("lorem ipsum dolor sit", said.ToString());
    }

    [Theory, VendorAndHub]
    public async Task Giving_up_on_a_stream_reaches_the_vendor(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);
        var mark = $"{Guid.CreateVersion7():N} slow 10 5000 and then some";
        using var patience = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in target.Chat("slow").CompleteChatStreamingAsync([new UserChatMessage(mark)], cancellationToken: patience.Token))
            {
                if (update.ContentUpdate is [{ Text.Length: > 0 }])
                {
                    await patience.CancelAsync();
                }
            }
        });

        var (request, served) = await target.ServedAsync(mark);
        Assert.True((bool)request["client_aborted"]!);
        Assert.Equal("client_aborted", (string?)served["outcome"]);
    }

    [Theory, VendorAndHub]
    public async Task The_models_are_listed(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);

        var models = (await target.Client().GetOpenAIModelClient().GetModelsAsync()).Value;

        Assert.Superset(
            ((string[])["echo", "lorem", "slow", "busy", "dies", "tools", "reasoning"]).Select(target.Model).ToHashSet(),
            models.Select(model => model.Id).ToHashSet());
    }

    private static async Task<ClientResultException> FailsAsync(ChatClient chat, int status, string code)
    {
        var whole = await Assert.ThrowsAsync<ClientResultException>(() => chat.CompleteChatAsync(new UserChatMessage("hi")));
        var streamed = await Assert.ThrowsAsync<ClientResultException>(async () =>
        {
            await foreach (var _ in chat.CompleteChatStreamingAsync(new UserChatMessage("hi")))
            {
                // A refusal comes before any update.
            }
        });

        Assert.All([whole, streamed], failure =>
        {
            Assert.Equal(status, failure.Status);
            Assert.Contains(code, failure.Message, StringComparison.Ordinal);
        });

        return whole;
    }
}
