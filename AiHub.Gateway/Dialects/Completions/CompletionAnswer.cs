using System.Buffers;
using System.Text.Json;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.Responses;

namespace AiHub.Gateway.Dialects.Completions;

/// <summary>What a chat model said to one prompt, in the shape of a text completion: whole, or chunk by chunk.</summary>
/// <param name="echo">The prompt, for a client that wants it in front of the answer.</param>
/// <param name="firstChoice">Where the choices of this prompt stand among those of all prompts of the request.</param>
internal sealed class CompletionAnswer(string id, DateTimeOffset created, string model, JsonText? echo, bool withAlternatives, int firstChoice = 0)
{
    private readonly Dictionary<int, int> _offsets = [];
    private byte[]? _usage;

    /// <summary>Writes the choices of a whole answer, as elements of an array that is open already.</summary>
    public void WriteChoices(Utf8JsonWriter writer, ReadOnlySpan<byte> chat)
    {
        var choices = new JsonElements(new ChatPiece(chat).Choices);
        while (choices.Next())
        {
            WriteChoice(writer, new ChatChoice(choices.Value), whole: true);
        }
    }

    /// <returns>False when there is nothing in the chunk for this client; then nothing was written.</returns>
    public bool TryWriteChunk(IBufferWriter<byte> output, ReadOnlySpan<byte> chunk)
    {
        var piece = new ChatPiece(chunk);
        if (!piece.Usage.IsEmpty)
        {
            var usage = new ArrayBufferWriter<byte>();
            Wire.Compact(usage, piece.Usage);
            _usage = usage.WrittenSpan.ToArray();
        }

        var any = false;
        var choices = new JsonElements(piece.Choices);
        while (choices.Next())
        {
            var choice = new ChatChoice(choices.Value);
            if (HasNews(choice))
            {
                any = true;
                WriteEvent(output, choice);
            }
        }

        return any;
    }

    /// <summary>The usage chunk, if the client asked for one, and the end mark.</summary>
    /// <param name="settled">What the call was settled with; it stands in where the vendor sent no usage.</param>
    public void WriteEnd(IBufferWriter<byte> output, bool includeUsage, TokenUsage settled)
    {
        if (includeUsage)
        {
            output.Write("data: "u8);
            using (var writer = Begin(output))
            {
                writer.WriteStartArray("choices"u8);
                writer.WriteEndArray();
                writer.WritePropertyName("usage"u8);
                if (_usage is not null)
                {
                    writer.WriteRawValue(_usage, skipInputValidation: true);
                }
                else
                {
                    WriteUsage(writer, settled);
                }

                writer.WriteEndObject();
            }

            output.Write("\n\n"u8);
        }

        output.Write("data: [DONE]\n\n"u8);
    }

    /// <summary>Tells the client that the answer broke off; every SDK raises an error at it.</summary>
    public void WriteFailure(IBufferWriter<byte> output, string message, string code)
    {
        output.Write("data: "u8);
        using (var writer = Begin(output))
        {
            writer.WriteStartObject("error"u8);
            writer.WriteString("message"u8, message);
            writer.WriteString("type"u8, "server_error"u8);
            writer.WriteNull("param"u8);
            writer.WriteString("code"u8, code);
            writer.WriteEndObject();
            writer.WriteStartArray("choices"u8);
            writer.WriteStartObject();
            writer.WriteString("text"u8, ""u8);
            writer.WriteNumber("index"u8, firstChoice);
            writer.WriteNull("logprobs"u8);
            writer.WriteString("finish_reason"u8, "error"u8);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        output.Write("\n\ndata: [DONE]\n\n"u8);
    }

    public static void WriteUsage(Utf8JsonWriter writer, TokenUsage tokens)
    {
        writer.WriteStartObject();
        writer.WriteNumber("prompt_tokens"u8, tokens.Input);
        writer.WriteNumber("completion_tokens"u8, tokens.Output);
        writer.WriteNumber("total_tokens"u8, tokens.Total);
        writer.WriteStartObject("prompt_tokens_details"u8);
        writer.WriteNumber("cached_tokens"u8, tokens.CacheRead);
        writer.WriteEndObject();
        writer.WriteStartObject("completion_tokens_details"u8);
        writer.WriteNumber("reasoning_tokens"u8, tokens.OutputReasoning);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>The members all objects of one answer share.</summary>
    public Utf8JsonWriter Begin(IBufferWriter<byte> output)
    {
        var writer = new Utf8JsonWriter(output, Wire.Writing);
        writer.WriteStartObject();
        writer.WriteString("id"u8, id);
        writer.WriteString("object"u8, "text_completion"u8);
        writer.WriteNumber("created"u8, created.ToUnixTimeSeconds());
        writer.WriteString("model"u8, model);
        return writer;
    }

    // Thoughts and the announcement of the role are nothing this dialect could show.
    private static bool HasNews(ChatChoice choice) =>
        !choice.FinishReason.IsEmpty || !choice.Logprobs.IsEmpty || new ChatDelta(choice.Delta).Content.Length > 2;

    private void WriteEvent(IBufferWriter<byte> output, ChatChoice choice)
    {
        output.Write("data: "u8);
        using (var writer = Begin(output))
        {
            writer.WriteStartArray("choices"u8);
            WriteChoice(writer, choice, whole: false);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        output.Write("\n\n"u8);
    }

    private void WriteChoice(Utf8JsonWriter writer, ChatChoice choice, bool whole)
    {
        using var text = new JsonText();
        if (!_offsets.ContainsKey(choice.Index))
        {
            _offsets[choice.Index] = echo is null ? 0 : Length(echo.Escaped);
            text.Append(echo is null ? default : echo.Escaped);
        }

        AppendContent(text, new ChatDelta(choice.Delta).Content);
        text.Close();
        writer.WriteStartObject();
        writer.WriteText("text"u8, text);
        writer.WriteNumber("index"u8, firstChoice + choice.Index);
        writer.WritePropertyName("logprobs"u8);
        WriteLogprobs(writer, choice);
        if (choice.FinishReason.IsEmpty && !whole)
        {
            writer.WriteNull("finish_reason"u8);
        }
        else
        {
            writer.WriteString("finish_reason"u8, choice.FinishReason switch
            {
                var reason when reason.SequenceEqual("length"u8) => "length"u8,
                var reason when reason.SequenceEqual("content_filter"u8) => "content_filter"u8,
                _ => "stop"u8,
            });
        }

        writer.WriteEndObject();
    }

    private static void AppendContent(JsonText text, ReadOnlySpan<byte> content)
    {
        if (content is [(byte)'"', .., (byte)'"'])
        {
            text.Append(content[1..^1]);
            return;
        }

        var parts = new JsonElements(content);
        while (parts.Next())
        {
            var members = new JsonMembers(parts.Value);
            while (members.Next())
            {
                if (members.Name.SequenceEqual("text"u8) && members.Value is [(byte)'"', .., (byte)'"'])
                {
                    text.Append(members.Value[1..^1]);
                }
            }
        }
    }

    // {"tokens":["a"],"token_logprobs":[-0.1],"top_logprobs":[{"a":-0.1}],"text_offset":[0]}
    private void WriteLogprobs(Utf8JsonWriter writer, ChatChoice choice)
    {
        if (choice.Logprobs.IsEmpty)
        {
            writer.WriteNullValue();
            return;
        }

        using var document = JsonDocument.Parse(choice.Logprobs.ToArray(), Wire.Documents);
        var tokens = document.RootElement.Get("content"u8) is { ValueKind: JsonValueKind.Array } content ? content.EnumerateArray().Where(token => token.Get("token"u8).ValueKind == JsonValueKind.String).ToList() : [];
        writer.WriteStartObject();
        writer.WriteStartArray("tokens"u8);
        tokens.ForEach(token => writer.WriteRawValue(token.Get("token"u8).Raw(), skipInputValidation: true));
        writer.WriteEndArray();
        writer.WriteStartArray("token_logprobs"u8);
        tokens.ForEach(token => WriteNumber(writer, token.Get("logprob"u8)));
        writer.WriteEndArray();
        writer.WritePropertyName("top_logprobs"u8);
        WriteAlternatives(writer, tokens);
        writer.WriteStartArray("text_offset"u8);
        foreach (var token in tokens)
        {
            writer.WriteNumberValue(_offsets[choice.Index]);
            _offsets[choice.Index] += Length(token.Get("token"u8).Escaped());
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteAlternatives(Utf8JsonWriter writer, List<JsonElement> tokens)
    {
        if (!withAlternatives)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartArray();
        foreach (var token in tokens)
        {
            writer.WriteStartObject();
            if (token.Get("top_logprobs"u8) is { ValueKind: JsonValueKind.Array } alternatives)
            {
                // A name can stand in an object only once; the likeliest of equal ones comes first.
                foreach (var one in alternatives.EnumerateArray().DistinctBy(one => one.Text("token"u8)).Where(one => one.Text("token"u8) is not null))
                {
                    writer.WritePropertyName(one.Text("token"u8)!);
                    WriteNumber(writer, one.Get("logprob"u8));
                }
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter writer, JsonElement number)
    {
        if (number.ValueKind == JsonValueKind.Number)
        {
            number.WriteTo(writer);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    // In characters as Python counts them, where this dialect comes from.
    private static int Length(ReadOnlySpan<byte> escaped)
    {
        using var text = new JsonText();
        text.Append(escaped);
        text.Close();
        var reader = new Utf8JsonReader(text.Quoted);
        reader.Read();
        return reader.GetString()!.EnumerateRunes().Count();
    }
}
