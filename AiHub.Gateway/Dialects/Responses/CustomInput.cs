using System.Globalization;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>
/// Takes the free text of a custom tool out of the JSON a chat model wraps it in, while it streams:
/// arguments <c>{"input":"*** Begin Patch\n…"}</c> become the input <c>*** Begin Patch\n…</c>.
/// </summary>
/// <remarks>A model that does not keep to the wrapping gets all it wrote taken as the input, at the end.</remarks>
internal sealed class CustomInput : IDisposable
{
    private static ReadOnlySpan<byte> Key => "input\""u8;

    private readonly JsonText _arguments = new();
    private readonly byte[] _escape = new byte[6];
    private State _state;
    private int _matched;
    private int _escapeLength;

    private enum State
    {
        Brace,
        KeyQuote,
        Key,
        Colon,
        ValueQuote,
        Value,
        Done,
        Unwrapped,
    }

    public JsonText Input { get; } = new();

    /// <param name="escaped">A fragment of the arguments, as the inside of a JSON string.</param>
    public void Append(ReadOnlySpan<byte> escaped)
    {
        if (_state is State.Done)
        {
            return;
        }

        if (_state is not State.Value)
        {
            _arguments.Append(escaped);
        }

        while (!escaped.IsEmpty)
        {
            var length = 1;
            if (escaped[0] != '\\')
            {
                Take(escaped[0]);
            }
            else if (escaped is [_, (byte)'u', _, _, _, _, ..])
            {
                length = 6;
                TakeUnit(escaped[..6]);
            }
            else
            {
                length = Math.Min(2, escaped.Length);
                Take(Unescape(escaped[length - 1]));
            }

            escaped = escaped[length..];
        }
    }

    public void Close()
    {
        if (_state < State.Value || _state is State.Unwrapped)
        {
            _arguments.Close();
            Input.Append(_arguments.Escaped);
        }

        _state = State.Done;
        Input.Close();
    }

    public void Dispose()
    {
        _arguments.Dispose();
        Input.Dispose();
    }

    private static byte Unescape(byte letter) => letter switch
    {
        (byte)'n' => (byte)'\n',
        (byte)'t' => (byte)'\t',
        (byte)'r' => (byte)'\r',
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        _ => letter,
    };

    private void TakeUnit(ReadOnlySpan<byte> escape)
    {
        // \u0022 and \u005c are structure in the inner JSON, whatever the outer one writes them as.
        var unit = ushort.Parse(escape[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (unit < 0x80)
        {
            Take((byte)unit);
        }
        else if (_state is State.Value)
        {
            // Left as an escape: the halves of a pair find each other there.
            EndEscape();
            Input.Append(escape);
        }
        else if (_state is not State.Done)
        {
            _state = State.Unwrapped;
        }
    }

    private void Take(byte one)
    {
        switch (_state)
        {
            case State.Value:
                TakeValue(one);
                break;
            case State.Key:
                Expect(one, Key[_matched], ++_matched == Key.Length ? State.Colon : State.Key);
                break;
            case State.Brace or State.KeyQuote or State.Colon or State.ValueQuote when one is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t':
                break;
            case State.Brace:
                Expect(one, (byte)'{', State.KeyQuote);
                break;
            case State.KeyQuote:
                Expect(one, (byte)'"', State.Key);
                break;
            case State.Colon:
                Expect(one, (byte)':', State.ValueQuote);
                break;
            case State.ValueQuote:
                Expect(one, (byte)'"', State.Value);
                break;
        }
    }

    private void Expect(byte one, byte expected, State next) => _state = one == expected ? next : State.Unwrapped;

    private void TakeValue(byte one)
    {
        if (_escapeLength > 0)
        {
            TakeEscape(one);
        }
        else if (one == '\\')
        {
            _escape[_escapeLength++] = one;
        }
        else if (one == '"')
        {
            _state = State.Done;
        }
        else if (one < 0x20)
        {
            // Not allowed in a string, and written there by models all the same.
            Span<byte> escape = stackalloc byte[6];
            "\\u00"u8.CopyTo(escape);
            one.TryFormat(escape[4..], out _, "x2");
            Input.Append(escape);
        }
        else
        {
            Input.Append([one]);
        }
    }

    private void TakeEscape(byte one)
    {
        _escape[_escapeLength++] = one;
        var whole = _escapeLength switch
        {
            2 => "\"\\/bfnrtu"u8.Contains(one),
            _ => char.IsAsciiHexDigit((char)one),
        };
        if (!whole)
        {
            EndEscape();
        }
        else if (_escapeLength == (_escape[1] == 'u' ? 6 : 2))
        {
            var length = _escapeLength;
            _escapeLength = 0;
            Input.Append(_escape.AsSpan(0, length));
        }
    }

    // An escape JSON does not know, such as a regular expression's \d: the backslash was meant.
    private void EndEscape()
    {
        if (_escapeLength == 0)
        {
            return;
        }

        Input.Append("\\\\"u8);
        var rest = _escape.AsSpan(1, _escapeLength - 1).ToArray();
        _escapeLength = 0;
        foreach (var again in rest)
        {
            TakeValue(again);
        }
    }
}
