using System.Numerics;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace AiHub.Tests.Catalog;

public sealed class PricingTests
{
    private static readonly Guid Upstream = Guid.CreateVersion7();
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Real_prices_are_exact()
    {
        var prices = List(Row(PriceComponent.Input, "2"), Row(PriceComponent.Output, "8"), Row(PriceComponent.CacheRead, "0.0028"));

        var charge = prices.Price(new TokenUsage(InputUncached: 1_000, CacheRead: 1_000_000, OutputText: 250));

        Assert.Equal("0.0068", charge.Cost.ToDecimalString());
        Assert.Equal(Rows(prices, PriceComponent.Input, PriceComponent.CacheRead, PriceComponent.Output), charge.PriceRows);
    }

    [Theory]
    [InlineData(500_000, 0)] // half of a nano: to even, down
    [InlineData(500_001, 1)]
    [InlineData(1_500_000, 2)] // one and a half: to even, up
    [InlineData(2_500_000, 2)]
    [InlineData(2_499_999, 2)]
    public void A_call_is_rounded_once_half_to_even(long nanosPerMillion, long cost)
    {
        var prices = new PriceList(Currency.USD, [Row(PriceComponent.Input, nanosPerMillion), Row(PriceComponent.Output, 0)]);
        Assert.Equal(cost, prices.Price(new TokenUsage(1)).Cost.Nanos);
    }

    [Fact]
    public void Parts_of_a_call_are_summed_before_rounding()
    {
        var prices = new PriceList(Currency.USD, [Row(PriceComponent.Input, 400_000), Row(PriceComponent.Output, 400_000)]);
        Assert.Equal(1, prices.Price(new TokenUsage(InputUncached: 1, OutputText: 1)).Cost.Nanos);
    }

    [Fact]
    public void What_has_no_price_of_its_own_costs_what_its_plainer_kind_costs()
    {
        var plain = List(Row(PriceComponent.Input, "1"), Row(PriceComponent.Output, "10"));
        Assert.Equal(Money.Of(6, Currency.USD), plain.Price(new TokenUsage(1_000_000, 1_000_000, 1_000_000, 1_000_000, AudioIn: 1_000_000, ImageIn: 1_000_000)).Cost);
        Assert.Equal(Money.Of(40, Currency.USD), plain.Price(new TokenUsage(0, OutputText: 1_000_000, OutputReasoning: 1_000_000, AudioOut: 1_000_000, ImageOut: 1_000_000)).Cost);

        var own = List([.. plain.Rows, Row(PriceComponent.CacheWrite5m, "1.25"), Row(PriceComponent.Reasoning, "12")]);
        Assert.Equal("1.25", own.Price(new TokenUsage(0, CacheWrite1h: 1_000_000)).Cost.ToDecimalString());
        Assert.Equal("12", own.Price(new TokenUsage(0, OutputReasoning: 1_000_000)).Cost.ToDecimalString());
    }

    [Fact]
    public void A_long_prompt_prices_the_whole_call_by_its_tier_whatever_was_cached()
    {
        var prices = List(
            Row(PriceComponent.Input, "2"), Row(PriceComponent.Input, "4", from: 200_001),
            Row(PriceComponent.Output, "12"), Row(PriceComponent.Output, "18", from: 200_001));

        Assert.Equal("0.412", prices.Price(new TokenUsage(200_000, OutputText: 1_000)).Cost.ToDecimalString());
        Assert.Equal("0.818004", prices.Price(new TokenUsage(200_001, OutputText: 1_000)).Cost.ToDecimalString());
        Assert.Equal("0.818004", prices.Price(new TokenUsage(1, CacheRead: 200_000, OutputText: 1_000)).Cost.ToDecimalString());
    }

    [Fact]
    public void The_rows_valid_at_the_instant_price_the_call()
    {
        var change = Epoch.AddDays(10);
        PriceRow old = Row(PriceComponent.Input, "1", validTo: change), now = Row(PriceComponent.Input, "3", validFrom: change), output = Row(PriceComponent.Output, "5");
        var book = new PriceBook([old, now, output]);

        Assert.Null(book.At(Upstream, Currency.USD, Epoch.AddTicks(-1)));
        Assert.Equal([old, output], book.At(Upstream, Currency.USD, Epoch)!.Rows);
        Assert.Equal([old, output], book.At(Upstream, Currency.USD, change.AddTicks(-1))!.Rows);
        Assert.Equal([now, output], book.At(Upstream, Currency.USD, change)!.Rows);
    }

    [Fact]
    public void What_was_agreed_with_a_customer_goes_before_the_list_price_for_them_alone_and_for_as_long_as_it_holds()
    {
        var (customer, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        PriceRow input = Row(PriceComponent.Input, "4"), output = Row(PriceComponent.Output, "8"), longer = Row(PriceComponent.Input, "6", from: 1_000);
        PriceRow nightly = Of(Row(PriceComponent.Input, "2"), null, "UTC mon-sun 00:00-06:00"), agreed = Of(Row(PriceComponent.Input, "3", validTo: Epoch.AddDays(10)), customer);
        var book = new PriceBook([input, output, longer, nightly, agreed]);

        Assert.Equal("0.0003", Cost(customer, Epoch.AddHours(12), 100));
        Assert.Equal("0.0004", Cost(other, Epoch.AddHours(12), 100));
        Assert.Equal("0.0004", Cost(null, Epoch.AddHours(12), 100));
        // Agreed without hours, it holds in all of them; the tier that was not agreed stays the list's.
        Assert.Equal("0.0003", Cost(customer, Epoch.AddHours(1), 100));
        Assert.Equal("0.0002", Cost(other, Epoch.AddHours(1), 100));
        Assert.Equal("0.006", Cost(customer, Epoch.AddHours(12), 1_000));
        Assert.Equal("0.0004", Cost(customer, Epoch.AddDays(10).AddHours(12), 100));
        Assert.Equal([customer], book.Customers);

        string Cost(Guid? whose, DateTimeOffset at, long tokens) => book.At(Upstream, Currency.USD, at, customer: whose)!.Price(new TokenUsage(tokens)).Cost.ToDecimalString();

        static PriceRow Of(PriceRow row, Guid? whose, string hours = "") => new()
        {
            Id = row.Id,
            UpstreamId = row.UpstreamId,
            Component = row.Component,
            Currency = row.Currency,
            NanosPerMillion = row.NanosPerMillion,
            ValidFrom = row.ValidFrom,
            ValidTo = row.ValidTo,
            Source = row.Source,
            Hours = hours,
            CustomerId = whose,
        };
    }

    [Fact]
    public void What_has_no_price_is_not_usable_rather_than_free()
    {
        PriceRow input = Row(PriceComponent.Input, "1"), output = Row(PriceComponent.Output, "1"), onlyLong = Row(PriceComponent.Input, "1", from: 1_000);

        Assert.Null(new PriceBook([]).At(Upstream, Currency.USD, Epoch));
        Assert.Null(new PriceBook([input]).At(Upstream, Currency.USD, Epoch));
        Assert.Null(new PriceBook([onlyLong, output]).At(Upstream, Currency.USD, Epoch));
        Assert.Null(new PriceBook([input, output]).At(Upstream, Currency.CNY, Epoch));
        Assert.Null(new PriceBook([input, output]).At(Guid.CreateVersion7(), Currency.USD, Epoch));
        Assert.Equal(Currency.USD, new PriceBook([input, output]).At(Upstream, Currency.USD, Epoch)!.Currency);
        Assert.Throws<InvalidOperationException>(() => new PriceList(Currency.USD, [input]).Price(new TokenUsage(0, OutputText: 1)));
    }

    [Fact]
    public void Images_seconds_characters_and_searches_are_priced_each_and_summed_with_tokens()
    {
        var prices = new PriceBook([Row(PriceComponent.Input, "5"), Row(PriceComponent.Image, Money.Of(40_000, Currency.USD).Nanos), Row(PriceComponent.Character, "15")])
            .At(Upstream, Currency.USD, Epoch, ModelKind.Image)!;

        var charge = prices.Price(new Consumption(new TokenUsage(1_000), new UnitUsage(Images: 3, Characters: 7)));

        Assert.Equal("0.125105", charge.Cost.ToDecimalString());
        Assert.Equal(Rows(prices, PriceComponent.Input, PriceComponent.Image, PriceComponent.Character), charge.PriceRows);
    }

    [Fact]
    public void What_is_counted_in_two_ways_is_charged_in_the_priced_one()
    {
        var used = new Consumption(new TokenUsage(1_000_000, ImageOut: 1_000_000), new UnitUsage(Images: 1, SearchUnits: 1));

        var byImage = new PriceBook([Row(PriceComponent.Image, Money.Of(40_000, Currency.USD).Nanos)]).At(Upstream, Currency.USD, Epoch, ModelKind.Image)!;
        Assert.Equal("0.04", byImage.Price(used).Cost.ToDecimalString());

        var byTokens = new PriceBook([Row(PriceComponent.Input, "5"), Row(PriceComponent.Output, "10"), Row(PriceComponent.ImageOut, "40")]).At(Upstream, Currency.USD, Epoch, ModelKind.Image)!;
        Assert.Equal("45", byTokens.Price(used).Cost.ToDecimalString());
    }

    [Theory]
    [InlineData(ModelKind.Chat, new[] { PriceComponent.Input, PriceComponent.Output })]
    [InlineData(ModelKind.Embedding, new[] { PriceComponent.Input })]
    [InlineData(ModelKind.Moderation, new[] { PriceComponent.Input })]
    [InlineData(ModelKind.Image, new[] { PriceComponent.Image })]
    [InlineData(ModelKind.Image, new[] { PriceComponent.Input, PriceComponent.Output })]
    [InlineData(ModelKind.Speech, new[] { PriceComponent.Character })]
    [InlineData(ModelKind.Speech, new[] { PriceComponent.Input, PriceComponent.Output })]
    [InlineData(ModelKind.Transcription, new[] { PriceComponent.Second })]
    [InlineData(ModelKind.Transcription, new[] { PriceComponent.Input, PriceComponent.Output })]
    [InlineData(ModelKind.Rerank, new[] { PriceComponent.SearchUnit })]
    [InlineData(ModelKind.Rerank, new[] { PriceComponent.Input })]
    public void A_model_is_usable_when_one_way_of_counting_its_calls_is_wholly_priced(ModelKind kind, PriceComponent[] needed)
    {
        var rows = needed.Select(component => Row(component, 1)).ToList();

        Assert.NotNull(new PriceBook(rows).At(Upstream, Currency.USD, Epoch, kind));
        Assert.All(rows, missing => Assert.Null(new PriceBook(rows.Where(row => row != missing)).At(Upstream, Currency.USD, Epoch, kind)));
    }

    [Fact]
    public void What_is_not_counted_in_tokens_has_weights_of_its_own()
    {
        var weights = new Weights(1_000, 1_000, 1_000, Image: 1_000_000, Second: 20_000, Character: 250, SearchUnit: 500_000);

        Assert.Equal(10 + 2_000 + 60 + 1 + 500, weights.PlanTokens(new Consumption(new TokenUsage(10), new UnitUsage(2, 3, 1, 1))));
        Assert.Equal(0, Weights.One.PlanTokens(new Consumption(default, new UnitUsage(2, 3, 1, 1))));
    }

    [Property(MaxTest = 500)]
    public Property Rounding_loses_at_most_half_a_nano_and_a_longer_call_never_costs_less() => Prop.ForAll(Usages(), Prices(), Usages(), (usage, nanos, more) =>
    {
        var prices = new PriceList(Currency.USD, [Row(PriceComponent.Input, nanos.Input), Row(PriceComponent.Output, nanos.Output)]);

        var exact = ((BigInteger)usage.Input * nanos.Input) + ((BigInteger)usage.Output * nanos.Output);
        var cost = prices.Price(usage).Cost;
        Assert.True(BigInteger.Abs(exact - ((BigInteger)cost.Nanos * 1_000_000)) <= 500_000);

        var longer = new TokenUsage(usage.InputUncached + more.Input, usage.CacheRead, OutputText: usage.OutputText + more.Output, OutputReasoning: usage.OutputReasoning);
        Assert.True(prices.Price(longer).Cost >= cost);
        Assert.Equal(cost, prices.Price(usage).Cost);
    });

    [Property(MaxTest = 500)]
    public Property Weighted_tokens_are_rounded_up_once() => Prop.ForAll(Usages(), Gen.Choose(0, 20_000).Three().ToArbitrary(), (usage, weights) =>
    {
        var (input, cached, output) = weights;
        var exact = ((usage.Input - usage.CacheRead) * (decimal)input) + (usage.CacheRead * (decimal)cached) + (usage.Output * (decimal)output);

        Assert.Equal((long)decimal.Ceiling(exact / 1000), new Weights(input, cached, output).PlanTokens(usage));
        Assert.Equal(usage.Total, Weights.One.PlanTokens(usage));
    });

    private static Arbitrary<TokenUsage> Usages() =>
        (from input in Gen.Choose(0, 2_000_000)
         from cached in Gen.Choose(0, 2_000_000)
         from output in Gen.Choose(0, 500_000)
         from reasoning in Gen.Choose(0, 500_000)
         select new TokenUsage(input, cached, OutputText: output, OutputReasoning: reasoning)).ToArbitrary();

    private static Arbitrary<(long Input, long Output)> Prices() =>
        (from input in Gen.Choose(0, int.MaxValue)
         from output in Gen.Choose(0, int.MaxValue)
         select ((long)input * 50, (long)output * 50)).ToArbitrary();

    private static PriceList List(params IReadOnlyList<PriceRow> rows) => new PriceBook(rows).At(Upstream, Currency.USD, Epoch)!;

    private static IEnumerable<Guid> Rows(PriceList prices, params PriceComponent[] components) => components.Select(component => prices.Row(component).Id);

    private static PriceRow Row(PriceComponent component, string perMillion, long from = 0, DateTimeOffset? validFrom = null, DateTimeOffset? validTo = null) =>
        Row(component, Money.TryParse(perMillion, Currency.USD, out var price) ? price.Nanos : throw new FormatException(), from, validFrom, validTo);

    private static PriceRow Row(PriceComponent component, long nanosPerMillion, long from = 0, DateTimeOffset? validFrom = null, DateTimeOffset? validTo = null) => new()
    {
        Id = Guid.CreateVersion7(),
        UpstreamId = Upstream,
        Component = component,
        Currency = Currency.USD,
        NanosPerMillion = nanosPerMillion,
        MinPromptTokens = from,
        ValidFrom = validFrom ?? Epoch,
        ValidTo = validTo,
        Source = "test",
    };
}
