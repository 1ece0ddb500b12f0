using System.Buffers;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers.Gemini;

/// <summary>
/// Says Gemini's answer in Chat Completions: the whole of it, or the pieces of a stream, which are answers of the same shape with a few
/// parts each.
/// </summary>
/// <remarks><c>{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"finishReason":"STOP"}],"usageMetadata":{…}}</c></remarks>
internal sealed class GeminiAnswer(ChatHead head, string model)
{
    /// <summary>How the ids begin that the hub gives to calls that came without.</summary>
    public const string MadeUpId = "call_aihub_";

    private readonly Dictionary<int, Candidate> _candidates = [];
    private string? _id;

    /// <returns>False, with nothing written, when there is nothing in it for anybody.</returns>
    public bool Write(JsonElement answer, bool whole, IBufferWriter<byte> chat)
    {
        var candidates = answer.Items("candidates"u8).ToArray();
        answer.Given("promptFeedback"u8, out var feedback);
        var blocked = candidates.Length == 0 ? feedback.Text("blockReason"u8) : null;
        var counted = answer.Given("usageMetadata"u8, JsonValueKind.Object, out var usage);
        if (candidates.Length == 0 && blocked is null && (whole || !counted))
        {
            return false;
        }

        _id ??= answer.Text("responseId"u8) ?? $"gen-{Guid.CreateVersion7(head.Created):N}";
        using var writer = new Utf8JsonWriter(chat, Wire.Writer);
        writer.WriteStartObject();
        writer.WriteString("id"u8, _id);
        writer.WriteString("object"u8, whole ? "chat.completion"u8 : "chat.completion.chunk"u8);
        writer.WriteNumber("created"u8, head.Created.ToUnixTimeSeconds());
        writer.WriteString("model"u8, answer.Text("modelVersion"u8) ?? model);
        writer.WriteStartArray("choices"u8);
        if (blocked is not null)
        {
            WriteBlocked(writer, blocked, feedback, whole);
        }

        foreach (var candidate in candidates)
        {
            WriteCandidate(writer, candidate, whole);
        }

        writer.WriteEndArray();
        if (counted)
        {
            GeminiUsage.WriteChat(writer, usage);
        }

        writer.WriteEndObject();
        writer.Flush();
        return true;
    }

    // The prompt was counted, read and not answered.
    private static void WriteBlocked(Utf8JsonWriter writer, string reason, JsonElement feedback, bool whole)
    {
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, 0);
        writer.WriteStartObject(whole ? "message"u8 : "delta"u8);
        writer.WriteString("role"u8, "assistant"u8);
        writer.WriteNull("content"u8);
        writer.WriteString("refusal"u8, feedback.Text("blockReasonMessage"u8) ?? $"The prompt was blocked: {reason}.");
        writer.WriteEndObject();
        writer.WriteString("finish_reason"u8, "content_filter"u8);
        writer.WriteString("native_finish_reason"u8, reason);
        writer.WriteEndObject();
    }

    private void WriteCandidate(Utf8JsonWriter writer, JsonElement candidate, bool whole)
    {
        var index = (int)(candidate.Number("index"u8) ?? 0);
        if (!_candidates.TryGetValue(index, out var state))
        {
            _candidates[index] = state = new Candidate();
        }

        candidate.Given("content"u8, out var content);
        var parts = content.Items("parts"u8).ToArray();
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, index);
        writer.WriteStartObject(whole ? "message"u8 : "delta"u8);
        if (!state.Begun)
        {
            state.Begun = true;
            writer.WriteString("role"u8, "assistant"u8);
        }

        WriteTexts(writer, parts, whole);
        var ids = IdsOf(parts);
        WriteCalls(writer, parts, ids, state, whole);
        WriteDetails(writer, parts, ids, state);
        WriteImages(writer, parts, state);
        WriteAnnotations(writer, candidate);
        if (whole)
        {
            writer.WriteNull("refusal"u8);
        }

        writer.WriteEndObject();
        WriteLogprobs(writer, candidate);
        var reason = candidate.Text("finishReason"u8);
        if (reason is null && !whole)
        {
            writer.WriteNull("finish_reason"u8);
        }
        else
        {
            writer.WriteString("finish_reason"u8, FinishReason(reason, state.Calls > 0));
            writer.WriteString("native_finish_reason"u8, reason);
        }

        writer.WriteEndObject();
    }

    private static string FinishReason(string? reason, bool calls) => reason switch
    {
        "MAX_TOKENS" => "length",
        "SAFETY" or "RECITATION" or "BLOCKLIST" or "PROHIBITED_CONTENT" or "SPII" or "LANGUAGE" or "IMAGE_SAFETY" or "IMAGE_PROHIBITED_CONTENT" or "IMAGE_RECITATION" => "content_filter",

        // The model tried to say something and Google could not make it out: a failure, not an end.
        "MALFORMED_FUNCTION_CALL" or "UNEXPECTED_TOOL_CALL" or "TOO_MANY_TOOL_CALLS" or "MISSING_THOUGHT_SIGNATURE" or "MALFORMED_RESPONSE" or "NO_IMAGE" => "error",
        _ => calls ? "tool_calls" : "stop",
    };

    private static bool IsThought(JsonElement part) => part.Flag("thought"u8);

    private static void WriteTexts(Utf8JsonWriter writer, JsonElement[] parts, bool whole)
    {
        var spoken = Joined(parts.Where(part => !IsThought(part)));
        if (spoken is not null || whole && !parts.Any(part => part.Given("functionCall"u8, out _)))
        {
            writer.WriteString("content"u8, spoken ?? "");
        }
        else if (whole)
        {
            writer.WriteNull("content"u8);
        }

        if (Joined(parts.Where(IsThought)) is { } thought)
        {
            writer.WriteString("reasoning_content"u8, thought);
        }
    }

    private static string? Joined(IEnumerable<JsonElement> parts)
    {
        string? joined = null;
        foreach (var part in parts)
        {
            if (part.Text("text"u8) is { Length: > 0 } text)
            {
                joined = joined is null ? text : joined + text;
            }
        }

        return joined;
    }

    // Each call comes whole, in one part.
    private void WriteCalls(Utf8JsonWriter writer, JsonElement[] parts, string?[] ids, Candidate state, bool whole)
    {
        var begun = false;
        foreach (var (position, part) in parts.Index())
        {
            if (!part.Given("functionCall"u8, JsonValueKind.Object, out var call))
            {
                continue;
            }

            if (!begun)
            {
                begun = true;
                writer.WriteStartArray("tool_calls"u8);
            }

            var name = call.Text("name"u8) ?? "";
            var isCustom = head.CustomTools.Contains(name);
            writer.WriteStartObject();
            if (!whole)
            {
                writer.WriteNumber("index"u8, state.Calls);
            }

            writer.WriteString("id"u8, ids[position]);
            writer.WriteString("type"u8, isCustom ? "custom"u8 : "function"u8);
            writer.WriteStartObject(isCustom ? "custom"u8 : "function"u8);
            writer.WriteString("name"u8, name);
            var given = call.Given("args"u8, out var arguments);
            if (isCustom)
            {
                writer.WriteString("input"u8, ChatHead.CustomInput(arguments));
            }
            else if (given)
            {
                writer.WriteAsString("arguments"u8, arguments);
            }
            else
            {
                writer.WriteString("arguments"u8, "{}"u8);
            }

            writer.WriteEndObject();
            if (part.Given("thoughtSignature"u8, out var signature))
            {
                writer.WriteStartObject("extra_content"u8);
                writer.WriteStartObject("google"u8);
                writer.Copy("thought_signature"u8, signature);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            state.Calls++;
        }

        if (begun)
        {
            writer.WriteEndArray();
        }
    }

    private static void WriteDetails(Utf8JsonWriter writer, JsonElement[] parts, string?[] ids, Candidate state)
    {
        var begun = false;
        foreach (var (position, part) in parts.Index())
        {
            var signed = part.Given("thoughtSignature"u8, JsonValueKind.String, out var signature);
            if (IsThought(part))
            {
                // The pieces of a thought share an index, so that clients join them.
                Begin("reasoning.text"u8, GeminiThoughts.Format, state.ThoughtIndex ??= state.Details++);
                writer.Copy("text"u8, part, "text"u8);
                writer.Copy("signature"u8, part, "thoughtSignature"u8);
                writer.WriteEndObject();
            }
            else if (part.Given("functionCall"u8, out _))
            {
                if (signed)
                {
                    Begin("reasoning.encrypted"u8, GeminiThoughts.Format, state.Details++);
                    writer.Copy("data"u8, signature);
                    writer.WriteString("id"u8, ids[position]);
                    writer.WriteEndObject();
                }
            }
            else if (part.Given("text"u8, out _) || part.Given("inlineData"u8, out _))
            {
                if (signed)
                {
                    Begin("reasoning.encrypted"u8, GeminiThoughts.Format, state.Details++);
                    writer.Copy("data"u8, signature);
                    writer.WriteEndObject();
                }
            }
            else if (part.ValueKind == JsonValueKind.Object && part.EnumerateObject().Any())
            {
                Begin("reasoning.encrypted"u8, GeminiThoughts.PartFormat, state.Details++);
                writer.WriteBase64String("data"u8, Encoding.UTF8.GetBytes(part.GetRawText()));
                writer.WriteEndObject();
            }
        }

        if (begun)
        {
            writer.WriteEndArray();
        }

        void Begin(ReadOnlySpan<byte> type, string format, int index)
        {
            if (!begun)
            {
                begun = true;
                writer.WriteStartArray("reasoning_details"u8);
            }

            writer.WriteStartObject();
            writer.WriteString("type"u8, type);
            writer.WriteString("format"u8, format);
            writer.WriteNumber("index"u8, index);
        }
    }

    private static void WriteImages(Utf8JsonWriter writer, JsonElement[] parts, Candidate state)
    {
        var begun = false;
        foreach (var part in parts)
        {
            if (!part.Given("inlineData"u8, JsonValueKind.Object, out var media) || IsThought(part))
            {
                continue;
            }

            if (!begun)
            {
                begun = true;
                writer.WriteStartArray("images"u8);
            }

            writer.WriteStartObject();
            writer.WriteNumber("index"u8, state.Images++);
            writer.WriteString("type"u8, "image_url"u8);
            writer.WriteStartObject("image_url"u8);
            writer.WriteString("url"u8, $"data:{media.Text("mimeType"u8)};base64,{media.Text("data"u8)}");
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        if (begun)
        {
            writer.WriteEndArray();
        }
    }

    // Which sources stand behind which words.
    private static void WriteAnnotations(Utf8JsonWriter writer, JsonElement candidate)
    {
        if (!candidate.Given("groundingMetadata"u8, out var grounding) || grounding.Items("groundingChunks"u8).ToArray() is not { Length: > 0 } sources)
        {
            return;
        }

        writer.WriteStartArray("annotations"u8);
        foreach (var support in grounding.Items("groundingSupports"u8))
        {
            support.Given("segment"u8, out var segment);
            foreach (var number in support.Items("groundingChunkIndices"u8))
            {
                if (!number.TryGetInt32(out var source) || source < 0 || source >= sources.Length || !sources[source].Given("web"u8, out var web))
                {
                    continue;
                }

                writer.WriteStartObject();
                writer.WriteString("type"u8, "url_citation"u8);
                writer.WriteStartObject("url_citation"u8);
                writer.WriteNumber("start_index"u8, segment.Number("startIndex"u8) ?? 0);
                writer.WriteNumber("end_index"u8, segment.Number("endIndex"u8) ?? 0);
                writer.Copy("url"u8, web, "uri"u8);
                writer.Copy("title"u8, web, "title"u8);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
    }

    private static void WriteLogprobs(Utf8JsonWriter writer, JsonElement candidate)
    {
        if (!candidate.Given("logprobsResult"u8, out var result))
        {
            return;
        }

        writer.WriteStartObject("logprobs"u8);
        writer.WriteStartArray("content"u8);
        var others = result.Items("topCandidates"u8).ToArray();
        foreach (var (position, chosen) in result.Items("chosenCandidates"u8).Index())
        {
            writer.WriteStartObject();
            WriteToken(writer, chosen);
            writer.WriteStartArray("top_logprobs"u8);
            foreach (var other in position < others.Length ? others[position].Items("candidates"u8) : default)
            {
                writer.WriteStartObject();
                WriteToken(writer, other);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNull("refusal"u8);
        writer.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter writer, JsonElement token)
    {
        writer.Copy("token"u8, token, "token"u8);
        writer.Copy("logprob"u8, token, "logProbability"u8);
        writer.WriteStartArray("bytes"u8);
        foreach (var unit in Encoding.UTF8.GetBytes(token.Text("token"u8) ?? ""))
        {
            writer.WriteNumberValue(unit);
        }

        writer.WriteEndArray();
    }

    // Old models name no calls; a result is told by its call's id, so each gets one.
    private static string?[] IdsOf(JsonElement[] parts) => [.. parts.Select(part =>
        !part.Given("functionCall"u8, JsonValueKind.Object, out var call) ? null
        : call.Text("id"u8) is { Length: > 0 } id ? id
        : $"{MadeUpId}{Guid.CreateVersion7():N}")];

    /// <summary>What has been said of one choice so far.</summary>
    private sealed class Candidate
    {
        public bool Begun { get; set; }

        public int Calls { get; set; }

        public int Details { get; set; }

        public int? ThoughtIndex { get; set; }

        public int Images { get; set; }
    }
}
