using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;

namespace AiHub.Gateway.Dialects.OpenAI;

/// <summary>
/// What one client sees of a stream. Chunks pass byte for byte; only what breaks clients is put right: usage they did not ask for or that
/// comes as null, a missing id, role, index or <c>finish_reason</c> key, tool arguments that are no string.
/// </summary>
public sealed class ClientChunks(string id, DateTimeOffset created, string model, bool includeUsage)
{
    private const string Kind = "chat.completion.chunk";

    private readonly Dictionary<int, List<string?>> _toolCalls = [];
    private bool _begun;
    private bool _sawToolCalls;
    private string _id = id;
    private string _model = model;
    private long _created = created.ToUnixTimeSeconds();
    private byte[]? _usageChunk;
    private byte[]? _usage;

    /// <returns>False when there is nothing in the chunk for this client; then nothing was written.</returns>
    public bool TryWrite(IBufferWriter<byte> output, ReadOnlySpan<byte> json, in AnswerFacts facts)
    {
        var usage = facts.Usage.Of(json);
        var hasUsage = facts.Usage.Exists && !usage.SequenceEqual("null"u8);
        if (hasUsage && facts.Choices == 0)
        {
            // Vendors that report more than once mean the last.
            _usageChunk = includeUsage ? json.ToArray() : null;
            return false;
        }

        if (hasUsage && includeUsage)
        {
            _usage = usage.ToArray();
        }

        var toolEnd = _sawToolCalls && facts.FinishReason.Exists && facts.FinishReason.Of(json).SequenceEqual("\"stop\""u8);
        _sawToolCalls |= facts.Has(AnswerTraits.HasToolCalls);
        if (!_begun)
        {
            _begun = facts.Choices > 0;
            Adopt(json);
            if (_begun && !facts.Has(AnswerTraits.HasRole))
            {
                return Repair(output, json, addRole: true);
            }
        }

        if (!facts.Has(AnswerRepair.Complete) || facts.Has(AnswerTraits.Irregular) || toolEnd)
        {
            return Repair(output, json, addRole: false);
        }

        output.Write("data: "u8);
        output.Write(json[..facts.UsageMember.Start]);
        output.Write(json[facts.UsageMember.End..]);
        output.Write("\n\n"u8);
        return true;
    }

    /// <summary>The usage chunk, if the client asked for one, and the end mark.</summary>
    /// <param name="settled">What the call was settled with; it stands in where the vendor sent no usage.</param>
    public void WriteEnd(IBufferWriter<byte> output, TokenUsage settled)
    {
        if (includeUsage)
        {
            if (_usageChunk is not null)
            {
                WriteUsageChunk(output, _usageChunk);
            }
            else
            {
                WriteEvent(output, json =>
                {
                    WriteHead(json);
                    json.WriteStartArray("choices");
                    json.WriteEndArray();
                    WriteUsage(json, settled);
                });
            }
        }

        output.Write("data: [DONE]\n\n"u8);
    }

    /// <summary>
    /// Tells every known client that the answer broke off. Ending the stream quietly would look like success to most of them,
    /// and any other shape crashes some.
    /// </summary>
    public void WriteFailure(IBufferWriter<byte> output, string vendor, string message, int code, string errorType)
    {
        WriteEvent(output, json =>
        {
            WriteHead(json);
            json.WriteString("provider", vendor);
            json.WriteStartObject("error");
            json.WriteString("message", message);
            json.WriteString("type", Errors.OpenAIError.ServerError);
            json.WriteNull("param");
            json.WriteNumber("code", code);
            json.WriteStartObject("metadata");
            json.WriteString("error_type", errorType);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteStartArray("choices");
            json.WriteStartObject();
            json.WriteNumber("index", 0);
            json.WriteStartObject("delta");
            json.WriteString("content", "");
            json.WriteEndObject();
            json.WriteString("finish_reason", "error");
            json.WriteString("native_finish_reason", "error");
            json.WriteEndObject();
            json.WriteEndArray();
        });
        output.Write("data: [DONE]\n\n"u8);
    }

    private static void WriteEvent(IBufferWriter<byte> output, Action<Utf8JsonWriter> members)
    {
        output.Write("data: "u8);
        using (var json = new Utf8JsonWriter(output, AnswerRepair.Readable))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        output.Write("\n\n"u8);
    }

    private void WriteHead(Utf8JsonWriter json)
    {
        json.WriteString("id", _id);
        json.WriteString("object", Kind);
        json.WriteNumber("created", _created);
        json.WriteString("model", _model);
    }

    private void WriteUsage(Utf8JsonWriter json, TokenUsage settled)
    {
        json.WritePropertyName("usage");
        if (_usage is not null)
        {
            json.WriteRawValue(_usage);
            return;
        }

        AnswerRepair.Usage(settled).WriteTo(json);
    }

    private void WriteUsageChunk(IBufferWriter<byte> output, byte[] chunk)
    {
        if (AnswerScan.Of(chunk).Has(AnswerRepair.Complete))
        {
            output.Write("data: "u8);
            output.Write(chunk);
            output.Write("\n\n"u8);
        }
        else
        {
            var usage = (JsonObject)JsonNode.Parse(chunk, documentOptions: AnswerRepair.Deep)!;
            WriteNode(output, Completed(usage));
        }
    }

    private bool Repair(IBufferWriter<byte> output, ReadOnlySpan<byte> json, bool addRole)
    {
        var chunk = Completed((JsonObject)JsonNode.Parse(json, documentOptions: AnswerRepair.Deep)!);
        chunk.Remove("usage");
        foreach (var (position, choice) in chunk["choices"]!.AsArray().OfType<JsonObject>().Index())
        {
            var index = choice["index"] is JsonValue number && number.TryGetValue<int>(out var given) ? given : position;
            choice["index"] = index;
            if (choice["delta"] is not JsonObject delta)
            {
                choice["delta"] = delta = [];
            }

            if (addRole || delta["role"] is JsonValue role && role.GetValueKind() == JsonValueKind.String && role.GetValue<string>() != "assistant")
            {
                delta.Remove("role");
                delta.Insert(0, "role", "assistant");
                if (addRole && delta["content"] is null && delta["tool_calls"] is null)
                {
                    delta["content"] = "";
                }
            }

            if (delta["tool_calls"] is JsonArray calls)
            {
                RepairToolCalls(calls, index);
            }

            AnswerRepair.FinishReason(choice);
            if (_sawToolCalls && (string?)choice["finish_reason"] == FinishReasons.Stop)
            {
                choice["finish_reason"] = FinishReasons.ToolCalls;
            }
        }

        WriteNode(output, chunk);
        return true;
    }

    // A client joins fragments by index; a vendor that sends none tells the calls apart by their ids.
    private void RepairToolCalls(JsonArray calls, int choice)
    {
        if (!_toolCalls.TryGetValue(choice, out var seen))
        {
            _toolCalls[choice] = seen = [];
        }

        foreach (var call in calls.OfType<JsonObject>())
        {
            var id = (call["id"] as JsonValue)?.ToString();
            if (call["index"] is not JsonValue number || number.GetValueKind() != JsonValueKind.Number)
            {
                var known = string.IsNullOrEmpty(id) ? seen.Count - 1 : seen.IndexOf(id);
                if (known < 0)
                {
                    known = seen.Count;
                    seen.Add(id);
                }

                call.Remove("index");
                call.Insert(0, "index", known);
            }

            if (call["function"] is JsonObject function && function.ContainsKey("arguments"))
            {
                function["arguments"] = function["arguments"] switch
                {
                    null => "",
                    JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
                    var other => other.ToJsonString(),
                };
            }
        }
    }

    private JsonObject Completed(JsonObject chunk) => AnswerRepair.Completed(chunk, Kind, _id, _created, _model);

    // All chunks of a stream carry one id, created and model: the vendor's own where it sends them.
    private void Adopt(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = reader.ValueTextEquals("id"u8) ? 1 : reader.ValueTextEquals("created"u8) ? 2 : reader.ValueTextEquals("model"u8) ? 3 : 0;
            reader.Read();
            switch (member)
            {
                case 1 when reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0:
                    _id = reader.GetString()!;
                    break;
                case 2 when reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var seconds):
                    _created = seconds;
                    break;
                case 3 when reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0:
                    _model = reader.GetString()!;
                    break;
            }

            reader.Skip();
        }
    }

    private static void WriteNode(IBufferWriter<byte> output, JsonObject chunk)
    {
        output.Write("data: "u8);
        using (var json = new Utf8JsonWriter(output, AnswerRepair.Readable))
        {
            chunk.WriteTo(json);
        }

        output.Write("\n\n"u8);
    }
}
