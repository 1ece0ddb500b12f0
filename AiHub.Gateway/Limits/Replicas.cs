using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace AiHub.Gateway.Limits;

/// <summary>
/// How many replicas share the limits: every one listens on a channel, and the cache counts the listeners. Asked now and then, and
/// remembered while the cache is down, which is when it is needed.
/// </summary>
public sealed class Replicas(IConnectionMultiplexer cache, TimeProvider time, IOptions<LimitOptions> options) : BackgroundService
{
    private static readonly RedisChannel Present = RedisChannel.Literal("limit:replicas");
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private volatile int _count = options.Value.AssumedReplicas;

    public int Count => _count;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Once: the client listens as soon as it is connected, and again after each reconnection.
        await cache.GetSubscriber().SubscribeAsync(Present, (_, _) => { }, CommandFlags.FireAndForget);

        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await CountAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task CountAsync(CancellationToken ct)
    {
        try
        {
            var server = cache.GetServers().First(server => server.IsConnected && !server.IsReplica);
            _count = Math.Max(1, (int)await server.SubscriptionSubscriberCountAsync(Present).WaitAsync(Interval, time, ct));
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException or InvalidOperationException)
        {
            // Down: the last count holds, and the gate says what it does meanwhile.
        }
    }
}
