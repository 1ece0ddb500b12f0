using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Dialects.Responses;
using AiHub.Gateway.Errors;
using Wire = AiHub.Gateway.Dialects.Responses.Wire;

namespace AiHub.Gateway.Dialects.OpenRouter;

/// <summary>A chat request with OpenRouter's additions. What they say to the hub is heard here; what they say to a model is put in words its vendor takes.</summary>
internal sealed class OpenRouterRequest : ClientRequest, IDisposable
{
    private static readonly FrozenSet<string> ForTheHub = FrozenSet.Create(
        "models", "route", "provider", "session_id", "usage", "include_reasoning", "trace", "metadata", "debug", "image_config");

    private readonly JsonDocument _document;

    private OpenRouterRequest(ReadOnlyMemory<byte> json, JsonDocument document) : base(WireDialect.OpenRouter, json) => _document = document;

    /// <summary>The client does not want to see what the model thought.</summary>
    public bool HidesReasoning =>
        Body.Get("reasoning"u8).Get("exclude"u8).ValueKind == JsonValueKind.True || Body.Get("include_reasoning"u8).ValueKind == JsonValueKind.False;

    private JsonElement Body => _document.RootElement;

    /// <returns>The request as chat, and what it came from; or why it is none.</returns>
    public static (ChatRequest? Chat, OpenRouterRequest? Request, OpenAIError? Error) Read(ReadOnlyMemory<byte> json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Wire.Documents);
        }
        catch (JsonException)
        {
            return (null, null, OpenAIError.BadRequest("The request body is not valid JSON."));
        }

        var request = new OpenRouterRequest(json, document);
        var (chat, error) = document.RootElement.ValueKind == JsonValueKind.Object
            ? ChatRequest.Of(request)
            : new ChatRequestOutcome(null, OpenAIError.BadRequest("The body of your request must be a JSON object."));
        if (chat is not null)
        {
            (chat.Preferences, error) = RoutingFields.Read(request.Body, chat.Preferences);
        }

        if (error is null)
        {
            return (chat, request, null);
        }

        request.Dispose();
        return (null, null, error);
    }

    public override ChatWords ToChat(ChatExtras extras)
    {
        var chat = new ArrayBufferWriter<byte>(Json.Length + 64);
        var dropped = new List<string>();
        using (var writer = new Utf8JsonWriter(chat, Wire.Writing))
        {
            writer.WriteStartObject();
            foreach (var member in Body.EnumerateObject())
            {
                if (member.Value.ValueKind != JsonValueKind.Null && !ForTheHub.Contains(member.Name))
                {
                    Write(writer, member, extras, dropped);
                }
            }

            NameFirstModel(writer);
            writer.WriteEndObject();
        }

        return new ChatWords(chat.WrittenMemory, dropped);
    }

    public void Dispose() => _document.Dispose();

    // A request may name its models in the list alone.
    private void NameFirstModel(Utf8JsonWriter writer)
    {
        if (!Body.Get("model"u8).Exists() && Body.Get("models"u8) is { ValueKind: JsonValueKind.Array } models && models.GetArrayLength() > 0 && models[0].ValueKind == JsonValueKind.String)
        {
            writer.CopyRaw("model"u8, models[0]);
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonProperty member, ChatExtras extras, List<string> dropped)
    {
        switch (member.Name)
        {
            case "messages" when member.Value.ValueKind == JsonValueKind.Array:
                writer.WriteStartArray("messages"u8);
                foreach (var message in member.Value.EnumerateArray())
                {
                    WriteMessage(writer, message, extras);
                }

                writer.WriteEndArray();
                break;
            case "reasoning":
                WriteReasoning(writer, member.Value, extras, dropped);
                break;
            case "plugins" or "transforms":
                if (member.Value is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() > 0)
                {
                    dropped.Add(member.Name);
                }

                break;
            case "cache_control" when !extras.HasFlag(ChatExtras.CacheControl):
            case "top_k" or "top_a" or "min_p" or "repetition_penalty" when !extras.HasFlag(ChatExtras.TopK):
                dropped.Add(member.Name);
                break;
            default:
                writer.WritePropertyName(member.Name);
                writer.WriteRawValue(member.Value.Raw(), skipInputValidation: true);
                break;
        }
    }

    private static void WriteReasoning(Utf8JsonWriter writer, JsonElement reasoning, ChatExtras extras, List<string> dropped)
    {
        if (extras.HasFlag(ChatExtras.ReasoningObject))
        {
            writer.CopyRaw("reasoning"u8, reasoning);
        }
        else if (extras.HasFlag(ChatExtras.ReasoningEffort) && reasoning.Get("effort"u8) is { ValueKind: JsonValueKind.String } effort)
        {
            writer.CopyRaw("reasoning_effort"u8, effort);
        }
        else if (reasoning.Get("effort"u8).Exists() || reasoning.Get("max_tokens"u8).Exists() || reasoning.Get("enabled"u8).ValueKind == JsonValueKind.True)
        {
            dropped.Add("reasoning");
        }
    }

    // {"role":"assistant","content":…,"reasoning":"…","reasoning_details":[…]}, parts with cache_control
    private static void WriteMessage(Utf8JsonWriter writer, JsonElement message, ChatExtras extras)
    {
        if (message.ValueKind != JsonValueKind.Object || (message.Raw().IndexOf("\"reasoning"u8) < 0 && message.Raw().IndexOf("\"cache_control\""u8) < 0))
        {
            writer.WriteRawValue(message.Raw(), skipInputValidation: true);
            return;
        }

        writer.WriteStartObject();
        foreach (var member in message.EnumerateObject())
        {
            switch (member.Name)
            {
                case "reasoning":
                    if (extras.HasFlag(ChatExtras.ReasoningContent) && member.Value.ValueKind == JsonValueKind.String)
                    {
                        writer.CopyRaw("reasoning_content"u8, member.Value);
                    }

                    break;
                case "reasoning_details" when !extras.HasFlag(ChatExtras.ReasoningDetails):
                case "reasoning_content" when !extras.HasFlag(ChatExtras.ReasoningContent):
                case "cache_control" when !extras.HasFlag(ChatExtras.CacheControl):
                    break;
                case "content" when member.Value.ValueKind == JsonValueKind.Array && !extras.HasFlag(ChatExtras.CacheControl):
                    WriteParts(writer, member.Value);
                    break;
                default:
                    writer.WritePropertyName(member.Name);
                    writer.WriteRawValue(member.Value.Raw(), skipInputValidation: true);
                    break;
            }
        }

        writer.WriteEndObject();
    }

    private static void WriteParts(Utf8JsonWriter writer, JsonElement parts)
    {
        writer.WriteStartArray("content"u8);
        foreach (var part in parts.EnumerateArray())
        {
            if (part.ValueKind != JsonValueKind.Object)
            {
                writer.WriteRawValue(part.Raw(), skipInputValidation: true);
                continue;
            }

            writer.WriteStartObject();
            foreach (var member in part.EnumerateObject().Where(member => !member.NameEquals("cache_control"u8)))
            {
                writer.WritePropertyName(member.Name);
                writer.WriteRawValue(member.Value.Raw(), skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
