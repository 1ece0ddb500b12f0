using System.Text.Json;
using AiHub.Domain.Storage;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Payments;

/// <summary>A bill that is to be had now. Claimed: nobody else gets it until the lease is over.</summary>
public sealed record DueBill(Guid Id, string Channel, DateOnly Day, DateTimeOffset EndsAt, int Attempts)
{
    public PaymentChannelId ChannelId => Enum.Parse<PaymentChannelId>(Channel.Replace("_", ""), ignoreCase: true);
}

/// <param name="Differences">How many lines are neither as the books say nor accepted.</param>
/// <param name="Fresh">How many of them were not known before.</param>
public sealed record BillComparison(int Differences, int Fresh);

/// <param name="Differing">Bills with open differences.</param>
/// <param name="Late">Bills that should have been had a day ago.</param>
public sealed record BillStanding(long Differing, long Late);

/// <summary>What channels' bills say and how it compares; each method is one function of 73-bills.sql.</summary>
public static class BillBooks
{
    /// <summary>Makes a row for every day the channel should have a bill of by now.</summary>
    /// <param name="offset">How far the channel's day is ahead of UTC's.</param>
    /// <param name="ready">How long after the end of a day its bill can be had.</param>
    public static Task PrepareBillsAsync(this HubDb db, PaymentChannelId channel, TimeSpan offset, TimeSpan ready, DateTimeOffset now, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select bills_prepare({PaymentBooks.Name(channel)}, {offset}, {ready}, {now.ToUniversalTime()})", ct);

    public static Task<List<DueBill>> TakeBillsAsync(this HubDb db, IEnumerable<PaymentChannelId> channels, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct)
    {
        var names = channels.Select(PaymentBooks.Name).ToArray();
        return db.Database.SqlQuery<DueBill>(
            $"select id, channel, day, ends_at, attempts from bills_take({names}, {now.ToUniversalTime()}, {(now + lease).ToUniversalTime()}, {count})").ToListAsync(ct);
    }

    public static Task BillPutOffAsync(this HubDb db, Guid billId, DateTimeOffset next, string? why, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select bill_put_off({billId}, {next.ToUniversalTime()}, {why})", ct);

    /// <summary>Keeps the lines in place of those before and compares them with the books; what was accepted stays accepted as long as it says the same.</summary>
    public static Task<BillComparison> CompareBillAsync(this HubDb db, Guid billId, IReadOnlyList<BillLine> lines, DateTimeOffset now, CancellationToken ct)
    {
        var json = JsonSerializer.Serialize(lines, SubscriptionJson.Options);
        return db.Database.SqlQuery<BillComparison>($"select differences, fresh from bill_compare({billId}, {json}::jsonb, {now.ToUniversalTime()})").SingleAsync(ct);
    }

    public static Task<BillStanding> BillStandingAsync(this HubDb db, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<BillStanding>($"select differing, late from bills_standing({now.ToUniversalTime()})").SingleAsync(ct);
}
