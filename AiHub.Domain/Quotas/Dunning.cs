using System.Text.Json;
using AiHub.Domain.Storage;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Quotas;

public sealed record OpenDunningCase(Guid Id, Guid OrganizationId, string Reason, Guid SubjectId, DateTimeOffset Since, string Stage);

public sealed record TakenBillingMail(Guid Id, string Kind, string Values, int Attempts, string OrganizationName, string TimeZone, string Email, string Language);

/// <summary>What is owed and what is told about it; each method is one function of 61-dunning.sql. All of it works for any organization and needs no tenant.</summary>
public static class Dunning
{
    /// <summary>Opens a case, once for each thing that is owed; the run moves it on from there.</summary>
    public static Task<bool> OpenDunningAsync(
        this HubDb db, Guid organizationId, DunningReason reason, Guid subjectId, DateTimeOffset since, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>(
            $"""
             select dunning_open({organizationId}, {Words.Of(reason.ToString())}, {subjectId}, {since.ToUniversalTime()}, {now.ToUniversalTime()}) as "Value"
             """).SingleAsync(ct);

    /// <summary>It has been paid, or is owed no more: calls go through again unless something else is owed.</summary>
    public static Task<bool> CloseDunningAsync(this HubDb db, Guid subjectId, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select dunning_close({subjectId}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <summary>Opens cases for invoices that are overdue and closes those of invoices that are not any more.</summary>
    public static Task<int> DunInvoicesAsync(this HubDb db, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<int>($"select dunning_of_invoices({now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    public static Task DunningAttemptedAsync(this HubDb db, Guid subjectId, int attempts, DateTimeOffset? next, CancellationToken ct)
    {
        DateTimeOffset? at = next?.ToUniversalTime();
        return db.Database.ExecuteSqlAsync($"select dunning_attempted({subjectId}, {attempts}, {at})", ct);
    }

    public static Task<bool> MoveDunningAsync(
        this HubDb db, Guid caseId, DunningStage stage, BillingMailKind kind, IReadOnlyDictionary<string, string> values, DateTimeOffset now, CancellationToken ct)
    {
        var json = JsonSerializer.Serialize(values, JsonSerializerOptions.Default);
        return db.Database.SqlQuery<bool>(
            $"""
             select dunning_move({caseId}, {Words.Of(stage.ToString())}, {Words.Of(kind.ToString())}, {json}::jsonb, {now.ToUniversalTime()}) as "Value"
             """).SingleAsync(ct);
    }

    public static Task<List<OpenDunningCase>> OpenDunningCasesAsync(this HubDb db, Guid after, int count, CancellationToken ct) =>
        db.Database.SqlQuery<OpenDunningCase>($"select * from dunning_open_cases({after}, {count})").ToListAsync(ct);

    /// <summary>Writes a message to everybody who pays. The same key again writes nothing.</summary>
    /// <returns>How many messages are new.</returns>
    public static Task<int> TellAsync(
        this HubDb db, Guid organizationId, BillingMailKind kind, string key, IReadOnlyDictionary<string, string> values, DateTimeOffset now, CancellationToken ct)
    {
        var json = JsonSerializer.Serialize(values, JsonSerializerOptions.Default);
        return db.Database.SqlQuery<int>(
            $"select billing_tell({organizationId}, {Words.Of(kind.ToString())}, {key}, {json}::jsonb, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);
    }

    public static Task<List<TakenBillingMail>> TakeBillingMailsAsync(this HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) =>
        db.Database.SqlQuery<TakenBillingMail>(
            $"select * from billing_mails_take({now.ToUniversalTime()}, {(now + lease).ToUniversalTime()}, {count})").ToListAsync(ct);

    public static Task CloseBillingMailAsync(this HubDb db, Guid id, string? error, DateTimeOffset? next, DateTimeOffset now, CancellationToken ct)
    {
        DateTimeOffset? again = next?.ToUniversalTime();
        return db.Database.ExecuteSqlAsync($"select billing_mail_close({id}, {error}, {again}, {now.ToUniversalTime()})", ct);
    }
}
