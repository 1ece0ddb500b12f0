using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Domain.Tenancy;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Payments;

/// <summary>
/// Opens new orders at their channel, asks about those that wait, and closes at the channel what has expired before it is closed here.
/// Paid-but-never-told is found this way, and whoever pays in the last second is credited.
/// </summary>
public sealed partial class OrderRun(TimeProvider time, IServiceScopeFactory scopes, PaymentChannels channels, ILogger<OrderRun> logger)
    : Run(TimeSpan.FromMilliseconds(500), time, scopes, logger)
{
    private const int Batch = 20;
    private const int MostOpenings = 8;

    /// <summary>How long one look may take before another worker may take over.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    /// <summary>A payment may cross with the closing; the channel is asked once more when it must have arrived.</summary>
    private static readonly TimeSpan Afterthought = TimeSpan.FromHours(1);

    private readonly TimeProvider _time = time;
    private readonly ILogger<OrderRun> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (channels.All.Count == 0)
        {
            return;
        }

        foreach (var claimed in await db.ClaimOrdersAsync(now, Lease, Batch, ct))
        {
            await AttendAsync(db, claimed, ct);
        }
    }

    private async Task AttendAsync(HubDb db, ClaimedOrder claimed, CancellationToken ct)
    {
        var order = await FindAsync(db, claimed.OrganizationId, claimed.Id, ct);
        var now = _time.GetUtcNow();
        if (channels.Find(order.Channel) is not { } channel)
        {
            // Another worker may hold its secrets.
            await db.CheckAgainAsync(order.Id, now + TimeSpan.FromSeconds(15), $"No worker at hand serves {order.Channel}.", ct);
            return;
        }

        try
        {
            await StepAsync(db, channel, order, now, ct);
        }
        catch (PaymentChannelException failure)
        {
            LogNotAnswered(order.Id, order.Channel, failure.Failure, failure.Message);
            if (order.Status == PaymentOrderStatus.Created && (failure.Failure == PaymentChannelFailure.Refused || order.Checks >= MostOpenings || now >= order.ExpiresAt))
            {
                // It may have been opened although we did not hear so.
                await db.ClosedAsync(order.Id, failed: true, failure.Message, now + Afterthought, now, ct);
            }
            else
            {
                await db.CheckAgainAsync(order.Id, now + Pause(order.Checks), failure.Message, ct);
            }
        }
    }

    private async Task StepAsync(HubDb db, IPaymentChannel channel, PaymentOrder order, DateTimeOffset now, CancellationToken ct)
    {
        if (order.Status == PaymentOrderStatus.Created)
        {
            if (order is { PayerCode: { } code, PayerId: null })
            {
                // Kept at once: the code is good for one answer, and opening may have to be tried again.
                await db.PayerKnownAsync(order.Id, await channel.PayerAsync(code, ct), ct);
                order = await FindAsync(db, order.OrganizationId, order.Id, ct);
            }

            var opened = order.PaymentMethodId is { } method ? await CollectAsync(db, channel, order, method, ct) : await channel.OpenAsync(order, ct);
            await db.OpenedAsync(
                order.Id, opened.RedirectUrl, opened.QrCode, opened.Reference, order.PaymentMethodId is null ? now + Pause(0) : now, ct, opened.AppParameters, opened.FrameUrl);
            return;
        }

        var state = await channel.QueryAsync(order, ct);
        if (state.State == ChannelOrderState.Waiting && now >= order.ExpiresAt && order.Status == PaymentOrderStatus.Pending)
        {
            state = await channel.CloseAsync(order, ct);
        }

        switch (state)
        {
            case { State: ChannelOrderState.Paid, Proof: { } proof }:
                await CreditAsync(db, channel, order, proof, now, ct);
                break;
            case { State: ChannelOrderState.Closed } when order.Status == PaymentOrderStatus.Pending:
                await db.ClosedAsync(order.Id, failed: false, why: null, now + Afterthought, now, ct);
                break;
            case { State: ChannelOrderState.Waiting } when order.Status == PaymentOrderStatus.Pending:
                await db.CheckAgainAsync(order.Id, Sooner(now + Pause(order.Checks), order.ExpiresAt, now), why: null, ct);
                break;
            default:
                // The last look at an order that was closed here, and nothing had crossed with it.
                await db.ClosedAsync(order.Id, order.Status == PaymentOrderStatus.Failed, why: null, lastCheck: null, now, ct);
                break;
        }
    }

    private static Task<PaymentOrder> FindAsync(HubDb db, Guid organizationId, Guid id, CancellationToken ct) =>
        db.InOrganizationAsync(organizationId, () => db.PaymentOrders.AsNoTracking().SingleAsync(row => row.Id == id, ct), ct);

    private static async Task<OpenedOrder> CollectAsync(HubDb db, IPaymentChannel channel, PaymentOrder order, Guid methodId, CancellationToken ct)
    {
        var method = await db.InOrganizationAsync(order.OrganizationId, () => db.PaymentMethods.AsNoTracking().SingleAsync(row => row.Id == methodId, ct), ct);
        return method.RemovedAt is null
            ? await channel.CollectAsync(order, new ChannelMethod(method.CustomerReference, method.MethodReference, method.Brand, method.LastFour), ct)
            : throw new PaymentChannelException(PaymentChannelFailure.Refused, "The saved payment method was removed.");
    }

    private async Task CreditAsync(HubDb db, IPaymentChannel channel, PaymentOrder order, PaymentProof proof, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.CreditOrderAsync(order.Id, proof, channel.Merchant, channel.App, now, ct) == CreditOutcome.Mismatch)
        {
            LogMismatch(order.Id, order.OrganizationId, order.Channel);
            await db.CheckAgainAsync(order.Id, now + TimeSpan.FromHours(1), "The channel's answer does not fit the order.", ct);
        }
    }

    private static DateTimeOffset Sooner(DateTimeOffset one, DateTimeOffset other, DateTimeOffset now) => other > now && other < one ? other : one;

    private static TimeSpan Pause(int checks) => checks switch
    {
        <= 1 => TimeSpan.FromSeconds(15),
        2 => TimeSpan.FromSeconds(30),
        3 => TimeSpan.FromMinutes(1),
        4 => TimeSpan.FromMinutes(2),
        _ => TimeSpan.FromMinutes(5),
    };

    [LoggerMessage(LogLevel.Warning, "Order {Order} could not be settled with {Channel} ({Failure}): {Reason}")]
    private partial void LogNotAnswered(Guid order, PaymentChannelId channel, PaymentChannelFailure failure, string reason);

    [LoggerMessage(LogLevel.Critical, "{Channel} reports a payment that does not fit order {Order} of organization {Organization}; nothing was credited.")]
    private partial void LogMismatch(Guid order, Guid organization, PaymentChannelId channel);
}
