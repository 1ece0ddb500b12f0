using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>How this dialect reads and writes JSON.</summary>
internal static class Wire
{
    /// <summary>Chinese stays Chinese on the wire; nothing here is ever put into HTML.</summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>The writers of this dialect keep the order themselves, and the property tests check it.</summary>
    public static readonly JsonWriterOptions Writing = new() { Encoder = Encoder, SkipValidation = true, MaxDepth = 256 };

    // Tool schemas nest deeper than the default of 64.
    public static readonly JsonDocumentOptions Documents = new() { MaxDepth = 256 };

    public static readonly JsonReaderOptions Reading = new() { MaxDepth = 256 };

    /// <summary>The member's value; undefined when it is missing or null.</summary>
    public static JsonElement Get(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : default;

    public static string? Text(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.Get(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static bool Exists(this JsonElement element) => element.ValueKind != JsonValueKind.Undefined;

    /// <summary>The element's own bytes, for strings with their quotes and escapes.</summary>
    public static ReadOnlySpan<byte> Raw(this JsonElement element) => JsonMarshal.GetRawUtf8Value(element);

    /// <summary>The inside of a string element, still escaped.</summary>
    public static ReadOnlySpan<byte> Escaped(this JsonElement text) => text.Raw()[1..^1];

    /// <summary>Copies a value as it stands, whitespace and all: for bodies, not for event streams.</summary>
    public static void CopyRaw(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonElement value)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(value.Raw(), skipInputValidation: true);
    }

    public static void WriteText(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonText text)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(text.Quoted, skipInputValidation: true);
    }

    /// <summary>Copies a JSON value onto one line, as an event stream needs it.</summary>
    public static void Compact(IBufferWriter<byte> to, ReadOnlySpan<byte> json)
    {
        if (json.IndexOfAny((byte)'\n', (byte)'\r') < 0)
        {
            to.Write(json);
            return;
        }

        using var document = JsonDocument.Parse(json.ToArray(), Documents);
        using var writer = new Utf8JsonWriter(to, Writing);
        document.RootElement.WriteTo(writer);
    }

    /// <summary>Writes a member of a request back, on one line, or what stands for it when it is missing.</summary>
    public static void WriteOr(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonElement value, ReadOnlySpan<byte> otherwise)
    {
        writer.WritePropertyName(name);
        if (value.Exists())
        {
            value.WriteTo(writer);
        }
        else
        {
            writer.WriteRawValue(otherwise, skipInputValidation: true);
        }
    }
}
