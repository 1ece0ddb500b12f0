using System.Buffers;
using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>One item of a Responses answer, while it grows and afterwards.</summary>
internal abstract class OutputItem : IDisposable
{
    public int Index { get; protected set; }

    public string Id { get; protected set; } = "";

    public bool IsOpen { get; private set; } = true;

    protected bool IsCutShort { get; private set; }

    protected ReadOnlySpan<byte> Status => IsOpen ? "in_progress"u8 : IsCutShort ? "incomplete"u8 : "completed"u8;

    public virtual void Close(bool cutShort)
    {
        if (IsOpen)
        {
            (IsOpen, IsCutShort) = (false, cutShort);
        }
    }

    /// <param name="keepThoughts">Whether what a later turn needs of the model's reasoning goes along.</param>
    public abstract void Write(Utf8JsonWriter writer, bool keepThoughts);

    public abstract void WritePart(Utf8JsonWriter writer, int index);

    public abstract void Dispose();
}

internal enum MessagePartKind
{
    OutputText,
    Refusal,
}

internal sealed class MessagePart(MessagePartKind kind) : IDisposable
{
    private ArrayBufferWriter<byte>? _logprobs;

    public MessagePartKind Kind { get; } = kind;

    public JsonText Text { get; } = new();

    /// <summary>Each on one line of JSON.</summary>
    public List<byte[]> Annotations { get; } = [];

    /// <returns>What was added: elements joined by commas.</returns>
    public ReadOnlySpan<byte> AddLogprobs(ReadOnlySpan<byte> logprobs)
    {
        var members = new JsonMembers(logprobs);
        while (members.Next())
        {
            if (members.Name.SequenceEqual("content"u8) && !members.Value.IsEmpty)
            {
                return AddTokens(members.Value);
            }
        }

        return default;
    }

    public void WriteLogprobs(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("logprobs"u8);
        if (_logprobs is { WrittenCount: > 0 })
        {
            writer.WriteRawValue(_logprobs.WrittenSpan, skipInputValidation: true);
        }

        writer.WriteEndArray();
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (Kind == MessagePartKind.Refusal)
        {
            writer.WriteString("type"u8, "refusal"u8);
            writer.WriteText("refusal"u8, Text);
        }
        else
        {
            writer.WriteString("type"u8, "output_text"u8);
            writer.WriteStartArray("annotations"u8);
            foreach (var annotation in Annotations)
            {
                writer.WriteRawValue(annotation, skipInputValidation: true);
            }

            writer.WriteEndArray();
            WriteLogprobs(writer);
            writer.WriteText("text"u8, Text);
        }

        writer.WriteEndObject();
    }

    public void Dispose() => Text.Dispose();

    private ReadOnlySpan<byte> AddTokens(ReadOnlySpan<byte> tokens)
    {
        _logprobs ??= new ArrayBufferWriter<byte>();
        var start = -1;
        var each = new JsonElements(tokens);
        while (each.Next())
        {
            if (_logprobs.WrittenCount > 0)
            {
                _logprobs.Write(","u8);
            }

            start = start < 0 ? _logprobs.WrittenCount : start;
            Wire.Compact(_logprobs, each.Value);
        }

        return start < 0 ? default : _logprobs.WrittenSpan[start..];
    }
}

internal sealed class MessageItem : OutputItem
{
    public MessageItem(int index, ResponseId response) => (Index, Id) = (index, response.Item("msg", index));

    public List<MessagePart> Parts { get; } = [];

    /// <summary>The part that is being written.</summary>
    public MessagePart? Part => Parts.Count > 0 ? Parts[^1] : null;

    public override void Write(Utf8JsonWriter writer, bool keepThoughts)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, Id);
        writer.WriteString("type"u8, "message"u8);
        writer.WriteString("status"u8, Status);
        writer.WriteString("role"u8, "assistant"u8);
        writer.WriteStartArray("content"u8);
        foreach (var part in Parts)
        {
            part.Write(writer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public override void WritePart(Utf8JsonWriter writer, int index) => Parts[index].Write(writer);

    public override void Dispose() => Parts.ForEach(part => part.Dispose());
}

internal sealed class ReasoningItem : OutputItem
{
    private string? _packed;

    public ReasoningItem(int index, ResponseId response, bool asSummary) => (Index, Id, AsSummary) = (index, response.Item("rs", index), asSummary);

    public bool AsSummary { get; }

    public bool PartAnnounced { get; set; }

    public JsonText Text { get; } = new();

    public List<ThoughtDetail> Details { get; } = [];

    /// <summary>What hung on tool calls, by call id.</summary>
    public List<(string CallId, byte[] Members)> Calls { get; } = [];

    public override void Write(Utf8JsonWriter writer, bool keepThoughts)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, Id);
        writer.WriteString("type"u8, "reasoning"u8);
        WriteParts(writer, "summary"u8, AsSummary);
        if (!AsSummary)
        {
            WriteParts(writer, "content"u8, !AsSummary);
        }

        // Signatures and encrypted blocks have no other place, so they are there even for a client that did not ask.
        if (!IsOpen && (keepThoughts || Details.Count > 0 || Calls.Count > 0))
        {
            writer.WriteString("encrypted_content"u8, _packed ??= Thoughts.Pack(Text, Details, Calls));
        }

        writer.WriteEndObject();
    }

    public override void WritePart(Utf8JsonWriter writer, int index)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, AsSummary ? "summary_text"u8 : "reasoning_text"u8);
        writer.WriteText("text"u8, Text);
        writer.WriteEndObject();
    }

    public override void Dispose()
    {
        Text.Dispose();
        Details.ForEach(detail => detail.Dispose());
    }

    private void WriteParts(Utf8JsonWriter writer, ReadOnlySpan<byte> name, bool here)
    {
        writer.WriteStartArray(name);
        if (here && PartAnnounced)
        {
            WritePart(writer, 0);
        }

        writer.WriteEndArray();
    }
}

/// <summary>A call of a function or of a custom tool.</summary>
internal sealed class CallItem(ResponseId response) : OutputItem
{
    private readonly JsonText _arguments = new();
    private List<(string Name, byte[] Raw)>? _more;
    private CustomInput? _wrapped;

    public string? CallId { get; set; }

    /// <summary>Null until the model has said what it calls.</summary>
    public ToolName? Name { get; private set; }

    public bool IsCustom => Name is { Kind: ToolKind.Custom };

    /// <summary>Arguments that came before the name.</summary>
    public JsonText Early { get; } = new();

    public JsonText Text => _wrapped?.Input ?? _arguments;

    /// <summary>The vendor's own members of the call, as a JSON object.</summary>
    public byte[]? More
    {
        get
        {
            if (_more is null)
            {
                return null;
            }

            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer, Wire.Writing))
            {
                writer.WriteStartObject();
                foreach (var (name, raw) in _more)
                {
                    writer.WritePropertyName(name);
                    writer.WriteRawValue(raw, skipInputValidation: true);
                }

                writer.WriteEndObject();
            }

            return buffer.WrittenSpan.ToArray();
        }
    }

    public void Begin(int index, ToolName name, bool wrapped)
    {
        (Index, Name) = (index, name);
        Id = response.Item(IsCustom ? "ctc" : "fc", index);
        CallId ??= response.Item("call", index);
        _wrapped = IsCustom && wrapped ? new CustomInput() : null;
    }

    public void Append(ReadOnlySpan<byte> escaped)
    {
        if (_wrapped is not null)
        {
            _wrapped.Append(escaped);
        }
        else
        {
            _arguments.Append(escaped);
        }
    }

    public void CloseText()
    {
        if (_wrapped is not null)
        {
            _wrapped.Close();
        }
        else
        {
            _arguments.Close();
        }
    }

    public void AddMore(ReadOnlySpan<byte> call)
    {
        _more ??= [];
        var members = new JsonMembers(call);
        while (members.Next())
        {
            if (members.Value.IsEmpty || IsKnown(members.Name))
            {
                continue;
            }

            var name = Encoding.UTF8.GetString(members.Name);
            _more.RemoveAll(earlier => earlier.Name == name);
            _more.Add((name, members.Value.ToArray()));
        }
    }

    public override void Write(Utf8JsonWriter writer, bool keepThoughts)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, Id);
        writer.WriteString("type"u8, IsCustom ? "custom_tool_call"u8 : "function_call"u8);
        writer.WriteString("status"u8, Status);
        writer.WriteString("call_id"u8, CallId);
        writer.WriteString("name"u8, Name!.Name);
        if (Name.Namespace is { } space)
        {
            writer.WriteString("namespace"u8, space);
        }

        writer.WriteText(IsCustom ? "input"u8 : "arguments"u8, Text);
        writer.WriteEndObject();
    }

    public override void WritePart(Utf8JsonWriter writer, int index) => throw new NotSupportedException("A call has no parts.");

    public override void Dispose()
    {
        Early.Dispose();
        _arguments.Dispose();
        _wrapped?.Dispose();
    }

    private static bool IsKnown(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("index"u8) || name.SequenceEqual("id"u8) || name.SequenceEqual("type"u8)
        || name.SequenceEqual("function"u8) || name.SequenceEqual("custom"u8);
}

internal static class Annotation
{
    /// <summary>
    /// Chat nests what a citation says (<c>{"type":"url_citation","url_citation":{"url":…}}</c>); here it stands beside its type.
    /// </summary>
    public static byte[]? FromChat(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || json[0] != '{')
        {
            return null;
        }

        using var document = JsonDocument.Parse(json.ToArray(), Wire.Documents);
        var chat = document.RootElement;
        if (chat.Text("type"u8) is not { } type)
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Wire.Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, type);
            foreach (var member in chat.EnumerateObject())
            {
                if (member.NameEquals(type) && member.Value.ValueKind == JsonValueKind.Object)
                {
                    foreach (var inner in member.Value.EnumerateObject().Where(inner => !inner.NameEquals("type"u8)))
                    {
                        inner.WriteTo(writer);
                    }
                }
                else if (!member.NameEquals("type"u8))
                {
                    member.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
