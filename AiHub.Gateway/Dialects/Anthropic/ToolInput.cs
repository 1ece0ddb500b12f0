using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>A tool's arguments: JSON in a string in Chat Completions, a JSON object in Messages.</summary>
internal static class ToolInput
{
    /// <summary>Writes the member <c>input</c>. Models now and then write arguments that are no object; those arrive as <c>raw_arguments</c>.</summary>
    public static void Write(Utf8JsonWriter writer, JsonElement arguments) => Write(writer, arguments, "input"u8);

    /// <param name="name">What the dialect calls that member.</param>
    public static void Write(Utf8JsonWriter writer, JsonElement arguments, ReadOnlySpan<byte> name)
    {
        if (arguments.ValueKind == JsonValueKind.Object)
        {
            writer.Copy(name, arguments);
            return;
        }

        var text = arguments.ValueKind == JsonValueKind.String ? arguments.Plain() : "";
        writer.WritePropertyName(name);
        if (string.IsNullOrWhiteSpace(text))
        {
            writer.WriteRawValue("{}"u8, skipInputValidation: true);
        }
        else if (IsObject(text))
        {
            writer.WriteRawValue(text, skipInputValidation: true);
        }
        else
        {
            writer.WriteStartObject();
            writer.WriteString("raw_arguments"u8, text);
            writer.WriteEndObject();
        }
    }

    private static bool IsObject(string text)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = 256 });
            var isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
            while (isObject && reader.Read())
            {
            }

            return isObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
