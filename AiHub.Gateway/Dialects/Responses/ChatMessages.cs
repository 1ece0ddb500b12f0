using System.Text;
using System.Text.Json;
using AiHub.Gateway.Errors;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>
/// Writes the items of a conversation as chat messages. Items stand alone; a chat model wants what an assistant thought, said and
/// called as one message, and every result right behind the call it answers.
/// </summary>
internal sealed class ChatMessages(ResponsesRequest request, EarlierItems earlier, Utf8JsonWriter chat, List<string> dropped) : IDisposable
{
    private readonly List<(JsonElement Item, string? Path)> _items = [];
    private readonly Dictionary<string, int> _results = new(StringComparer.Ordinal);
    private readonly HashSet<int> _done = [];
    private readonly List<IDisposable> _borrowed = [];
    private readonly JsonText _system = new();
    private readonly AssistantTurn _turn = new();
    private bool _begun;

    public OpenAIError? Write()
    {
        if (Collect() is { } refusal)
        {
            return refusal;
        }

        chat.WriteStartArray("messages"u8);
        if (request.Body.Get("instructions"u8) is { ValueKind: JsonValueKind.String } instructions)
        {
            _system.Append(instructions.Escaped());
        }

        if (request.Body.Get("input"u8) is { ValueKind: JsonValueKind.String } text)
        {
            WriteItems();
            Flush();
            Begin("user"u8);
            chat.CopyRaw("content"u8, text);
            chat.WriteEndObject();
        }
        else
        {
            WriteItems();
            Flush();
            WriteSystem();
        }

        chat.WriteEndArray();
        return null;
    }

    public void Dispose()
    {
        _system.Dispose();
        _turn.Dispose();
        _borrowed.ForEach(document => document.Dispose());
    }

    private OpenAIError? Collect()
    {
        foreach (var item in earlier.Turns)
        {
            Collect(item, null);
        }

        if (request.Body.Get("input"u8) is not { ValueKind: JsonValueKind.Array } input)
        {
            return null;
        }

        var index = 0;
        foreach (var item in input.EnumerateArray())
        {
            var path = $"input[{index++}]";
            if (ItemKinds.Of(item) != ItemKind.Reference)
            {
                Collect(item, path);
            }
            else if (item.Text("id"u8) is { } id && earlier.Referenced.TryGetValue(id, out var referenced))
            {
                Collect(referenced, null);
            }
            else
            {
                return OpenAIError.BadRequest(
                    $"Item with id '{item.Text("id"u8)}' not found. Items are only kept when the request that made them asked for it with 'store': true.",
                    path,
                    "item_not_found");
            }
        }

        return null;
    }

    private void Collect(JsonElement item, string? path)
    {
        if (ItemKinds.Of(item) is ItemKind.FunctionCallOutput or ItemKind.CustomCallOutput && item.Text("call_id"u8) is { } callId)
        {
            _results.TryAdd(callId, _items.Count);
        }

        _items.Add((item, path));
    }

    private void WriteItems()
    {
        for (var index = 0; index < _items.Count; index++)
        {
            WriteItem(index);
        }
    }

    private void WriteItem(int index)
    {
        var (item, path) = _items[index];
        switch (ItemKinds.Of(item))
        {
            case ItemKind.Message:
                NoteUnknown(item, path, "type", "id", "role", "content", "status");
                WriteMessage(item);
                break;
            case ItemKind.Reasoning:
                TakeThoughts(item, path);
                break;
            case ItemKind.FunctionCall:
                NoteUnknown(item, path, "type", "id", "call_id", "name", "namespace", "arguments", "status");
                _turn.AddCall(item.Text("call_id"u8) ?? "", ToolNames.Function(item.Text("namespace"u8), item.Text("name"u8) ?? ""), Text(item, "arguments"u8));
                break;
            case ItemKind.CustomCall:
                NoteUnknown(item, path, "type", "id", "call_id", "name", "namespace", "input", "status");
                _turn.AddCall(item.Text("call_id"u8) ?? "", ToolNames.Function(item.Text("namespace"u8), item.Text("name"u8) ?? ""), Wrapped(item));
                break;
            case ItemKind.FunctionCallOutput or ItemKind.CustomCallOutput:
                NoteUnknown(item, path, "type", "id", "call_id", "output", "status");
                Flush();
                if (_done.Add(index))
                {
                    // Its call is not in this conversation, or had a result already: the vendor will say what it thinks of that.
                    WriteSystem();
                    WriteResult(item, out var more);
                    WriteAttached(more);
                }

                break;
            default:
                if (path is not null)
                {
                    dropped.Add(path);
                }

                break;
        }
    }

    private void WriteMessage(JsonElement item)
    {
        var content = item.Get("content"u8);
        switch (item.Text("role"u8))
        {
            case "assistant":
                _turn.AddContent(content);
                break;
            case "system" or "developer":
                Flush();
                WriteInstruction(content);
                break;
            case var role:
                Flush();
                Begin(role is null ? "user"u8 : Encoding.UTF8.GetBytes(role));
                chat.WritePropertyName("content"u8);
                WriteContent(content);
                chat.WriteEndObject();
                break;
        }
    }

    // Chat templates of open models want one system message, at the very start; later ones stay where they are.
    private void WriteInstruction(JsonElement content)
    {
        using var text = new JsonText();
        ContentParts.AppendText(text, content);
        if (_begun)
        {
            chat.WriteStartObject();
            chat.WriteString("role"u8, "system"u8);
            chat.WriteText("content"u8, text);
            chat.WriteEndObject();
            return;
        }

        if (!_system.IsEmpty)
        {
            _system.AppendPlain("\n\n"u8);
        }

        _system.Append(text.Escaped);
    }

    private void TakeThoughts(JsonElement item, string? path)
    {
        var packed = item.Get("encrypted_content"u8);
        if (Thoughts.Unpack(packed) is { } thoughts)
        {
            _borrowed.Add(thoughts);
            _turn.AddThoughts(thoughts.RootElement);
            return;
        }

        if (!_turn.AddThoughtText(item.Get("content"u8)) && !_turn.AddThoughtText(item.Get("summary"u8)) && packed.Exists())
        {
            // Only the vendor that made it can read it.
            Note(path, "encrypted_content");
        }
    }

    private void Flush()
    {
        if (_turn.IsEmpty)
        {
            return;
        }

        WriteSystem();
        _turn.Write(chat);
        List<JsonElement>? attached = null;
        foreach (var callId in _turn.CallIds)
        {
            if (_results.TryGetValue(callId, out var index) && _done.Add(index))
            {
                WriteResult(_items[index].Item, out var more);
                if (more is not null)
                {
                    (attached ??= []).Add(_items[index].Item);
                }
            }
        }

        _turn.Clear();
        foreach (var result in attached ?? [])
        {
            WriteAttached(result);
        }
    }

    /// <param name="more">The result itself when it holds what a tool message cannot: images and files.</param>
    private void WriteResult(JsonElement item, out JsonElement? more)
    {
        var output = item.Get("output"u8);
        chat.WriteStartObject();
        chat.WriteString("role"u8, "tool"u8);
        chat.WriteString("tool_call_id"u8, item.Text("call_id"u8) ?? "");
        more = null;
        if (output.ValueKind == JsonValueKind.Array)
        {
            using var text = new JsonText();
            ContentParts.AppendText(text, output);
            more = ContentParts.HaveMore(output) ? item : null;
            if (text.IsEmpty && more is not null)
            {
                text.AppendPlain("The output is attached to the next message."u8);
            }

            chat.WriteText("content"u8, text);
        }
        else if (output.ValueKind == JsonValueKind.String)
        {
            chat.CopyRaw("content"u8, output);
        }
        else
        {
            chat.WriteString("content"u8, output.Exists() ? output.GetRawText() : "");
        }

        chat.WriteEndObject();
    }

    private void WriteAttached(JsonElement? result)
    {
        if (result is not { } item)
        {
            return;
        }

        chat.WriteStartObject();
        chat.WriteString("role"u8, "user"u8);
        chat.WriteStartArray("content"u8);
        ContentParts.WriteText(chat, $"Output of tool call {item.Text("call_id"u8)}:");
        foreach (var part in item.Get("output"u8).EnumerateArray().Where(part => !ContentParts.IsText(part)))
        {
            ContentParts.Write(chat, part, dropped);
        }

        chat.WriteEndArray();
        chat.WriteEndObject();
    }

    private void WriteContent(JsonElement content)
    {
        if (content.ValueKind != JsonValueKind.Array)
        {
            chat.WriteRawValue(content.Exists() ? content.Raw() : "\"\""u8, skipInputValidation: true);
            return;
        }

        if (content.GetArrayLength() == 1 && ContentParts.IsText(content[0]) && !content[0].Get("prompt_cache_breakpoint"u8).Exists())
        {
            chat.WriteRawValue(content[0].Get("text"u8).Raw(), skipInputValidation: true);
            return;
        }

        chat.WriteStartArray();
        foreach (var part in content.EnumerateArray())
        {
            ContentParts.Write(chat, part, dropped);
        }

        chat.WriteEndArray();
    }

    private void Begin(ReadOnlySpan<byte> role)
    {
        WriteSystem();
        chat.WriteStartObject();
        chat.WriteString("role"u8, role);
    }

    private void WriteSystem()
    {
        if (_begun)
        {
            return;
        }

        _begun = true;
        if (!_system.IsEmpty)
        {
            chat.WriteStartObject();
            chat.WriteString("role"u8, "system"u8);
            chat.WriteText("content"u8, _system);
            chat.WriteEndObject();
        }
    }

    private static JsonText Text(JsonElement item, ReadOnlySpan<byte> name)
    {
        var text = new JsonText();
        if (item.Get(name) is { ValueKind: JsonValueKind.String } value)
        {
            text.Append(value.Escaped());
        }

        return text;
    }

    // {"input":"…"} once more as a string, written as a model writes it, whatever the client escaped besides.
    private static JsonText Wrapped(JsonElement item)
    {
        using var input = Text(item, "input"u8);
        input.Close();
        var reader = new Utf8JsonReader(input.Quoted);
        reader.Read();
        var wrapped = new JsonText();
        wrapped.AppendPlain("{\"input\":\""u8);
        wrapped.AppendPlain(JsonEncodedText.Encode(reader.GetString()!, Wire.Encoder).EncodedUtf8Bytes);
        wrapped.AppendPlain("\"}"u8);
        return wrapped;
    }

    private void NoteUnknown(JsonElement item, string? path, params ReadOnlySpan<string> known)
    {
        if (path is null)
        {
            return;
        }

        foreach (var member in item.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && !known.Contains(member.Name))
            {
                Note(path, member.Name);
            }
        }
    }

    // Once for all items: agents send the same member with each of hundreds.
    private void Note(string? path, string member)
    {
        var dropping = $"input[].{member}";
        if (path is not null && !dropped.Contains(dropping))
        {
            dropped.Add(dropping);
        }
    }
}

/// <summary>The parts of a message's content, in both dialects.</summary>
internal static class ContentParts
{
    public static bool IsText(JsonElement part) =>
        part.Get("text"u8).ValueKind == JsonValueKind.String
        && part.Text("type"u8) is "input_text" or "output_text" or "text" or "summary_text" or "reasoning_text";

    public static bool HaveMore(JsonElement parts) => parts.EnumerateArray().Any(part => !IsText(part));

    /// <summary>Appends all text of a content, a line apart.</summary>
    public static void AppendText(JsonText text, JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            text.Append(content.Escaped());
        }
        else if (content.ValueKind == JsonValueKind.Array)
        {
            foreach (var part in content.EnumerateArray().Where(IsText))
            {
                text.AppendPlain(text.IsEmpty ? ""u8 : "\n"u8);
                text.Append(part.Get("text"u8).Escaped());
            }
        }
    }

    public static void WriteText(Utf8JsonWriter chat, string text)
    {
        chat.WriteStartObject();
        chat.WriteString("type"u8, "text"u8);
        chat.WriteString("text"u8, text);
        chat.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter chat, JsonElement part, List<string> dropped)
    {
        if (IsText(part))
        {
            chat.WriteStartObject();
            chat.WriteString("type"u8, "text"u8);
            chat.CopyRaw("text"u8, part.Get("text"u8));
            chat.WriteEndObject();
            Note(part, dropped, "type", "text", "annotations", "logprobs");
            return;
        }

        switch (part.Text("type"u8))
        {
            case "refusal":
                chat.WriteRawValue(part.Raw(), skipInputValidation: true);
                break;
            case "input_image":
                WriteImage(chat, part, dropped);
                break;
            case "input_file":
                WriteFile(chat, part, dropped);
                break;
            case "input_audio":
                chat.WriteRawValue(part.Raw(), skipInputValidation: true);
                break;
            case "input_video":
                chat.WriteStartObject();
                chat.WriteString("type"u8, "video_url"u8);
                chat.WriteStartObject("video_url"u8);
                chat.WriteString("url"u8, part.Text("video_url"u8));
                chat.WriteEndObject();
                chat.WriteEndObject();
                break;
            case { } type when type.StartsWith("input_", StringComparison.Ordinal) || type.StartsWith("computer_", StringComparison.Ordinal):
                Drop(dropped, $"input[].content[type={type}]");
                break;
            default:
                // A chat part already, or one only the vendor knows.
                chat.WriteRawValue(part.Raw(), skipInputValidation: true);
                break;
        }
    }

    private static void WriteImage(Utf8JsonWriter chat, JsonElement part, List<string> dropped)
    {
        if (part.Text("image_url"u8) is null)
        {
            // Files live with one vendor; chat takes images only by address or as data.
            Drop(dropped, "input[].content[].file_id");
            return;
        }

        chat.WriteStartObject();
        chat.WriteString("type"u8, "image_url"u8);
        chat.WriteStartObject("image_url"u8);
        chat.CopyRaw("url"u8, part.Get("image_url"u8));
        if (part.Text("detail"u8) is { } detail)
        {
            if (detail is "low" or "high" or "auto")
            {
                chat.WriteString("detail"u8, detail);
            }
            else
            {
                Drop(dropped, "input[].content[].detail");
            }
        }

        chat.WriteEndObject();
        chat.WriteEndObject();
        Note(part, dropped, "type", "image_url", "detail");
    }

    private static void WriteFile(Utf8JsonWriter chat, JsonElement part, List<string> dropped)
    {
        if (!part.Get("file_data"u8).Exists() && !part.Get("file_id"u8).Exists())
        {
            Drop(dropped, "input[].content[].file_url");
            return;
        }

        chat.WriteStartObject();
        chat.WriteString("type"u8, "file"u8);
        chat.WriteStartObject("file"u8);
        foreach (var member in part.EnumerateObject())
        {
            if (member.Name is "file_data" or "file_id" or "filename" && member.Value.ValueKind != JsonValueKind.Null)
            {
                chat.WritePropertyName(member.Name);
                chat.WriteRawValue(member.Value.Raw(), skipInputValidation: true);
            }
        }

        chat.WriteEndObject();
        chat.WriteEndObject();
        Note(part, dropped, "type", "file_data", "file_id", "filename");
    }

    private static void Note(JsonElement part, List<string> dropped, params ReadOnlySpan<string> known)
    {
        foreach (var member in part.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && !known.Contains(member.Name))
            {
                Drop(dropped, $"input[].content[].{member.Name}");
            }
        }
    }

    private static void Drop(List<string> dropped, string path)
    {
        if (!dropped.Contains(path))
        {
            dropped.Add(path);
        }
    }
}

/// <summary>What an assistant thought, said and called in one turn, gathered until it can be written as one chat message.</summary>
internal sealed class AssistantTurn : IDisposable
{
    private readonly JsonText _thoughts = new();
    private readonly List<JsonElement> _details = [];
    private readonly List<JsonElement> _content = [];
    private readonly List<(string Id, string Function, JsonText Arguments)> _calls = [];
    private readonly Dictionary<string, JsonElement> _more = new(StringComparer.Ordinal);

    public bool HasText => _content.Count > 0;

    public bool HasCalls => _calls.Count > 0;

    public bool IsEmpty => !HasText && !HasCalls && _thoughts.IsEmpty && _details.Count == 0 && _more.Count == 0;

    public IEnumerable<string> CallIds => _calls.Select(call => call.Id);

    public void AddContent(JsonElement content) => _content.Add(content);

    public void AddCall(string id, string function, JsonText arguments) => _calls.Add((id, function, arguments));

    public bool AddThoughtText(JsonElement parts)
    {
        var before = _thoughts.Length;
        if (before > 0)
        {
            using var text = new JsonText();
            ContentParts.AppendText(text, parts);
            _thoughts.AppendPlain(text.IsEmpty ? ""u8 : "\n\n"u8);
            _thoughts.Append(text.Escaped);
        }
        else
        {
            ContentParts.AppendText(_thoughts, parts);
        }

        return _thoughts.Length > before;
    }

    /// <summary>Takes back what an earlier answer packed away.</summary>
    public void AddThoughts(JsonElement packed)
    {
        AddThoughtText(packed.Get("text"u8));
        if (packed.Get("details"u8) is { ValueKind: JsonValueKind.Array } details)
        {
            _details.AddRange(details.EnumerateArray());
        }

        if (packed.Get("calls"u8) is { ValueKind: JsonValueKind.Object } calls)
        {
            foreach (var call in calls.EnumerateObject().Where(call => call.Value.ValueKind == JsonValueKind.Object))
            {
                _more[call.Name] = call.Value;
            }
        }
    }

    public void Write(Utf8JsonWriter chat)
    {
        chat.WriteStartObject();
        chat.WriteString("role"u8, "assistant"u8);
        WriteContent(chat);
        if (!_thoughts.IsEmpty)
        {
            chat.WriteText("reasoning_content"u8, _thoughts);
        }

        if (_details.Count > 0)
        {
            chat.WriteStartArray("reasoning_details"u8);
            foreach (var detail in _details)
            {
                chat.WriteRawValue(detail.Raw(), skipInputValidation: true);
            }

            chat.WriteEndArray();
        }

        WriteCalls(chat);
        chat.WriteEndObject();
    }

    public void Clear()
    {
        Dispose();
        _details.Clear();
        _content.Clear();
        _calls.Clear();
        _more.Clear();
    }

    public void Dispose()
    {
        _thoughts.Dispose();
        _calls.ForEach(call => call.Arguments.Dispose());
    }

    private void WriteContent(Utf8JsonWriter chat)
    {
        chat.WritePropertyName("content"u8);
        var parts = _content.SelectMany(content => content.ValueKind == JsonValueKind.Array ? content.EnumerateArray() : Enumerable.Repeat(content, 1)).ToList();
        if (parts.Exists(part => part.Text("type"u8) == "refusal"))
        {
            chat.WriteStartArray();
            foreach (var part in parts)
            {
                if (part.ValueKind == JsonValueKind.String)
                {
                    ContentParts.WriteText(chat, part.GetString()!);
                }
                else
                {
                    ContentParts.Write(chat, part, []);
                }
            }

            chat.WriteEndArray();
            return;
        }

        using var text = new JsonText();
        foreach (var content in _content)
        {
            text.AppendPlain(text.IsEmpty ? ""u8 : "\n"u8);
            using var one = new JsonText();
            ContentParts.AppendText(one, content);
            text.Append(one.Escaped);
        }

        // Next to calls, nothing said is null; alone, vendors want a text.
        if (text.IsEmpty && HasCalls)
        {
            chat.WriteNullValue();
        }
        else
        {
            chat.WriteRawValue(text.Quoted, skipInputValidation: true);
        }
    }

    private void WriteCalls(Utf8JsonWriter chat)
    {
        if (!HasCalls)
        {
            return;
        }

        chat.WriteStartArray("tool_calls"u8);
        foreach (var (id, function, arguments) in _calls)
        {
            chat.WriteStartObject();
            chat.WriteString("id"u8, id);
            chat.WriteString("type"u8, "function"u8);
            chat.WriteStartObject("function"u8);
            chat.WriteString("name"u8, function);
            chat.WriteText("arguments"u8, arguments);
            chat.WriteEndObject();
            if (_more.TryGetValue(id, out var more))
            {
                foreach (var member in more.EnumerateObject())
                {
                    chat.WritePropertyName(member.Name);
                    chat.WriteRawValue(member.Value.Raw(), skipInputValidation: true);
                }
            }

            chat.WriteEndObject();
        }

        chat.WriteEndArray();
    }
}
