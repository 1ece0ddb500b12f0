using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>
/// The assistant's <c>reasoning_details</c> as the thinking blocks they once were. A client that gathered them from a stream returns
/// them in pieces, which belong together as long as their index is the same.
/// </summary>
internal sealed class Details
{
    private readonly List<Entry> _entries = [];
    private int _next;

    public bool Any => _entries.Count > 0;

    public static Details Of(JsonElement message, Action<string> drop)
    {
        var details = new Details();
        foreach (var detail in message.Items("reasoning_details"u8))
        {
            if (!details.Take(detail))
            {
                // Another vendor's reasoning: only that vendor can read it.
                drop("messages[].reasoning_details");
            }
        }

        // Anthropic takes thinking back as it signed it, or not at all.
        if (details._entries.RemoveAll(entry => entry.Kind == Kind.Thinking && entry.Signature is null) > 0)
        {
            drop("messages[].reasoning_details");
        }

        return details;
    }

    /// <summary>Writes the blocks that stood before this position of the answer.</summary>
    /// <returns>How many.</returns>
    public int WriteUpTo(int position, Utf8JsonWriter writer)
    {
        var written = 0;
        while (_next < _entries.Count && (_entries[_next].Index <= position + written || position == int.MaxValue))
        {
            Write(_entries[_next++], writer);
            written++;
        }

        return written;
    }

    private bool Take(JsonElement detail)
    {
        var index = (int?)detail.Number("index"u8);
        var format = detail.Text("format"u8);
        if (detail.Says("type"u8, "reasoning.text"u8) && format is null or "anthropic-claude-v1")
        {
            var last = _entries.Count > 0 ? _entries[^1] : null;
            if (last is not { Kind: Kind.Thinking } || last.Signature is not null && detail.Given("text"u8, out var more) && !more.IsEmptyText() || index is not null && index != last.Index)
            {
                last = new Entry { Kind = Kind.Thinking, Index = index ?? _entries.Count };
                _entries.Add(last);
            }

            last.Text.Append(detail.Text("text"u8));
            last.Signature = detail.Text("signature"u8) is { Length: > 0 } signature ? signature : last.Signature;
            return true;
        }

        if (detail.Says("type"u8, "reasoning.encrypted"u8) && detail.Given("data"u8, JsonValueKind.String, out var data))
        {
            if (format == "anthropic-claude-v1")
            {
                _entries.Add(new Entry { Kind = Kind.Redacted, Index = index ?? _entries.Count, Data = data });
                return true;
            }

            if (format == "anthropic-claude-v1.block" && TryOpen(data, out var block))
            {
                _entries.Add(new Entry { Kind = Kind.Block, Index = index ?? _entries.Count, Data = block });
                return true;
            }
        }

        return false;
    }

    // It was in the client's hands, so it may have become anything.
    private static bool TryOpen(JsonElement data, out JsonElement block)
    {
        block = default;
        return data.TryGetBytesFromBase64(out var json) && Wire.TryParse(json, out block) && block.Given("type"u8, JsonValueKind.String, out _);
    }

    private static void Write(Entry entry, Utf8JsonWriter writer)
    {
        switch (entry.Kind)
        {
            case Kind.Thinking:
                writer.WriteStartObject();
                writer.WriteString("type"u8, "thinking"u8);
                writer.WriteString("thinking"u8, entry.Text.ToString());
                writer.WriteString("signature"u8, entry.Signature);
                writer.WriteEndObject();
                break;
            case Kind.Redacted:
                writer.WriteStartObject();
                writer.WriteString("type"u8, "redacted_thinking"u8);
                writer.Copy("data"u8, entry.Data);
                writer.WriteEndObject();
                break;
            case Kind.Block:
                writer.Copy(entry.Data);
                break;
        }
    }

    private enum Kind
    {
        Thinking,
        Redacted,
        Block,
    }

    private sealed class Entry
    {
        public required Kind Kind { get; init; }

        public required int Index { get; init; }

        public StringBuilder Text { get; } = new();

        public string? Signature { get; set; }

        public JsonElement Data { get; init; }
    }
}
