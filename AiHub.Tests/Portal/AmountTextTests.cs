using System.Globalization;
using AiHub.Portal.Parts;
using FsCheck.Xunit;

namespace AiHub.Tests.Portal;

public sealed class AmountTextTests
{
    [Theory]
    [InlineData("0", "$0.00")]
    [InlineData("12.345678901", "$12.35")]
    [InlineData("1234567.1", "$1,234,567.10")]
    [InlineData("0.5", "$0.50")]
    [InlineData("0.000000125", "$0.000000125")]
    [InlineData("0.000000001", "$0.000000001")]
    [InlineData("0.0012345", "$0.00123")]
    [InlineData("0.012", "$0.012")]
    [InlineData("0.996", "$0.996")]
    [InlineData("-0.004", "−$0.004")]
    public void A_figure_that_stands_alone_is_short_but_never_nothing(string amount, string written) =>
        Assert.Equal(written, In("en", () => AmountText.Rounded(amount, "USD")).Head);

    [Fact]
    public void A_column_lines_up_and_keeps_every_digit()
    {
        string[] amounts = ["0.000125", "12.34", "3"];
        var decimals = AmountText.DecimalsOf(amounts);

        var column = amounts.Select(amount => In("zh-CN", () => AmountText.InColumn(amount, "CNY", decimals)));

        Assert.Equal(["¥0.00|0125|¥0.000125", "¥12.34|0000|¥12.34", "¥3.00|0000|¥3.00"], column.Select(amount => $"{amount.Head}|{amount.Tail}|{amount.Exact}"));
    }

    [Fact]
    public void A_column_that_is_too_narrow_still_shows_everything() =>
        Assert.Equal("$0.00" + "129125", In("en", () => AmountText.InColumn("0.00129125", "USD", 2)) is var amount ? amount.Head + amount.Tail : null);

    [Theory]
    [InlineData("250.5", "250.50")]
    [InlineData("1000", "1000.00")]
    [InlineData("0.000000125", "0.000000125")]
    public void A_field_has_cents_and_every_digit(string amount, string written) => Assert.Equal(written, In("zh-CN", () => AmountText.InField(amount)));

    [Property]
    public bool The_exact_form_has_the_value_of_the_amount(long nanos)
    {
        var value = nanos / 1_000_000_000m;
        var amount = In("en", () => AmountText.Rounded(value.ToString("0.#########", CultureInfo.InvariantCulture), "USD"));

        return decimal.Parse(amount.Exact.Replace("$", "").Replace('−', '-'), NumberStyles.Number, CultureInfo.InvariantCulture) == value
            && (nanos == 0 || amount.Head.Any(digit => digit is >= '1' and <= '9'));
    }

    private static T In<T>(string language, Func<T> write)
    {
        var before = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);
        try
        {
            return write();
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = before;
        }
    }
}
