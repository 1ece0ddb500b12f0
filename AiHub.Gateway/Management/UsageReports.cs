using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Gateway.Management;

/// <summary>What was called and what it cost. Every figure is a sum of usage records or a balance of the ledger, so no two of them can disagree.</summary>
public static class UsageReports
{
    // Whole numbers throughout; a sum that does not fit in 64 bits is an error, never a rounding.
    private const string Sums = """
        count(*) as requests,
        count(*) filter (where record.status = 'failed') as failed,
        coalesce(sum(record.tokens_input_uncached + record.tokens_cache_read + record.tokens_cache_write5m + record.tokens_cache_write1h
            + record.tokens_audio_in + record.tokens_image_in), 0)::bigint as input,
        coalesce(sum(record.tokens_output_text + record.tokens_output_reasoning + record.tokens_audio_out + record.tokens_image_out), 0)::bigint as output,
        coalesce(sum(record.tokens_cache_read), 0)::bigint as cached,
        coalesce(sum(record.tokens_output_reasoning), 0)::bigint as reasoning,
        coalesce(sum(record.plan_tokens), 0)::bigint as plan_tokens,
        coalesce(sum(record.cost_nanos), 0)::bigint as cost_nanos,
        coalesce(sum(record.charged_nanos), 0)::bigint as charged_nanos
        """;

    private const string InDays = """
        record.occurred_at >= (@from)::timestamp at time zone @zone and record.occurred_at < (@to + 1)::timestamp at time zone @zone
        """;

    private const string Dearest = "order by cost_nanos desc, requests desc, 1";

    private const string SumsByModel = $"""
        select record.model_id as id, coalesce((select name from models where models.id = record.model_id), record.model_id) as label, {Sums}
        from usage_records record where {InDays} group by record.model_id {Dearest}
        """;

    private const string SumsByKey = $"""
        select record.key_id::text as id, coalesce((select name from api_keys where api_keys.id = record.key_id), record.key_id::text) as label, {Sums}
        from usage_records record where {InDays} group by record.key_id {Dearest}
        """;

    private const string SumsByVendor = $"""
        select record.vendor_id as id, coalesce((select name from vendors where vendors.id = record.vendor_id), record.vendor_id) as label, {Sums}
        from usage_records record where {InDays} group by record.vendor_id {Dearest}
        """;

    public static void MapUsageReports(this IEndpointRouteBuilder api)
    {
        var usage = api.MapGroup("/usage").WithTags("Usage");

        usage.MapGet("/current", CurrentAsync)
            .OfOrganization(Permission.UsageRead)
            .Describe("getCurrentUsage", new("Where the organization stands now", "当前用量"), new("Quota of the current period and what has been used of it.", "当前周期的额度及使用情况。"), null, Examples.Current);

        usage.MapGet("/history", HistoryAsync)
            .OfOrganization(Permission.UsageRead)
            .Parameter("from", Texts.From, "date", "2026-01-01")
            .Parameter("to", Texts.To, "date", "2026-01-31")
            .Describe("getUsageHistory", new("Usage by day", "每日用量"), new("Every day of the range, in the organization's time zone. At most 366 days.", "范围内每一天的用量，按组织所在时区划分，最多 366 天。"), null, Examples.History);

        usage.MapGet("/cost", CostAsync)
            .OfOrganization(Permission.UsageRead)
            .Parameter("by", new("model (default), key or vendor.", "model（默认）、key 或 vendor。"), example: "model")
            .Parameter("from", Texts.From, "date", "2026-01-01")
            .Parameter("to", Texts.To, "date", "2026-01-31")
            .Describe("getUsageCost", new("Usage and cost by model, key or vendor", "按模型、密钥或厂商统计用量与费用"), new("Dearest first, with the total.", "按费用从高到低排列，并给出合计。"), null, Examples.Cost);
    }

    private static async Task<Ok<UsageCurrent>> CurrentAsync(Member member, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var organization = member.Organization;
        var plan = await db.Plans.AsNoTracking().FirstAsync(row => row.Id == organization.PlanId, ct);

        return TypedResults.Ok(await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var period = await db.Periods.AsNoTracking()
                .Where(row => row.StartsAt <= now && row.EndsAt > now)
                .OrderByDescending(row => row.StartsAt)
                .FirstOrDefaultAsync(ct);

            // A lot past its end is no longer quota, even if its rest is yet to be posted to breakage.
            var lots = await db.Lots
                .Where(lot => db.Accounts.Any(account => account.Id == lot.AccountId && account.Kind == AccountKind.Allowance) && lot.ExpiredAt == null && (lot.ExpiresAt == null || lot.ExpiresAt > now))
                .Select(lot => new { lot.Original, lot.Remaining, lot.Held })
                .ToListAsync(ct);

            var sums = await db.Database.SqlQueryRaw<Sum>(
                $"select {Sums} from usage_records record where record.occurred_at >= @from and record.occurred_at < @to",
                new NpgsqlParameter("from", (period?.StartsAt ?? now).UtcDateTime),
                new NpgsqlParameter("to", (period?.EndsAt ?? now).UtcDateTime)).SingleAsync(ct);

            var (granted, left, held) = (lots.Sum(lot => lot.Original), lots.Sum(lot => lot.Remaining), lots.Sum(lot => lot.Held));
            var quota = plan.MonthlyTokens is null
                ? new QuotaView(null, sums.PlanTokens, 0, null, period?.EndsAt)
                : new QuotaView(granted, granted - left, held, left - held, period?.EndsAt);

            return new UsageCurrent(
                organization.PlanId,
                period is null ? null : new PeriodView(period.StartsAt, period.EndsAt),
                quota,
                new RateView(plan.RequestsPerMinute),
                organization.Currency.ToString(),
                sums.Cost(organization.Currency),
                sums.Charged(organization.Currency),
                sums.Requests,
                sums.Tokens);
        }, ct));
    }

    private static async Task<Results<Ok<UsageHistory>, Refused>> HistoryAsync(
        string? from, string? to, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var days = asked.Range(from, to, Today(member, time));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var sums = await db.InOrganizationAsync(member.OrganizationId, () => db.Database.SqlQueryRaw<DaySum>(
            $"select (record.occurred_at at time zone @zone)::date as date, {Sums} from usage_records record where {InDays} group by 1",
            Parameters(days, member)).ToDictionaryAsync(row => row.Date, ct), ct);

        var currency = member.Organization.Currency;
        var none = new DaySum();
        return TypedResults.Ok(new UsageHistory(
            days.From,
            days.To,
            member.Organization.TimeZone,
            currency.ToString(),
            [
                .. Enumerable.Range(days.From.DayNumber, days.To.DayNumber - days.From.DayNumber + 1).Select(DateOnly.FromDayNumber).Select(date =>
                {
                    var sum = sums.GetValueOrDefault(date, none);
                    return new UsageDay(date, sum.Requests, sum.Failed, sum.Tokens, sum.PlanTokens, sum.Cost(currency), sum.Charged(currency));
                }),
            ]));
    }

    private enum By
    {
        Model,
        Key,
        Vendor,
    }

    private static async Task<Results<Ok<UsageCost>, Refused>> CostAsync(
        string? by, string? from, string? to, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var days = asked.Range(from, to, Today(member, time));
        var what = asked.OneOf<By>("by", by) ?? By.Model;
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var sql = what switch
        {
            By.Model => SumsByModel,
            By.Key => SumsByKey,
            _ => SumsByVendor,
        };
        var sums = await db.InOrganizationAsync(member.OrganizationId, () => db.Database.SqlQueryRaw<GroupSum>(sql, Parameters(days, member)).ToListAsync(ct), ct);

        var total = new GroupSum { Id = "", Label = "" };
        sums.ForEach(total.Add);

        var currency = member.Organization.Currency;
        return TypedResults.Ok(new UsageCost(days.From, days.To, member.Organization.TimeZone, currency.ToString(), Wire.Name(what), [.. sums.Select(Group)], Group(total)));

        UsageGroup Group(GroupSum sum) => new(sum.Id, sum.Label, sum.Requests, sum.Failed, sum.Tokens, sum.PlanTokens, sum.Cost(currency), sum.Charged(currency));
    }

    private static object[] Parameters(Days days, Member member) =>
        [new NpgsqlParameter("from", days.From), new NpgsqlParameter("to", days.To), new NpgsqlParameter("zone", member.Organization.TimeZone)];

    private static DateOnly Today(Member member, TimeProvider time) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.Now(), TimeZoneInfo.FindSystemTimeZoneById(member.Organization.TimeZone)).DateTime);

    private class Sum
    {
        public long Requests { get; set; }
        public long Failed { get; set; }
        public long Input { get; set; }
        public long Output { get; set; }
        public long Cached { get; set; }
        public long Reasoning { get; set; }
        public long PlanTokens { get; set; }
        public long CostNanos { get; set; }
        public long ChargedNanos { get; set; }

        [System.ComponentModel.DataAnnotations.Schema.NotMapped]
        public TokensView Tokens => new(Input, Output, Cached, Reasoning, checked(Input + Output));

        public string Cost(Currency currency) => new Money(CostNanos, currency).ToDecimalString();

        public string Charged(Currency currency) => new Money(ChargedNanos, currency).ToDecimalString();

        public void Add(Sum other)
        {
            checked
            {
                Requests += other.Requests;
                Failed += other.Failed;
                Input += other.Input;
                Output += other.Output;
                Cached += other.Cached;
                Reasoning += other.Reasoning;
                PlanTokens += other.PlanTokens;
                CostNanos += other.CostNanos;
                ChargedNanos += other.ChargedNanos;
            }
        }
    }

    private sealed class DaySum : Sum
    {
        public DateOnly Date { get; set; }
    }

    private sealed class GroupSum : Sum
    {
        public required string Id { get; set; }
        public required string Label { get; set; }
    }
}
