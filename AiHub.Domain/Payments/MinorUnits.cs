using System.Globalization;

namespace AiHub.Domain.Payments;

/// <summary>Fen and cents, the whole numbers that payment channels and invoices count in. Both currencies have two decimals.</summary>
public static class MinorUnits
{
    private const int PerUnit = 100;
    private const long NanosPerMinor = Money.NanosPerUnit / PerUnit;

    public static Money ToMoney(long minor, Currency currency) => new(checked(minor * NanosPerMinor), currency);

    /// <returns>Null when the amount is not a whole number of fen or cents.</returns>
    public static long? Of(Money money) => money.Nanos % NanosPerMinor == 0 ? money.Nanos / NanosPerMinor : null;

    /// <summary>"19.99", as Alipay writes yuan.</summary>
    public static string ToText(long minor) => string.Create(CultureInfo.InvariantCulture, $"{minor / PerUnit}.{minor % PerUnit:00}");

    /// <summary>Reads "19.99", "19.9" or "19"; anything else, a sign, an exponent or more than money can be included, is null.</summary>
    public static long? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 16)
        {
            return null;
        }

        var point = text.IndexOf('.', StringComparison.Ordinal);
        var (whole, part) = point < 0 ? (text, "") : (text[..point], text[(point + 1)..]);
        if (whole.Length == 0 || part.Length > 2 || (point >= 0 && part.Length == 0) || !whole.All(char.IsAsciiDigit) || !part.All(char.IsAsciiDigit))
        {
            return null;
        }

        var minor = checked((long.Parse(whole, CultureInfo.InvariantCulture) * PerUnit) + long.Parse(part.PadRight(2, '0'), CultureInfo.InvariantCulture));
        return minor <= long.MaxValue / NanosPerMinor ? minor : null;
    }
}
