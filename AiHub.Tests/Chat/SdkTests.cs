using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using AiHub.Domain.Usage;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using OpenAI;
using OpenAI.Chat;

namespace AiHub.Tests.Chat;

/// <summary>The official OpenAI SDK, unmodified, against the hub and its simulated vendor.</summary>
public sealed class SdkTests : IAsyncLifetime
{
    private TestHub _hub = null!;
    private TestCustomer _customer = null!;

    public async Task InitializeAsync()
    {
        _hub = await TestHub.SharedAsync();
        _customer = await _hub.RegisterAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task It_completes_and_reads_the_usage()
    {
        ChatCompletion completion = await Client("sim/echo").CompleteChatAsync("Say 你好");

        Assert.Equal("Say 你好", completion.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
        var record = await RecordAsync();
        Assert.Equal((record.Tokens.Input, record.Tokens.Output), (completion.Usage.InputTokenCount, completion.Usage.OutputTokenCount));
    }

    [Fact]
    public async Task It_streams_and_is_told_the_usage_it_always_asks_for()
    {
        var text = new StringBuilder();
        ChatTokenUsage? usage = null;
        await foreach (var update in Client("sim/lorem").CompleteChatStreamingAsync("lorem 20"))
        {
            foreach (var part in update.ContentUpdate)
            {
                text.Append(part.Text);
            }

            usage = update.Usage ?? usage;
        }

        Assert.Equal(20, text.ToString().Split(' ').Length);
        var record = await RecordAsync();
        Assert.Equal((record.Tokens.Input, record.Tokens.Output, UsageSource.Vendor), (usage!.InputTokenCount, usage.OutputTokenCount, record.Source));
        Assert.NotNull(record.TimeToFirstToken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_calls_tools(bool streamed)
    {
        var options = new ChatCompletionOptions
        {
            Tools = { ChatTool.CreateFunctionTool("get_weather", "The weather of a city.", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}""")) },
        };
        var messages = new List<ChatMessage> { new UserChatMessage("Weather in Paris?") };

        string id, name, arguments;
        if (streamed)
        {
            var (pieces, finish) = (new StringBuilder(), (ChatFinishReason?)null);
            (id, name) = ("", "");
            await foreach (var update in Client("sim/tools").CompleteChatStreamingAsync(messages, options))
            {
                foreach (var call in update.ToolCallUpdates)
                {
                    Assert.Equal(0, call.Index);
                    id = string.IsNullOrEmpty(call.ToolCallId) ? id : call.ToolCallId;
                    name = string.IsNullOrEmpty(call.FunctionName) ? name : call.FunctionName;
                    pieces.Append(call.FunctionArgumentsUpdate);
                }

                finish = update.FinishReason ?? finish;
            }

            arguments = pieces.ToString();
            Assert.Equal(ChatFinishReason.ToolCalls, finish);
        }
        else
        {
            ChatCompletion completion = await Client("sim/tools").CompleteChatAsync(messages, options);
            Assert.Equal(ChatFinishReason.ToolCalls, completion.FinishReason);
            var call = Assert.Single(completion.ToolCalls);
            (id, name, arguments) = (call.Id, call.FunctionName, call.FunctionArguments.ToString());
        }

        Assert.StartsWith("call_", id);
        Assert.Equal("get_weather", name);
        Assert.Contains("city", arguments);
        messages.Add(new AssistantChatMessage([ChatToolCall.CreateFunctionToolCall(id, name, BinaryData.FromString(arguments))]));
        messages.Add(new ToolChatMessage(id, "Sunny"));
        ChatCompletion answer = await Client("sim/tools").CompleteChatAsync(messages, options);
        Assert.Equal("The tool answered: Sunny", answer.Content[0].Text);
    }

    [Fact]
    public async Task Its_errors_carry_status_and_words()
    {
        var failure = await Assert.ThrowsAsync<ClientResultException>(() => Client("no-such-model").CompleteChatAsync("hi"));

        Assert.Equal(404, failure.Status);
        Assert.Contains("model_not_found", failure.Message);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_never_looks_finished()
    {
        var read = 0;
        var failure = await Record.ExceptionAsync(async () =>
        {
            await foreach (var update in Client("sim/dies").CompleteChatStreamingAsync("hi"))
            {
                read += update.ContentUpdate.Count;
            }
        });

        Assert.NotNull(failure);
        Assert.True(read > 0);
    }

    private ChatClient Client(string model) => new(
        model,
        new ApiKeyCredential(_customer.Key.Key),
        new OpenAIClientOptions { Endpoint = new Uri(_hub.GatewayUrl, "/v1"), RetryPolicy = new ClientRetryPolicy(0) });

    private async Task<UsageRecord> RecordAsync()
    {
        await using var db = _hub.Database.OpenAsAdmin();
        return await db.UsageRecords.SingleAsync(record => record.OrganizationId == _customer.OrganizationId);
    }
}
