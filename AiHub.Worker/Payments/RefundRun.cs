using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Domain.Tenancy;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Payments;

/// <summary>Asks channels for the refunds that were requested, and asks on until each has ended one way or the other.</summary>
public sealed partial class RefundRun(TimeProvider time, IServiceScopeFactory scopes, PaymentChannels channels, ILogger<RefundRun> logger)
    : Run(TimeSpan.FromMilliseconds(500), time, scopes, logger)
{
    private const int Batch = 20;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly TimeProvider _time = time;
    private readonly ILogger<RefundRun> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (channels.All.Count == 0)
        {
            return;
        }

        foreach (var claimed in await db.ClaimRefundsAsync(now, Lease, Batch, ct))
        {
            await AttendAsync(db, claimed, ct);
        }
    }

    private async Task AttendAsync(HubDb db, ClaimedRefund claimed, CancellationToken ct)
    {
        var (order, refund) = await db.InOrganizationAsync(
            claimed.OrganizationId,
            async () => (await db.PaymentOrders.AsNoTracking().SingleAsync(row => row.Id == claimed.OrderId, ct), await db.PaymentRefunds.AsNoTracking().SingleAsync(row => row.Id == claimed.Id, ct)),
            ct);
        var now = _time.GetUtcNow();
        if (channels.Find(order.Channel) is not { } channel)
        {
            await db.RefundProcessingAsync(refund.Id, now + TimeSpan.FromSeconds(15), ct);
            return;
        }

        try
        {
            var state = refund.Status == RefundStatus.Processing ? await channel.QueryRefundAsync(order, refund, ct) : ChannelRefundState.Unknown;
            if (state == ChannelRefundState.Unknown)
            {
                state = await channel.RefundAsync(order, refund, ct);
            }

            await NoteAsync(db, refund, state, failure: null, now, ct);
        }
        catch (PaymentChannelException failure)
        {
            LogNotRefunded(refund.Id, order.Channel, failure.Failure, failure.Message);
            await NoteAsync(db, refund, failure.Failure == PaymentChannelFailure.Refused ? ChannelRefundState.Failed : ChannelRefundState.Processing, failure.Message, now, ct);
        }
    }

    private static Task NoteAsync(HubDb db, Refund refund, ChannelRefundState state, string? failure, DateTimeOffset now, CancellationToken ct) => state switch
    {
        ChannelRefundState.Succeeded => db.RefundEndedAsync(refund.Id, succeeded: true, failure: null, now, ct),
        ChannelRefundState.Failed => db.RefundEndedAsync(refund.Id, succeeded: false, failure ?? "The channel could not refund it.", now, ct),
        _ => db.RefundProcessingAsync(refund.Id, now + Pause(refund.Checks), ct),
    };

    private static TimeSpan Pause(int checks) => TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, 5 * Math.Pow(2, Math.Min(checks, 12))));

    [LoggerMessage(LogLevel.Warning, "Refund {Refund} could not be settled with {Channel} ({Failure}): {Reason}")]
    private partial void LogNotRefunded(Guid refund, PaymentChannelId channel, PaymentChannelFailure failure, string reason);
}
