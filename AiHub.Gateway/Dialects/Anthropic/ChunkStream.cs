using System.Buffers;
using System.Text;
using System.Text.Json;
using AiHub.Domain.Catalog;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>
/// Turns the events of an Anthropic stream into the chunks of a Chat Completions stream, one at most for each event. How chunks are
/// framed, and how the stream ends, is left to whoever writes them.
/// </summary>
/// <remarks>
/// <c>event: content_block_delta</c><br/>
/// <c>data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}</c>
/// </remarks>
public sealed class ChunkStream(ChatHead head) : IDisposable
{
    private readonly PooledBytes _custom = new();
    private readonly Utf8JsonWriter _writer = new(Stream.Null, Wire.Writer);
    private byte[] _id = [];
    private byte[] _model = [];
    private AnthropicUsage _usage;
    private JsonElement _lastUsage;
    private Block _block;
    private int _tools = -1;
    private int _length;
    private int _blockStart;

    /// <summary>The vendor has said that the answer is whole. A stream that closes before is broken.</summary>
    public bool Finished { get; private set; }

    /// <summary>What the vendor has reported so far; null while the totals are missing.</summary>
    public TokenUsage? Usage => _usage.Tokens;

    /// <param name="data">The data of one event, complete.</param>
    /// <returns>Whether a chunk was written.</returns>
    /// <exception cref="JsonException">The data is not JSON.</exception>
    public bool Push(ReadOnlyMemory<byte> data, IBufferWriter<byte> chunk)
    {
        using var document = JsonDocument.Parse(data, Wire.Reader);
        var sent = document.RootElement;
        return sent.Text("type"u8) switch
        {
            "message_start" => Start(sent, chunk),
            "content_block_start" => StartBlock(sent, chunk),
            "content_block_delta" => Delta(sent, chunk),
            "content_block_stop" => StopBlock(chunk),
            "message_delta" => End(sent, chunk),
            "message_stop" => Stop(chunk),
            _ => false,
        };
    }

    public void Dispose()
    {
        _writer.Dispose();
        _custom.Dispose();
    }

    private bool Start(JsonElement sent, IBufferWriter<byte> chunk)
    {
        sent.Given("message"u8, out var message);
        _id = Encoding.UTF8.GetBytes(message.Text("id"u8) ?? "");
        _model = Encoding.UTF8.GetBytes(message.Text("model"u8) ?? "");
        TakeUsage(message);

        BeginDelta(chunk);
        _writer.WriteString("role"u8, "assistant"u8);
        _writer.WriteString("content"u8, ""u8);
        return EndDelta();
    }

    private bool StartBlock(JsonElement sent, IBufferWriter<byte> chunk)
    {
        sent.Given("content_block"u8, out var block);
        _block = new Block { Index = (int)(sent.Number("index"u8) ?? 0) };
        _blockStart = _length;
        switch (block.Text("type"u8))
        {
            case "text":
                _block.Kind = Kind.Text;
                return block.Given("text"u8, JsonValueKind.String, out var text) && WriteText(text, chunk);
            case "thinking":
                _block.Kind = Kind.Thinking;
                return block.Given("thinking"u8, JsonValueKind.String, out var thinking) && WriteThinking(thinking, chunk);
            case "tool_use":
                return StartTool(block, chunk);
            case "redacted_thinking":
                BeginDelta(chunk);
                _writer.WriteStartArray("reasoning_details"u8);
                ChatAnswer.WriteDetail(_writer, block, _block.Index);
                _writer.WriteEndArray();
                return EndDelta();
            default:
                // Something that ran at Anthropic; its input may still arrive in pieces.
                _block.Kind = Kind.Opaque;
                _block.Opaque = block.Clone();
                _custom.Clear();
                return false;
        }
    }

    private bool StartTool(JsonElement block, IBufferWriter<byte> chunk)
    {
        var name = block.Text("name"u8) ?? "";
        var isCustom = head.CustomTools.Contains(name);
        block.Given("input"u8, JsonValueKind.Object, out var input);
        _tools++;
        _block.Kind = isCustom ? Kind.CustomTool : Kind.Tool;
        _custom.Clear();

        // Usually empty, and the input follows in pieces; some speakers of the dialect send it here as a whole.
        _block.Input = input.ValueKind == JsonValueKind.Object && input.EnumerateObject().Any() ? Encoding.UTF8.GetBytes(input.GetRawText()) : "{}"u8.ToArray();

        BeginToolDelta(chunk);
        _writer.WriteString("id"u8, block.Text("id"u8));
        _writer.WriteString("type"u8, isCustom ? "custom"u8 : "function"u8);
        _writer.WriteStartObject(isCustom ? "custom"u8 : "function"u8);
        _writer.WriteString("name"u8, name);
        _writer.WriteString(isCustom ? "input"u8 : "arguments"u8, ""u8);
        _writer.WriteEndObject();
        return EndToolDelta();
    }

    private bool Delta(JsonElement sent, IBufferWriter<byte> chunk)
    {
        sent.Given("delta"u8, out var delta);
        switch (delta.Text("type"u8))
        {
            case "text_delta" when delta.Given("text"u8, JsonValueKind.String, out var text):
                return WriteText(text, chunk);
            case "thinking_delta" when delta.Given("thinking"u8, JsonValueKind.String, out var thinking):
                return WriteThinking(thinking, chunk);
            case "signature_delta" when delta.Given("signature"u8, JsonValueKind.String, out var signature):
                BeginDelta(chunk);
                BeginDetail();
                _writer.Copy("signature"u8, signature);
                EndDetail();
                return EndDelta();
            case "input_json_delta" when delta.Given("partial_json"u8, JsonValueKind.String, out var json) && !json.IsEmptyText():
                return WriteInput(json, chunk);
            case "citations_delta" when delta.Given("citation"u8, JsonValueKind.Object, out var citation):
                BeginDelta(chunk);
                _writer.WriteStartArray("annotations"u8);
                Citations.WriteAnnotation(_writer, citation, _blockStart, _length);
                _writer.WriteEndArray();
                return EndDelta();
            default:
                return false;
        }
    }

    private bool WriteText(JsonElement text, IBufferWriter<byte> chunk)
    {
        if (text.IsEmptyText())
        {
            return false;
        }

        _length += Wire.Length(text);
        BeginDelta(chunk);
        _writer.Copy("content"u8, text);
        return EndDelta();
    }

    private bool WriteThinking(JsonElement thinking, IBufferWriter<byte> chunk)
    {
        if (thinking.IsEmptyText())
        {
            return false;
        }

        BeginDelta(chunk);
        _writer.Copy("reasoning_content"u8, thinking);
        BeginDetail();
        _writer.Copy("text"u8, thinking);
        EndDetail();
        return EndDelta();
    }

    private bool WriteInput(JsonElement json, IBufferWriter<byte> chunk)
    {
        _block.HasInput = true;
        if (_block.Kind != Kind.Tool)
        {
            // Only as a whole can the text be taken out of the JSON around it.
            _custom.Write(Encoding.UTF8.GetBytes(json.Plain()));
            return false;
        }

        BeginToolDelta(chunk);
        _writer.WriteStartObject("function"u8);
        _writer.Copy("arguments"u8, json);
        _writer.WriteEndObject();
        return EndToolDelta();
    }

    private bool StopBlock(IBufferWriter<byte> chunk)
    {
        var block = _block;
        _block = default;
        switch (block.Kind)
        {
            case Kind.Tool when !block.HasInput:
                BeginToolDelta(chunk);
                _writer.WriteStartObject("function"u8);
                _writer.WriteString("arguments"u8, block.Input);
                _writer.WriteEndObject();
                return EndToolDelta();
            case Kind.CustomTool:
                BeginToolDelta(chunk);
                _writer.WriteStartObject("custom"u8);
                _writer.WriteString("input"u8, ChatHead.CustomInput(block.HasInput ? _custom.Written : block.Input));
                _writer.WriteEndObject();
                return EndToolDelta();
            case Kind.Opaque:
                BeginDelta(chunk);
                _writer.WriteStartArray("reasoning_details"u8);
                ChatAnswer.WriteDetail(_writer, block.HasInput && Wire.TryParse(_custom.Written, out var input) ? WithInput(block.Opaque, input) : block.Opaque, block.Index);
                _writer.WriteEndArray();
                return EndDelta();
            default:
                return false;
        }
    }

    private static JsonElement WithInput(JsonElement block, JsonElement input)
    {
        using var json = new PooledBytes();
        using (var writer = new Utf8JsonWriter(json, Wire.Writer))
        {
            writer.WriteStartObject();
            foreach (var member in block.EnumerateObject().Where(member => !member.NameEquals("input"u8)))
            {
                writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
            }

            writer.Copy("input"u8, input);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(json.Written, Wire.Reader);
    }

    private bool End(JsonElement sent, IBufferWriter<byte> chunk)
    {
        TakeUsage(sent);
        if (!sent.Given("delta"u8, out var delta) || delta.Text("stop_reason"u8) is null)
        {
            return false;
        }

        Begin(chunk);
        _writer.WriteStartObject("delta"u8);
        if (delta.Given("stop_details"u8, out var details) && details.Text("explanation"u8) is { } explanation)
        {
            _writer.WriteString("refusal"u8, explanation);
        }

        _writer.WriteEndObject();
        head.WriteReasons(_writer, delta);
        return Finish();
    }

    private bool Stop(IBufferWriter<byte> chunk)
    {
        Finished = true;
        if (Usage is not { } usage)
        {
            return false;
        }

        Open(chunk);
        _writer.WriteStartArray("choices"u8);
        _writer.WriteEndArray();
        AnthropicUsage.WriteChat(_writer, usage, _lastUsage);
        ChatHead.WriteServiceTier(_writer, _lastUsage);
        _writer.WriteEndObject();
        _writer.Flush();
        return true;
    }

    private void TakeUsage(JsonElement holder)
    {
        if (holder.Given("usage"u8, JsonValueKind.Object, out var usage))
        {
            _usage.Take(usage);
            _lastUsage = usage.Clone();
        }
    }

    private void Open(IBufferWriter<byte> chunk)
    {
        _writer.Reset(chunk);
        _writer.WriteStartObject();
        _writer.WriteString("id"u8, _id);
        _writer.WriteString("object"u8, "chat.completion.chunk"u8);
        _writer.WriteNumber("created"u8, head.Created.ToUnixTimeSeconds());
        _writer.WriteString("model"u8, _model);
    }

    private void Begin(IBufferWriter<byte> chunk)
    {
        Open(chunk);
        _writer.WriteStartArray("choices"u8);
        _writer.WriteStartObject();
        _writer.WriteNumber("index"u8, 0);
    }

    private bool Finish()
    {
        _writer.WriteEndObject();
        _writer.WriteEndArray();
        _writer.WriteEndObject();
        _writer.Flush();
        return true;
    }

    private void BeginDelta(IBufferWriter<byte> chunk)
    {
        Begin(chunk);
        _writer.WriteStartObject("delta"u8);
    }

    private bool EndDelta()
    {
        _writer.WriteEndObject();
        _writer.WriteNull("finish_reason"u8);
        return Finish();
    }

    private void BeginToolDelta(IBufferWriter<byte> chunk)
    {
        BeginDelta(chunk);
        _writer.WriteStartArray("tool_calls"u8);
        _writer.WriteStartObject();
        _writer.WriteNumber("index"u8, _tools);
    }

    private bool EndToolDelta()
    {
        _writer.WriteEndObject();
        _writer.WriteEndArray();
        return EndDelta();
    }

    private void BeginDetail()
    {
        _writer.WriteStartArray("reasoning_details"u8);
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "reasoning.text"u8);
    }

    private void EndDetail()
    {
        _writer.WriteString("format"u8, DetailFormat.Anthropic);
        _writer.WriteNumber("index"u8, _block.Index);
        _writer.WriteEndObject();
        _writer.WriteEndArray();
    }

    private enum Kind
    {
        None,
        Text,
        Thinking,
        Tool,
        CustomTool,
        Opaque,
    }

    private struct Block
    {
        public Kind Kind;
        public int Index;
        public bool HasInput;
        public byte[] Input;
        public JsonElement Opaque;
    }
}
