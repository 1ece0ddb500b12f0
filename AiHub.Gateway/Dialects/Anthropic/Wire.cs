using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>Reads and writes JSON without turning it into objects; what is only passed on leaves byte for byte as it came.</summary>
internal static class Wire
{
    // Bodies are application/json, never HTML: Chinese text may stay as it is.
    public static readonly JsonWriterOptions Writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static readonly JsonDocumentOptions Reader = new() { MaxDepth = 256 };

    public static bool TryParse(ReadOnlySpan<byte> json, out JsonElement value)
    {
        try
        {
            value = JsonElement.Parse(json, Reader);
            return true;
        }
        catch (JsonException)
        {
            value = default;
            return false;
        }
    }

    /// <returns>False for what is missing, null, or not in an object.</returns>
    public static bool Given(this JsonElement parent, ReadOnlySpan<byte> name, out JsonElement value)
    {
        value = default;
        return parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    public static bool Given(this JsonElement parent, ReadOnlySpan<byte> name, JsonValueKind kind, out JsonElement value) =>
        parent.Given(name, out value) && value.ValueKind == kind;

    public static string? Text(this JsonElement parent, ReadOnlySpan<byte> name) =>
        parent.Given(name, JsonValueKind.String, out var value) ? value.Plain() : null;

    /// <summary>A string's text. One that is not Unicode, such as half of an emoji, stays escaped as it came.</summary>
    public static string Plain(this JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Encoding.UTF8.GetString(Inner(text));
        }
    }

    /// <summary>How many characters a string has, as Unicode counts them.</summary>
    public static int Length(JsonElement text)
    {
        var escaped = Inner(text);
        var length = 0;
        for (var at = 0; at < escaped.Length; at++)
        {
            if (escaped[at] != '\\')
            {
                // A character has one byte that does not continue it.
                length += (escaped[at] & 0xC0) != 0x80 ? 1 : 0;
            }
            else if (escaped[at + 1] == 'u')
            {
                // \uDC00 and up are the second halves of pairs.
                length += escaped[at + 2] is (byte)'d' or (byte)'D' && escaped[at + 3] is >= (byte)'C' and <= (byte)'F' or >= (byte)'c' and <= (byte)'f' ? 0 : 1;
                at += 5;
            }
            else
            {
                length++;
                at++;
            }
        }

        return length;
    }

    public static bool Says(this JsonElement parent, ReadOnlySpan<byte> name, ReadOnlySpan<byte> text) =>
        parent.Given(name, JsonValueKind.String, out var value) && value.ValueEquals(text);

    public static bool Flag(this JsonElement parent, ReadOnlySpan<byte> name) => parent.Given(name, JsonValueKind.True, out _);

    public static long? Number(this JsonElement parent, ReadOnlySpan<byte> name) =>
        parent.Given(name, JsonValueKind.Number, out var value) && value.TryGetInt64(out var number) ? number : null;

    /// <summary>The items of an array; none when it is something else.</summary>
    public static JsonElement.ArrayEnumerator Items(this JsonElement array) =>
        array.ValueKind == JsonValueKind.Array ? array.EnumerateArray() : default;

    public static JsonElement.ArrayEnumerator Items(this JsonElement parent, ReadOnlySpan<byte> name) =>
        parent.Given(name, JsonValueKind.Array, out var array) ? array.EnumerateArray() : default;

    public static bool IsEmptyText(this JsonElement value) => value.ValueKind == JsonValueKind.String && Inner(value).IsEmpty;

    /// <summary>A string's characters as they are escaped in the JSON, without the quotes.</summary>
    public static ReadOnlySpan<byte> Inner(JsonElement text) => JsonMarshal.GetRawUtf8Value(text)[1..^1];

    public static void Copy(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonElement value)
    {
        writer.WritePropertyName(name);
        writer.Copy(value);
    }

    public static void Copy(this Utf8JsonWriter writer, JsonElement value) =>
        writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);

    public static void Copy(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonElement parent, ReadOnlySpan<byte> from)
    {
        if (parent.Given(from, out var value))
        {
            writer.Copy(name, value);
        }
    }

    /// <summary>Writes a JSON string made of pieces that are escaped already.</summary>
    public static void WriteJoined(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third = default, ReadOnlySpan<byte> fourth = default)
    {
        var length = first.Length + second.Length + third.Length + fourth.Length + 2;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        var text = rented.AsSpan(0, length);
        text[0] = text[^1] = (byte)'"';
        first.CopyTo(text[1..]);
        second.CopyTo(text[(1 + first.Length)..]);
        third.CopyTo(text[(1 + first.Length + second.Length)..]);
        fourth.CopyTo(text[(1 + first.Length + second.Length + third.Length)..]);
        writer.WritePropertyName(name);
        writer.WriteRawValue(text, skipInputValidation: true);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>The JSON text of <paramref name="value"/> as a JSON string: how Chat Completions carries a tool's arguments.</summary>
    public static void WriteAsString(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, JsonElement value) =>
        writer.WriteString(name, JsonMarshal.GetRawUtf8Value(value));
}
