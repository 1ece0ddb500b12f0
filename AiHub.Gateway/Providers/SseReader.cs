using System.Buffers;

namespace AiHub.Gateway.Providers;

/// <param name="Data">The event's data, valid until the next read.</param>
/// <param name="Kind">What the lines around the data said about it.</param>
internal readonly record struct SseEvent(ReadOnlyMemory<byte> Data, SseEventKind Kind);

internal enum SseEventKind
{
    Data,

    /// <summary>Announced by <c>event: error</c>.</summary>
    Error,

    /// <summary>A JSON line without <c>data:</c>; some vendors send their errors so.</summary>
    Bare,

    /// <summary>The stream ended inside this event, before its blank line.</summary>
    Unterminated,

    /// <summary>There are no more events.</summary>
    End,
}

/// <summary>Reads server-sent events from a vendor's stream, one whole event at a time, out of one pooled buffer.</summary>
internal sealed class SseReader(Stream stream, Deadlines deadlines, int longestEvent) : IDisposable
{
    private const int InitialSize = 16 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialSize);
    private int _start;
    private int _end;
    private bool _started;
    private ArrayBufferWriter<byte>? _joined;

    /// <exception cref="FormatException">A line is neither an SSE field nor JSON, or an event is too long.</exception>
    public async ValueTask<SseEvent> ReadAsync(CancellationToken ct)
    {
        // Offsets from _start, so that making room in the buffer does not move them.
        var line = 0;
        var scanned = 0;
        var data = default(Range?);
        var kind = SseEventKind.Data;

        while (true)
        {
            var newline = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (newline < 0)
            {
                scanned = _end - _start;
                if (await FillAsync(ct))
                {
                    continue;
                }

                var rest = TakeField(line, scanned, ref data, ref kind);
                var joined = Joined();
                _start = _end;

                return (rest, data) switch
                {
                    ({ } json, _) => new SseEvent(json, SseEventKind.Bare),
                    (_, { } last) => new SseEvent(joined ?? Slice(scanned, last), SseEventKind.Unterminated),
                    _ => new SseEvent(default, SseEventKind.End),
                };
            }

            var lineEnd = scanned + newline;
            scanned = lineEnd + 1;
            if (TrimReturn(line, lineEnd) == line)
            {
                if (data is { } complete)
                {
                    var joined = Joined();
                    _start += scanned;
                    return new SseEvent(joined ?? Slice(scanned, complete), kind);
                }

                kind = SseEventKind.Data;
            }
            else if (TakeField(line, lineEnd, ref data, ref kind) is { } bare)
            {
                _start += scanned;
                return new SseEvent(bare, SseEventKind.Bare);
            }

            if (data is null)
            {
                // Nothing but comments so far: forget them, or a vendor's keep-alives fill the buffer.
                _start += scanned;
                scanned = 0;
            }

            line = scanned;
        }
    }

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <returns>The line itself when it is JSON without a field name.</returns>
    private ReadOnlyMemory<byte>? TakeField(int line, int lineEnd, ref Range? data, ref SseEventKind kind)
    {
        lineEnd = TrimReturn(line, lineEnd);
        if (!_started)
        {
            _started = true;
            if (_buffer.AsSpan(_start + line, lineEnd - line).StartsWith("\uFEFF"u8))
            {
                line += 3;
            }
        }

        var text = _buffer.AsSpan(_start + line, lineEnd - line);
        if (text.IsEmpty || text[0] == ':')
        {
            return null;
        }

        if (text.StartsWith("data:"u8))
        {
            var value = line + 5;
            if (value < lineEnd && _buffer[_start + value] == ' ')
            {
                value++;
            }

            if (data is { } earlier)
            {
                Join(earlier, value..lineEnd);
            }

            data = value..lineEnd;
            return null;
        }

        if (text[0] == '{')
        {
            return _buffer.AsMemory(_start + line, lineEnd - line);
        }

        if (text.StartsWith("event:"u8))
        {
            kind = text[6..].Trim((byte)' ').SequenceEqual("error"u8) ? SseEventKind.Error : SseEventKind.Data;
            return null;
        }

        return text.StartsWith("id"u8) || text.StartsWith("retry"u8) || text.SequenceEqual("data"u8) || text.SequenceEqual("event"u8)
            ? null
            : throw new FormatException("A line of the stream is not a server-sent event.");
    }

    // An event of several data lines is rare enough to be copied.
    private void Join(Range earlier, Range next)
    {
        _joined ??= new ArrayBufferWriter<byte>();
        if (_joined.WrittenCount == 0)
        {
            _joined.Write(_buffer.AsSpan(_start..)[earlier]);
        }

        _joined.Write("\n"u8);
        _joined.Write(_buffer.AsSpan(_start..)[next]);
    }

    private ReadOnlyMemory<byte>? Joined()
    {
        if (_joined is not { WrittenCount: > 0 })
        {
            return null;
        }

        var whole = _joined.WrittenMemory.ToArray();
        _joined.ResetWrittenCount();
        return whole;
    }

    // _start has already moved past the event, which still stands before it.
    private ReadOnlyMemory<byte> Slice(int consumed, Range data) => _buffer.AsMemory(_start - consumed)[data];

    private int TrimReturn(int line, int lineEnd) => lineEnd > line && _buffer[_start + lineEnd - 1] == '\r' ? lineEnd - 1 : lineEnd;

    private async ValueTask<bool> FillAsync(CancellationToken ct)
    {
        if (_end == _buffer.Length)
        {
            MakeRoom();
        }

        deadlines.StartWaiting();
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), ct);
        deadlines.StopWaiting();
        _end += read;
        return read > 0;
    }

    private void MakeRoom()
    {
        var length = _end - _start;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, length).CopyTo(_buffer);
        }
        else
        {
            if (length >= longestEvent)
            {
                throw new FormatException($"An event of the stream is longer than {longestEvent} bytes.");
            }

            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        (_start, _end) = (0, length);
    }
}
