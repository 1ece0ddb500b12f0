using System.Buffers;
using System.Text.Json;
using AiHub.Gateway.Dialects.OpenAI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace AiHub.Gateway.Providers;

/// <summary>Writes the request of a plain Semantic Kernel caller, who has a chat history and no JSON.</summary>
internal static class PlainPrompt
{
    public static HubExecutionSettings Of(ChatHistory history, PromptExecutionSettings? settings, bool stream)
    {
        if (settings?.FunctionChoiceBehavior is not null)
        {
            throw new NotSupportedException("The hub's connector does not call functions for plain Semantic Kernel callers.");
        }

        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("model", settings?.ModelId ?? "");
            json.WriteStartArray("messages");
            foreach (var message in history)
            {
                json.WriteStartObject();
                json.WriteString("role", message.Role.Label);
                json.WriteString("content", message.Content);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (stream)
            {
                json.WriteBoolean("stream", true);
            }

            foreach (var (name, value) in settings?.ExtensionData ?? new Dictionary<string, object>())
            {
                json.WritePropertyName(name);
                JsonSerializer.Serialize(json, value);
            }

            json.WriteEndObject();
        }

        return ChatRequest.Parse(body.WrittenMemory) is { Request: { } request }
            ? new HubExecutionSettings { Request = request }
            : throw new ArgumentException("The history and settings make no valid request.", nameof(history));
    }
}
