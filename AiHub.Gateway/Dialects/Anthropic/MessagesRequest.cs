using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using AiHub.Gateway.Errors;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>A Messages request as the client wrote it, read once.</summary>
public sealed class MessagesRequest : ClientRequest, IDisposable
{
    private readonly JsonDocument _document;
    private readonly ReadOnlyMemory<byte> _plain;
    private readonly ChatTranslation _translation;

    private MessagesRequest(ReadOnlyMemory<byte> json, JsonDocument document, bool translated) : base(WireDialect.Messages, json)
    {
        _document = document;
        var chat = new ArrayBufferWriter<byte>(json.Length + 256);
        _translation = translated ? MessagesToChat.Translate(Body, ChatExtras.None, chat) : new ChatTranslation([], null, new ToolNames());
        _plain = chat.WrittenMemory;
    }

    public string Model => Body.Text("model"u8)!;

    public JsonElement Body => _document.RootElement;

    /// <summary>The tools whose names had to be shortened for the upstream.</summary>
    public ToolNames Names => _translation.Names;

    /// <param name="json">Must stay unchanged for the life of the request: it is not copied.</param>
    /// <param name="asksForAnswer">False when the request is only to be counted.</param>
    public static bool TryRead(
        ReadOnlyMemory<byte> json,
        bool asksForAnswer,
        IReadOnlyList<KeyValuePair<string, string>> headers,
        [NotNullWhen(true)] out MessagesRequest? request,
        [NotNullWhen(false)] out OpenAIError? refusal)
    {
        request = null;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Wire.Reader);
        }
        catch (JsonException)
        {
            refusal = OpenAIError.BadRequest("The request body is not valid JSON.");
            return false;
        }

        refusal = Check(document.RootElement, asksForAnswer);
        if (refusal is not null)
        {
            document.Dispose();
            return false;
        }

        request = new MessagesRequest(json, document, asksForAnswer) { Headers = headers };
        if (request._translation.Invalid is not { } invalid)
        {
            return true;
        }

        refusal = OpenAIError.BadRequest(invalid);
        request.Dispose();
        request = null;
        return false;
    }

    public override ChatWords ToChat(ChatExtras extras)
    {
        if (extras == ChatExtras.None)
        {
            return new ChatWords(_plain, _translation.Dropped);
        }

        var chat = new ArrayBufferWriter<byte>(Json.Length + 256);
        var translation = MessagesToChat.Translate(Body, extras, chat);
        return new ChatWords(chat.WrittenMemory, translation.Dropped);
    }

    public void Dispose() => _document.Dispose();

    private static OpenAIError? Check(JsonElement body, bool asksForAnswer)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            return OpenAIError.BadRequest("The request body is not a JSON object.");
        }

        if (!body.Given("model"u8, out var model))
        {
            return OpenAIError.BadRequest("model: Field required");
        }

        if (model.ValueKind != JsonValueKind.String)
        {
            return OpenAIError.BadRequest("model: Input should be a valid string");
        }

        if (!asksForAnswer)
        {
            return body.Given("messages"u8, JsonValueKind.Array, out _) ? null : OpenAIError.BadRequest("messages: Field required");
        }

        return !body.Given("max_tokens"u8, out _) ? OpenAIError.BadRequest("max_tokens: Field required")
            : body.Number("max_tokens"u8) is null or < 1 ? OpenAIError.BadRequest("max_tokens: Input should be greater than or equal to 1")
            : null;
    }
}
