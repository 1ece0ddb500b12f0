using AiHub.Domain;
using AiHub.Domain.Access;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>Gives out tickets and takes them back, each once.</summary>
public static class Tickets
{
    // Those that ended are of no use to anybody; they go when new ones come, so nobody has to sweep.
    private static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(1);
    private const int SweptAtOnce = 20;

    /// <summary>Adds a ticket to what will be saved.</summary>
    /// <returns>Its token, this once.</returns>
    public static string AddTicket(this HubDb db, TicketPurpose purpose, Guid? userId, string? data, TimeSpan lifetime, DateTimeOffset now)
    {
        var token = SignInTokens.NewTicket();
        db.Tickets.Add(new Ticket
        {
            Id = Guid.CreateVersion7(now),
            Purpose = purpose,
            Hash = SignInTokens.Hash(token),
            UserId = userId,
            Data = data,
            CreatedAt = now,
            ExpiresAt = now + lifetime,
        });

        return token;
    }

    /// <summary>Saves a ticket on its own, and forgets some that ended long ago.</summary>
    public static async Task<string> IssueTicketAsync(
        this HubDb db, TicketPurpose purpose, Guid? userId, string? data, TimeSpan lifetime, DateTimeOffset now, CancellationToken ct)
    {
        await db.ForgetTicketsAsync(now, ct);
        var token = db.AddTicket(purpose, userId, data, lifetime, now);
        await db.SaveChangesAsync(ct);
        return token;
    }

    /// <summary>Forgets some that ended long ago.</summary>
    public static async Task ForgetTicketsAsync(this HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        var longAgo = now - KeptAfterEnd;
        await db.Tickets.Where(row => db.Tickets.Where(old => old.ExpiresAt < longAgo).OrderBy(old => old.ExpiresAt).Take(SweptAtOnce).Select(old => old.Id).Contains(row.Id)).ExecuteDeleteAsync(ct);
    }

    /// <returns>The ticket, still good; null for any other token.</returns>
    public static async Task<Ticket?> FindTicketAsync(this HubDb db, TicketPurpose purpose, string token, DateTimeOffset now, CancellationToken ct) =>
        SignInTokens.ReadTicket(token) is { } hash ? await Good(db, purpose, hash, now).AsNoTracking().FirstOrDefaultAsync(ct) : null;

    /// <summary>Uses a ticket up. One statement, so that a token presented twice at once is used once.</summary>
    public static async Task<bool> UseTicketAsync(this HubDb db, Ticket ticket, DateTimeOffset now, CancellationToken ct) =>
        await db.Tickets.Where(row => row.Id == ticket.Id && row.UsedAt == null && row.ExpiresAt > now).ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now), ct) == 1;

    /// <summary>Finds and uses up in one go.</summary>
    public static async Task<Ticket?> TakeTicketAsync(this HubDb db, TicketPurpose purpose, string token, DateTimeOffset now, CancellationToken ct) =>
        await db.FindTicketAsync(purpose, token, now, ct) is { } ticket && await db.UseTicketAsync(ticket, now, ct) ? ticket : null;

    /// <returns>False when it has been tried as often as it may.</returns>
    public static async Task<bool> TryTicketAsync(this HubDb db, Ticket ticket, int attempts, CancellationToken ct) =>
        await db.Tickets.Where(row => row.Id == ticket.Id && row.UsedAt == null && row.Attempts < attempts).ExecuteUpdateAsync(set => set.SetProperty(row => row.Attempts, row => row.Attempts + 1), ct) == 1;

    /// <summary>Voids what is open of a kind, so that only the newest link works.</summary>
    public static Task VoidTicketsAsync(this HubDb db, TicketPurpose purpose, Guid userId, DateTimeOffset now, CancellationToken ct) =>
        db.Tickets.Where(row => row.UserId == userId && row.Purpose == purpose && row.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now), ct);

    private static IQueryable<Ticket> Good(HubDb db, TicketPurpose purpose, byte[] hash, DateTimeOffset now) =>
        db.Tickets.Where(row => row.Hash == hash && row.Purpose == purpose && row.UsedAt == null && row.ExpiresAt > now);
}
