using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>
/// What a chat model must get back in the next turn to go on where it stopped: its reasoning text, the vendor's signed or encrypted
/// blocks, and what hung on its tool calls (Gemini's thought signatures). It travels as a reasoning item's <c>encrypted_content</c>,
/// which clients return untouched. It hides nothing from the client: what is secret in it was encrypted by the vendor.
/// </summary>
/// <remarks><c>aihub1.</c> and base64url of <c>{"text":"…","details":[…],"calls":{"call_1":{…}}}</c>.</remarks>
internal static class Thoughts
{
    private static ReadOnlySpan<byte> Prefix => "aihub1."u8;

    public static string Pack(JsonText text, IReadOnlyList<ThoughtDetail> details, IReadOnlyList<(string CallId, byte[] Members)> calls)
    {
        var packed = new ArrayBufferWriter<byte>(text.Length + 256);
        using (var writer = new Utf8JsonWriter(packed, Wire.Writing))
        {
            writer.WriteStartObject();
            if (!text.IsEmpty)
            {
                writer.WriteText("text"u8, text);
            }

            if (details.Count > 0)
            {
                writer.WriteStartArray("details"u8);
                foreach (var detail in details)
                {
                    detail.Write(writer);
                }

                writer.WriteEndArray();
            }

            if (calls.Count > 0)
            {
                writer.WriteStartObject("calls"u8);
                foreach (var (callId, members) in calls)
                {
                    writer.WritePropertyName(callId);
                    writer.WriteRawValue(members, skipInputValidation: true);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return Encoding.ASCII.GetString(Prefix) + Base64Url.EncodeToString(packed.WrittenSpan);
    }

    /// <returns>Null when it was packed by somebody else.</returns>
    public static JsonDocument? Unpack(JsonElement content)
    {
        if (content.ValueKind != JsonValueKind.String || !content.Escaped().StartsWith(Prefix))
        {
            return null;
        }

        try
        {
            var document = JsonDocument.Parse(Base64Url.DecodeFromUtf8(content.Escaped()[Prefix.Length..]), Wire.Documents);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (Exception failure) when (failure is FormatException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>
/// One entry of a message's <c>reasoning_details</c>. A stream brings it in fragments that share a type and an index; the vendor
/// wants it back whole.
/// </summary>
internal sealed class ThoughtDetail : IDisposable
{
    private static readonly string[] Growing = ["text", "summary", "data"];

    private readonly List<(string Name, byte[] Raw)> _members = [];
    private readonly JsonText _text = new();
    private string? _growing;

    private ThoughtDetail(string? type, long? index) => (Type, Index) = (type, index);

    private string? Type { get; }

    private long? Index { get; }

    /// <summary>Adds a fragment to the detail it continues, or starts a new one.</summary>
    public static void Add(List<ThoughtDetail> details, ReadOnlySpan<byte> fragment)
    {
        string? type = null;
        long? index = null;
        var members = new JsonMembers(fragment);
        while (members.Next())
        {
            if (members.Name.SequenceEqual("type"u8))
            {
                type = Encoding.UTF8.GetString(members.Value);
            }
            else if (members.Name.SequenceEqual("index"u8) && Utf8Parser.TryParse(members.Value, out long number, out _))
            {
                index = number;
            }
        }

        var detail = details.Find(earlier => earlier.Type == type && index is not null && earlier.Index == index);
        if (detail is null)
        {
            detail = new ThoughtDetail(type, index);
            details.Add(detail);
        }

        detail.Take(fragment);
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (var (name, raw) in _members)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(raw, skipInputValidation: true);
        }

        if (_growing is not null)
        {
            writer.WritePropertyName(_growing);
            writer.WriteRawValue(_text.Quoted, skipInputValidation: true);
        }

        writer.WriteEndObject();
    }

    public void Dispose() => _text.Dispose();

    private void Take(ReadOnlySpan<byte> fragment)
    {
        var members = new JsonMembers(fragment);
        while (members.Next())
        {
            var name = Encoding.UTF8.GetString(members.Name);
            if (members.Value is [(byte)'"', .., (byte)'"'] && Growing.Contains(name) && (_growing is null || _growing == name))
            {
                _growing = name;
                _text.Append(members.Value[1..^1]);
                continue;
            }

            var known = _members.FindIndex(member => member.Name == name);
            if (known < 0)
            {
                _members.Add((name, members.Value.IsEmpty ? "null"u8.ToArray() : members.Value.ToArray()));
            }
            else if (!members.Value.IsEmpty)
            {
                _members[known] = (name, members.Value.ToArray());
            }
        }
    }
}
