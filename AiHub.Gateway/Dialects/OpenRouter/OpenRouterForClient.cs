using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain;
using AiHub.Domain.Usage;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Dialects.OpenRouter;

/// <summary>An answer for a client of OpenRouter: chat with the provider, the native finish reason and, always, the cost.</summary>
internal sealed class OpenRouterForClient(Call call, OpenRouterRequest request) : ClientAnswer
{
    private readonly string _id = Generations.Name(call.Id);
    private readonly ClientChunks _chunks = new(Generations.Name(call.Id), call.ReceivedAt, call.Request.Model, includeUsage: true);
    private readonly ArrayBufferWriter<byte> _scratch = new(1024);

    public override void Write(IBufferWriter<byte> events, in ReplyChunk chunk)
    {
        _scratch.ResetWrittenCount();
        if (_chunks.TryWrite(_scratch, chunk.Json.Span, chunk.Facts))
        {
            WriteEvent(events, Said(JsonOf(_scratch.WrittenSpan), "delta"));
        }
    }

    public override ValueTask EndAsync(IBufferWriter<byte> events, UsageRecord usage)
    {
        WriteEvent(events, new JsonObject
        {
            ["id"] = _id,
            ["object"] = "chat.completion.chunk",
            ["created"] = call.ReceivedAt.ToUnixTimeSeconds(),
            ["model"] = call.Plan.Model.Id,
            ["provider"] = call.Attempts.Last!.VendorId,
            ["choices"] = new JsonArray(),
            ["usage"] = Usage(usage),
        });
        events.Write("data: [DONE]\n\n"u8);
        return ValueTask.CompletedTask;
    }

    public override void Fail(IBufferWriter<byte> events, BrokenAnswer failure) =>
        _chunks.WriteFailure(events, failure.Source, failure.Message, failure.Status, failure.ErrorType);

    public override ValueTask<ReadOnlyMemory<byte>> WholeAsync(ReplyChunk answer, UsageRecord usage)
    {
        var json = WholeAnswer.ForClient(answer.Json, answer.Facts, _id, call.ReceivedAt, call.Request.Model, usage.Tokens);
        var said = Said((JsonObject)JsonNode.Parse(json.Span, documentOptions: AnswerRepair.Deep)!, "message");
        said["usage"] = Usage(usage);
        said.TryAdd("system_fingerprint", null);
        var body = new ArrayBufferWriter<byte>(json.Length + 512);
        Write(body, said);
        return ValueTask.FromResult<ReadOnlyMemory<byte>>(body.WrittenMemory);
    }

    private JsonObject Said(JsonObject answer, string part)
    {
        answer["id"] = _id;
        answer["model"] = call.Plan.Model.Id;
        answer["provider"] = call.Attempts.Last!.VendorId;
        foreach (var choice in answer["choices"]!.AsArray().OfType<JsonObject>())
        {
            choice.TryAdd("native_finish_reason", choice["finish_reason"]?.DeepClone());
            if ((string?)choice["finish_reason"] == "function_call")
            {
                choice["finish_reason"] = FinishReasons.ToolCalls;
            }

            if (choice[part] is JsonObject words)
            {
                NameReasoning(words);
            }
        }

        return answer;
    }

    // The vendors' reasoning_content is called reasoning here.
    private void NameReasoning(JsonObject words)
    {
        if (words.Remove("reasoning_content", out var thoughts) && words["reasoning"] is null && thoughts is not null)
        {
            words["reasoning"] = thoughts;
        }

        if (request.HidesReasoning)
        {
            words.Remove("reasoning");
            words.Remove("reasoning_details");
        }
    }

    private JsonObject Usage(UsageRecord usage)
    {
        var (tokens, prices) = (usage.Tokens, call.Attempts.Last!.Prices);
        var prompt = prices.Price(tokens with { OutputText = 0, OutputReasoning = 0, AudioOut = 0, ImageOut = 0 }).Cost;
        var figures = AnswerRepair.Usage(tokens);
        figures["prompt_tokens_details"] = new JsonObject
        {
            ["cached_tokens"] = tokens.CacheRead,
            ["cache_write_tokens"] = tokens.CacheWrite5m + tokens.CacheWrite1h,
            ["audio_tokens"] = tokens.AudioIn,
        };
        figures["completion_tokens_details"] = new JsonObject { ["reasoning_tokens"] = tokens.OutputReasoning, ["audio_tokens"] = tokens.AudioOut };
        figures["cost"] = Number(usage.Cost);
        figures["is_byok"] = usage.OwnKeyId is not null;
        figures["cost_details"] = new JsonObject
        {
            ["upstream_inference_cost"] = usage.OwnKeyId is null ? null : Number(new Money(usage.VendorCostNanos, usage.Cost.Currency)),
            ["upstream_inference_prompt_cost"] = Number(prompt),
            ["upstream_inference_completions_cost"] = Number((usage.OwnKeyId is null ? usage.Cost : new Money(usage.VendorCostNanos, usage.Cost.Currency)) - prompt),
        };
        return figures;
    }

    /// <summary>The exact amount as a JSON number.</summary>
    private static JsonNode Number(Money money) => JsonNode.Parse(money.ToDecimalString())!;

    // data: {…}\n\n
    private static JsonObject JsonOf(ReadOnlySpan<byte> written) =>
        (JsonObject)JsonNode.Parse(written[6..^2], documentOptions: AnswerRepair.Deep)!;

    private static void WriteEvent(IBufferWriter<byte> events, JsonObject json)
    {
        events.Write("data: "u8);
        Write(events, json);
        events.Write("\n\n"u8);
    }

    private static void Write(IBufferWriter<byte> output, JsonObject json)
    {
        using var writer = new Utf8JsonWriter(output, AnswerRepair.Readable);
        json.WriteTo(writer);
    }
}
