using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace AiHub.Gateway.Guardrails;

/// <summary>A piece of a text that a guardrail is about.</summary>
/// <param name="Found">What it is, where a guardrail looks for several things; empty elsewhere.</param>
public readonly record struct Finding(int Start, int Length, string Found)
{
    public int End => Start + Length;
}

/// <summary>Finds what tells who somebody is, and secrets. What has a checksum is only found when it is right.</summary>
public static class PersonalData
{
    public const string ChineseId = "cn_id";
    public const string ChineseMobile = "cn_mobile";
    public const string Email = "email";
    public const string BankCard = "bank_card";
    public const string IpAddress = "ip";
    public const string ApiKey = "api_key";

    public static readonly IReadOnlyList<string> Kinds = [ChineseId, ChineseMobile, Email, BankCard, IpAddress, ApiKey];

    private static readonly FrozenDictionary<string, Search[]> All = new Dictionary<string, Search[]>
    {
        [ChineseId] = [new PatternSearch("[1-9][0-9]{16}[0-9Xx]", ChineseId, (text, match) => Stands(text, match, char.IsAsciiLetterOrDigit) && IsChineseId(match.ValueSpan))],
        [ChineseMobile] = [new PatternSearch(@"(\+?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}", ChineseMobile, (text, match) => Stands(text, match, char.IsAsciiLetterOrDigit))],
        [Email] = [new PatternSearch(@"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}", Email)],
        [BankCard] = [new PatternSearch("[0-9]+([ -][0-9]+)*", BankCard, expand: FindCards)],
        [IpAddress] =
        [
            new PatternSearch(@"[0-9]{1,3}(\.[0-9]{1,3}){3}", IpAddress, (text, match) => Stands(text, match, char.IsAsciiLetterOrDigit) && !GoesOn(text, match) && IPAddress.TryParse(match.ValueSpan, out _)),
            new PatternSearch("[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,8}", IpAddress, (text, match) => match.ValueSpan.IndexOfAnyExcept(':') >= 0
                && Stands(text, match, each => char.IsAsciiLetterOrDigit(each) || each == ':')
                && IPAddress.TryParse(match.ValueSpan, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6),
        ],
        [ApiKey] =
        [
            new PatternSearch(
                "(sk|pk|rk)[-_][A-Za-z0-9_-]{16,}|ai-hub-[A-Za-z0-9]{44}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}"
                + @"|AKIA[0-9A-Z]{16}|LTAI[A-Za-z0-9]{12,}|AKID[A-Za-z0-9]{13,}|AIza[A-Za-z0-9_-]{35}|whsec_[A-Za-z0-9+/=]{20,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_.-]{10,}|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----",
                ApiKey,
                (text, match) => match.Index == 0 || !char.IsAsciiLetterOrDigit(text[match.Index - 1])),
        ],
    }.ToFrozenDictionary();

    internal static IReadOnlyList<Search> Searches(string kind) => All[kind];

    public static void Find(string kind, string text, List<Finding> found)
    {
        foreach (var search in All[kind])
        {
            search.FindAll(text, found);
        }
    }

    /// <summary>Eighteen characters: a region, a day of birth that exists, a number, and a check character (ISO 7064, MOD 11-2).</summary>
    public static bool IsChineseId(ReadOnlySpan<char> text)
    {
        if (text.Length != 18 || !DateOnly.TryParseExact(text[6..14], "yyyyMMdd", out var born) || born.Year is < 1800 or > 2100)
        {
            return false;
        }

        var sum = 0;
        var weight = 1;
        for (var i = 16; i >= 0; i--)
        {
            weight = weight * 2 % 11;
            sum += (text[i] - '0') * weight;
        }

        return "10X98765432"[sum % 11] == char.ToUpperInvariant(text[17]);
    }

    /// <summary>The check digit that every bank card number ends with.</summary>
    public static bool IsLuhn(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            sum += i % 2 == 0 ? digit : digit > 4 ? (2 * digit) - 9 : 2 * digit;
        }

        return sum % 10 == 0 && digits.ContainsAnyExcept('0');
    }

    // Cards are written in groups, and other numbers stand beside them: any run of whole groups may be the card.
    private static void FindCards(string text, Match run, List<Finding> found)
    {
        if (run.Length < 13)
        {
            return;
        }

        Span<char> digits = stackalloc char[19];
        var groups = Groups(text, run.Index, run.Index + run.Length);
        for (var first = 0; first < groups.Count;)
        {
            var (length, after, next) = (0, 0, first + 1);
            for (var last = first; last < groups.Count && length + groups[last].Length <= digits.Length; last++)
            {
                text.AsSpan(groups[last].Start, groups[last].Length).CopyTo(digits[length..]);
                length += groups[last].Length;
                if (length >= 13 && IsLuhn(digits[..length]))
                {
                    (after, next) = (groups[last].End, last + 1);
                }
            }

            if (after > 0)
            {
                found.Add(new Finding(groups[first].Start, after - groups[first].Start, BankCard));
            }

            first = next;
        }
    }

    private static List<Finding> Groups(string text, int from, int to)
    {
        var groups = new List<Finding>();
        for (var start = from; start < to;)
        {
            var length = text.AsSpan(start, to - start).IndexOfAny(' ', '-');
            length = length < 0 ? to - start : length;
            groups.Add(new Finding(start, length, BankCard));
            start += length + 1;
        }

        return groups;
    }

    // Four numbers out of five are a version, not an address.
    private static bool GoesOn(string text, Match match)
    {
        var end = match.Index + match.Length;
        return (match.Index > 1 && text[match.Index - 1] == '.' && char.IsAsciiDigit(text[match.Index - 2])) || (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1]));
    }

    private static bool Stands(string text, Match match, Func<char, bool> joins) =>
        (match.Index == 0 || !joins(text[match.Index - 1])) && (match.Index + match.Length == text.Length || !joins(text[match.Index + match.Length]));

    /// <summary>Its time grows with the text and nothing else, whatever the pattern.</summary>
    internal static Regex Linear(string pattern, RegexOptions more = RegexOptions.None) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | more);
}
