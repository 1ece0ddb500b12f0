using System.Globalization;
using AiHub.Domain;
using AiHub.Domain.Catalog;

namespace AiHub.Tests.Catalog;

/// <summary>Prices that hold only at certain hours, for a service class, or for things that are not tokens.</summary>
public sealed class PriceConditionTests
{
    private static readonly Guid Upstream = Guid.CreateVersion7();
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("UTC mon-sun 00:00-24:00", "2026-11-22T23:59:59Z", true)]
    [InlineData("UTC sat-sun 00:00-24:00", "2026-11-22T12:00:00Z", true)]
    [InlineData("UTC sat-sun 00:00-24:00", "2026-11-23T12:00:00Z", false)]
    [InlineData("UTC mon,wed 08:00-09:00", "2026-11-25T08:00:00Z", true)]
    [InlineData("UTC mon,wed 08:00-09:00", "2026-11-25T09:00:00Z", false)]
    [InlineData("UTC fri-mon 22:00-06:00", "2026-11-27T23:00:00Z", true)]
    [InlineData("UTC fri-mon 22:00-06:00", "2026-11-28T05:59:00Z", true)]
    [InlineData("UTC fri-mon 22:00-06:00", "2026-11-28T06:00:00Z", false)]
    [InlineData("America/New_York mon-fri 09:00-17:00", "2026-11-23T14:00:00Z", true)]
    [InlineData("America/New_York mon-fri 09:00-17:00", "2026-07-20T13:00:00Z", true)]
    [InlineData("America/New_York mon-fri 09:00-17:00", "2026-11-23T13:30:00Z", false)]
    [InlineData("UTC mon-sun 00:00-24:00 on feast", "2026-12-25T12:00:00Z", true)]
    [InlineData("UTC mon-sun 00:00-24:00 on feast", "2026-12-24T12:00:00Z", false)]
    [InlineData("UTC mon-sun 00:00-24:00 except feast", "2026-12-25T12:00:00Z", false)]
    public void Hours_are_those_of_their_own_clock(string hours, string at, bool covered) => Assert.Equal(
        covered,
        PriceHours.Of(hours).Cover(
            DateTimeOffset.Parse(at, CultureInfo.InvariantCulture),
            new Holidays([new Holiday { Calendar = "feast", Day = new DateOnly(2026, 12, 25) }])));

    [Theory]
    [InlineData("")]
    [InlineData("UTC")]
    [InlineData("Mars/Base mon-fri 09:00-17:00")]
    [InlineData("UTC mon-nonday 09:00-17:00")]
    [InlineData("UTC mon-fri 9-17")]
    [InlineData("UTC mon-fri 09:00-09:00")]
    [InlineData("UTC mon-fri 24:00-25:00")]
    [InlineData("UTC mon-fri 09:00-17:00 without feast")]
    [InlineData("UTC mon-fri 09:00-17:00 except")]
    public void Hours_that_cannot_be_read_are_refused(string text) => Assert.False(PriceHours.TryParse(text, out _));

    [Fact]
    public void Within_its_hours_a_price_goes_before_that_of_the_rest_of_the_week()
    {
        const string Night = "UTC mon-sun 22:00-06:00";
        PriceRow input = Row(PriceComponent.Input, 4), output = Row(PriceComponent.Output, 8), nightly = Row(PriceComponent.Output, 2, hours: Night);
        var book = new PriceBook([input, output, nightly]);

        Assert.Equal([input, output], book.At(Upstream, Currency.USD, Epoch.AddHours(12))!.Rows);
        Assert.Equal([input, nightly], book.At(Upstream, Currency.USD, Epoch.AddHours(23))!.Rows);
    }

    [Fact]
    public void A_service_class_has_prices_of_its_own_or_none()
    {
        var book = new PriceBook([Row(PriceComponent.Input, 4), Row(PriceComponent.Output, 8), Row(PriceComponent.Input, 8, tier: "priority"), Row(PriceComponent.Output, 16, tier: "priority")]);

        Assert.Equal(Money.Of(12, Currency.USD), Cost(""));
        Assert.Equal(Money.Of(24, Currency.USD), Cost("priority"));
        Assert.Null(book.At(Upstream, Currency.USD, Epoch, serviceTier: "flex"));

        Money Cost(string tier) => book.At(Upstream, Currency.USD, Epoch, serviceTier: tier)!.Price(new TokenUsage(1_000_000, OutputText: 1_000_000)).Cost;
    }

    [Fact]
    public void What_is_not_counted_in_tokens_is_priced_as_people_quote_it()
    {
        Assert.Equal("0.08", Single(PriceComponent.Image, "0.04", ModelKind.Image).Price(new Consumption(default, new UnitUsage(Images: 2))).Cost.ToDecimalString());
        Assert.Equal("15", Single(PriceComponent.Character, "15", ModelKind.Speech).Price(new Consumption(default, new UnitUsage(Characters: 1_000_000))).Cost.ToDecimalString());
        Assert.Equal("0.6", Single(PriceComponent.Second, "0.0001", ModelKind.Transcription).Price(new Consumption(default, new UnitUsage(Seconds: 6_000))).Cost.ToDecimalString());
        Assert.Equal("0.005", Single(PriceComponent.SearchUnit, "0.005", ModelKind.Rerank).Price(new Consumption(default, new UnitUsage(SearchUnits: 1))).Cost.ToDecimalString());

        // The tokens of an image sold by the piece are in the price of the piece.
        Assert.Equal("0.04", Single(PriceComponent.Image, "0.04", ModelKind.Image).Price(new Consumption(new TokenUsage(100, ImageOut: 4_000), new UnitUsage(Images: 1))).Cost.ToDecimalString());

        PriceList Single(PriceComponent component, string price, ModelKind kind) =>
            new PriceBook([Row(component, CatalogImport.NanosPerMillion(price, component, Currency.USD)!.Value)]).At(Upstream, Currency.USD, Epoch, kind)!;
    }

    private static PriceRow Row(PriceComponent component, int units, string tier = "", string hours = "") =>
        Row(component, units * Money.NanosPerUnit, tier, hours);

    private static PriceRow Row(PriceComponent component, long nanos, string tier = "", string hours = "") => new()
    {
        Id = Guid.CreateVersion7(),
        UpstreamId = Upstream,
        Component = component,
        Currency = Currency.USD,
        NanosPerMillion = nanos,
        ServiceTier = tier,
        Hours = hours,
        ValidFrom = Epoch,
        Source = "test",
    };
}
