using System.Globalization;

namespace AiHub.Portal.Parts;

/// <summary>
/// An amount of money split where the eye should stop: <c>$12.34</c> and the rest. What is left out of head and tail is only ever
/// found in <paramref name="Exact"/>, and nothing that costs something is ever written as 0.00.
/// </summary>
public readonly record struct AmountText(string Head, string Tail, string Exact)
{
    private const int Cents = 2;
    private const int SignificantDigits = 3;

    /// <summary>For a figure that stands alone: cents from one unit up, below that as many digits as it takes.</summary>
    public static AmountText Rounded(string amount, string currency)
    {
        var value = Parse(amount);
        var exact = Exactly(value, currency, DecimalsOf(amount));

        return new AmountText(Exactly(decimal.Round(value, Enough(value), MidpointRounding.AwayFromZero), currency, Enough(value)), string.Empty, exact);
    }

    /// <summary>For a column: every digit, with as many decimals as the column needs, so that rows can be added up by eye.</summary>
    public static AmountText InColumn(string amount, string currency, int decimals)
    {
        var shown = Math.Max(decimals, DecimalsOf(amount));
        var text = Exactly(Parse(amount), currency, shown);
        var cents = text.Length - shown + Cents;

        return new AmountText(text[..cents], text[cents..], Exactly(Parse(amount), currency, DecimalsOf(amount)));
    }

    /// <summary>As a field takes it: every digit, and cents even where there are none.</summary>
    public static string InField(string amount) => Parse(amount).ToString("F" + DecimalsOf(amount).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>The decimals a column needs for all of <paramref name="amounts"/>.</summary>
    public static int DecimalsOf(IEnumerable<string> amounts) => amounts.Select(DecimalsOf).Append(Cents).Max();

    public static decimal Parse(string amount) => decimal.Parse(amount, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static int DecimalsOf(string amount) => amount.IndexOf('.') is var point and >= 0 ? Math.Max(amount.Length - point - 1, Cents) : Cents;

    private static int Enough(decimal value)
    {
        var size = Math.Abs(value);
        if (size is 0 or >= 1)
        {
            return Cents;
        }

        var decimals = SignificantDigits;
        for (var first = size; first < 0.1m; first *= 10)
        {
            decimals++;
        }

        while (decimals > Cents && decimal.Round(size, decimals, MidpointRounding.AwayFromZero) == decimal.Round(size, decimals - 1, MidpointRounding.AwayFromZero))
        {
            decimals--;
        }

        return decimals;
    }

    private static string Exactly(decimal value, string currency, int decimals) =>
        (value < 0 ? "−" : string.Empty) + Show.Symbol(currency) + Math.Abs(value).ToString("N" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.CurrentCulture);
}
