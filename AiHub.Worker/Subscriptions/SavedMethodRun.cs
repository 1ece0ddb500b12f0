using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Domain.Tenancy;
using AiHub.Worker.Payments;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Subscriptions;

/// <summary>Asks the channel what an order was paid with, where it is to be kept for the terms to come.</summary>
public sealed partial class SavedMethodRun(TimeProvider time, IServiceScopeFactory scopes, PaymentChannels channels, ILogger<SavedMethodRun> logger)
    : Run(TimeSpan.FromSeconds(2), time, scopes, logger)
{
    private const int Batch = 20;

    private readonly ILogger<SavedMethodRun> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var found in await db.OrdersSavingMethodsAsync(Batch, ct))
        {
            var order = await db.InOrganizationAsync(found.OrganizationId, () => db.PaymentOrders.AsNoTracking().SingleAsync(row => row.Id == found.Id, ct), ct);
            if (channels.Find(order.Channel) is not { } channel)
            {
                continue;
            }

            try
            {
                await db.SaveMethodAsync(order.Id, await channel.MethodOfAsync(order, ct), now, ct);
            }
            catch (PaymentChannelException failure)
            {
                LogNotSaved(order.Id, order.Channel, failure.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Channel} does not say what order {Order} was paid with: {Reason}")]
    private partial void LogNotSaved(Guid order, PaymentChannelId channel, string reason);
}
