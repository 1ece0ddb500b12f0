using System.Globalization;
using System.Numerics;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Tests.Management;

public sealed class UsageTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Sums_are_exact_over_many_records_and_every_view_says_the_same()
    {
        var person = await hub.RegisterAsync(currency: "CNY", timeZone: "UTC");
        var random = new Random(20260310);
        var records = Enumerable.Range(0, 1500).Select(i => Record(person, Noon.AddMinutes(-i * 17), record =>
        {
            record.Tokens = new TokenUsage(random.NextInt64(100_000), random.NextInt64(100_000), random.Next(50), random.Next(50), random.NextInt64(100_000), random.Next(1000), random.Next(9), random.Next(9), random.Next(9), random.Next(9));
            // Amounts that binary or short decimal fractions would round.
            record.Nanos = random.NextInt64(9_000_000_000_000) + 1;
            record.PlanTokens = random.NextInt64(100_000);
            record.Charged = random.NextInt64(1_000_000);
            record.Model = $"m/{i % 7}";
            record.Vendor = $"v{i % 3}";
            record.Key = Key(i % 5);
            record.Status = (UsageStatus)(i % 3);
        })).ToList();
        await SaveAsync(records);

        var history = await person.ReadAsync<UsageHistory>("usage/history?from=2026-02-01&to=2026-03-10");
        var (byModel, byKey, byVendor) = (await CostAsync("model"), await CostAsync("key"), await CostAsync("vendor"));

        var expected = new UsageGroup(
            "", "", 1500, 500,
            new TokensView(records.Sum(r => r.Tokens.Input), records.Sum(r => r.Tokens.Output), records.Sum(r => r.Tokens.CacheRead), records.Sum(r => r.Tokens.OutputReasoning), records.Sum(r => r.Tokens.Total)),
            records.Sum(r => r.PlanTokens),
            Amount(records.Select(r => r.Cost.Nanos)),
            Amount(records.Select(r => r.ChargedNanos)));
        Assert.All([byModel, byKey, byVendor], cost => Assert.Equal(expected, cost.Total));
        Assert.Equal((7, 5, 3), (byModel.Groups.Count, byKey.Groups.Count, byVendor.Groups.Count));
        Assert.Equal(expected.Cost, Amount(byModel.Groups.Select(group => Nanos(group.Cost))));
        Assert.Equal(expected.Cost, Amount(history.Days.Select(day => Nanos(day.Cost))));
        Assert.Equal((expected.Requests, expected.Failed, expected.PlanTokens), (history.Days.Sum(d => d.Requests), history.Days.Sum(d => d.Failed), history.Days.Sum(d => d.PlanTokens)));
        Assert.Equal(expected.Tokens.Total, history.Days.Sum(day => day.Tokens.Total));
        Assert.Equal(byModel.Groups.OrderByDescending(group => Nanos(group.Cost)), byModel.Groups);

        var seen = new List<UsageRequest>();
        string? cursor = null;
        do
        {
            var page = await person.ReadAsync<Page<UsageRequest>>($"usage/requests?limit=100{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.Data);
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(records.OrderByDescending(r => r.OccurredAt).ThenByDescending(r => r.Id).Select(r => r.Id), seen.Select(r => r.Id));
        Assert.Equal(expected.Cost, Amount(seen.Select(r => Nanos(r.Cost))));

        async Task<UsageCost> CostAsync(string by) => await person.ReadAsync<UsageCost>($"usage/cost?by={by}&from=2026-02-01&to=2026-03-10");
    }

    [Fact]
    public async Task Sums_beyond_what_a_floating_point_number_holds_are_still_exact()
    {
        var person = await hub.RegisterAsync();
        await SaveAsync([
            Record(person, Noon, record => record.Nanos = 9_007_199_254_740_993),
            Record(person, Noon, record => record.Nanos = 9_007_199_254_740_993),
            Record(person, Noon, record => record.Nanos = 1),
        ]);

        var cost = await person.ReadAsync<UsageCost>("usage/cost?from=2026-03-10&to=2026-03-10");

        Assert.Equal("18014398.509481987", cost.Total.Cost);
    }

    [Fact]
    public async Task A_day_is_a_day_where_the_organization_is()
    {
        var person = await hub.RegisterAsync(currency: "CNY", timeZone: "Asia/Shanghai");
        await SaveAsync([
            Record(person, new DateTimeOffset(2026, 3, 9, 15, 59, 59, TimeSpan.Zero), record => record.Nanos = 1),
            Record(person, new DateTimeOffset(2026, 3, 9, 16, 0, 0, TimeSpan.Zero), record => record.Nanos = 10),
            Record(person, new DateTimeOffset(2026, 3, 10, 15, 59, 59, TimeSpan.Zero), record => record.Nanos = 100),
            Record(person, new DateTimeOffset(2026, 3, 10, 16, 0, 0, TimeSpan.Zero), record => record.Nanos = 1000),
        ]);

        var history = await person.ReadAsync<UsageHistory>("usage/history?from=2026-03-09&to=2026-03-12");

        Assert.Equal(("Asia/Shanghai", "CNY"), (history.TimeZone, history.Currency));
        Assert.Equal(
            [("2026-03-09", "0.000000001"), ("2026-03-10", "0.00000011"), ("2026-03-11", "0.000001"), ("2026-03-12", "0")],
            history.Days.Select(day => (day.Date.ToString("O", CultureInfo.InvariantCulture), day.Cost)));
        Assert.Equal("0.00000011", (await person.ReadAsync<UsageCost>("usage/cost?from=2026-03-10&to=2026-03-10")).Total.Cost);
        Assert.Equal(["0.0000001", "0.00000001"], (await person.ReadAsync<Page<UsageRequest>>("usage/requests?from=2026-03-10&to=2026-03-10")).Data.Select(request => request.Cost));
    }

    [Fact]
    public async Task A_day_of_twenty_three_hours_is_still_one_day()
    {
        var person = await hub.RegisterAsync(timeZone: "America/New_York");
        await SaveAsync([
            Record(person, new DateTimeOffset(2026, 3, 8, 4, 59, 59, TimeSpan.Zero)),
            Record(person, new DateTimeOffset(2026, 3, 8, 5, 0, 0, TimeSpan.Zero)),
            Record(person, new DateTimeOffset(2026, 3, 9, 3, 59, 59, TimeSpan.Zero)),
            Record(person, new DateTimeOffset(2026, 3, 9, 4, 0, 0, TimeSpan.Zero)),
        ]);

        var history = await person.ReadAsync<UsageHistory>("usage/history?from=2026-03-07&to=2026-03-09");

        Assert.Equal([1L, 2L, 1L], history.Days.Select(day => day.Requests));
    }

    [Fact]
    public async Task Without_a_range_the_last_thirty_days_are_meant()
    {
        var person = await hub.RegisterAsync(timeZone: "UTC");

        var history = await person.ReadAsync<UsageHistory>("usage/history");

        var today = DateOnly.FromDateTime(hub.Clock.GetUtcNow().UtcDateTime);
        Assert.Equal((today.AddDays(-29), today, 30), (history.From, history.To, history.Days.Count));
        Assert.All(history.Days, day => Assert.Equal(new UsageDay(day.Date, 0, 0, new TokensView(0, 0, 0, 0, 0), 0, "0", "0"), day));
    }

    [Theory]
    [InlineData("usage/history?from=2026-3-1", "from", "Must be a date such as 2026-01-31.")]
    [InlineData("usage/history?to=yesterday", "to", "Must be a date such as 2026-01-31.")]
    [InlineData("usage/history?from=2026-02-30", "from", "Must be a date such as 2026-01-31.")]
    [InlineData("usage/history?from=2026-03-02&to=2026-03-01", "to", "Must not be before “from”.")]
    [InlineData("usage/history?from=2025-01-01&to=2026-03-01", "from", "A range may have at most 366 days.")]
    [InlineData("usage/history?from=0001-01-01&to=9999-12-31", "from", "A range may have at most 366 days.")]
    [InlineData("usage/cost?by=organization", "by", "Must be one of: model, key, vendor, user, team, tag.")]
    [InlineData("usage/cost?by=1", "by", "Must be one of: model, key, vendor, user, team, tag.")]
    [InlineData("usage/cost?compare=yes", "compare", "Must be one of: true, false.")]
    [InlineData("usage/hours?from=2026-03-01&to=2026-03-08", "from", "A range may have at most 7 days.")]
    [InlineData("usage/requests?status=ok", "status", "Must be one of: succeeded, cancelled, failed.")]
    [InlineData("usage/requests?key_id=7", "key_id", "Must be an id such as 01981c2e-7a10-7c3e-8b5e-0242ac120002.")]
    [InlineData("usage/requests?model=a%00b", "model", "Must not contain control characters.")]
    [InlineData("usage/requests?cursor=x", "cursor", "This is not a cursor of this list; start again without it.")]
    public async Task A_question_that_cannot_be_answered_says_which_part(string path, string field, string message)
    {
        var person = await hub.RegisterAsync();

        var problem = (await person.GetAsync(path)).Is(ProblemKind.InvalidRequest);

        Assert.Equal([KeyValuePair.Create(field, message)], problem.Errors!.Select(error => KeyValuePair.Create(error.Key, Assert.Single(error.Value))));
    }

    [Theory]
    [InlineData("usage/history?from=9999-12-31&to=9999-12-31")]
    [InlineData("usage/history?from=0001-01-01&to=0001-01-01")]
    [InlineData("usage/requests?from=0001-01-01&to=9999-12-31")]
    [InlineData("usage/cost?to=0001-01-02")]
    public async Task The_first_and_the_last_day_there_is_are_days(string path)
    {
        var person = await hub.RegisterAsync(timeZone: "Asia/Shanghai");

        Assert.Equal(System.Net.HttpStatusCode.OK, (await person.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Calls_are_found_by_model_key_outcome_and_day()
    {
        var person = await hub.RegisterAsync(timeZone: "UTC");
        var records = new[]
        {
            Record(person, Noon.AddDays(-1), record => (record.Model, record.Key, record.Status) = ("m/a", Key(1), UsageStatus.Succeeded)),
            Record(person, Noon, record => (record.Model, record.Key, record.Status) = ("m/b", Key(1), UsageStatus.Failed)),
            Record(person, Noon.AddDays(1), record => (record.Model, record.Key, record.Status) = ("m/a", Key(2), UsageStatus.Cancelled)),
        };
        await SaveAsync(records);

        await FindsAsync("model=m/a", [2, 0]);
        await FindsAsync($"key_id={Key(1)}", [1, 0]);
        await FindsAsync("status=failed", [1]);
        await FindsAsync("from=2026-03-10", [2, 1]);
        await FindsAsync("to=2026-03-10", [1, 0]);
        await FindsAsync($"model=m/a&key_id={Key(1)}&status=succeeded&from=2026-03-09&to=2026-03-09", [0]);
        await FindsAsync("model=M/A", []);
        await FindsAsync("model=%25", []);

        async Task FindsAsync(string query, int[] expected)
        {
            var page = await person.ReadAsync<Page<UsageRequest>>($"usage/requests?{query}");
            Assert.Equal(expected, page.Data.Select(found => Array.FindIndex(records, record => record.Id == found.Id)));
        }
    }

    [Fact]
    public async Task Calls_of_the_same_instant_are_listed_once_each()
    {
        var person = await hub.RegisterAsync();
        var records = Enumerable.Range(0, 9).Select(_ => Record(person, Noon)).ToList();
        await SaveAsync(records);

        var seen = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = await person.ReadAsync<Page<UsageRequest>>($"usage/requests?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.Data.Select(request => request.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(9, seen.Count);
        Assert.Equal(records.Select(record => record.Id).Order(), seen.Order());
    }

    [Fact]
    public async Task A_call_shows_everything_there_is_to_know_of_it()
    {
        var person = await hub.RegisterAsync();
        var key = (await person.PostAsync("auth/api-keys", new NewApiKey("build server"))).Read<CreatedApiKey>();
        var record = Record(person, Noon, given =>
        {
            given.Key = key.Id;
            given.Tokens = new TokenUsage(10, 20, 3, 4, 50, 6);
            given.Nanos = 123_456_789;
            given.PlanTokens = 93;
            given.Charged = 1_000_000_000;
        });
        await SaveAsync([record]);

        var found = await person.ReadAsync<UsageRequest>($"usage/requests/{record.Id}");

        Assert.Equal(
            new UsageRequest(
                record.Id, Noon, "m/x", "v", key.Id, "build server", "openai.chat", "succeeded", null, true, "stop", new TokensView(37, 56, 20, 6, 93), "vendor",
                93, 90, "0.123456789", "1", "USD", 1234, 56, null, person.UserId, null, found.Tags, new UnitsView(0, 0, 0, 0)),
            found);
        Assert.Empty(found.Tags);
        Assert.Equal(found, Assert.Single((await person.ReadAsync<Page<UsageRequest>>("usage/requests")).Data) with { Tags = found.Tags });
    }

    [Fact]
    public async Task Nothing_of_it_is_seen_by_another_organization()
    {
        var person = await hub.RegisterAsync(timeZone: "UTC");
        var stranger = await hub.RegisterAsync(timeZone: "UTC");
        var record = Record(person, Noon);
        await SaveAsync([record]);

        (await stranger.GetAsync($"usage/requests/{record.Id}")).Is(ProblemKind.RequestNotFound);
        (await stranger.GetAsync("usage/requests/no-id")).Is(ProblemKind.RequestNotFound);
        Assert.Empty((await stranger.ReadAsync<Page<UsageRequest>>($"usage/requests?key_id={record.KeyId}")).Data);
        Assert.Equal(0, (await stranger.ReadAsync<UsageCost>("usage/cost?from=2026-03-10&to=2026-03-10")).Total.Requests);
        Assert.Equal(0, (await stranger.ReadAsync<UsageHistory>("usage/history?from=2026-03-10&to=2026-03-10")).Days[0].Requests);
        Assert.Equal(1, (await person.ReadAsync<UsageHistory>("usage/history?from=2026-03-10&to=2026-03-10")).Days[0].Requests);
    }

    [Fact]
    public async Task Where_the_organization_stands_is_what_the_ledger_and_the_records_of_the_period_say()
    {
        var person = await hub.RegisterAsync(timeZone: "Asia/Tokyo");
        var period = (await person.ReadAsync<UsageCurrent>("usage/current")).Period!;
        await SaveAsync([
            Record(person, period.StartsAt.AddTicks(-10)),
            Record(person, period.StartsAt, record => (record.Nanos, record.Charged, record.Tokens) = (5, 3, new TokenUsage(1, 2))),
            Record(person, hub.Clock.GetUtcNow(), record => (record.Nanos, record.Charged, record.Tokens) = (7, 4, new TokenUsage(OutputText: 8, InputUncached: 0))),
        ]);
        await hub.Database.AsAdminAsync<int>(
            $"with changed as (update lots set remaining = 9000, held = 250 where organization_id = '{person.OrganizationId}' returning 1) select count(*)::int from changed");

        var usage = await person.ReadAsync<UsageCurrent>("usage/current");

        Assert.Equal(
            new UsageCurrent(
                "free", period, new QuotaView(10_000, 1000, 250, 8750, period.EndsAt), new RateView(10), "USD", "0.000000012", "0.000000007", 2, new TokensView(3, 8, 2, 0, 11)),
            usage);
    }

    [Theory]
    [InlineData(Role.Admin)]
    [InlineData(Role.Billing)]
    [InlineData(Role.Developer)]
    [InlineData(Role.Viewer)]
    public async Task Every_member_may_look(Role role)
    {
        var owner = await hub.RegisterAsync(timeZone: "UTC");
        var member = await hub.RegisterAsync();
        await hub.JoinAsync(member, owner, role);
        await SaveAsync([Record(owner, Noon)]);

        member.Organization = owner.OrganizationId.ToString();

        Assert.Equal(1, (await member.ReadAsync<UsageCost>("usage/cost?from=2026-03-10&to=2026-03-10")).Total.Requests);
        var organization = (await member.ReadAsync<Me>("auth/me")).Organization;
        Assert.Equal((owner.OrganizationId, role.ToString().ToLowerInvariant()), (organization.Id, organization.Role));
    }

    private static Guid Key(int number) => new(number, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7);

    private static string Amount(IEnumerable<long> nanos)
    {
        var sum = nanos.Aggregate(BigInteger.Zero, (total, one) => total + one);
        return new Money((long)sum, Currency.USD).ToDecimalString();
    }

    private static long Nanos(string amount) => Money.TryParse(amount, Currency.USD, out var money) ? money.Nanos : throw new FormatException(amount);

    private async Task SaveAsync(IEnumerable<UsageRecord> records)
    {
        await using var db = hub.Database.OpenAsAdmin();
        db.UsageRecords.AddRange(records);
        await db.SaveChangesAsync();
    }

    private static UsageRecord Record(Visitor person, DateTimeOffset at, Action<Given>? change = null)
    {
        var given = new Given();
        change?.Invoke(given);
        return new UsageRecord
        {
            Id = Guid.CreateVersion7(at),
            OrganizationId = person.OrganizationId,
            UserId = person.UserId,
            KeyId = given.Key,
            ModelId = given.Model,
            UpstreamId = Key(99),
            VendorId = given.Vendor,
            Surface = "openai.chat",
            OccurredAt = at,
            Tokens = given.Tokens,
            Source = UsageSource.Vendor,
            Status = given.Status,
            ErrorCode = given.Status == UsageStatus.Failed ? "upstream_failed" : null,
            Streamed = true,
            FinishReason = "stop",
            PlanTokens = given.PlanTokens,
            PlanTokensCharged = Math.Max(0, given.PlanTokens - 3),
            Cost = new Money(given.Nanos, Enum.Parse<Currency>(person.Registered!.Organization.Currency)),
            ChargedNanos = given.Charged,
            PriceRows = [],
            Latency = TimeSpan.FromMilliseconds(1234.9),
            TimeToFirstToken = TimeSpan.FromMilliseconds(56.2),
        };
    }

    private sealed class Given
    {
        public TokenUsage Tokens { get; set; } = new(10, OutputText: 5);
        public long Nanos { get; set; } = 1000;
        public long Charged { get; set; }
        public long PlanTokens { get; set; } = 15;
        public string Model { get; set; } = "m/x";
        public string Vendor { get; set; } = "v";
        public Guid Key { get; set; } = UsageTests.Key(0);
        public UsageStatus Status { get; set; }
    }
}
