using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>The calls themselves, one usage record each.</summary>
public static class UsageRequests
{
    public static void MapUsageRequests(this IEndpointRouteBuilder api)
    {
        var usage = api.MapGroup("/usage").WithTags("Usage");

        usage.MapGet("/requests", RequestsAsync)
            .OfOrganization(Permission.UsageRead)
            .Filtered(withStatus: true)
            .Parameter("from", new("Only calls from this day on (YYYY-MM-DD, the organization's time zone).", "仅查询该日期及之后的调用（YYYY-MM-DD，组织所在时区）。"), "date")
            .Parameter("to", new("Only calls up to this day, included.", "仅查询该日期及之前的调用（包含当天）。"), "date")
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listRequests", new("List calls", "调用记录"), new("Newest first.", "按时间从新到旧排列。"), null, new Page<UsageRequest>([Examples.Request], null));

        usage.MapGet("/requests/{id}", RequestAsync)
            .OfOrganization(Permission.UsageRead)
            .Parameter("id", new("The id the caller received in `x-request-id`.", "调用方在 `x-request-id` 中收到的编号。"), "uuid", Examples.Request.Id)
            .Describe("getRequest", new("Get a call", "查询一次调用"), new("Its tokens, cost, timing and outcome.", "包含令牌用量、费用、耗时与结果。"), null, Examples.Request)
            .Refuses(ProblemKind.RequestNotFound);
    }

    private static async Task<Results<Ok<Page<UsageRequest>>, Refused>> RequestsAsync(
        string? from, string? to, string? cursor, string? limit,
        Member member, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (first, last) = (asked.Day("from", from), asked.Day("to", to));
        var (after, size) = (asked.Cursor(cursor), asked.Limit(limit));
        var filter = UsageFilter.Read(http, asked, withStatus: true);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var zone = member.Organization.TimeZone;
        var page = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            DateTimeOffset? since = first is { } start ? await StartOfDayAsync(db, start, zone, ct) : null;
            DateTimeOffset? until = last is { } end && end < DateOnly.MaxValue ? await StartOfDayAsync(db, end.AddDays(1), zone, ct) : null;
            var before = until is { } next && !(after?.At < next) ? new Cursor(next, Guid.Empty) : after;
            var rows = await filter.ListAsync(db, zone, since, before, size + 1, ct);
            var names = await KeyNamesAsync(db, rows, ct);
            var shown = rows.Take(size).ToList();
            return new Page<UsageRequest>(
                [.. shown.Select(record => View(record, names))],
                rows.Count > size ? new Cursor(shown[^1].OccurredAt, shown[^1].Id).ToString() : null);
        }, ct);

        return TypedResults.Ok(page);
    }

    private static async Task<Results<Ok<UsageRequest>, Refused>> RequestAsync(string id, Member member, HubDb db, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var parsed))
        {
            return Refused.Because(ProblemKind.RequestNotFound);
        }

        var request = await db.InOrganizationAsync(member.OrganizationId, async () =>
            await db.UsageRecords.AsNoTracking().FirstOrDefaultAsync(record => record.Id == parsed, ct) is { } record
                ? await ViewAsync(db, record, ct)
                : null, ct);

        return request is null ? Refused.Because(ProblemKind.RequestNotFound) : TypedResults.Ok(request);
    }

    /// <summary>One call as lists show it.</summary>
    internal static async Task<UsageRequest> ViewAsync(HubDb db, UsageRecord record, CancellationToken ct) => View(record, await KeyNamesAsync(db, [record], ct));

    private static UsageRequest View(UsageRecord record, IReadOnlyDictionary<Guid, string> keyNames) => new(
        record.Id,
        record.OccurredAt,
        record.ModelId,
        record.VendorId,
        record.KeyId,
        keyNames.GetValueOrDefault(record.KeyId, ""),
        record.Surface,
        Wire.Name(record.Status),
        record.ErrorCode,
        record.Streamed,
        record.FinishReason,
        new TokensView(record.Tokens.Input, record.Tokens.Output, record.Tokens.CacheRead, record.Tokens.OutputReasoning, record.Tokens.Total),
        Wire.Name(record.Source),
        record.PlanTokens,
        record.PlanTokensCharged,
        record.Cost.ToDecimalString(),
        new Money(record.ChargedNanos, record.Cost.Currency).ToDecimalString(),
        record.Cost.Currency.ToString(),
        (int)record.Latency.TotalMilliseconds,
        (int?)record.TimeToFirstToken?.TotalMilliseconds,
        record.JournalId,
        record.UserId,
        record.TeamId,
        record.Tags,
        new UnitsView(record.Units.Images, record.Units.Seconds, record.Units.Characters, record.Units.SearchUnits),
        record.Tried is { } tried
            ? [.. tried.Select(attempt => new AttemptView(attempt.Vendor, attempt.Upstream, attempt.At, attempt.Ms, attempt.FirstMs, attempt.Status, attempt.Error))]
            : null,
        record.OwnKeyId,
        record.OwnKeyId is null ? null : new Money(record.VendorCostNanos, record.Cost.Currency).ToDecimalString(),
        record.Guardrails.Length == 0 ? null : [.. record.Guardrails.Select(Decision)]);

    // output:mask:email:personal data
    internal static GuardrailDecision Decision(string entry)
    {
        var parts = entry.Split(':', 4);
        return new GuardrailDecision(parts[0], parts[1], parts[2], parts[3]);
    }

    private static async Task<IReadOnlyDictionary<Guid, string>> KeyNamesAsync(HubDb db, IReadOnlyList<UsageRecord> records, CancellationToken ct)
    {
        var ids = records.Select(record => record.KeyId).Distinct().ToArray();
        return await db.ApiKeys.Where(key => ids.Contains(key.Id)).ToDictionaryAsync(key => key.Id, key => key.Name, ct);
    }

    // PostgreSQL's idea of a day, so that the list and the sums by day agree on where one ends.
    private static Task<DateTimeOffset> StartOfDayAsync(HubDb db, DateOnly day, string zone, CancellationToken ct) =>
        db.Database.SqlQuery<DateTimeOffset>($"select ({day})::timestamp at time zone {zone} as \"Value\"").SingleAsync(ct);
}
