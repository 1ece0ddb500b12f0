using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Mails;

public enum MailState
{
    Pending,
    Sent,

    /// <summary>Given up after the last try, with the reason.</summary>
    Parked,
}

/// <summary>
/// A mail on its way to a person: written with the change it tells of, sent by whichever worker takes it. Its text may hold a link that opens
/// an account, so nobody reads it but by taking it, and it is erased as soon as it is sent or given up.
/// </summary>
public sealed class OutgoingMail
{
    public required Guid Id { get; init; }
    public required string Address { get; init; }
    public required string Subject { get; init; }
    public string? Body { get; init; }
    public required MailState State { get; init; }
    public required int Attempts { get; init; }
    public required DateTimeOffset NextAttemptAt { get; init; }
    public string? LastError { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? SentAt { get; init; }
}

/// <summary>A mail somebody has taken to send; a row of <c>mails_take</c>.</summary>
public sealed class TakenMail
{
    public required Guid Id { get; init; }

    /// <summary>This one included.</summary>
    public required int Attempts { get; init; }
    public required string Address { get; init; }
    public required string Subject { get; init; }
    public required string Body { get; init; }
}

public static class MailOutbox
{
    /// <summary>Adds a mail to what will be saved.</summary>
    public static void AddMail(this HubDb db, string address, string subject, string body, DateTimeOffset now) => db.OutgoingMails.Add(new OutgoingMail
    {
        Id = Guid.CreateVersion7(now),
        Address = address,
        Subject = subject,
        Body = body,
        State = MailState.Pending,
        Attempts = 0,
        NextAttemptAt = now,
        CreatedAt = now,
    });

    /// <summary>Takes mails that are due; whoever does not say what became of one by then leaves it to the next.</summary>
    public static Task<List<TakenMail>> TakeMailsAsync(this HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) =>
        db.TakenMails.FromSql($"select * from mails_take({now.ToUniversalTime()}, {(now + lease).ToUniversalTime()}, {count})").AsNoTracking().ToListAsync(ct);

    /// <param name="error">Null: it has been sent.</param>
    /// <param name="next">When to try again; null parks it.</param>
    public static Task CloseMailAsync(this HubDb db, Guid id, string? error, DateTimeOffset? next, DateTimeOffset now, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select mail_close({id}, {error is null}, {error}, {next?.ToUniversalTime()}, {now.ToUniversalTime()})", ct);
}
