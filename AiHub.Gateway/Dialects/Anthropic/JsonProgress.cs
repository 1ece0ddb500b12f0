namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>Follows a JSON object that arrives in pieces, each itself a piece of a JSON string, and knows when it is whole.</summary>
internal struct JsonProgress
{
    private int _depth;
    private bool _begun;
    private bool _inString;
    private bool _escaped;

    public readonly bool IsWhole => _begun && _depth == 0;

    /// <param name="piece">As it is escaped in the JSON string: <c>{\"city\":\"Paris\"}</c>.</param>
    public void Follow(ReadOnlySpan<byte> piece)
    {
        for (var at = 0; at < piece.Length && !IsWhole; at++)
        {
            if (piece[at] != '\\')
            {
                Take(piece[at]);
                continue;
            }

            at++;
            if (at < piece.Length && piece[at] == 'u')
            {
                // \u0022 is as good a quote as \"; anything beyond ASCII means nothing to the structure.
                var isAscii = at + 4 < piece.Length && piece.Slice(at + 1, 2).SequenceEqual("00"u8);
                Take(isAscii ? (byte)(Hex(piece[at + 3]) << 4 | Hex(piece[at + 4])) : (byte)'?');
                at += 4;
            }
            else if (at < piece.Length)
            {
                Take(piece[at] is (byte)'"' or (byte)'\\' or (byte)'/' ? piece[at] : (byte)' ');
            }
        }
    }

    private void Take(byte character)
    {
        if (_escaped)
        {
            _escaped = false;
        }
        else if (_inString)
        {
            _escaped = character == '\\';
            _inString = character != '"';
        }
        else if (character == '"')
        {
            _inString = true;
        }
        else if (character is (byte)'{' or (byte)'[')
        {
            _depth++;
            _begun = true;
        }
        else if (character is (byte)'}' or (byte)']')
        {
            _depth--;
        }
    }

    private static int Hex(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => 0,
    };
}
