using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Tests.Catalog;

public sealed class CatalogImportTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly DateTimeOffset Later = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_shipped_catalogue_imported_again_changes_nothing()
    {
        await using var db = database.OpenAsAdmin();
        Assert.Equal(new Imported(0, 0, 0, 0, 0), await db.ImportCatalogAsync(CatalogData.Shipped(), Later, default));
    }

    [Fact]
    public async Task Every_shipped_upstream_can_be_charged_in_every_currency_or_in_none()
    {
        await using var db = database.Open();
        var book = new PriceBook(await db.Prices.AsNoTracking().ToListAsync());
        var kinds = await db.Models.ToDictionaryAsync(model => model.Id, model => model.Kind);
        var upstreams = await db.Upstreams.AsNoTracking().Where(upstream => !upstream.VendorId.StartsWith("test-")).ToListAsync();
        var priced = 0;

        Assert.All(upstreams, upstream =>
        {
            var lists = Enum.GetValues<Currency>().Select(currency => book.At(upstream.Id, currency, Later, kinds[upstream.ModelId])).ToList();
            Assert.True(lists.TrueForAll(list => list is null) || lists.TrueForAll(list => list is not null), upstream.VendorModel);
            if (lists is [{ } first, ..])
            {
                priced++;
                var used = kinds[upstream.ModelId] switch
                {
                    ModelKind.Embedding or ModelKind.Rerank => new Consumption(new TokenUsage(1_000_000), new UnitUsage(SearchUnits: 1)),
                    _ => new Consumption(new TokenUsage(1_000_000, OutputText: 1_000_000), new UnitUsage(1, 1, 1_000_000, 1)),
                };

                // OpenAI takes nothing for moderation, and says so: a price of zero is a price.
                Assert.All(lists, list => Assert.True(kinds[upstream.ModelId] == ModelKind.Moderation || list!.Price(used).Cost.Nanos > 0, upstream.VendorModel));
                Assert.All(first.Rows, row => Assert.NotEmpty(row.Source));
            }
        });
        Assert.True(priced >= 30, $"{priced} are priced.");
    }

    [Fact]
    public async Task A_price_known_in_one_currency_is_never_less_in_the_other()
    {
        await using var db = database.Open();
        var rows = await db.Prices.AsNoTracking().Where(row => row.ValidTo == null && row.Source.Contains("CNY/USD")).ToListAsync();
        var all = (await db.Prices.AsNoTracking().Where(row => row.ValidTo == null).ToListAsync()).ToDictionary(row => row.Slot);

        Assert.NotEmpty(rows);
        Assert.All(rows, row =>
        {
            var other = all[row.Slot with { Currency = row.Currency == Currency.USD ? Currency.CNY : Currency.USD }];
            var (usd, cny) = row.Currency == Currency.USD ? (row, other) : (other, row);
            Assert.InRange((decimal)cny.NanosPerMillion - usd.NanosPerMillion * 7.1m, row == usd ? -1_000_000m : 0m, row == usd ? 0m : 100_000m);
        });
    }

    [Fact]
    public async Task DeepSeek_is_dearer_in_the_working_hours_of_Beijing_but_not_on_a_holiday()
    {
        await using var db = database.Open();
        var book = new PriceBook(await db.Prices.AsNoTracking().ToListAsync(), new Holidays(await db.Holidays.AsNoTracking().ToListAsync()));
        var upstream = await db.Upstreams.SingleAsync(row => row.VendorId == "deepseek" && row.ModelId == "deepseek/deepseek-flash");

        Assert.Equal(8, Output("2026-11-23T09:00:00+08:00")); // a Monday
        Assert.Equal(4, Output("2026-11-23T12:00:00+08:00"));
        Assert.Equal(8, Output("2026-11-23T17:59:59+08:00"));
        Assert.Equal(4, Output("2026-11-22T10:00:00+08:00")); // a Sunday
        Assert.Equal(4, Output("2026-10-01T10:00:00+08:00")); // a Thursday, and National Day

        long Output(string at)
        {
            var prices = book.At(upstream.Id, Currency.CNY, DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture))!;
            return prices.Price(new TokenUsage(0, OutputText: 1_000_000)).Cost.Nanos / Money.NanosPerUnit;
        }
    }

    [Fact]
    public async Task An_import_nobody_answers_for_proposes_what_it_would_change()
    {
        await using var db = database.OpenAsAdmin();
        await db.ImportCatalogAsync(Catalog("acme/proposed", "1", "2"), Later, default);
        var dearer = Catalog("acme/proposed", "1", "3") with { Proposes = true };

        Assert.Equal(new Imported(0, 0, 0, 0, 0, PricesProposed: 1), await db.ImportCatalogAsync(dearer, Later.AddDays(1), default));
        Assert.Equal(new Imported(0, 0, 0, 0, 0), await db.ImportCatalogAsync(dearer, Later.AddDays(2), default));

        var proposal = await db.PriceProposals.AsNoTracking().SingleAsync(row => db.Upstreams.Any(upstream => upstream.Id == row.UpstreamId && upstream.ModelId == "acme/proposed"));
        Assert.Equal((PriceComponent.Output, 3 * Money.NanosPerUnit, ProposalStatus.Pending, "test"), (proposal.Component, proposal.NanosPerMillion, proposal.Status, proposal.Source));
    }

    [Fact]
    public async Task What_an_operator_manages_is_left_alone()
    {
        await using var db = database.OpenAsAdmin();
        var data = Catalog("acme/managed", "1", "2");
        await db.ImportCatalogAsync(data, Later, default);
        await db.Vendors.Where(row => row.Id == Vendor("acme/managed")).ExecuteUpdateAsync(set => set.SetProperty(row => row.BaseUrl, "https://mine.test/v1").SetProperty(row => row.Managed, true));

        Assert.Equal(new Imported(0, 0, 0, 0, 0), await db.ImportCatalogAsync(data, Later.AddDays(1), default));
        Assert.Equal("https://mine.test/v1", (await db.Vendors.AsNoTracking().SingleAsync(row => row.Id == Vendor("acme/managed"))).BaseUrl);
    }

    [Fact]
    public async Task The_shipped_catalogue_knows_the_vendors_and_the_simulator()
    {
        await using var db = database.Open();
        var vendors = await db.Vendors.AsNoTracking().Where(vendor => !vendor.Id.StartsWith("test-")).ToDictionaryAsync(vendor => vendor.Id);

        Assert.True(vendors.Count > 20);
        Assert.Equal(["ollama", "sim", "sim-anthropic", "sim-azure", "sim-gemini", "sim-refused", "sim-responses", "vllm"], vendors.Values.Where(vendor => vendor.KeyVariable is null).Select(vendor => vendor.Id).Order());
        Assert.True(await db.Models.CountAsync(model => !model.Id.StartsWith("sim/") && !model.Id.StartsWith("acme/")) >= 60);
        Assert.Equal("openai/gpt-6-sol", (await db.Models.SingleAsync(model => model.Aliases.Contains("~openai/gpt-latest"))).Id);
        Assert.Equal(("https://api.deepseek.com", "DEEPSEEK_API_KEY"), (vendors["deepseek"].BaseUrl, vendors["deepseek"].KeyVariable));
        Assert.Equal("max_completion_tokens", vendors["openai"].Quirks["output_limit"]);
        Assert.Equal(
            [
                "sim/busy", "sim/dies", "sim/echo", "sim/embed", "sim/image", "sim/lorem", "sim/moderate", "sim/reasoning", "sim/rerank", "sim/slow", "sim/speech", "sim/tools",
                "sim/transcribe",
            ],
            await db.Upstreams.Where(upstream => upstream.VendorId == "sim").OrderBy(upstream => upstream.ModelId).Select(upstream => upstream.ModelId).ToListAsync());
        Assert.All(await db.Prices.ToListAsync(), price => Assert.NotEmpty(price.Source));
        Assert.Equal("openai/gpt-5.5", (await db.Models.SingleAsync(model => model.Aliases.Contains("gpt-5.5"))).Id);
    }

    [Fact]
    public async Task A_changed_price_ends_the_old_row_and_begins_another()
    {
        await using var db = database.OpenAsAdmin();
        var data = Catalog("acme/one", "1", "2");
        Assert.Equal(new Imported(1, 1, 1, 2, 0), await db.ImportCatalogAsync(data, Later, default));
        Assert.Equal(new Imported(0, 0, 0, 1, 1), await db.ImportCatalogAsync(Catalog("acme/one", "1", "3"), Later.AddDays(1), default));

        var rows = await db.Prices.Where(row => db.Upstreams.Any(upstream => upstream.Id == row.UpstreamId && upstream.ModelId == "acme/one")).AsNoTracking().ToListAsync();
        Assert.Equal(
            [(1, Later, null), (2, Later, Later.AddDays(1)), (3, Later.AddDays(1), null)],
            rows.OrderBy(row => row.NanosPerMillion).Select(row => (row.NanosPerMillion / Money.NanosPerUnit, row.ValidFrom, row.ValidTo)));
        Assert.Equal("3", new PriceBook(rows).At(rows[0].UpstreamId, Currency.USD, Later.AddDays(2))!.Price(new TokenUsage(0, OutputText: 1_000_000)).Cost.ToDecimalString());
        Assert.Equal("2", new PriceBook(rows).At(rows[0].UpstreamId, Currency.USD, Later.AddHours(2))!.Price(new TokenUsage(0, OutputText: 1_000_000)).Cost.ToDecimalString());
    }

    [Fact]
    public async Task A_price_somebody_approved_is_theirs()
    {
        await using var db = database.OpenAsAdmin();
        await db.ImportCatalogAsync(Catalog("acme/approved", "1", "2"), Later, default);
        await db.Prices.Where(row => row.Component == PriceComponent.Input && db.Upstreams.Any(upstream => upstream.Id == row.UpstreamId && upstream.ModelId == "acme/approved"))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ApprovedBy, "finance"));

        Assert.Equal(new Imported(0, 0, 0, 1, 1), await db.ImportCatalogAsync(Catalog("acme/approved", "9", "9"), Later.AddDays(1), default));
    }

    [Fact]
    public async Task Facts_of_vendors_and_models_follow_the_data_and_switches_stay_the_operator_s()
    {
        await using var db = database.OpenAsAdmin();
        var data = Catalog("acme/facts", "1", "2");
        await db.ImportCatalogAsync(data, Later, default);
        await db.Models.Where(model => model.Id == "acme/facts").ExecuteUpdateAsync(set => set.SetProperty(model => model.Enabled, false));

        var changed = data with { Models = [data.Models[0] with { Name = "Facts 2", Aliases = ["facts-2"], Weights = new(500, 100, 2_000) }] };
        Assert.Equal(new Imported(0, 1, 0, 0, 0), await db.ImportCatalogAsync(changed, Later, default));

        var model = await db.Models.AsNoTracking().SingleAsync(row => row.Id == "acme/facts");
        Assert.Equal(("Facts 2", false, new Weights(500, 100, 2_000)), (model.Name, model.Enabled, model.Weights));
        Assert.Equal(["facts-2"], model.Aliases);
    }

    [Theory]
    [InlineData("nonsense", "1", "https://acme.test", "author/slug")]
    [InlineData("acme/x", "one", "https://acme.test", "Input")]
    [InlineData("acme/x", "-1", "https://acme.test", "Input")]
    [InlineData("acme/x", "0.0000000001", "https://acme.test", "Input")]
    [InlineData("acme/x", "1", "ftp://acme.test", "ftp://acme.test")]
    public async Task Data_that_cannot_be_a_catalogue_is_refused_with_its_reason(string id, string price, string url, string reason)
    {
        await using var db = database.OpenAsAdmin();
        var data = Catalog(id, price, "1") with { Vendors = [new(Vendor(id), "Acme", url, "openai", null)] };
        Assert.Contains(reason, (await Assert.ThrowsAsync<CatalogException>(() => db.ImportCatalogAsync(data, Later, default))).Message);
    }

    [Fact]
    public async Task A_name_means_one_model_and_a_vendor_must_exist()
    {
        await using var db = database.OpenAsAdmin();
        var data = Catalog("acme/named", "1", "1");

        var taken = data with { Models = [data.Models[0] with { Aliases = ["gpt-5.5"] }] };
        Assert.Contains("gpt-5.5", (await Assert.ThrowsAsync<CatalogException>(() => db.ImportCatalogAsync(taken, Later, default))).Message);
        db.ChangeTracker.Clear();

        var orphan = data with { Vendors = [], Models = [data.Models[0] with { Upstreams = [data.Models[0].Upstreams[0] with { Vendor = "nobody" }] }] };
        Assert.Contains("nobody", (await Assert.ThrowsAsync<CatalogException>(() => db.ImportCatalogAsync(orphan, Later, default))).Message);
    }

    [Fact]
    public async Task A_price_row_only_ever_gets_an_end()
    {
        await using var db = database.OpenAsAdmin();
        await db.ImportCatalogAsync(Catalog("acme/fixed", "1", "2"), Later, default);
        var row = await db.Prices.AsNoTracking().FirstAsync(price => db.Upstreams.Any(upstream => upstream.Id == price.UpstreamId && upstream.ModelId == "acme/fixed"));

        await RefusedAsync("23001", $"update prices set nanos_per_million = 5 where id = '{row.Id}' returning id");
        await RefusedAsync("23001", $"delete from prices where id = '{row.Id}' returning id");
        await RefusedAsync("23P01", $"""
            insert into prices (id, upstream_id, component, currency, nanos_per_million, min_prompt_tokens, service_tier, hours, valid_from, valid_to, source)
            select gen_random_uuid(), upstream_id, component, currency, 7, 0, '', '', '2027-01-01', '2027-02-01', 'x' from prices where id = '{row.Id}' returning id
            """);
        Assert.Equal(row.Id, await database.AsAdminAsync<Guid>($"update prices set valid_to = '2026-07-01' where id = '{row.Id}' returning id"));
        await RefusedAsync("23001", $"update prices set valid_to = '2026-08-01' where id = '{row.Id}' returning id");
    }

    private async Task RefusedAsync(string state, string sql) =>
        Assert.Equal(state, (await Assert.ThrowsAsync<PostgresException>(() => database.AsAdminAsync<Guid>(sql))).SqlState);

    // A vendor for each test, told from the shipped ones by its name.
    private static string Vendor(string model) => $"test-{model.Replace('/', '-')}";

    private static CatalogData Catalog(string id, string input, string output) => new(
        "test",
        [new(Vendor(id), "Acme", "https://acme.test/v1", "openai", "ACME_API_KEY")],
        [
            new(id, "One", [], 1_000, 100, ["text"], ["text"],
                [new(Vendor(id), id, new Dictionary<Currency, IReadOnlyList<CatalogData.PriceEntry>> { [Currency.USD] = [new(input, output)] })]),
        ]);
}
