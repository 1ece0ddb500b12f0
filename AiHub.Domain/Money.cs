using System.Globalization;

namespace AiHub.Domain;

/// <summary>An amount in nano-units (1e-9) of a currency. Whole numbers only, so sums never drift; overflow and mixed currencies throw.</summary>
public readonly record struct Money(long Nanos, Currency Currency) : IComparable<Money>
{
    public const long NanosPerUnit = 1_000_000_000;

    public static Money Zero(Currency currency) => new(0, currency);

    /// <summary>Whole units of the currency: <c>Money.Of(10, Currency.USD)</c> is ten dollars.</summary>
    public static Money Of(long units, Currency currency) => new(checked(units * NanosPerUnit), currency);

    /// <summary>Reads a plain decimal string ("10", "0.000000125"); more than nine decimals, exponents and signs other than a leading minus are refused.</summary>
    public static bool TryParse(string? text, Currency currency, out Money money)
    {
        money = Zero(currency);
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        if (Math.Abs(value) > long.MaxValue / NanosPerUnit || decimal.Truncate(value * NanosPerUnit) != value * NanosPerUnit)
        {
            return false;
        }

        money = new Money((long)(value * NanosPerUnit), currency);
        return true;
    }

    public static Money operator +(Money left, Money right) => new(checked(left.Nanos + Same(left, right).Nanos), left.Currency);

    public static Money operator -(Money left, Money right) => new(checked(left.Nanos - Same(left, right).Nanos), left.Currency);

    public static bool operator <(Money left, Money right) => left.Nanos < Same(left, right).Nanos;

    public static bool operator >(Money left, Money right) => left.Nanos > Same(left, right).Nanos;

    public static bool operator <=(Money left, Money right) => left.Nanos <= Same(left, right).Nanos;

    public static bool operator >=(Money left, Money right) => left.Nanos >= Same(left, right).Nanos;

    public int CompareTo(Money other) => Nanos.CompareTo(Same(this, other).Nanos);

    /// <summary>The exact amount as a decimal string without trailing zeros ("0.000125"), the form every API and export uses.</summary>
    public string ToDecimalString() => ((decimal)Nanos / NanosPerUnit).ToString("0.#########", CultureInfo.InvariantCulture);

    public override string ToString() => $"{ToDecimalString()} {Currency}";

    private static Money Same(Money left, Money right) => left.Currency == right.Currency
        ? right
        : throw new InvalidOperationException($"Cannot combine {left.Currency} with {right.Currency}: the ledger never converts.");
}
