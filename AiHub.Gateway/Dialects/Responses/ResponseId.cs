using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>
/// The name of a response, and the secret it is stored under: 128 random bits that only the client is told. The ids of its items
/// repeat them, so that an item leads to its response.
/// </summary>
public readonly record struct ResponseId
{
    private const string Prefix = "resp_";
    private const int HexLength = 32;

    private ResponseId(string hex) => Hex = hex;

    public string Hex { get; }

    public static ResponseId New() => new(RandomNumberGenerator.GetHexString(HexLength, lowercase: true));

    public static bool TryParse([NotNullWhen(true)] string? text, out ResponseId id)
    {
        id = default;
        if (text is null || text.Length != Prefix.Length + HexLength || !text.StartsWith(Prefix, StringComparison.Ordinal) || !IsHex(text.AsSpan(Prefix.Length)))
        {
            return false;
        }

        id = new ResponseId(text[Prefix.Length..]);
        return true;
    }

    /// <summary>The response an item of it belongs to: <c>msg_</c>, <c>rs_</c>, <c>fc_</c> or <c>ctc_</c>, the secret, and the item's number.</summary>
    public static bool TryParseItem([NotNullWhen(true)] string? itemId, out ResponseId id)
    {
        id = default;
        var start = itemId?.IndexOf('_', StringComparison.Ordinal) + 1 ?? 0;
        if (itemId is null || start == 0 || itemId.Length < start + HexLength + 2 || !IsHex(itemId.AsSpan(start, HexLength)))
        {
            return false;
        }

        id = new ResponseId(itemId.Substring(start, HexLength));
        return true;
    }

    public string Item(string prefix, int index) => string.Create(CultureInfo.InvariantCulture, $"{prefix}_{Hex}{index:x2}");

    public override string ToString() => Prefix + Hex;

    private static bool IsHex(ReadOnlySpan<char> text) => text.IndexOfAnyExcept("0123456789abcdef") < 0;
}
