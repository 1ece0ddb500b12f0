using System.Globalization;
using System.Text;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Gateway.Management;

/// <summary>Days × groups, for stacked charts and for spreadsheets. The same sums as everywhere else (<see cref="UsageFigures"/>).</summary>
public static class UsageSeriesReports
{
    private const int DefaultTop = 7;
    private const int MostTop = 20;
    private const int FlushAt = 64 * 1024;

    private static readonly Text By = new(
        "model (default), key, vendor, user, team or tag. A call with several tags is in several groups.",
        "model（默认）、key、vendor、user、team 或 tag。带有多个标签的调用会出现在多个分组中。");

    public static void MapUsageSeries(this IEndpointRouteBuilder api)
    {
        var usage = api.MapGroup("/usage").WithTags("Usage");

        usage.MapGet("/series", SeriesAsync)
            .OfOrganization(Permission.UsageRead)
            .Parameter("by", By, example: "model")
            .Parameter("top", new("How many groups stand by themselves, 1 to 20; the rest are summed up.", "单独列出的分组数量，1 至 20，其余合并统计。"), example: "7")
            .Parameter("from", Texts.From, "date", "2026-01-01")
            .Parameter("to", Texts.To, "date", "2026-01-31")
            .Filtered()
            .Describe("getUsageSeries", new("Usage by day and group", "按日期与分组统计用量"),
                new("Dearest groups first; days without calls are left out. At most 366 days.", "按费用从高到低排列分组，没有调用的日期不返回，最多 366 天。"), null, Examples.Series);

        usage.MapGet("/series/export", ExportAsync)
            .OfOrganization(Permission.UsageRead)
            .Produces<string>(StatusCodes.Status200OK, "text/csv")
            .Parameter("by", By, example: "model")
            .Parameter("from", Texts.From, "date", "2026-01-01")
            .Parameter("to", Texts.To, "date", "2026-01-31")
            .Filtered()
            .Describe("exportUsageSeries", new("Export usage by day and group", "导出按日期与分组统计的用量"),
                new("As CSV for spreadsheets (UTF-8 with a byte order mark): a row for each day and group with calls, and a row of totals, in which a call counts once.", "以 CSV 导出（UTF-8，带 BOM）：每个有调用的日期与分组一行，末行为合计（每次调用只计一次）。"),
                null, "date,model,…");
    }

    private static async Task<Results<Ok<UsageSeries>, Refused>> SeriesAsync(
        string? by, string? top, string? from, string? to, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var days = asked.Range(from, to, UsageReports.Today(member, time));
        var what = asked.OneOf<UsageReports.By>("by", by) ?? UsageReports.By.Model;
        var groups = Top(asked, top);
        var filter = UsageFilter.Read(http, asked);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var rows = await db.InOrganizationAsync(member.OrganizationId, () => Query(db, what, days, filter, member, groups).ToListAsync(ct), ct);
        var currency = member.Organization.Currency;

        return TypedResults.Ok(new UsageSeries(
            days.From,
            days.To,
            member.Organization.TimeZone,
            currency.ToString(),
            Wire.Name(what),
            [
                .. rows.GroupBy(row => row.Rank).OrderBy(group => group.Key).Select(group => new UsageSeriesGroup(
                    group.First().Id,
                    group.First().Label,
                    group.Key > groups,
                    [.. group.OrderBy(row => row.Date).Select(row => new UsageDay(row.Date, row.Requests, row.Failed, row.Tokens, row.PlanTokens, row.Cost(currency), row.Charged(currency)))])),
            ]));
    }

    private static async Task<Results<EmptyHttpResult, Refused>> ExportAsync(
        string? by, string? from, string? to, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var days = asked.Range(from, to, UsageReports.Today(member, time));
        var what = asked.OneOf<UsageReports.By>("by", by) ?? UsageReports.By.Model;
        var filter = UsageFilter.Read(http, asked);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var parameters = UsageReports.Parameters(days, member);
        // Only names of ours are put into the text; what the caller asks for goes as parameters.
        var sum = $"select {UsageReports.Sums} from {UsageFigures.Of("day", filter, by: null, parameters).Rows} figures";
        var (rows, total) = await db.InOrganizationAsync(member.OrganizationId, async () =>
            (await Query(db, what, days, filter, member, int.MaxValue - 1).ToListAsync(ct),
             await db.Database.SqlQueryRaw<UsageReports.Sum>(sum, [.. parameters]).SingleAsync(ct)), ct);

        var response = http.Response;
        var name = Wire.Name(what);
        response.ContentType = "text/csv; charset=utf-8";
        response.Headers.ContentDisposition = $"attachment; filename=\"usage-by-{name}-{days.From:yyyy-MM-dd}-{days.To:yyyy-MM-dd}.csv\"";

        Encoding.UTF8.GetBytes($"\uFEFFdate,{name},{name}_id,requests,failed,input_tokens,output_tokens,cached_tokens,reasoning_tokens,plan_tokens,cost,charged,currency\r\n", response.BodyWriter);
        foreach (var row in rows.OrderBy(row => row.Date).ThenBy(row => row.Rank))
        {
            Line(row.Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), row.Label, row.Id, row);
            if (response.BodyWriter.UnflushedBytes > FlushAt)
            {
                await response.BodyWriter.FlushAsync(ct);
            }
        }

        Line("total", "", "", total);
        await response.BodyWriter.FlushAsync(ct);
        return TypedResults.Empty;

        void Line(string date, string label, string id, UsageReports.Sum sum) => Encoding.UTF8.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{date},{Csv.Text(label)},{Csv.Text(id)},{sum.Requests},{sum.Failed},{sum.Input},{sum.Output},{sum.Cached},{sum.Reasoning},{sum.PlanTokens},{sum.Cost(member.Organization.Currency)},{sum.Charged(member.Organization.Currency)},{member.Organization.Currency}\r\n"),
            response.BodyWriter);
    }

    private static IQueryable<SeriesSum> Query(HubDb db, UsageReports.By what, Days days, UsageFilter filter, Member member, int top)
    {
        var parameters = UsageReports.Parameters(days, member);
        var figures = UsageFigures.Of("day", filter, what, parameters);
        parameters.Add(new NpgsqlParameter("top", top));

        // Only names of ours are put into the text; what the caller asks for goes as parameters.
        var sql =
            $"""
             with figures as materialized (select * from {figures.Rows} figure),
                  grouped as (select {figures.Id} as id, (starts_at at time zone @zone)::date as date, {UsageReports.Sums} from {figures.Grouped} group by 1, 2),
                  ranked as (select id, row_number() over (order by sum(cost_nanos) desc, sum(requests) desc, id) as place from grouped group by id),
                  sums as (
                      select least(place, @top + 1)::int as rank, case when place <= @top then id else '' end as id, date, {UsageReports.Sums}
                      from grouped join ranked using (id)
                      group by 1, 2, 3)
             select sums.*, case when rank > @top then '' else coalesce({figures.Label}, sums.id) end as label from sums
             """;
        return db.Database.SqlQueryRaw<SeriesSum>(sql, [.. parameters]);
    }

    private static int Top(Asked asked, string? text)
    {
        if (text is null)
        {
            return DefaultTop;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var top) && top is >= 1 and <= MostTop)
        {
            return top;
        }

        asked.Errors.Add("top", FieldText.Range, 1, MostTop);
        return DefaultTop;
    }

    private sealed class SeriesSum : UsageReports.Sum
    {
        public int Rank { get; set; }
        public required string Id { get; set; }
        public required string Label { get; set; }
        public DateOnly Date { get; set; }
    }
}
