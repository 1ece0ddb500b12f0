using System.Globalization;
using System.Text;

namespace AiHub.Gateway.Guardrails;

/// <summary>
/// JSON within a text, as the arguments of tools are: it may spell every character in numbers, and many libraries spell all of Chinese so. Whoever
/// looks for words must look at what it reads.
/// </summary>
internal static class Escapes
{
    private const int Length = 6;

    private static readonly System.Buffers.SearchValues<char> Hexadecimal = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary><c>\u84dd\u9cb8</c> is written out as 蓝鲸; what JSON has to escape stays as it is, so it is the same JSON as before.</summary>
    /// <param name="last">Nothing comes after, so nothing is waited for.</param>
    /// <returns>How it reads, and how much of it has been read.</returns>
    public static (string Text, int Read) WriteOut(string text, bool last)
    {
        var at = text.IndexOf('\\', StringComparison.Ordinal);
        if (at < 0)
        {
            return (text, text.Length);
        }

        var written = new StringBuilder(text, 0, at, text.Length);
        while (at < text.Length && (last || !IsBeginning(text.AsSpan(at))))
        {
            if (text[at] != '\\')
            {
                written.Append(text[at++]);
                continue;
            }

            // An escaped backslash escapes nothing, so the two are passed over together.
            var (length, spelled) = (Math.Min(2, text.Length - at), (string?)null);
            if (UnitAt(text, at) is { } unit)
            {
                length = Length;
                if (char.IsHighSurrogate(unit))
                {
                    var next = at + Length;
                    if (!last && (next == text.Length || IsBeginning(text.AsSpan(next))))
                    {
                        break;
                    }

                    if (UnitAt(text, next) is { } low && char.IsLowSurrogate(low))
                    {
                        (length, spelled) = (2 * Length, new string([unit, low]));
                    }
                }
                else if (unit >= ' ' && unit is not ('"' or '\\') && !char.IsLowSurrogate(unit))
                {
                    spelled = unit.ToString();
                }
            }

            written.Append(spelled ?? text.Substring(at, length));
            at += length;
        }

        return (written.ToString(), at);
    }

    // Of what may become an escape: "\", "\u", "\u84d".
    private static bool IsBeginning(ReadOnlySpan<char> text) =>
        text.Length is > 0 and < Length && text[0] == '\\' && (text.Length == 1 || (text[1] == 'u' && text[2..].IndexOfAnyExcept(Hexadecimal) < 0));

    private static char? UnitAt(string text, int at) =>
        text.Length - at >= Length && text[at] == '\\' && text[at + 1] == 'u' && ushort.TryParse(text.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? (char)unit : null;
}
