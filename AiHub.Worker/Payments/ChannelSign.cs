using AiHub.Domain;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Payments;

/// <summary>Puts up the sign of which channels can be paid, as long as a worker serves them.</summary>
public sealed class ChannelSign(TimeProvider time, IServiceScopeFactory scopes, PaymentChannels channels, ILogger<ChannelSign> logger)
    : Run(TimeSpan.FromSeconds(30), time, scopes, logger)
{
    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var channel in channels.All)
        {
            var (id, currencies) = (Domain.Payments.PaymentBooks.Name(channel.Id), string.Join(' ', channel.Currencies));
            await db.Database.ExecuteSqlAsync(
                $"""
                 insert into payment_channels (id, currencies, payer_url, seen_at) values ({id}, {currencies}, {channel.PayerUrl}, {now.ToUniversalTime()})
                 on conflict (id) do update set currencies = excluded.currencies, payer_url = excluded.payer_url, seen_at = greatest(payment_channels.seen_at, excluded.seen_at)
                 """,
                ct);
        }
    }
}
