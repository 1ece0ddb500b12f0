using System.Buffers;
using System.Text;
using System.Text.Json;
using AiHub.Domain.Catalog;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>
/// Turns the chunks of a Chat Completions stream into the events of an Anthropic stream. Anthropic has its blocks one after the other
/// and each begun once, so what arrives for a later block while an earlier one is unfinished waits here.
/// </summary>
/// <remarks>
/// <c>event: content_block_delta</c><br/>
/// <c>data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}</c>
/// </remarks>
public sealed class MessageStream(MessageHead head) : IDisposable
{
    private readonly Utf8JsonWriter _writer = new(Stream.Null, Wire.Writer);
    private readonly List<Block> _blocks = [];
    private readonly PooledBytes _scratch = new();
    private int _opened = -1;
    private bool _open;
    private bool _started;
    private bool _ended;
    private bool _calledTools;
    private bool _refused;
    private int _index = -1;
    private string? _finishReason;
    private string? _stopReason;
    private string? _stopSequence;
    private StringBuilder? _refusal;

    /// <summary>The vendor has given a reason for its end. A stream that closes before is broken.</summary>
    public bool Finished => _finishReason is not null;

    /// <summary>The client's stream has its last event; nothing more is written.</summary>
    public bool Ended => _ended;

    /// <summary>Writes what this chunk adds to the client's stream; often nothing, sometimes several events.</summary>
    /// <param name="chunk">One chunk, complete. Errors in it are for the caller to see before.</param>
    /// <exception cref="JsonException">The chunk is not JSON.</exception>
    public void Push(ReadOnlyMemory<byte> chunk, IBufferWriter<byte> frames)
    {
        if (_ended)
        {
            return;
        }

        using var document = JsonDocument.Parse(chunk, Wire.Reader);
        Start(frames);
        foreach (var choice in document.RootElement.Items("choices"u8))
        {
            // A client of this dialect asks for one answer; should a vendor give more, the first one counts.
            if (choice.Number("index"u8) is null or 0)
            {
                Take(choice, frames);
            }
        }
    }

    /// <summary>Keeps the line alive while the vendor thinks.</summary>
    public void Ping(IBufferWriter<byte> frames)
    {
        if (!_ended)
        {
            frames.Write("event: ping\ndata: {\"type\":\"ping\"}\n\n"u8);
        }
    }

    /// <summary>Ends the client's stream: cleanly when the answer is whole, with an error when it is not.</summary>
    /// <param name="tokens">What the answer used, as it is charged.</param>
    /// <param name="failure">Sent when the answer turns out to be broken.</param>
    public void End(TokenUsage tokens, AnthropicError failure, IBufferWriter<byte> frames)
    {
        if (_ended)
        {
            return;
        }

        if (_finishReason is null || StopReasons.IsFailure(_finishReason) || !Flush(frames))
        {
            Fail(failure, frames);
            return;
        }

        Close(frames);
        var reason = _stopReason is "end_turn" && _refused ? "refusal" : _stopReason!;
        BeginFrame("message_delta"u8, frames);
        _writer.WriteStartObject("delta"u8);
        _writer.WriteString("stop_reason"u8, reason);
        _writer.WriteString("stop_sequence"u8, reason == "stop_sequence" ? _stopSequence : null);
        MessageParts.WriteStopDetails(_writer, reason, _refusal?.ToString());
        _writer.WriteNull("container"u8);
        _writer.WriteEndObject();
        AnthropicUsage.WriteDelta(_writer, tokens);
        EndFrame(frames);
        frames.Write("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8);
        _ended = true;
    }

    /// <summary>Ends the client's stream with an error, which its SDK throws.</summary>
    public void Fail(AnthropicError failure, IBufferWriter<byte> frames)
    {
        if (_ended)
        {
            return;
        }

        frames.Write("event: error\ndata: "u8);
        failure.Write(frames);
        frames.Write("\n\n"u8);
        _ended = true;
    }

    public void Dispose()
    {
        _writer.Dispose();
        _scratch.Dispose();
        foreach (var block in _blocks)
        {
            block.Dispose();
        }
    }

    private void Start(IBufferWriter<byte> frames)
    {
        if (_started)
        {
            return;
        }

        _started = true;
        BeginFrame("message_start"u8, frames);
        _writer.WriteStartObject("message"u8);
        _writer.WriteString("id"u8, head.Id);
        _writer.WriteString("type"u8, "message"u8);
        _writer.WriteString("role"u8, "assistant"u8);
        _writer.WriteString("model"u8, head.Model);
        _writer.WriteStartArray("content"u8);
        _writer.WriteEndArray();
        _writer.WriteNull("stop_reason"u8);
        _writer.WriteNull("stop_sequence"u8);
        _writer.WriteNull("stop_details"u8);
        _writer.WriteNull("container"u8);
        _writer.WriteNull("diagnostics"u8);

        // Nobody knows yet; SDKs insist on the object and take the figures from message_delta.
        AnthropicUsage.WriteMessage(_writer, null, null);
        _writer.WriteEndObject();
        EndFrame(frames);
    }

    private void Take(JsonElement choice, IBufferWriter<byte> frames)
    {
        if (choice.Given("delta"u8, JsonValueKind.Object, out var delta) || choice.Given("message"u8, JsonValueKind.Object, out delta))
        {
            TakeThoughts(delta, frames);
            TakeSpoken(delta, frames);
            TakeCalls(delta, frames);
            TakeAnnotations(delta, frames);
        }

        if (choice.Text("finish_reason"u8) is { Length: > 0 } reason)
        {
            _finishReason = reason;
            _stopReason = StopReasons.OfChat(choice, reason, _calledTools);
            _stopSequence = choice.Text("stop_reason"u8);
        }
    }

    private void TakeThoughts(JsonElement delta, IBufferWriter<byte> frames)
    {
        var texts = 0;
        foreach (var detail in delta.Items("reasoning_details"u8))
        {
            var kind = detail.Text("type"u8);
            if (kind is "reasoning.text" or "reasoning.summary")
            {
                var hasText = detail.Given(kind == "reasoning.text" ? "text"u8 : "summary"u8, JsonValueKind.String, out var text) && !text.IsEmptyText();
                texts += hasText ? 1 : 0;
                var block = Thinking((int?)detail.Number("index"u8) ?? 0, detailed: true);
                block.Keep(detail);
                if (hasText)
                {
                    Append(block, Wire.Inner(text), frames);
                }
            }
            else
            {
                var block = Add(new Block { Kind = detail.Says("format"u8, DetailFormat.AnthropicBlock) ? Kind.Opaque : Kind.Redacted, Whole = true });
                block.Keep(detail);
            }
        }

        if (texts == 0 && (delta.Given("reasoning_content"u8, JsonValueKind.String, out var plain) || delta.Given("reasoning"u8, JsonValueKind.String, out plain)) && !plain.IsEmptyText())
        {
            Append(Thinking(-1, detailed: false), Wire.Inner(plain), frames);
        }

        Advance(frames);
    }

    private Block Thinking(int key, bool detailed)
    {
        // Plain text beside details that only sign it is the same thought.
        if (_blocks.Count > 0 && _blocks[^1] is { Kind: Kind.Thinking } last && (last.Key == key || last.Key == -1 || !detailed))
        {
            last.Key = detailed ? key : last.Key;
            return last;
        }

        return Add(new Block { Kind = Kind.Thinking, Key = key });
    }

    private void TakeSpoken(JsonElement delta, IBufferWriter<byte> frames)
    {
        if (delta.Given("content"u8, JsonValueKind.String, out var content) && !content.IsEmptyText())
        {
            Append(Spoken(), Wire.Inner(content), frames);
        }

        // Mistral answers in parts, thinking among them.
        foreach (var part in delta.Items("content"u8))
        {
            if (part.Given("text"u8, JsonValueKind.String, out var text) && !text.IsEmptyText())
            {
                Append(Spoken(), Wire.Inner(text), frames);
            }

            foreach (var thought in part.Items("thinking"u8))
            {
                if (thought.Given("text"u8, JsonValueKind.String, out var thinking) && !thinking.IsEmptyText())
                {
                    Append(Thinking(-1, detailed: false), Wire.Inner(thinking), frames);
                }
            }
        }

        if (delta.Given("refusal"u8, JsonValueKind.String, out var refusal) && !refusal.IsEmptyText())
        {
            _refused = true;
            (_refusal ??= new StringBuilder()).Append(refusal.Plain());
            Append(Spoken(), Wire.Inner(refusal), frames);
        }
    }

    private Block Spoken() => _blocks.Count > 0 && _blocks[^1] is { Kind: Kind.Text } last ? last : Add(new Block { Kind = Kind.Text });

    private void TakeCalls(JsonElement delta, IBufferWriter<byte> frames)
    {
        foreach (var call in delta.Items("tool_calls"u8))
        {
            call.Given("function"u8, out var function);
            TakeCall(call, function, frames);
        }

        if (delta.Given("function_call"u8, JsonValueKind.Object, out var legacy))
        {
            TakeCall(default, legacy, frames);
        }
    }

    private void TakeCall(JsonElement call, JsonElement function, IBufferWriter<byte> frames)
    {
        _calledTools = true;
        var id = call.Text("id"u8);
        var name = function.Text("name"u8);
        var block = Called((int?)call.Number("index"u8), id, name);
        block.Id ??= id is { Length: > 0 } ? id : null;
        block.Name ??= name is { Length: > 0 } ? head.Names.Restore(name) : null;
        if (MessageParts.HasExtras(call))
        {
            if (block.Begun)
            {
                Add(new Block { Kind = Kind.Redacted, Whole = true, Sealed = MessageParts.SealExtras(call, block.Id!) });
            }
            else
            {
                block.Detail = call.Clone();
            }
        }

        Advance(frames);
        if (function.Given("arguments"u8, out var arguments))
        {
            Append(block, arguments.ValueKind == JsonValueKind.String ? Wire.Inner(arguments) : Escaped(arguments), frames);
        }
    }

    // The index is mandatory, and yet some vendors leave it out and others give all calls the same one.
    private Block Called(int? index, string? id, string? name)
    {
        var known = _blocks.FindLast(block => block.Kind == Kind.Tool && (index is null || block.Key == index));
        if (known is not null && (string.IsNullOrEmpty(id) || known.Id is null || known.Id == id || string.IsNullOrEmpty(name)))
        {
            return known;
        }

        var key = index ?? _blocks.Count(block => block.Kind == Kind.Tool);
        return Add(new Block { Kind = Kind.Tool, Key = key });
    }

    private void TakeAnnotations(JsonElement delta, IBufferWriter<byte> frames)
    {
        foreach (var annotation in delta.Items("annotations"u8))
        {
            var block = _blocks.FindLast(block => block.Kind == Kind.Text && (!block.Begun || IsOpen(block))) ?? Add(new Block { Kind = Kind.Text });
            Advance(frames);
            _scratch.Clear();
            _writer.Reset(_scratch);
            Citations.WriteCitation(_writer, annotation);
            _writer.Flush();
            if (IsOpen(block))
            {
                WriteCitation(_scratch.Written, frames);
            }
            else
            {
                block.Citations.Add(_scratch.Written.ToArray());
            }
        }
    }

    // Arguments are a string of JSON, though some vendors send the JSON itself.
    private ReadOnlySpan<byte> Escaped(JsonElement arguments)
    {
        _scratch.Clear();
        _writer.Reset(_scratch);
        _writer.WriteStringValue(arguments.ValueKind == JsonValueKind.Null ? "" : arguments.GetRawText());
        _writer.Flush();
        return _scratch.Written[1..^1];
    }

    private Block Add(Block block)
    {
        _blocks.Add(block);
        return block;
    }

    private bool IsOpen(Block block) => _open && ReferenceEquals(_blocks[_opened], block);

    /// <summary>Adds to a block: at once when its turn has come, else when it comes.</summary>
    /// <param name="piece">A piece of a JSON string as it is escaped there.</param>
    private void Append(Block block, ReadOnlySpan<byte> piece, IBufferWriter<byte> frames)
    {
        Advance(frames);
        if (piece.IsEmpty || block.Kind == Kind.Tool && block.Progress.IsWhole)
        {
            // After the end of a tool's JSON there comes nothing but white space, or all of it once more.
            return;
        }

        if (block.Kind == Kind.Tool)
        {
            block.Progress.Follow(piece);
        }

        if (IsOpen(block))
        {
            WriteDelta(block, piece, frames);
        }
        else
        {
            block.Waiting.Write(piece);
        }

        Advance(frames);
    }

    /// <summary>Opens blocks whose turn has come, and closes those that are whole and have another behind them.</summary>
    private void Advance(IBufferWriter<byte> frames)
    {
        while (true)
        {
            if (_open)
            {
                var block = _blocks[_opened];
                var isLast = _opened == _blocks.Count - 1;
                if (isLast && !block.Whole || block.Kind == Kind.Tool && !block.Progress.IsWhole)
                {
                    return;
                }

                Close(frames);
            }
            else
            {
                if (_opened + 1 >= _blocks.Count || _blocks[_opened + 1] is { Kind: Kind.Tool, Name: null })
                {
                    return;
                }

                Open(_blocks[++_opened], frames);
            }
        }
    }

    /// <summary>The answer is over: whatever still waits goes out now.</summary>
    /// <returns>False when a tool call never got a name.</returns>
    private bool Flush(IBufferWriter<byte> frames)
    {
        while (_opened + 1 < _blocks.Count)
        {
            Close(frames);
            if (_blocks[_opened + 1] is { Kind: Kind.Tool, Name: null })
            {
                return false;
            }

            Open(_blocks[++_opened], frames);
        }

        return true;
    }

    private void Open(Block block, IBufferWriter<byte> frames)
    {
        block.Begun = true;
        if (block.Kind == Kind.Opaque && WriteOpaque(block, frames))
        {
            _open = true;
            return;
        }

        if (block.Kind == Kind.Tool)
        {
            block.Id ??= $"toolu_{head.Id}_{_blocks.IndexOf(block)}";
            if (block.Detail.ValueKind == JsonValueKind.Object)
            {
                StartFrame(frames);
                _writer.WriteString("type"u8, "redacted_thinking"u8);
                _writer.WriteString("data"u8, MessageParts.SealExtras(block.Detail, block.Id));
                EndStart(frames);
                WriteStop(frames);
            }
        }

        StartFrame(frames);
        switch (block.Kind)
        {
            case Kind.Text:
                _writer.WriteString("type"u8, "text"u8);
                _writer.WriteString("text"u8, ""u8);
                _writer.WriteNull("citations"u8);
                break;
            case Kind.Thinking:
                _writer.WriteString("type"u8, "thinking"u8);
                _writer.WriteString("thinking"u8, ""u8);
                _writer.WriteString("signature"u8, ""u8);
                break;
            case Kind.Tool:
                _writer.WriteString("type"u8, "tool_use"u8);
                _writer.WriteString("id"u8, block.Id);
                _writer.WriteString("name"u8, block.Name);
                _writer.WriteStartObject("input"u8);
                _writer.WriteEndObject();
                MessageParts.WriteCaller(_writer);
                break;
            case Kind.Redacted when block.Sealed is { } data:
                _writer.WriteString("type"u8, "redacted_thinking"u8);
                _writer.WriteString("data"u8, data);
                break;
            default:
                MessageParts.WriteRedacted(_writer, block.Detail);
                break;
        }

        EndStart(frames);
        _open = true;
        if (!block.Waiting.Written.IsEmpty)
        {
            WriteDelta(block, block.Waiting.Written, frames);
            block.Waiting.Dispose();
        }

        foreach (var citation in block.Citations)
        {
            WriteCitation(citation, frames);
        }
    }

    private bool WriteOpaque(Block block, IBufferWriter<byte> frames)
    {
        if (!block.Detail.Given("data"u8, JsonValueKind.String, out var data) || !data.TryGetBytesFromBase64(out var json) || !Wire.TryParse(json, out var original) || original.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        _index++;
        BeginFrame("content_block_start"u8, frames);
        _writer.WriteNumber("index"u8, _index);
        _writer.WritePropertyName("content_block"u8);
        original.WriteTo(_writer);
        EndFrame(frames);
        return true;
    }

    private void Close(IBufferWriter<byte> frames)
    {
        if (!_open)
        {
            return;
        }

        var block = _blocks[_opened];
        if (block.Kind == Kind.Thinking)
        {
            BeginDelta("signature_delta"u8, frames);
            if (MessageParts.IsAnthropics(block.Detail))
            {
                _writer.WriteString("signature"u8, block.Detail.Text("signature"u8));
            }
            else
            {
                _writer.WriteString("signature"u8, MessageParts.SignatureFor(block.Detail));
            }

            _writer.WriteEndObject();
            EndFrame(frames);
        }

        _open = false;
        WriteStop(frames);
    }

    private void WriteStop(IBufferWriter<byte> frames)
    {
        BeginFrame("content_block_stop"u8, frames);
        _writer.WriteNumber("index"u8, _index);
        EndFrame(frames);
    }

    private void WriteDelta(Block block, ReadOnlySpan<byte> piece, IBufferWriter<byte> frames)
    {
        BeginDelta(block.Kind == Kind.Text ? "text_delta"u8 : block.Kind == Kind.Thinking ? "thinking_delta"u8 : "input_json_delta"u8, frames);
        _writer.WriteJoined(block.Kind == Kind.Text ? "text"u8 : block.Kind == Kind.Thinking ? "thinking"u8 : "partial_json"u8, piece, default);
        _writer.WriteEndObject();
        EndFrame(frames);
    }

    private void WriteCitation(ReadOnlySpan<byte> citation, IBufferWriter<byte> frames)
    {
        BeginDelta("citations_delta"u8, frames);
        _writer.WritePropertyName("citation"u8);
        _writer.WriteRawValue(citation, skipInputValidation: true);
        _writer.WriteEndObject();
        EndFrame(frames);
    }

    private void StartFrame(IBufferWriter<byte> frames)
    {
        _index++;
        BeginFrame("content_block_start"u8, frames);
        _writer.WriteNumber("index"u8, _index);
        _writer.WriteStartObject("content_block"u8);
    }

    private void EndStart(IBufferWriter<byte> frames)
    {
        _writer.WriteEndObject();
        EndFrame(frames);
    }

    private void BeginDelta(ReadOnlySpan<byte> kind, IBufferWriter<byte> frames)
    {
        BeginFrame("content_block_delta"u8, frames);
        _writer.WriteNumber("index"u8, _index);
        _writer.WriteStartObject("delta"u8);
        _writer.WriteString("type"u8, kind);
    }

    private void BeginFrame(ReadOnlySpan<byte> name, IBufferWriter<byte> frames)
    {
        frames.Write("event: "u8);
        frames.Write(name);
        frames.Write("\ndata: "u8);
        _writer.Reset(frames);
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, name);
    }

    private void EndFrame(IBufferWriter<byte> frames)
    {
        _writer.WriteEndObject();
        _writer.Flush();
        frames.Write("\n\n"u8);
    }

    private enum Kind
    {
        Text,
        Thinking,
        Tool,
        Redacted,
        Opaque,
    }

    private sealed class Block : IDisposable
    {
        public required Kind Kind { get; init; }

        /// <summary>A tool call's or a thought's index at the vendor; -1 for a thought without.</summary>
        public int Key { get; set; }

        /// <summary>Complete from the start: nothing more can come.</summary>
        public bool Whole { get; init; }

        public string? Id { get; set; }

        public string? Name { get; set; }

        /// <summary>Its first event has been written.</summary>
        public bool Begun { get; set; }

        /// <summary>What has arrived before the block's turn, as a piece of a JSON string.</summary>
        public PooledBytes Waiting { get; } = new();

        public List<byte[]> Citations { get; } = [];

        public JsonProgress Progress;

        /// <summary>The vendor's entry that says more than text; a tool call with fields of its vendor's own.</summary>
        public JsonElement Detail { get; set; }

        public byte[]? Sealed { get; init; }

        // The one with the signature, which comes last, is worth more than the one before it.
        public void Keep(JsonElement detail)
        {
            if (Detail.ValueKind == JsonValueKind.Undefined || detail.Given("signature"u8, out _))
            {
                Detail = detail.Clone();
            }
        }

        public void Dispose() => Waiting.Dispose();
    }
}
