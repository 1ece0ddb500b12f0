using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using AiHub.Gateway.Dialects.Responses;
using AiHub.Gateway.Errors;

namespace AiHub.Gateway.Dialects.Completions;

/// <summary>A request of the time before chat: go on with this text.</summary>
public sealed class CompletionsRequest : IDisposable
{
    // What the dialect has always answered with when nobody said how much.
    private const int DefaultOutputTokens = 16;

    private readonly JsonDocument _document;

    private CompletionsRequest(JsonDocument document, IReadOnlyList<JsonElement> prompts) => (_document, Prompts) = (document, prompts);

    public required string Model { get; init; }

    public required bool Stream { get; init; }

    /// <summary>The client wants the usage chunk at the end of its stream.</summary>
    public required bool IncludeUsage { get; init; }

    /// <summary>The answer begins with the prompt.</summary>
    public required bool Echo { get; init; }

    /// <summary>How many answers each prompt gets.</summary>
    public required int Choices { get; init; }

    /// <summary>How many alternatives of each token are shown; null when none are asked for.</summary>
    public required int? Logprobs { get; init; }

    /// <summary>Each a text, or an array of token ids.</summary>
    internal IReadOnlyList<JsonElement> Prompts { get; }

    private JsonElement Body => _document.RootElement;

    /// <param name="json">Must stay unchanged for the life of the request: it is not copied.</param>
    public static bool TryRead(
        ReadOnlyMemory<byte> json,
        [NotNullWhen(true)] out CompletionsRequest? request,
        [NotNullWhen(false)] out OpenAIError? refusal)
    {
        request = null;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Wire.Documents);
        }
        catch (JsonException)
        {
            refusal = OpenAIError.BadRequest("The request body is not valid JSON.", null, "invalid_json");
            return false;
        }

        var prompts = new List<JsonElement>();
        refusal = Check(document.RootElement, prompts);
        if (refusal is not null)
        {
            document.Dispose();
            return false;
        }

        var body = document.RootElement;
        request = new CompletionsRequest(document, prompts)
        {
            Model = body.Text("model"u8)!,
            Stream = body.Get("stream"u8).ValueKind == JsonValueKind.True,
            IncludeUsage = body.Get("stream_options"u8).Get("include_usage"u8).ValueKind == JsonValueKind.True,
            Echo = body.Get("echo"u8).ValueKind == JsonValueKind.True,
            Choices = Number(body, "n"u8) ?? 1,
            Logprobs = Number(body, "logprobs"u8),
        };
        return true;
    }

    /// <summary>Asks a chat model to go on with one of the prompts.</summary>
    /// <param name="text">The prompt as a JSON string: the client's own, or what its tokens spell.</param>
    /// <param name="dropped">Gets the names of what could not be translated.</param>
    internal void WriteChat(JsonText text, IBufferWriter<byte> chat, List<string> dropped)
    {
        using var writer = new Utf8JsonWriter(chat, Wire.Writing);
        writer.WriteStartObject();
        writer.CopyRaw("model"u8, Body.Get("model"u8));
        writer.WriteStartArray("messages"u8);
        writer.WriteStartObject();
        writer.WriteString("role"u8, "user"u8);
        writer.WriteText("content"u8, text);
        writer.WriteEndObject();
        writer.WriteEndArray();
        if (Stream)
        {
            writer.WriteBoolean("stream"u8, true);
            writer.WriteStartObject("stream_options"u8);
            writer.WriteBoolean("include_usage"u8, true);
            writer.WriteEndObject();
        }

        writer.WritePropertyName("max_completion_tokens"u8);
        writer.WriteRawValue(Body.Get("max_tokens"u8) is { ValueKind: JsonValueKind.Number } limit ? limit.Raw() : JsonSerializer.SerializeToUtf8Bytes(DefaultOutputTokens));
        if (Logprobs is { } alternatives)
        {
            writer.WriteBoolean("logprobs"u8, true);
            if (alternatives > 0)
            {
                writer.WriteNumber("top_logprobs"u8, alternatives);
            }
        }

        foreach (var member in Body.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.Null))
        {
            WriteMember(writer, member, dropped);
        }

        writer.WriteEndObject();
    }

    public void Dispose() => _document.Dispose();

    private void WriteMember(Utf8JsonWriter writer, JsonProperty member, List<string> dropped)
    {
        switch (member.Name)
        {
            case "model" or "prompt" or "stream" or "stream_options" or "max_tokens" or "logprobs" or "echo":
                break;
            case "best_of":
                // As many as are asked for: nothing is chosen between.
                if (Number(Body, "best_of"u8) != Choices)
                {
                    dropped.Add("best_of");
                }

                break;
            case "suffix":
                if (!member.Value.ValueEquals(""u8))
                {
                    dropped.Add("suffix");
                }

                break;
            case "messages" or "tools" or "tool_choice" or "max_completion_tokens" or "top_logprobs" or "functions" or "function_call":
                dropped.Add(member.Name);
                break;
            default:
                writer.WritePropertyName(member.Name);
                writer.WriteRawValue(member.Value.Raw(), skipInputValidation: true);
                break;
        }
    }

    private static OpenAIError? Check(JsonElement body, List<JsonElement> prompts)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            return OpenAIError.BadRequest("The request body must be a JSON object.", null, "invalid_type");
        }

        return !body.Get("model"u8).Exists() ? OpenAIError.Missing("model")
            : body.Get("model"u8).ValueKind != JsonValueKind.String ? OpenAIError.WrongType("model", "a string")
            : Flag(body, "stream"u8, "stream") ?? Flag(body, "echo"u8, "echo")
            ?? Count(body, "max_tokens"u8, "max_tokens", 0, int.MaxValue) ?? Count(body, "n"u8, "n", 1, 128)
            ?? Count(body, "best_of"u8, "best_of", 1, 128) ?? Count(body, "logprobs"u8, "logprobs", 0, 20)
            ?? (body.Get("suffix"u8) is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.String) } ? OpenAIError.WrongType("suffix", "a string") : null)
            ?? CheckPrompt(body.Get("prompt"u8), prompts);
    }

    // "text" | ["text", …] | [1, 2, …] | [[1, 2], …]
    private static OpenAIError? CheckPrompt(JsonElement prompt, List<JsonElement> prompts)
    {
        switch (prompt.ValueKind)
        {
            case JsonValueKind.Undefined:
                return OpenAIError.Missing("prompt");
            case JsonValueKind.String:
                prompts.Add(prompt);
                return null;
            case JsonValueKind.Array when IsTokens(prompt):
                prompts.Add(prompt);
                return null;
            case JsonValueKind.Array when prompt.GetArrayLength() > 0 && prompt.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String || IsTokens(one)):
                prompts.AddRange(prompt.EnumerateArray());
                return null;
            default:
                return OpenAIError.WrongType("prompt", "a string, an array of strings, or arrays of tokens");
        }
    }

    private static bool IsTokens(JsonElement tokens) =>
        tokens.ValueKind == JsonValueKind.Array && tokens.GetArrayLength() > 0
        && tokens.EnumerateArray().All(token => token.ValueKind == JsonValueKind.Number && token.TryGetInt32(out var id) && id >= 0);

    private static OpenAIError? Flag(JsonElement body, ReadOnlySpan<byte> name, string param) =>
        body.Get(name).ValueKind is JsonValueKind.Undefined or JsonValueKind.True or JsonValueKind.False ? null : OpenAIError.WrongType(param, "a boolean");

    private static OpenAIError? Count(JsonElement body, ReadOnlySpan<byte> name, string param, int least, int most)
    {
        var value = body.Get(name);
        return !value.Exists() || (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most)
            ? null
            : OpenAIError.WrongType(param, most == int.MaxValue ? "a positive integer" : $"an integer between {least} and {most}");
    }

    private static int? Number(JsonElement body, ReadOnlySpan<byte> name) =>
        body.Get(name) is { ValueKind: JsonValueKind.Number } value ? value.GetInt32() : null;
}
