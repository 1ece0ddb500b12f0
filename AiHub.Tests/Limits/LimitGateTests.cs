using AiHub.Gateway.Limits;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace AiHub.Tests.Limits;

public sealed class LimitGateTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory, OnGarnet, OnRedisServer]
    public async Task No_minute_has_more_requests_than_the_limit_and_no_request_is_refused_before(CacheKind kind)
    {
        var clock = new FakeTimeProvider(Noon);
        await using var replica = await StartAsync(kind, clock);
        var limit = Requests(7);
        var random = new Random(20260301);
        List<DateTimeOffset> admitted = [];

        for (var call = 0; call < 400; call++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(random.Next(0, 9000)));
            var now = clock.GetUtcNow();
            var used = admitted.Count(moment => moment > now - LimitScope.Window);

            var passes = await replica.AdmitsAsync(limit);

            Assert.Equal(used < limit.Limit, passes);
            if (passes)
            {
                admitted.Add(now);
            }
        }

        Assert.InRange(admitted.Count, 100, 399);
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task Two_replicas_together_admit_exactly_the_limit(CacheKind kind)
    {
        await using var one = await StartAsync(kind);
        await using var other = await StartAsync(kind);
        var limit = Requests(50);

        var passed = await Task.WhenAll(Enumerable.Range(0, 200).Select(call => (call % 2 == 0 ? one : other).AdmitsAsync(limit)));

        Assert.Equal(50, passed.Count(passes => passes));
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task A_request_that_one_limit_refuses_counts_in_none(CacheKind kind)
    {
        await using var replica = await StartAsync(kind);
        var (key, otherKey, organization) = (Requests(1), Requests(10), Requests(3) with { Owner = LimitOwner.Organization });

        Assert.True(await replica.AdmitsAsync(key, organization));
        Assert.False(await replica.AdmitsAsync(key, organization));
        Assert.False(await replica.AdmitsAsync(key, organization));

        Assert.True(await replica.AdmitsAsync(otherKey, organization));
        Assert.True(await replica.AdmitsAsync(otherKey, organization));
        Assert.False(await replica.AdmitsAsync(otherKey, organization));
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task The_figures_speak_of_the_tightest_limit(CacheKind kind)
    {
        await using var replica = await StartAsync(kind, new FakeTimeProvider(Noon));
        var (key, organization) = (Requests(5), Requests(3) with { Owner = LimitOwner.Organization });

        var first = await replica.Gate.AdmitAsync([organization, key], CancellationToken.None);
        var second = await replica.Gate.AdmitAsync([organization, key], CancellationToken.None);

        Assert.Equal(new Admission(new LimitFigures(3, 2, LimitScope.Window), null), first);
        Assert.Equal(new Admission(new LimitFigures(3, 1, LimitScope.Window), null), second);
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task A_refusal_says_whose_limit_it_was_and_to_the_millisecond_when_there_is_room(CacheKind kind)
    {
        var clock = new FakeTimeProvider(Noon);
        await using var replica = await StartAsync(kind, clock);
        var (key, organization) = (Requests(2), Requests(100) with { Owner = LimitOwner.Organization });
        await replica.AdmitsAsync(organization, key);
        clock.Advance(TimeSpan.FromSeconds(15));
        await replica.AdmitsAsync(organization, key);
        clock.Advance(TimeSpan.FromMilliseconds(1500));

        var refused = await replica.Gate.AdmitAsync([organization, key], CancellationToken.None);

        var wait = TimeSpan.FromMilliseconds(43_500);
        Assert.Equal(new Admission(new LimitFigures(2, 0, TimeSpan.FromMilliseconds(58_500)), new Refusal(key, wait)), refused);

        clock.Advance(wait - TimeSpan.FromMilliseconds(1));
        Assert.False(await replica.AdmitsAsync(organization, key));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(await replica.AdmitsAsync(organization, key));
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task A_limit_that_was_lowered_holds_at_once(CacheKind kind)
    {
        var clock = new FakeTimeProvider(Noon);
        await using var replica = await StartAsync(kind, clock);
        var generous = Requests(4);
        var tight = generous with { Limit = 2 };
        for (var call = 0; call < 4; call++)
        {
            Assert.True(await replica.AdmitsAsync(generous));
            clock.Advance(TimeSpan.FromSeconds(10));
        }

        // At 40 s the window holds the calls of 0, 10, 20 and 30 s; room for one of two comes when that of 20 s leaves.
        var refused = await replica.Gate.AdmitAsync([tight], CancellationToken.None);
        Assert.Equal(TimeSpan.FromSeconds(40), refused.Refusal?.RetryAfter);

        clock.Advance(TimeSpan.FromSeconds(40));
        Assert.True(await replica.AdmitsAsync(tight));
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task A_replica_whose_clock_is_slow_gains_nothing(CacheKind kind)
    {
        await using var right = await StartAsync(kind, new FakeTimeProvider(Noon));
        await using var slow = await StartAsync(kind, new FakeTimeProvider(Noon - TimeSpan.FromSeconds(20)));
        var limit = Requests(2);

        Assert.True(await right.AdmitsAsync(limit));
        Assert.True(await slow.AdmitsAsync(limit));
        Assert.False(await slow.AdmitsAsync(limit));
        Assert.False(await right.AdmitsAsync(limit));
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task A_replica_whose_clock_was_an_hour_ahead_does_not_close_the_door_for_an_hour(CacheKind kind)
    {
        await using var ahead = await StartAsync(kind, new FakeTimeProvider(Noon + TimeSpan.FromHours(1)));
        await using var right = await StartAsync(kind, new FakeTimeProvider(Noon));
        var limit = Requests(1);

        Assert.True(await ahead.AdmitsAsync(limit));
        Assert.True(await right.AdmitsAsync(limit));
        Assert.False(await right.AdmitsAsync(limit));
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task A_server_that_forgot_the_script_is_told_it_again(CacheKind kind)
    {
        await using var replica = await StartAsync(kind);
        var limit = Requests(2);
        Assert.True(await replica.AdmitsAsync(limit));

        await using var connection = await ConnectionMultiplexer.ConnectAsync(await CacheServers.ConnectionStringAsync(kind));
        await connection.GetDatabase().ExecuteAsync("SCRIPT", "FLUSH");

        Assert.True(await replica.AdmitsAsync(limit));
        Assert.False(await replica.AdmitsAsync(limit));
        Assert.False(replica.Gate.IsAlone);
    }

    [Fact]
    public async Task A_caller_without_limits_does_not_need_the_cache()
    {
        await using var replica = await GateReplica.StartAsync("127.0.0.1:1,connectTimeout=100");

        Assert.Equal(Admission.Unlimited, await replica.Gate.AdmitAsync([], CancellationToken.None));
        Assert.False(replica.Gate.IsAlone);
    }

    private static LimitScope Requests(int limit) => new(LimitOwner.Key, Guid.CreateVersion7(), LimitKind.Requests, limit);

    private static async Task<GateReplica> StartAsync(CacheKind kind, TimeProvider? clock = null) =>
        await GateReplica.StartAsync(await CacheServers.ConnectionStringAsync(kind), clock);
}
