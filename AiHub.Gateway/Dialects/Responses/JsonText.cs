using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>
/// The inside of a JSON string, still escaped, growing in a pooled buffer. Fragments of one text simply stand one after another,
/// so a long answer is never decoded and encoded again.
/// </summary>
internal sealed class JsonText : IDisposable
{
    private const byte Quote = (byte)'"';

    // The opening quote stands at 0; one byte is always free for the closing one.
    private byte[] _bytes = [];
    private int _end = 1;

    // Half of a character outside the basic plane, waiting for its other half: vendors cut their fragments anywhere.
    private ushort _high;

    public int Length => _end - 1;

    public bool IsEmpty => _end == 1;

    public ReadOnlySpan<byte> Escaped => Since(0);

    /// <summary>The whole JSON string, quotes included.</summary>
    public ReadOnlySpan<byte> Quoted
    {
        get
        {
            if (IsEmpty)
            {
                return "\"\""u8;
            }

            _bytes[_end] = Quote;
            return _bytes.AsSpan(0, _end + 1);
        }
    }

    /// <summary>What was appended after the text was this long.</summary>
    public ReadOnlySpan<byte> Since(int length) => IsEmpty ? default : _bytes.AsSpan(1 + length, Length - length);

    /// <param name="escaped">The inside of a whole JSON string: no escape is cut in two, only surrogate pairs may be.</param>
    public void Append(ReadOnlySpan<byte> escaped)
    {
        if (_high == 0 && escaped.IndexOf("\\u"u8) < 0)
        {
            Put(escaped);
            return;
        }

        while (!escaped.IsEmpty)
        {
            var plain = escaped.IndexOf((byte)'\\');
            if (plain != 0)
            {
                EndPair();
                plain = plain < 0 ? escaped.Length : plain;
                Put(escaped[..plain]);
                escaped = escaped[plain..];
                continue;
            }

            if (escaped.Length < 6 || escaped[1] != 'u' || !ushort.TryParse(escaped[2..6], NumberStyles.AllowHexSpecifier, null, out var unit))
            {
                EndPair();
                Put(escaped[..Math.Min(2, escaped.Length)]);
                escaped = escaped[Math.Min(2, escaped.Length)..];
                continue;
            }

            Unit(unit, escaped[..6]);
            escaped = escaped[6..];
        }
    }

    /// <summary>Appends plain text, escaping it on the way.</summary>
    public void AppendPlain(ReadOnlySpan<byte> utf8) => Append(JsonEncodedText.Encode(utf8, Wire.Encoder).EncodedUtf8Bytes);

    /// <summary>Nothing more will come.</summary>
    public void Close() => EndPair();

    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            (_bytes, _end) = ([], 1);
        }
    }

    private void Unit(ushort unit, ReadOnlySpan<byte> escape)
    {
        if (char.IsHighSurrogate((char)unit))
        {
            EndPair();
            _high = unit;
        }
        else if (!char.IsLowSurrogate((char)unit))
        {
            EndPair();
            Put(escape);
        }
        else if (_high == 0)
        {
            PutReplacement();
        }
        else
        {
            Span<byte> high = stackalloc byte[6];
            "\\u"u8.CopyTo(high);
            _high.TryFormat(high[2..], out _, "x4");
            Put(high);
            Put(escape);
            _high = 0;
        }
    }

    // A half alone is no character, and some readers throw at it.
    private void EndPair()
    {
        if (_high != 0)
        {
            _high = 0;
            PutReplacement();
        }
    }

    private void PutReplacement() => Put("\\ufffd"u8);

    private void Put(ReadOnlySpan<byte> escaped)
    {
        if (escaped.IsEmpty)
        {
            return;
        }

        var needed = _end + escaped.Length + 1;
        if (needed > _bytes.Length)
        {
            Grow(needed);
        }

        escaped.CopyTo(_bytes.AsSpan(_end));
        _end += escaped.Length;
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _bytes.Length * 2));
        _bytes.AsSpan(0, Math.Min(_end, _bytes.Length)).CopyTo(larger);
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = larger;
        _bytes[0] = Quote;
    }
}
