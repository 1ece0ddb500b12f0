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

/// <summary>
/// What was called and what it cost. Every figure is a sum of usage records or a balance of the ledger, so no two of them can disagree. The sums
/// come from roll-ups and from the records they do not count yet (<see cref="UsageFigures"/>), never from a scan of all records.
/// </summary>
public static class UsageReports
{
    private const int MostHourDays = 7;

    // Whole numbers throughout; a sum that does not fit in 64 bits is an error, never a rounding.
    internal const string Sums = """
        coalesce(sum(requests), 0)::bigint as requests,
        coalesce(sum(failed), 0)::bigint as failed,
        coalesce(sum(input), 0)::bigint as input,
        coalesce(sum(output), 0)::bigint as output,
        coalesce(sum(cached), 0)::bigint as cached,
        coalesce(sum(reasoning), 0)::bigint as reasoning,
        coalesce(sum(plan_tokens), 0)::bigint as plan_tokens,
        coalesce(sum(cost_nanos), 0)::bigint as cost_nanos,
        coalesce(sum(charged_nanos), 0)::bigint as charged_nanos
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
            .Filtered()
            .Describe("getUsageHistory", new("Usage by day", "每日用量"), new("Every day of the range, in the organization's time zone. At most 366 days.", "范围内每一天的用量，按组织所在时区划分，最多 366 天。"), null, Examples.History);

        usage.MapGet("/hours", HoursAsync)
            .OfOrganization(Permission.UsageRead)
            .Parameter("from", Texts.From, "date", "2026-01-31")
            .Parameter("to", Texts.To, "date", "2026-01-31")
            .Filtered()
            .Describe("getUsageHours", new("Usage by hour", "每小时用量"), new("Every hour with calls, in the organization's time zone. At most 7 days; today by default.", "有调用的每一小时，按组织所在时区划分，最多 7 天，默认为今天。"), null, Examples.Hours);

        usage.MapGet("/cost", CostAsync)
            .OfOrganization(Permission.UsageRead)
            .Parameter("by", new("model (default), key, vendor, user, team or tag. A call with several tags is in several groups, and once in the total.", "model（默认）、key、vendor、user、team 或 tag。带有多个标签的调用会出现在多个分组中，但在合计中只计一次。"), example: "model")
            .Parameter("compare", new("true: the same for as many days before `from` as well.", "true：同时返回 `from` 之前相同天数的数据。"), example: "true")
            .Parameter("from", Texts.From, "date", "2026-01-01")
            .Parameter("to", Texts.To, "date", "2026-01-31")
            .Filtered()
            .Describe("getUsageCost", new("Usage and cost by model, key, vendor, member, team or tag", "按模型、密钥、厂商、成员、团队或标签统计用量与费用"), new("Dearest first, with the total.", "按费用从高到低排列，并给出合计。"), null, Examples.Cost);
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
                $"select {Sums} from usage_figures_by('all', null, 'hour', @zone, @from, @to)",
                new NpgsqlParameter("from", (period?.StartsAt ?? now).UtcDateTime),
                new NpgsqlParameter("to", (period?.EndsAt ?? now).UtcDateTime),
                new NpgsqlParameter("zone", organization.TimeZone)).SingleAsync(ct);

            var (granted, left, held) = (lots.Sum(lot => lot.Original), lots.Sum(lot => lot.Remaining), lots.Sum(lot => lot.Held));
            var quota = plan.MonthlyTokens is null
                ? new QuotaView(null, sums.PlanTokens, 0, null, period?.EndsAt)
                : new QuotaView(granted, granted - left, held, left - held, period?.EndsAt);

            return new UsageCurrent(
                organization.PlanId,
                period is null ? null : new PeriodView(period.StartsAt, period.EndsAt),
                quota,
                new RateView(plan.RequestsPerMinute, plan.TokensPerMinute, plan.Concurrency),
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
        var filter = UsageFilter.Read(http, asked);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var parameters = Parameters(days, member);
        // Only names of ours are put into the text; what the caller asks for goes as parameters.
        var sql = $"select (starts_at at time zone @zone)::date as date, {Sums} from {UsageFigures.Of("day", filter, by: null, parameters).Rows} figures group by 1";
        var sums = await db.InOrganizationAsync(
            member.OrganizationId, () => db.Database.SqlQueryRaw<DaySum>(sql, [.. parameters]).ToDictionaryAsync(row => row.Date, ct), ct);

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

    private static async Task<Results<Ok<UsageHours>, Refused>> HoursAsync(
        string? from, string? to, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var today = Today(member, time);
        var days = asked.Range(from ?? to ?? today.ToString("O", System.Globalization.CultureInfo.InvariantCulture), to, today, MostHourDays);
        var filter = UsageFilter.Read(http, asked);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var parameters = Parameters(days, member);
        var sql = $"select starts_at, {Sums} from {UsageFigures.Of("hour", filter, by: null, parameters).Rows} figures group by 1 order by 1";
        var sums = await db.InOrganizationAsync(member.OrganizationId, () => db.Database.SqlQueryRaw<HourSum>(sql, [.. parameters]).ToListAsync(ct), ct);

        var currency = member.Organization.Currency;
        return TypedResults.Ok(new UsageHours(
            days.From,
            days.To,
            member.Organization.TimeZone,
            currency.ToString(),
            [.. sums.Select(sum => new UsageHour(sum.StartsAt, sum.Requests, sum.Failed, sum.Tokens, sum.PlanTokens, sum.Cost(currency), sum.Charged(currency)))]));
    }

    internal enum By
    {
        Model,
        Key,
        Vendor,
        User,
        Team,
        Tag,
    }

    private static async Task<Results<Ok<UsageCost>, Refused>> CostAsync(
        string? by, string? from, string? to, string? compare, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var days = asked.Range(from, to, Today(member, time));
        var what = asked.OneOf<By>("by", by) ?? By.Model;
        var compares = asked.Flag("compare", compare);
        var filter = UsageFilter.Read(http, asked);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var length = days.To.DayNumber - days.From.DayNumber + 1;
        var before = days.From.DayNumber >= length ? new Days(days.From.AddDays(-length), days.From.AddDays(-1)) : days;
        var (now, then) = await db.InOrganizationAsync(member.OrganizationId, async () =>
            (await GroupsAsync(db, what, days, filter, member, ct), compares ? await GroupsAsync(db, what, before, filter, member, ct) : null), ct);

        return TypedResults.Ok(new UsageCost(
            days.From,
            days.To,
            member.Organization.TimeZone,
            member.Organization.Currency.ToString(),
            Wire.Name(what),
            now.All,
            now.Total,
            then is null ? null : new UsagePrevious(before.From, before.To, then.All, then.Total)));
    }

    private static async Task<Groups> GroupsAsync(HubDb db, By what, Days days, UsageFilter filter, Member member, CancellationToken ct)
    {
        var parameters = Parameters(days, member);
        var figures = UsageFigures.Of("day", filter, what, parameters);

        // The groups and their total in one statement, so that both are of the same moment.
        var sql =
            $"""
             with figures as materialized (select * from {figures.Rows} figure)
             select sums.*, coalesce({figures.Label}, sums.id) as label
             from (select false as whole, {figures.Id} as id, {Sums} from {figures.Grouped} group by 2
                   union all
                   select true, '', {Sums} from {figures.Whole} whole) sums
             order by whole, cost_nanos desc, requests desc, id
             """;
        var sums = await db.Database.SqlQueryRaw<GroupSum>(sql, [.. parameters]).ToListAsync(ct);
        var currency = member.Organization.Currency;

        return new Groups([.. sums.Where(sum => !sum.Whole).Select(Group)], Group(sums.Single(sum => sum.Whole)));

        UsageGroup Group(GroupSum sum) => new(sum.Id, sum.Label, sum.Requests, sum.Failed, sum.Tokens, sum.PlanTokens, sum.Cost(currency), sum.Charged(currency));
    }

    internal static List<object> Parameters(Days days, Member member) =>
        [new NpgsqlParameter("from", days.From), new NpgsqlParameter("to", days.To), new NpgsqlParameter("zone", member.Organization.TimeZone)];

    internal static DateOnly Today(Member member, TimeProvider time) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.Now(), TimeZoneInfo.FindSystemTimeZoneById(member.Organization.TimeZone)).DateTime);

    internal class Sum
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
    }

    private sealed record Groups(IReadOnlyList<UsageGroup> All, UsageGroup Total);

    private sealed class HourSum : Sum
    {
        public DateTimeOffset StartsAt { get; set; }
    }

    private sealed class DaySum : Sum
    {
        public DateOnly Date { get; set; }
    }

    private sealed class GroupSum : Sum
    {
        public bool Whole { get; set; }
        public required string Id { get; set; }
        public required string Label { get; set; }
    }
}
