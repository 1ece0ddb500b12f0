using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using AiHub.Domain.Catalog;

namespace AiHub.Gateway.Dialects.Responses;

public enum ResponseStatus
{
    InProgress,
    Completed,

    /// <summary>Ended by a limit or a filter: what there is may be used.</summary>
    Incomplete,
    Failed,
}

/// <summary>
/// Makes a Responses answer of a chat model's: take the whole answer at once, or chunk by chunk, and every chunk gives the events
/// a streaming client expects. Both ways end in the same response.
/// </summary>
/// <remarks>
/// <see cref="Begin"/>, then <see cref="Take"/> as often as there are chunks, then <see cref="Complete"/> or <see cref="Fail"/>.
/// An answer whose <c>finish_reason</c> never came fails, whatever the caller of this class says. Not thread-safe.
/// </remarks>
public sealed class ResponseAnswer : IDisposable
{
    private readonly ResponsesRequest _request;
    private readonly DateTimeOffset _createdAt;
    private readonly string _model;
    private readonly byte[] _echo;
    private readonly List<OutputItem> _items = [];
    private readonly Dictionary<int, CallItem> _calls = [];
    private readonly List<ThoughtDetail> _late = [];
    private readonly ArrayBufferWriter<byte> _scratch = new(512);
    private readonly Utf8JsonWriter _json;
    private readonly bool _summary;
    private readonly bool _keepThoughts;

    private IBufferWriter<byte>? _events;
    private OutputItem? _open;
    private CallItem? _lastCall;
    private long _sequence;
    private string? _finishReason;
    private string? _serviceTier;
    private DateTimeOffset? _completedAt;
    private TokenUsage? _usage;
    private ResponseFailure? _failure;

    /// <param name="model">The name the answer goes by.</param>
    /// <param name="stored">Whether the response is going to be kept, as it looks when it begins.</param>
    public ResponseAnswer(ResponsesRequest request, ResponseId id, DateTimeOffset createdAt, string model, bool stored)
    {
        (_request, Id, _createdAt, _model, Stored) = (request, id, createdAt, model, stored);
        _json = new Utf8JsonWriter(_scratch, Wire.Writing);
        _summary = request.ThoughtsAsSummary;
        _keepThoughts = request.Includes("reasoning.encrypted_content"u8);
        _echo = ResponseEcho.Of(request);
    }

    public ResponseId Id { get; }

    /// <summary>Whether the response can be asked for again.</summary>
    public bool Stored { get; set; }

    public ResponseStatus Status { get; private set; }

    /// <summary>Starts a streamed answer.</summary>
    public void Begin(IBufferWriter<byte> events)
    {
        Lifecycle(events, "response.created"u8);
        Lifecycle(events, "response.in_progress"u8);
    }

    /// <param name="chat">A chat completion or a chunk of one: valid JSON.</param>
    /// <param name="events">Where the events go; null when the answer is not streamed.</param>
    public void Take(ReadOnlySpan<byte> chat, IBufferWriter<byte>? events)
    {
        if (_failure is not null)
        {
            return;
        }

        if (!Utf8.IsValid(chat))
        {
            _failure = ResponseFailure.Malformed;
            return;
        }

        _events = events;
        var piece = new ChatPiece(chat);
        if (!piece.Error.IsEmpty)
        {
            _failure = ResponseFailure.Truncated;
            return;
        }

        if (piece.ServiceTier is [(byte)'"', .., (byte)'"'])
        {
            _serviceTier = Plain(piece.ServiceTier);
        }

        var choices = new JsonElements(piece.Choices);
        while (choices.Next())
        {
            var choice = new ChatChoice(choices.Value);
            // This dialect has one answer a request.
            if (choice.Index == 0)
            {
                TakeChoice(choice);
            }
        }
    }

    /// <summary>Ends the answer; one that broke off ends as failed.</summary>
    public ResponseStatus Complete(TokenUsage? usage, DateTimeOffset now, IBufferWriter<byte>? events)
    {
        Conclude(usage, now, events);
        if (events is not null)
        {
            Finish(events);
        }

        return Status;
    }

    /// <summary>
    /// Decides how the answer ends, without saying so: time to keep it. <see cref="Finish(IBufferWriter{byte})"/> then tells a streaming client; one that broke off
    /// ends as failed, and the client has been told.
    /// </summary>
    /// <returns>False when it failed.</returns>
    public bool Conclude(TokenUsage? usage, DateTimeOffset now, IBufferWriter<byte>? events)
    {
        _events = events;
        var failure = _failure
            ?? (_finishReason is null or "error" or "insufficient_system_resource" ? ResponseFailure.Truncated : null)
            ?? (_calls.Values.Any(call => call.Name is null && !call.Early.IsEmpty) ? ResponseFailure.Malformed : null);
        if (failure is not null)
        {
            Fail(failure, usage, now, events);
            return false;
        }

        var cutShort = _finishReason is "length" or "content_filter";
        CloseAll(cutShort);
        _usage = usage;
        if (cutShort)
        {
            Status = ResponseStatus.Incomplete;
        }
        else
        {
            (Status, _completedAt) = (ResponseStatus.Completed, now);
        }

        return true;
    }

    /// <summary>The last event of an answer that did not fail.</summary>
    public void Finish(IBufferWriter<byte> events)
    {
        if (Status != ResponseStatus.Failed)
        {
            Lifecycle(events, Status == ResponseStatus.Incomplete ? "response.incomplete"u8 : "response.completed"u8);
            events.Write("data: [DONE]\n\n"u8);
        }
    }

    /// <summary>Ends the answer as failed. The stream has no clean end then, so that no client takes half an answer for a whole one.</summary>
    public void Fail(ResponseFailure failure, TokenUsage? usage, DateTimeOffset now, IBufferWriter<byte>? events)
    {
        _events = null;
        (Status, _failure, _usage) = (ResponseStatus.Failed, failure, usage);
        foreach (var item in _items)
        {
            item.Close(cutShort: item.IsOpen);
        }

        if (events is null)
        {
            return;
        }

        Lifecycle(events, "response.failed"u8);
        var json = Start(events, "error"u8);
        json.WriteString("code"u8, failure.Code);
        json.WriteString("message"u8, failure.Message);
        json.WriteNull("param"u8);
        // Once more as an object: readers of the open specification look for it there, and the OpenAI SDK throws at it.
        json.WriteStartObject("error"u8);
        json.WriteString("type"u8, "server_error"u8);
        json.WriteString("code"u8, failure.Code);
        json.WriteString("message"u8, failure.Message);
        json.WriteNull("param"u8);
        json.WriteEndObject();
        End(events);
    }

    /// <summary>The response as it stands.</summary>
    public void Write(IBufferWriter<byte> body)
    {
        _scratch.ResetWrittenCount();
        _json.Reset(_scratch);
        _json.WriteStartObject();
        _json.WriteString("id"u8, Id.ToString());
        _json.WriteString("object"u8, "response"u8);
        _json.WriteNumber("created_at"u8, _createdAt.ToUnixTimeSeconds());
        _json.WriteString("status"u8, Status switch
        {
            ResponseStatus.InProgress => "in_progress"u8,
            ResponseStatus.Completed => "completed"u8,
            ResponseStatus.Incomplete => "incomplete"u8,
            _ => "failed"u8,
        });
        if (_completedAt is { } completedAt)
        {
            _json.WriteNumber("completed_at"u8, completedAt.ToUnixTimeSeconds());
        }
        else
        {
            _json.WriteNull("completed_at"u8);
        }

        WriteErrors();
        _json.WriteString("model"u8, _model);
        _json.WritePropertyName("output"u8);
        WriteOutput(_json, _keepThoughts);
        _json.WritePropertyName("usage"u8);
        if (_usage is { } usage)
        {
            ResponsesUsage.Write(_json, usage);
        }
        else
        {
            _json.WriteNullValue();
        }

        _json.WriteBoolean("store"u8, Stored);
        _json.WriteString("service_tier"u8, _serviceTier ?? "default");
        _json.Flush();

        // The object is still open: what the request said completes it.
        body.Write(_scratch.WrittenSpan);
        body.Write(","u8);
        body.Write(_echo.AsSpan(1));
    }

    /// <summary>The items of the answer as a JSON array, with everything a later turn needs to go on from them.</summary>
    public void WriteItems(IBufferWriter<byte> items)
    {
        using var writer = new Utf8JsonWriter(items, Wire.Writing);
        WriteOutput(writer, keepThoughts: true);
    }

    public void Dispose()
    {
        _items.ForEach(item => item.Dispose());
        foreach (var nameless in _calls.Values.Where(call => call.Name is null))
        {
            nameless.Dispose();
        }

        _late.ForEach(detail => detail.Dispose());
        _json.Dispose();
    }

    private void TakeChoice(ChatChoice choice)
    {
        var delta = new ChatDelta(choice.Delta);
        TakeThoughts(delta);
        TakeContent(delta.Content, choice.Logprobs);
        if (delta.Refusal.Length > 2)
        {
            TakeText(MessagePartKind.Refusal, delta.Refusal, default);
        }

        TakeAnnotations(delta.Annotations);

        var calls = new JsonElements(delta.ToolCalls);
        while (calls.Next())
        {
            TakeCall(new ChatToolCall(calls.Value), calls.Value);
        }

        if (!delta.FunctionCall.IsEmpty)
        {
            TakeLegacyCall(delta.FunctionCall);
        }

        if (_finishReason is null && !choice.FinishReason.IsEmpty)
        {
            _finishReason = Encoding.UTF8.GetString(choice.FinishReason);
        }
    }

    private void TakeThoughts(ChatDelta delta)
    {
        // Vendors that know both names send the same text under both.
        var text = delta.ReasoningContent.Length > 2 ? delta.ReasoningContent : delta.Reasoning;
        if (text is [(byte)'"', _, .., (byte)'"'])
        {
            TakeThought(text[1..^1]);
        }

        var alone = !(text.Length > 2);
        var details = new JsonElements(delta.ReasoningDetails);
        while (details.Next())
        {
            if (alone)
            {
                var members = new JsonMembers(details.Value);
                while (members.Next())
                {
                    if ((members.Name.SequenceEqual("text"u8) || members.Name.SequenceEqual("summary"u8)) && members.Value is [(byte)'"', _, .., (byte)'"'])
                    {
                        TakeThought(members.Value[1..^1]);
                    }
                }
            }

            TakeDetail(details.Value);
        }
    }

    private void TakeThought(ReadOnlySpan<byte> escaped)
    {
        if (escaped.IsEmpty)
        {
            return;
        }

        if (_open is not ReasoningItem thoughts)
        {
            CloseOpen();
            thoughts = Add(new ReasoningItem(_items.Count, Id, _summary));
            _open = thoughts;
        }

        if (!thoughts.PartAnnounced)
        {
            thoughts.PartAnnounced = true;
            PartAdded(thoughts, _summary ? "response.reasoning_summary_part.added"u8 : "response.content_part.added"u8, 0);
        }

        Grow(thoughts, thoughts.Text, escaped, _summary ? "response.reasoning_summary_text.delta"u8 : "response.reasoning_text.delta"u8, 0);
    }

    private void TakeDetail(ReadOnlySpan<byte> detail)
    {
        if (detail.IsEmpty || detail[0] != '{')
        {
            return;
        }

        if (_open is ReasoningItem open)
        {
            ThoughtDetail.Add(open.Details, detail);
        }
        else if (_items.Count == 0)
        {
            var thoughts = Add(new ReasoningItem(0, Id, _summary));
            _open = thoughts;
            ThoughtDetail.Add(thoughts.Details, detail);
        }
        else
        {
            // A signature that comes after the thought was over must not cut the message it interrupts in two.
            ThoughtDetail.Add(_late, detail);
        }
    }

    private void TakeContent(ReadOnlySpan<byte> content, ReadOnlySpan<byte> logprobs)
    {
        if (content.IsEmpty || content[0] != '[')
        {
            if (content is [(byte)'"', _, .., (byte)'"'] && content.Length > 2)
            {
                TakeText(MessagePartKind.OutputText, content, logprobs);
            }

            return;
        }

        var parts = new JsonElements(content);
        while (parts.Next())
        {
            TakePart(parts.Value, logprobs);
        }
    }

    // [{"type":"thinking","thinking":[{"type":"text","text":"…"}]},{"type":"text","text":"…"}]
    private void TakePart(ReadOnlySpan<byte> part, ReadOnlySpan<byte> logprobs)
    {
        var members = new JsonMembers(part);
        while (members.Next())
        {
            if (members.Name.SequenceEqual("text"u8) && members.Value is [(byte)'"', _, .., (byte)'"'] && members.Value.Length > 2)
            {
                TakeText(MessagePartKind.OutputText, members.Value, logprobs);
            }
            else if (members.Name.SequenceEqual("refusal"u8) && members.Value is [(byte)'"', _, .., (byte)'"'] && members.Value.Length > 2)
            {
                TakeText(MessagePartKind.Refusal, members.Value, default);
            }
            else if (members.Name.SequenceEqual("thinking"u8))
            {
                if (members.Value is [(byte)'"', _, .., (byte)'"'])
                {
                    TakeThought(members.Value[1..^1]);
                }

                var thoughts = new JsonElements(members.Value);
                while (thoughts.Next())
                {
                    var thought = new JsonMembers(thoughts.Value);
                    while (thought.Next())
                    {
                        if (thought.Name.SequenceEqual("text"u8) && thought.Value is [(byte)'"', _, .., (byte)'"'])
                        {
                            TakeThought(thought.Value[1..^1]);
                        }
                    }
                }
            }
        }
    }

    private void TakeText(MessagePartKind kind, ReadOnlySpan<byte> text, ReadOnlySpan<byte> logprobs)
    {
        if (_open is not MessageItem message)
        {
            CloseOpen();
            message = Add(new MessageItem(_items.Count, Id));
            _open = message;
        }

        if (message.Part is not { } part || part.Kind != kind)
        {
            if (message.Part is { } earlier)
            {
                ClosePart(message, earlier, message.Parts.Count - 1);
            }

            part = new MessagePart(kind);
            message.Parts.Add(part);
            PartAdded(message, "response.content_part.added"u8, message.Parts.Count - 1);
        }

        var tokens = part.AddLogprobs(logprobs);
        Grow(
            message,
            part.Text,
            text[1..^1],
            kind == MessagePartKind.Refusal ? "response.refusal.delta"u8 : "response.output_text.delta"u8,
            message.Parts.Count - 1,
            kind == MessagePartKind.Refusal ? default : tokens,
            withLogprobs: kind == MessagePartKind.OutputText);
    }

    private void TakeAnnotations(ReadOnlySpan<byte> annotations)
    {
        var each = new JsonElements(annotations);
        while (each.Next())
        {
            // Once its message is over there is nothing left to annotate.
            if (_open is not MessageItem { Part: { Kind: MessagePartKind.OutputText } part } message)
            {
                return;
            }

            if (Annotation.FromChat(each.Value) is not { } annotation)
            {
                continue;
            }

            part.Annotations.Add(annotation);
            if (_events is not null)
            {
                var json = Start(_events, "response.output_text.annotation.added"u8);
                Position(json, message, "content_index"u8, message.Parts.Count - 1);
                json.WriteNumber("annotation_index"u8, part.Annotations.Count - 1);
                json.WritePropertyName("annotation"u8);
                json.WriteRawValue(annotation, skipInputValidation: true);
                End(_events);
            }
        }
    }

    private void TakeCall(ChatToolCall piece, ReadOnlySpan<byte> raw)
    {
        var call = Find(piece);
        if (call is null)
        {
            return;
        }

        _lastCall = call;
        if (call.CallId is null && piece.Id.Length > 2)
        {
            call.CallId = Plain(piece.Id);
        }

        if (piece.HasMore)
        {
            call.AddMore(raw);
        }

        Name(call, piece.Name, piece.IsCustom);
        Arguments(call, piece.Arguments);
    }

    private void TakeLegacyCall(ReadOnlySpan<byte> function)
    {
        _lastCall = At(0);
        ReadOnlySpan<byte> name = default;
        ReadOnlySpan<byte> arguments = default;
        var members = new JsonMembers(function);
        while (members.Next())
        {
            if (members.Name.SequenceEqual("name"u8))
            {
                name = members.Value;
            }
            else if (members.Name.SequenceEqual("arguments"u8))
            {
                arguments = members.Value;
            }
        }

        Name(_lastCall, name, custom: false);
        Arguments(_lastCall, arguments);
    }

    /// <returns>The call a fragment belongs to; null for an empty entry that belongs to none.</returns>
    private CallItem? Find(ChatToolCall piece)
    {
        if (piece.Index is { } index)
        {
            return At(index);
        }

        // Without an index, a new id or name begins a call, and anything else goes on with the last one.
        if (piece.Id.Length > 2)
        {
            var id = Plain(piece.Id);
            return _calls.Values.FirstOrDefault(call => call.CallId == id) ?? At(NextIndex());
        }

        return piece.Name.Length > 2 && _lastCall?.Name is not null ? At(NextIndex())
            : _lastCall ?? (piece.Name.Length > 2 || piece.Arguments.Length > 2 ? At(NextIndex()) : null);
    }

    private int NextIndex() => _calls.Count == 0 ? 0 : _calls.Keys.Max() + 1;

    private CallItem At(int index)
    {
        if (!_calls.TryGetValue(index, out var call))
        {
            CloseOpen();
            call = new CallItem(Id);
            _calls[index] = call;
        }

        return call;
    }

    // A call is shown once its name is known, since clients decide by it what to do with what follows.
    private void Name(CallItem call, ReadOnlySpan<byte> name, bool custom)
    {
        if (call.Name is not null || name.Length <= 2)
        {
            return;
        }

        var tool = _request.Tools.Of(Plain(name));
        call.Begin(_items.Count, custom ? tool with { Kind = ToolKind.Custom } : tool, wrapped: !custom);
        Add(call);
        if (!call.Early.IsEmpty)
        {
            Grow(call, call.Early.Escaped);
        }
    }

    private void Arguments(CallItem call, ReadOnlySpan<byte> arguments)
    {
        if (arguments is [(byte)'"', .., (byte)'"'])
        {
            Grow(call, arguments[1..^1]);
        }
        else if (!arguments.IsEmpty)
        {
            // The object itself, from vendors that do not write it as a string.
            Grow(call, JsonEncodedText.Encode(arguments, Wire.Encoder).EncodedUtf8Bytes);
        }
    }

    private void Grow(CallItem call, ReadOnlySpan<byte> escaped)
    {
        if (call.Name is null)
        {
            call.Early.Append(escaped);
            return;
        }

        var text = call.Text;
        var before = text.Length;
        call.Append(escaped);
        Delta(call, text.Since(before), DeltaType(call), null, -1);
    }

    private static ReadOnlySpan<byte> DeltaType(CallItem call) =>
        call.IsCustom ? "response.custom_tool_call_input.delta"u8 : "response.function_call_arguments.delta"u8;

    private T Add<T>(T item) where T : OutputItem
    {
        _items.Add(item);
        if (_events is not null)
        {
            var json = Start(_events, "response.output_item.added"u8);
            json.WriteNumber("output_index"u8, item.Index);
            json.WritePropertyName("item"u8);
            item.Write(json, keepThoughts: false);
            End(_events);
        }

        return item;
    }

    private void PartAdded(OutputItem item, ReadOnlySpan<byte> type, int index)
    {
        if (_events is null)
        {
            return;
        }

        var json = Start(_events, type);
        Position(json, item, item is ReasoningItem { AsSummary: true } ? "summary_index"u8 : "content_index"u8, index);
        json.WritePropertyName("part"u8);
        item.WritePart(json, index);
        End(_events);
    }

    private void Grow(
        OutputItem item, JsonText text, ReadOnlySpan<byte> escaped, ReadOnlySpan<byte> type, int index,
        ReadOnlySpan<byte> logprobs = default, bool withLogprobs = false)
    {
        var before = text.Length;
        text.Append(escaped);
        Delta(item, text.Since(before), type, item is ReasoningItem { AsSummary: true } ? "summary_index" : "content_index", index, logprobs, withLogprobs);
    }

    // The one event there are thousands of: put together from bytes that are JSON already.
    private void Delta(
        OutputItem item, ReadOnlySpan<byte> added, ReadOnlySpan<byte> type, string? indexName, int index,
        ReadOnlySpan<byte> logprobs = default, bool withLogprobs = false)
    {
        if (_events is null || (added.IsEmpty && logprobs.IsEmpty))
        {
            return;
        }

        var json = Start(_events, type);
        json.WriteString("item_id"u8, item.Id);
        json.WriteNumber("output_index"u8, item.Index);
        if (indexName is not null)
        {
            json.WriteNumber(indexName, index);
        }

        json.Flush();
        _events.Write(",\"delta\":\""u8);
        _events.Write(added);
        _events.Write("\""u8);
        if (withLogprobs)
        {
            _events.Write(",\"logprobs\":["u8);
            _events.Write(logprobs);
            _events.Write("]"u8);
        }

        _events.Write("}\n\n"u8);
    }

    private void CloseOpen()
    {
        if (_open is { } open)
        {
            Close(open, cutShort: false);
            _open = null;
        }
    }

    private void CloseAll(bool cutShort)
    {
        AddLateThoughts();
        // What was being written when the limit struck is not whole; what came before it is.
        var last = _items.LastOrDefault(item => item.IsOpen && item is not ReasoningItem { Text.IsEmpty: true });
        foreach (var item in _items.Where(item => item.IsOpen))
        {
            Close(item, cutShort && item == last);
        }

        _open = null;
    }

    private void AddLateThoughts()
    {
        var more = _items.OfType<CallItem>().Where(call => call.More is not null).Select(call => (call.CallId!, call.More!)).ToList();
        if (_late.Count == 0 && more.Count == 0)
        {
            return;
        }

        var thoughts = new ReasoningItem(_items.Count, Id, _summary);
        thoughts.Details.AddRange(_late);
        thoughts.Calls.AddRange(more);
        _late.Clear();
        Add(thoughts);
    }

    private void Close(OutputItem item, bool cutShort)
    {
        switch (item)
        {
            case MessageItem { Part: { } part } message:
                ClosePart(message, part, message.Parts.Count - 1);
                break;
            case ReasoningItem { PartAnnounced: true } thoughts:
                CloseThought(thoughts);
                break;
            case CallItem call:
                CloseCall(call, cutShort);
                break;
        }

        item.Close(cutShort);
        if (_events is not null)
        {
            var json = Start(_events, "response.output_item.done"u8);
            json.WriteNumber("output_index"u8, item.Index);
            json.WritePropertyName("item"u8);
            item.Write(json, _keepThoughts);
            End(_events);
        }
    }

    private void ClosePart(MessageItem message, MessagePart part, int index)
    {
        var refusal = part.Kind == MessagePartKind.Refusal;
        Finish(message, part.Text, refusal ? "response.refusal.delta"u8 : "response.output_text.delta"u8, "content_index", index, withLogprobs: !refusal);
        if (_events is null)
        {
            return;
        }

        var json = Start(_events, refusal ? "response.refusal.done"u8 : "response.output_text.done"u8);
        Position(json, message, "content_index"u8, index);
        json.WriteText(refusal ? "refusal"u8 : "text"u8, part.Text);
        if (!refusal)
        {
            part.WriteLogprobs(json);
        }

        End(_events);
        json = Start(_events, "response.content_part.done"u8);
        Position(json, message, "content_index"u8, index);
        json.WritePropertyName("part"u8);
        message.WritePart(json, index);
        End(_events);
    }

    private void CloseThought(ReasoningItem thoughts)
    {
        var summary = thoughts.AsSummary;
        Finish(thoughts, thoughts.Text, summary ? "response.reasoning_summary_text.delta"u8 : "response.reasoning_text.delta"u8, summary ? "summary_index" : "content_index", 0);
        if (_events is null)
        {
            return;
        }

        var json = Start(_events, summary ? "response.reasoning_summary_text.done"u8 : "response.reasoning_text.done"u8);
        Position(json, thoughts, summary ? "summary_index"u8 : "content_index"u8, 0);
        json.WriteText("text"u8, thoughts.Text);
        End(_events);
        json = Start(_events, summary ? "response.reasoning_summary_part.done"u8 : "response.content_part.done"u8);
        Position(json, thoughts, summary ? "summary_index"u8 : "content_index"u8, 0);
        json.WritePropertyName("part"u8);
        thoughts.WritePart(json, 0);
        End(_events);
    }

    private void CloseCall(CallItem call, bool cutShort)
    {
        var text = call.Text;
        var before = text.Length;
        call.CloseText();
        if (text.IsEmpty && !call.IsCustom && !cutShort)
        {
            // A call without arguments must still parse.
            text.Append("{}"u8);
        }

        Delta(call, text.Since(before), DeltaType(call), null, -1);
        if (_events is null)
        {
            return;
        }

        var json = Start(_events, call.IsCustom ? "response.custom_tool_call_input.done"u8 : "response.function_call_arguments.done"u8);
        json.WriteString("item_id"u8, call.Id);
        json.WriteNumber("output_index"u8, call.Index);
        if (!call.IsCustom)
        {
            json.WriteString("name"u8, call.Name!.Name);
        }

        json.WriteText(call.IsCustom ? "input"u8 : "arguments"u8, text);
        End(_events);
    }

    private void Finish(OutputItem item, JsonText text, ReadOnlySpan<byte> type, string indexName, int index, bool withLogprobs = false)
    {
        var before = text.Length;
        text.Close();
        Delta(item, text.Since(before), type, indexName, index, default, withLogprobs);
    }

    private static void Position(Utf8JsonWriter json, OutputItem item, ReadOnlySpan<byte> indexName, int index)
    {
        json.WriteString("item_id"u8, item.Id);
        json.WriteNumber("output_index"u8, item.Index);
        json.WriteNumber(indexName, index);
    }

    private Utf8JsonWriter Start(IBufferWriter<byte> events, ReadOnlySpan<byte> type)
    {
        events.Write("event: "u8);
        events.Write(type);
        events.Write("\ndata: "u8);
        _json.Reset(events);
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
        _json.WriteNumber("sequence_number"u8, _sequence++);
        return _json;
    }

    private void End(IBufferWriter<byte> events)
    {
        _json.WriteEndObject();
        _json.Flush();
        events.Write("\n\n"u8);
    }

    private void Lifecycle(IBufferWriter<byte> events, ReadOnlySpan<byte> type)
    {
        Start(events, type).Flush();
        events.Write(",\"response\":"u8);
        Write(events);
        events.Write("}\n\n"u8);
    }

    private void WriteOutput(Utf8JsonWriter writer, bool keepThoughts)
    {
        writer.WriteStartArray();
        if (Status != ResponseStatus.InProgress)
        {
            foreach (var item in _items)
            {
                item.Write(writer, keepThoughts);
            }
        }

        writer.WriteEndArray();
    }

    private void WriteErrors()
    {
        if (_failure is { } failure)
        {
            _json.WriteStartObject("error"u8);
            _json.WriteString("code"u8, failure.Code);
            _json.WriteString("message"u8, failure.Message);
            _json.WriteEndObject();
        }
        else
        {
            _json.WriteNull("error"u8);
        }

        if (Status == ResponseStatus.Incomplete)
        {
            _json.WriteStartObject("incomplete_details"u8);
            _json.WriteString("reason"u8, _finishReason == "length" ? "max_output_tokens"u8 : "content_filter"u8);
            _json.WriteEndObject();
        }
        else
        {
            _json.WriteNull("incomplete_details"u8);
        }
    }

    private static string Plain(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text);
        reader.Read();
        return reader.TokenType == JsonTokenType.String ? reader.GetString()! : Encoding.UTF8.GetString(text);
    }
}
