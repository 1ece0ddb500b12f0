using System.Numerics;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace AiHub.Tests.Catalog;

public sealed class DiscountTests
{
    private static readonly Guid Upstream = Guid.CreateVersion7();
    private static readonly Guid Customer = Guid.CreateVersion7();
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_most_specific_discount_holds_and_only_while_it_is_valid()
    {
        PriceDiscount all = Off(100), vendor = Off(200, vendor: "acme"), family = Off(300, model: "acme/*"), small = Off(400, model: "acme/tiny*"), both = Off(500, "acme", "acme/tiny*");
        PriceDiscount exact = Off(600, model: "acme/tiny"), later = Off(700, "acme", "acme/tiny", Epoch.AddDays(1), Epoch.AddDays(2));
        PriceDiscount[] agreed = [all, vendor, family, small, both, exact, later];

        Assert.Equal(100, Of("other", "other/one"));
        Assert.Equal(200, Of("acme", "other/one"));
        Assert.Equal(300, Of("other", "acme/huge"));
        Assert.Equal(300, Of("acme", "acme/huge"));
        Assert.Equal(400, Of("other", "acme/tiny-2"));
        Assert.Equal(500, Of("acme", "acme/tiny-2"));
        Assert.Equal(600, Of("acme", "acme/tiny"));
        Assert.Equal(700, Of("acme", "acme/tiny", Epoch.AddDays(1)));
        Assert.Equal(600, Of("acme", "acme/tiny", Epoch.AddDays(2)));
        Assert.Null(PriceDiscount.Of([vendor, family, exact], "other", "other/acme/tiny", Epoch));

        int Of(string by, string what, DateTimeOffset? at = null) => PriceDiscount.Of(agreed, by, what, at ?? Epoch)!.BasisPoints;
    }

    [Fact]
    public void A_price_that_was_agreed_by_itself_is_not_discounted_and_the_rest_of_the_call_is()
    {
        var input = Row(PriceComponent.Input, 4_000_000_000);
        var output = Row(PriceComponent.Output, 8_000_000_000);
        var discount = Off(2_500);
        var usage = new TokenUsage(1_000_000, OutputText: 1_000_000);

        var whole = Prices([input, output], discount).Price(usage);
        Assert.Equal(("9", input.Id, output.Id, discount.Id), (whole.Cost.ToDecimalString(), whole.PriceRows[0], whole.PriceRows[1], whole.PriceRows[2]));

        var agreed = Row(PriceComponent.Input, 3_500_000_000, customer: Customer);
        Assert.Equal("9.5", Prices([input, output, agreed], discount).Price(usage).Cost.ToDecimalString());
        Assert.Equal([agreed.Id], Prices([input, output, agreed], discount).Price(new TokenUsage(1_000_000)).PriceRows);
        Assert.Equal("0", Prices([input, output], Off(PriceDiscount.Whole)).Price(usage).Cost.ToDecimalString());
        Assert.Equal(3_000_000_000, Prices([input, output], discount).Asked(input));
    }

    [Property(MaxTest = 1_000)]
    public Property A_charge_is_the_public_lines_less_the_discount_rounded_once_in_every_tier_cache_and_hour() => Prop.ForAll(
        Gen.Choose(1, PriceDiscount.Whole).ToArbitrary(),
        Gen.Choose(0, int.MaxValue).ArrayOf(7).ToArbitrary(),
        (from amounts in Gen.Choose(0, 500_000).ArrayOf(5)
         from hour in Gen.Choose(0, 23)
         from own in Gen.Choose(0, 3)
         select (amounts, hour, own)).ToArbitrary(),
        (points, nanos, call) =>
        {
            List<PriceRow> list =
            [
                Row(PriceComponent.Input, nanos[0]), Row(PriceComponent.Input, nanos[1], from: 400_000), Row(PriceComponent.CacheRead, nanos[2]), Row(PriceComponent.CacheWrite5m, nanos[3]),
                Row(PriceComponent.Output, nanos[4]), Row(PriceComponent.Output, nanos[5], hours: "UTC mon-sun 00:00-06:00"),
            ];
            // Sometimes a component was agreed by itself.
            PriceRow[] agreed = call.own == 0 ? [Row(PriceComponent.CacheRead, nanos[6], customer: Customer)] : [];
            var usage = new TokenUsage(call.amounts[0], call.amounts[1], call.amounts[2], OutputText: call.amounts[3], OutputReasoning: call.amounts[4]);
            var at = Epoch.AddHours(call.hour);

            var lines = ChargeLine.Of(new Consumption(usage), Currency.USD, new PriceBook([.. list, .. agreed]).At(Upstream, Currency.USD, at, customer: Customer)!.Rows);
            var exact = lines.Aggregate(
                BigInteger.Zero, (sum, line) => sum + ((BigInteger)line.Quantity * line.Price.NanosPerMillion * (line.Price.CustomerId is null ? PriceDiscount.Whole - points : PriceDiscount.Whole)));
            var (whole, rest) = BigInteger.DivRem(exact, PriceList.Parts);
            var rounded = whole + (rest * 2 > PriceList.Parts || (rest * 2 == PriceList.Parts && !whole.IsEven) ? 1 : 0);

            var discount = Off(points);
            var prices = new PriceBook([.. list, .. agreed]).At(Upstream, Currency.USD, at, customer: Customer, discount: discount)!;
            var charge = prices.Price(usage);
            Assert.Equal(rounded, charge.Cost.Nanos);
            Assert.True(charge.Cost.Nanos >= 0);

            // What the record names is enough to take it apart again.
            var named = ChargeLine.Of(new Consumption(usage), Currency.USD, [.. list.Concat(agreed).Where(row => charge.PriceRows.Contains(row.Id))], charge.PriceRows.Contains(discount.Id) ? discount : null);
            Assert.Equal((Int128)exact, ChargeLine.Sum(named));
        });

    private static PriceList Prices(IReadOnlyList<PriceRow> rows, PriceDiscount discount) => new PriceBook(rows).At(Upstream, Currency.USD, Epoch, customer: Customer, discount: discount)!;

    private static PriceDiscount Off(int points, string vendor = "", string model = "", DateTimeOffset? from = null, DateTimeOffset? to = null) => new()
    {
        Id = Guid.CreateVersion7(),
        CustomerId = Customer,
        VendorId = vendor,
        ModelPattern = model,
        BasisPoints = points,
        ValidFrom = from ?? Epoch,
        ValidTo = to,
        Source = "test",
    };

    private static PriceRow Row(PriceComponent component, long nanos, long from = 0, string hours = "", Guid? customer = null) => new()
    {
        Id = Guid.CreateVersion7(),
        UpstreamId = Upstream,
        Component = component,
        Currency = Currency.USD,
        NanosPerMillion = nanos,
        MinPromptTokens = from,
        Hours = hours,
        CustomerId = customer,
        ValidFrom = Epoch,
        Source = "test",
    };
}
