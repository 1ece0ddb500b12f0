using System.Collections.Frozen;
using System.Text.Json;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Chat;

/// <summary>What an organization wants its calls to say where they say nothing.</summary>
internal static class DefaultParameters
{
    /// <summary>What may be decided beforehand: how a model answers, never what it is asked, which model it is, or who pays.</summary>
    public static readonly FrozenSet<string> Names = new[]
    {
        "temperature", "top_p", "top_k", "min_p", "max_tokens", "max_completion_tokens", "frequency_penalty", "presence_penalty", "repetition_penalty", "stop", "seed",
        "reasoning_effort", "verbosity", "parallel_tool_calls", "logit_bias", "user", "safety_identifier", "store", "metadata",
    }.ToFrozenSet();

    // Two names for one thing: whoever said the one has said the other.
    private static readonly string[] Limits = ["max_tokens", "max_completion_tokens"];

    /// <returns>The request itself when it says everything.</returns>
    public static ChatRequest Fill(ChatRequest request, OrganizationPolicy policy)
    {
        if (policy.DefaultParameters is not { } defaults)
        {
            return request;
        }

        var said = new HashSet<string>();
        var reader = new Utf8JsonReader(request.Json.Span, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.Null)
            {
                said.Add(name);
            }

            reader.Skip();
        }

        var missing = defaults.Where(parameter => !said.Contains(parameter.Key) && !(Limits.Contains(parameter.Key) && said.Overlaps(Limits))).ToList();
        if (missing.Count == 0)
        {
            return request;
        }

        using var document = JsonDocument.Parse(request.Json, new JsonDocumentOptions { MaxDepth = 256 });
        var body = new System.Buffers.ArrayBufferWriter<byte>(request.Json.Length + 256);
        using (var json = new Utf8JsonWriter(body, AnswerRepair.Readable))
        {
            json.WriteStartObject();
            foreach (var member in document.RootElement.EnumerateObject().Where(member => missing.TrueForAll(parameter => !member.NameEquals(parameter.Key))))
            {
                member.WriteTo(json);
            }

            foreach (var (name, value) in missing)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return request.Reworded(body.WrittenMemory);
    }
}
