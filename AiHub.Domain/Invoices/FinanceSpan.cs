using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Invoices;

/// <summary>
/// An hour, or a day of the hub, whose figures are kept because nothing more comes into it. Something that comes after all marks it: it is counted
/// until its figures are made anew.
/// </summary>
public sealed class FinanceSpan
{
    public required DateTimeOffset StartsAt { get; init; }
    public required DateTimeOffset EndsAt { get; init; }
}

/// <summary>What a model of a vendor was called and cost in a span.</summary>
public sealed class FinanceModelSum
{
    public required DateTimeOffset StartsAt { get; init; }
    public required string ModelId { get; init; }
    public required string VendorId { get; init; }
    public required string Currency { get; init; }
    public required long Calls { get; init; }

    // Sums over all organizations, which may be larger than one customer's money can be.
    public required decimal ListNanos { get; init; }
    public required decimal ChargedNanos { get; init; }
    public required decimal CostNanos { get; init; }
}

/// <summary>What an organization's journals of a span booked on accounts of one kind.</summary>
public sealed class FinanceRevenueSum
{
    public required DateTimeOffset StartsAt { get; init; }
    public required Guid OrganizationId { get; init; }

    /// <summary>The plan they were on when it was booked.</summary>
    public required string PlanId { get; init; }
    public required string Kind { get; init; }
    public required string Currency { get; init; }
    public required decimal AmountNanos { get; init; }
}

/// <summary>A moment that something came late into.</summary>
public sealed class FinanceMark
{
    public required DateTimeOffset At { get; init; }
}

/// <summary>When somebody last looked whether spans may close, and the transactions there could have been by then. One row.</summary>
public sealed class FinanceHorizon
{
    public required DateTimeOffset SeenAt { get; init; }
    public required long Transaction { get; init; }
}

public static class FinanceSpans
{
    /// <summary>Few enough that nobody who comes late waits long.</summary>
    private const int Batch = 4;

    /// <summary>Keeps the figures of the hours and days that are over, batch by batch.</summary>
    /// <returns>How many.</returns>
    public static async Task<int> CloseFinancesAsync(this HubDb db, CancellationToken ct)
    {
        var total = 0;
        for (var count = Batch; count == Batch; total += count)
        {
            count = await db.Database.SqlQuery<int>($"select finance_close({Organization.DefaultTimeZone}, {Batch}) as \"Value\"").SingleAsync(ct);
        }

        return total;
    }
}
