using System.Globalization;
using System.Text;
using System.Text.Json;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Who did what in an organization, read page by page, exported whole, and proven unaltered.</summary>
public static class AuditLogs
{
    private static readonly Text Actor = new("Only what this user did.", "仅显示该用户的操作。");
    private static readonly Text Action = new("Only this action, or with a trailing dot all of a kind: api_key.created, api_key.", "仅显示该操作；以点结尾则显示同类操作，例如 api_key.created、api_key.");
    private static readonly Text Subject = new("Only what was done to this, for example a key's id.", "仅显示针对该对象的操作，例如某个密钥的编号。");

    public static void MapAuditLogs(this IEndpointRouteBuilder api)
    {
        var log = api.MapGroup("/organizations/{id}/audit-log").WithTags("Organizations");

        log.MapGet("/", ListAsync)
            .InOrganizationOfPath(Permission.AuditRead)
            .Parameter("actor_id", Actor, "uuid")
            .Parameter("action", Action)
            .Parameter("subject", Subject)
            .Parameter("from", Texts.From)
            .Parameter("to", Texts.To)
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listAuditLog", new("Read the audit log", "查询审计日志"), new("Newest first: who changed what, from where, with what it was before and is after. Never a secret.", "按时间从新到旧排列：谁在何处更改了什么，以及更改前后的内容，绝不包含密钥等机密。"), null, new Page<AuditEntryView>([OrganizationExamples.Audit], null))
            .Refuses(ProblemKind.InvalidRequest);

        log.MapGet("/export", ExportAsync)
            .InOrganizationOfPath(Permission.AuditRead)
            .Parameter("actor_id", Actor, "uuid")
            .Parameter("action", Action)
            .Parameter("subject", Subject)
            .Parameter("from", Texts.From)
            .Parameter("to", Texts.To)
            .Produces<string>(StatusCodes.Status200OK, "text/csv")
            .Describe("exportAuditLog", new("Export the audit log", "导出审计日志"), new("The whole log, or what the filters leave of it, oldest first, as CSV in UTF-8 for spreadsheets. The header `x-aihub-rows` says beforehand how many rows there are.", "以 CSV（UTF-8，适用于电子表格）导出全部或筛选后的日志，按时间从旧到新排列。响应头 `x-aihub-rows` 预先给出总行数。"), null, "sequence,occurred_at,actor,…")
            .Refuses(ProblemKind.InvalidRequest);

        log.MapGet("/verification", VerifyAsync)
            .InOrganizationOfPath(Permission.AuditRead)
            .Describe("verifyAuditLog", new("Verify the audit log", "校验审计日志"), new("Computes the hash chain anew. Keep the last hash elsewhere: it proves later that nothing before it was altered or cut off.", "重新计算哈希链。请将最后的哈希另行保存，日后即可证明此前的记录未被篡改或截断。"), null, OrganizationExamples.Verification);
    }

    private static async Task<Results<Ok<Page<AuditEntryView>>, Refused>> ListAsync(
        [FromQuery(Name = "actor_id")] string? actorId, string? action, string? subject, string? from, string? to, string? cursor, string? limit,
        Member member, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var filter = Filter.Read(asked, actorId, action, subject, from, to);
        var (size, before) = (asked.Limit(limit), asked.Number(cursor));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var page = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var entries = await filter.ApplyAsync(db, member.Organization.TimeZone, ct);
            if (before is { } last)
            {
                entries = entries.Where(entry => entry.Sequence < last);
            }

            var rows = await entries.OrderByDescending(entry => entry.Sequence).Take(size + 1).ToListAsync(ct);
            var shown = rows.Take(size).ToList();
            var names = await NamesAsync(db, shown, ct);
            return new Page<AuditEntryView>(
                [.. shown.Select(entry => View(entry, names))],
                rows.Count > size ? shown[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null);
        }, ct);

        return TypedResults.Ok(page);
    }

    private static async Task<Results<PushStreamHttpResult, Refused>> ExportAsync(
        [FromQuery(Name = "actor_id")] string? actorId, string? action, string? subject, string? from, string? to, Member member, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var filter = Filter.Read(asked, actorId, action, subject, from, to);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var rows = await db.InOrganizationAsync(member.OrganizationId, async () => await (await filter.ApplyAsync(db, member.Organization.TimeZone, ct)).LongCountAsync(ct), ct);
        CsvTable.Announce(http, rows);
        return TypedResults.Stream(
            body => WriteCsvAsync(body, filter, member, db, ct),
            "text/csv; charset=utf-8",
            $"audit-log-{member.OrganizationId}.csv");
    }

    private static async Task<Ok<AuditVerification>> VerifyAsync(Member member, HubDb db, CancellationToken ct) =>
        TypedResults.Ok(await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var brokenAt = await db.Database.SqlQuery<long?>($"select audit_broken_at({member.OrganizationId}) as \"Value\"").SingleAsync(ct);
            var last = await db.AuditEntries.AsNoTracking().OrderByDescending(entry => entry.Sequence).FirstOrDefaultAsync(ct);
            return new AuditVerification(brokenAt is null, brokenAt, last?.Sequence ?? 0, last is null ? null : Convert.ToHexStringLower(last.Hash));
        }, ct));

    // A page of rows at a time: a log of years fits into no memory.
    private static async Task WriteCsvAsync(Stream body, Filter filter, Member member, HubDb db, CancellationToken ct)
    {
        const int Batch = 500;
        await using var writer = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        await writer.WriteAsync("sequence,occurred_at,actor_id,actor,actor_key_id,action,subject,address,request_id,before,after,hash\r\n");

        long after = 0;
        while (true)
        {
            var (rows, names) = await db.InOrganizationAsync(member.OrganizationId, async () =>
            {
                var entries = await filter.ApplyAsync(db, member.Organization.TimeZone, ct);
                var rows = await entries.Where(entry => entry.Sequence > after).OrderBy(entry => entry.Sequence).Take(Batch).ToListAsync(ct);
                return (rows, await NamesAsync(db, rows, ct));
            }, ct);

            foreach (var view in rows.Select(entry => View(entry, names)))
            {
                await writer.WriteAsync(CsvLine.Of(
                    view.Sequence.ToString(CultureInfo.InvariantCulture), Wire.Instant(view.OccurredAt), view.ActorId?.ToString(), view.Actor, view.ActorKeyId?.ToString(),
                    view.Action, view.Subject, view.Address, view.RequestId?.ToString(), view.Before?.GetRawText(), view.After?.GetRawText(), view.Hash));
            }

            await writer.FlushAsync(ct);
            if (rows.Count < Batch)
            {
                return;
            }

            after = rows[^1].Sequence;
        }
    }

    private static AuditEntryView View(AuditEntry entry, IReadOnlyDictionary<Guid, string> names)
    {
        using var details = JsonDocument.Parse(entry.Details);
        return new AuditEntryView(
            entry.Sequence,
            entry.OccurredAt,
            entry.Action,
            entry.Subject,
            entry.ActorId,
            entry.ActorId is { } actor ? names.GetValueOrDefault(actor) : null,
            entry.ActorKeyId,
            entry.Address,
            entry.RequestId,
            Part(details.RootElement, "before"),
            // What only tells, without comparing, is shown as what came of it.
            details.RootElement.TryGetProperty("after", out _) ? Part(details.RootElement, "after") : details.RootElement.Clone(),
            Convert.ToHexStringLower(entry.Hash));
    }

    private static JsonElement? Part(JsonElement details, string name) =>
        details.TryGetProperty(name, out var part) && part.ValueKind != JsonValueKind.Null ? part.Clone() : null;

    private static async Task<IReadOnlyDictionary<Guid, string>> NamesAsync(HubDb db, IReadOnlyList<AuditEntry> rows, CancellationToken ct)
    {
        var ids = rows.Select(entry => entry.ActorId).OfType<Guid>().Distinct().ToArray();
        return await db.Users.Where(user => ids.Contains(user.Id)).ToDictionaryAsync(user => user.Id, user => user.DisplayName, ct);
    }

    private sealed record Filter(Guid? ActorId, string? Action, string? Subject, DateOnly? From, DateOnly? To)
    {
        public static Filter Read(Asked asked, string? actorId, string? action, string? subject, string? from, string? to) => new(
            asked.Id("actor_id", actorId), asked.Word("action", action), asked.Word("subject", subject), asked.Day("from", from), asked.Day("to", to));

        public async Task<IQueryable<AuditEntry>> ApplyAsync(HubDb db, string zone, CancellationToken ct)
        {
            var entries = db.AuditEntries.AsNoTracking();
            if (ActorId is { } actor)
            {
                entries = entries.Where(entry => entry.ActorId == actor);
            }

            if (Action is { } action)
            {
                entries = action.EndsWith('.') ? entries.Where(entry => entry.Action.StartsWith(action)) : entries.Where(entry => entry.Action == action);
            }

            if (Subject is { } subject)
            {
                entries = entries.Where(entry => entry.Subject == subject);
            }

            if (From is { } first)
            {
                var since = await StartOfDayAsync(db, first, zone, ct);
                entries = entries.Where(entry => entry.OccurredAt >= since);
            }

            if (To is { } last && last < DateOnly.MaxValue)
            {
                var until = await StartOfDayAsync(db, last.AddDays(1), zone, ct);
                entries = entries.Where(entry => entry.OccurredAt < until);
            }

            return entries;
        }

        private static Task<DateTimeOffset> StartOfDayAsync(HubDb db, DateOnly day, string zone, CancellationToken ct) =>
            db.Database.SqlQuery<DateTimeOffset>($"select ({day})::timestamp at time zone {zone} as \"Value\"").SingleAsync(ct);
    }
}
