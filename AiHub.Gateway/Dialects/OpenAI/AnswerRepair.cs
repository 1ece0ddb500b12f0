using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;

namespace AiHub.Gateway.Dialects.OpenAI;

/// <summary>Puts right what "compatible" vendors leave out or write otherwise, where typed clients would refuse the answer for it. Nothing else is touched.</summary>
internal static class AnswerRepair
{
    public const AnswerTraits Complete =
        AnswerTraits.HasChoices | AnswerTraits.HasId | AnswerTraits.HasObject | AnswerTraits.HasCreated | AnswerTraits.HasModel;

    public static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    public static readonly JsonDocumentOptions Deep = new() { MaxDepth = 256 };

    public static JsonObject Completed(JsonObject answer, string kind, string id, long created, string model)
    {
        Default(0, "id", JsonValueKind.String, id);
        Default(1, "object", JsonValueKind.String, kind);
        Default(2, "created", JsonValueKind.Number, created);
        Default(3, "model", JsonValueKind.String, model);
        if (answer["choices"] is not JsonArray)
        {
            answer["choices"] = new JsonArray();
        }

        return answer;

        void Default(int position, string name, JsonValueKind expected, JsonNode value)
        {
            if (answer[name]?.GetValueKind() != expected)
            {
                answer.Remove(name);
                answer.Insert(Math.Min(position, answer.Count), name, value);
            }
        }
    }

    /// <summary>Always there, null or one of OpenAI's; a vendor's own word for it moves to <c>native_finish_reason</c>.</summary>
    public static void FinishReason(JsonObject choice)
    {
        var reason = choice["finish_reason"] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
        if (string.IsNullOrEmpty(reason))
        {
            choice["finish_reason"] = null;
        }
        else if (!FinishReasons.IsKnown(reason))
        {
            choice["finish_reason"] = FinishReasons.Stop;
            choice.TryAdd("native_finish_reason", reason);
        }
    }

    public static JsonObject Usage(TokenUsage tokens) => new()
    {
        ["prompt_tokens"] = tokens.Input,
        ["completion_tokens"] = tokens.Output,
        ["total_tokens"] = tokens.Total,
    };
}

/// <summary>What a client sees of an answer in one piece: the vendor's bytes, unless something in them breaks clients.</summary>
internal static class WholeAnswer
{
    /// <param name="settled">What the call was settled with; it stands in where the vendor sent no usage.</param>
    public static ReadOnlyMemory<byte> ForClient(ReadOnlyMemory<byte> json, in AnswerFacts facts, string id, DateTimeOffset created, string model, TokenUsage settled)
    {
        var hasUsage = facts.Usage.Exists && !facts.Usage.Of(json.Span).SequenceEqual("null"u8);
        if (hasUsage && facts.Has(AnswerRepair.Complete) && !facts.Has(AnswerTraits.OddFinish))
        {
            return json;
        }

        var answer = AnswerRepair.Completed((JsonObject)JsonNode.Parse(json.Span, documentOptions: AnswerRepair.Deep)!, "chat.completion", id, created.ToUnixTimeSeconds(), model);
        foreach (var choice in answer["choices"]!.AsArray().OfType<JsonObject>())
        {
            AnswerRepair.FinishReason(choice);
        }

        if (!hasUsage)
        {
            answer["usage"] = AnswerRepair.Usage(settled);
        }

        using var output = new MemoryStream();
        using (var writer = new Utf8JsonWriter(output, AnswerRepair.Readable))
        {
            answer.WriteTo(writer);
        }

        return output.ToArray();
    }
}
