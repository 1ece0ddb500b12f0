using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Catalog;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Tests.Usage;

/// <summary>Sums are kept, not made: at every moment they say exactly what the records say.</summary>
public sealed class UsageRollUpTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, Func<UsageRecord, IReadOnlyList<string>>> Dimensions = new()
    {
        ["all"] = _ => [""],
        ["team"] = record => [record.TeamId?.ToString() ?? ""],
        ["user"] = record => [record.UserId.ToString()],
        ["key"] = record => [record.KeyId.ToString()],
        ["model"] = record => [record.ModelId],
        ["vendor"] = record => [record.VendorId],
        ["tag"] = record => record.Tags.Length == 0 ? [""] : record.Tags,
    };

    [Theory]
    [InlineData("UTC")]
    [InlineData("Asia/Shanghai")]
    [InlineData("Asia/Kolkata")]
    [InlineData("Asia/Kathmandu")]
    [InlineData("America/New_York")]
    [InlineData("Australia/Lord_Howe")]
    public async Task Sums_and_lists_are_the_records_whatever_of_them_has_been_rolled_up(string zone)
    {
        var organization = await OpenAsync(database, zone);
        var random = new Random(zone.Length);

        // Around the night in which New York's clocks go back, so that an hour comes twice; Lord Howe's go forward by half an hour.
        var start = new DateTimeOffset(2026, 10, zone == "Australia/Lord_Howe" ? 1 : 30, 3, 17, 0, TimeSpan.Zero);
        for (var round = 0; round < 4; round++)
        {
            await SaveAsync(Enumerable.Range(0, 120).Select(_ => Record(organization, start.AddSeconds(random.Next(5 * 24 * 3600)), random)));
            await CompareAsync(organization, zone, start, random);
            if (round % 2 == 0)
            {
                await using var db = database.Open();
                await db.RollUpUsageAsync(CancellationToken.None);
                await CompareAsync(organization, zone, start, random);
            }
        }
    }

    [Fact]
    public async Task Many_at_once_count_each_record_once()
    {
        var organization = await OpenAsync(database, "Asia/Shanghai");
        var random = new Random(7);
        await SaveAsync(Enumerable.Range(0, 400).Select(_ => Record(organization, Noon.AddSeconds(random.Next(7200)), random)));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var db = database.Open();
            for (var count = 1; count > 0;)
            {
                count = await db.Database.SqlQuery<int>($"select usage_roll_up(37) as \"Value\"").SingleAsync();
            }
        }));

        // Whoever found nothing left may have finished before another committed: that is still waiting for nobody.
        await using var admin = database.OpenAsAdmin();
        Assert.Equal(0, await admin.Set<UsagePending>().CountAsync(row => row.OrganizationId == organization));
        foreach (var grain in new[] { UsageGrain.Hour, UsageGrain.Day })
        {
            var rows = admin.UsageRollups.Where(row => row.OrganizationId == organization && row.Grain == grain);
            Assert.Equal(400, await rows.SumAsync(row => row.Requests));
            Assert.Equal(await admin.UsageRecords.Where(row => row.OrganizationId == organization).SumAsync(row => row.Cost.Nanos), await rows.SumAsync(row => row.CostNanos));
        }
    }

    [Fact]
    public async Task Another_time_zone_starts_the_sums_over()
    {
        var organization = await OpenAsync(database, "UTC");
        var random = new Random(11);
        await SaveAsync(Enumerable.Range(0, 50).Select(_ => Record(organization, Noon.AddSeconds(random.Next(86400)), random)));
        await using var db = database.Open();
        await db.RollUpUsageAsync(CancellationToken.None);

        await db.InOrganizationAsync(organization, () => db.Organizations.ExecuteUpdateAsync(set => set.SetProperty(row => row.TimeZone, "Asia/Kolkata")), CancellationToken.None);
        await CompareAsync(organization, "Asia/Kolkata", Noon, random);
        await db.RollUpUsageAsync(CancellationToken.None);
        await CompareAsync(organization, "Asia/Kolkata", Noon, random);
    }

    [Fact]
    public async Task A_month_has_a_table_of_its_own_and_takes_over_what_came_before_it()
    {
        await using var own = await TestDatabase.CreateAsync();
        var organization = await OpenAsync(own);
        var future = new DateTimeOffset(2031, 5, 31, 23, 59, 59, TimeSpan.Zero);
        await using var admin = own.OpenAsAdmin();
        admin.UsageRecords.AddRange(Record(organization, future, new Random(1)), Record(organization, future.AddSeconds(1), new Random(2)));
        await admin.SaveChangesAsync();
        Assert.Equal(2, await own.AsAdminAsync<long>("select count(*) from usage_records_other"));

        await using var db = own.Open();
        Assert.Equal(4, await db.PrepareUsageMonthsAsync(new DateTimeOffset(2031, 5, 15, 0, 0, 0, TimeSpan.Zero), CancellationToken.None));
        Assert.Equal(0, await db.PrepareUsageMonthsAsync(new DateTimeOffset(2031, 5, 31, 0, 0, 0, TimeSpan.Zero), CancellationToken.None));

        Assert.Equal((0L, 1L, 1L), (
            await own.AsAdminAsync<long>("select count(*) from usage_records_other"),
            await own.AsAdminAsync<long>("select count(*) from usage_records_2031_05"),
            await own.AsAdminAsync<long>("select count(*) from usage_records_2031_06")));
        Assert.Equal(2, await db.InOrganizationAsync(organization, () => db.UsageRecords.CountAsync(), CancellationToken.None));
    }

    [Theory]
    [InlineData("update {0} set cost_nanos = 0")]
    [InlineData("delete from {0}")]
    [InlineData("truncate {0}")]
    public async Task What_is_in_a_months_table_stays_as_it_is(string sql)
    {
        await using var own = await TestDatabase.CreateAsync();
        var organization = await OpenAsync(own);
        await using var db = own.Open();
        await db.PrepareUsageMonthsAsync(Noon, CancellationToken.None);
        await using var admin = own.OpenAsAdmin();
        admin.UsageRecords.Add(Record(organization, Noon, new Random(1)));
        await admin.SaveChangesAsync();

        foreach (var table in new[] { "usage_records", "usage_records_2026_03" })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => own.AsAdminAsync<object>(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, table)));
            Assert.Equal("23001", refused.SqlState);
        }

        // And behind the table of all months nobody can look into one.
        var closed = await Assert.ThrowsAsync<PostgresException>(() =>
            db.InOrganizationAsync(organization, () => db.Database.SqlQuery<long>($"select count(*) as \"Value\" from usage_records_2026_03").SingleAsync(), CancellationToken.None));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, closed.SqlState);
        Assert.True(await own.AsAdminAsync<bool>("select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where relname like 'usage_records%' and relkind in ('r', 'p')"));
    }

    private async Task CompareAsync(Guid organization, string zone, DateTimeOffset start, Random random)
    {
        await using var db = database.Open();
        await using var admin = database.OpenAsAdmin();
        var records = await admin.UsageRecords.AsNoTracking().Where(row => row.OrganizationId == organization).ToListAsync();
        foreach (var grain in new[] { "hour", "day" })
        {
            for (var span = 0; span < 6; span++)
            {
                // Any span, also one that cuts through hours and days, or is shorter than one.
                var from = start.AddSeconds(random.Next(4 * 24 * 3600));
                var to = from.AddSeconds(random.Next(1, span == 0 ? 1800 : 2 * 24 * 3600));
                var inside = records.Where(record => record.OccurredAt >= from && record.OccurredAt < to).ToList();

                var sums = await db.InOrganizationAsync(
                    organization,
                    () => db.Database.SqlQuery<Figures>(
                        $"""
                         select '' as value, coalesce(sum(requests), 0)::bigint as requests, coalesce(sum(failed), 0)::bigint as failed, coalesce(sum(input), 0)::bigint as input,
                                coalesce(sum(cost_nanos), 0)::bigint as cost_nanos, coalesce(sum(charged_nanos), 0)::bigint as charged_nanos
                         from usage_figures({grain}, {zone}, {from}, {to})
                         """).SingleAsync(),
                    CancellationToken.None);

                Assert.Equal(Figures.Of(inside), sums.Whole);

                var (some, limit) = (records[random.Next(records.Count)], random.Next(1, 40));
                var (model, tag, status) = (random.Next(2) == 0 ? some.ModelId : null, random.Next(2) == 0 ? some.Tags.LastOrDefault() : null, random.Next(2) == 0 ? some.Status : (UsageStatus?)null);
                string? word = status?.ToString().ToLowerInvariant();
                var calls = await db.InOrganizationAsync(
                    organization,
                    () => db.Database.SqlQuery<Guid>(
                        $"select id as \"Value\" from usage_calls({model}, null, null, null, null, {tag}, {word}, {zone}, {from}, {to}, {Guid.Empty}, {limit})").ToListAsync(),
                    CancellationToken.None);
                Assert.Equal(
                    inside.Where(record => (model is null || record.ModelId == model) && (tag is null || record.Tags.Contains(tag)) && (status is null || record.Status == status))
                        .OrderByDescending(record => record.OccurredAt).ThenByDescending(record => record.Id).Take(limit).Select(record => record.Id),
                    calls);

                foreach (var (dimension, valuesOf) in Dimensions)
                {
                    var values = await db.InOrganizationAsync(
                        organization,
                        () => db.Database.SqlQuery<Figures>(
                            $"""
                             select value, sum(requests)::bigint as requests, sum(failed)::bigint as failed, sum(input)::bigint as input,
                                    sum(cost_nanos)::bigint as cost_nanos, sum(charged_nanos)::bigint as charged_nanos
                             from usage_figures_by({dimension}, null, {grain}, {zone}, {from}, {to}) group by 1
                             """).ToDictionaryAsync(row => row.Value, row => row.Whole),
                        CancellationToken.None);

                    Assert.Equal(
                        inside.SelectMany(record => valuesOf(record).Select(value => (value, record))).GroupBy(pair => pair.value, pair => pair.record).ToDictionary(group => group.Key, group => Figures.Of([.. group])),
                        values);
                }
            }
        }
    }

    private static async Task<Guid> OpenAsync(TestDatabase database, string zone = Organization.DefaultTimeZone)
    {
        var (id, owner) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var db = database.Open();
        await db.InOrganizationAsync(id, async () =>
        {
            db.Users.Add(new User { Id = owner, Email = $"{owner}@example.com", NormalizedEmail = $"{owner:N}", DisplayName = "Wei", CreatedAt = Noon });
            await db.SaveChangesAsync();
            await db.OpenOrganizationAsync(new Organization { Id = id, Name = "Acme", Currency = Currency.USD, TimeZone = zone, CreatedAt = Noon }, owner, PlanIds.Free, Noon, default);
        }, default);
        return id;
    }

    private async Task SaveAsync(IEnumerable<UsageRecord> records)
    {
        await using var admin = database.OpenAsAdmin();
        admin.UsageRecords.AddRange(records);
        await admin.SaveChangesAsync();
    }

    internal static UsageRecord Record(Guid organization, DateTimeOffset at, Random random) => new()
    {
        Id = Guid.CreateVersion7(at),
        OrganizationId = organization,
        TeamId = random.Next(3) == 0 ? new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) : null,
        UserId = new Guid(random.Next(2), 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        KeyId = new Guid(random.Next(3), 9, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        ModelId = $"m/{random.Next(3)}",
        UpstreamId = Guid.Empty,
        VendorId = $"v{random.Next(2)}",
        Surface = "openai.chat",
        OccurredAt = at,
        Tokens = new TokenUsage(random.Next(1000), random.Next(100), OutputText: random.Next(1000)),
        Source = UsageSource.Vendor,
        Status = (UsageStatus)random.Next(3),
        Streamed = true,
        PlanTokens = random.Next(1000),
        Cost = new Money(random.NextInt64(1_000_000_000_000), Currency.USD),
        ChargedNanos = random.NextInt64(1_000_000),
        PriceRows = [],
        Tags = random.Next(2) == 0 ? [] : ["a", $"b:{random.Next(2)}"],
        Latency = TimeSpan.FromMilliseconds(5),
    };

    private sealed class Figures
    {
        public string Value { get; set; } = "";
        public int Requests { get; set; }
        public int Failed { get; set; }
        public long Input { get; set; }
        public long CostNanos { get; set; }
        public long ChargedNanos { get; set; }

        public (int, int, long, long, long) Whole => (Requests, Failed, Input, CostNanos, ChargedNanos);

        public static (int, int, long, long, long) Of(IReadOnlyList<UsageRecord> records) => (
            records.Count, records.Count(record => record.Status == UsageStatus.Failed), records.Sum(record => record.Tokens.Input),
            records.Sum(record => record.Cost.Nanos), records.Sum(record => record.ChargedNanos));
    }
}
