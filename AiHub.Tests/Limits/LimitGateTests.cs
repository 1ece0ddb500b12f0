using AiHub.Domain.Quotas;
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

    [Theory, OnGarnet, OnRedisServer, OnRedisCluster]
    public async Task Two_replicas_together_admit_exactly_the_limit(CacheKind kind)
    {
        await using var one = await StartAsync(kind);
        await using var other = await StartAsync(kind);
        var limit = Requests(50);

        var passed = await Task.WhenAll(Enumerable.Range(0, 200).Select(call => (call % 2 == 0 ? one : other).AdmitsAsync(limit)));

        Assert.Equal(50, passed.Count(passes => passes));
    }

    [Theory, OnGarnet, OnRedisServer, OnRedisCluster]
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

        var first = await replica.AskAsync([organization, key]);
        var second = await replica.AskAsync([organization, key]);

        Assert.Equal(new Admission(new LimitFigures(3, 2, LimitScope.Window), null, null), first);
        Assert.Equal(new Admission(new LimitFigures(3, 1, LimitScope.Window), null, null), second);
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

        var refused = await replica.AskAsync([organization, key]);

        var wait = TimeSpan.FromMilliseconds(43_500);
        Assert.Equal(new Admission(new LimitFigures(2, 0, TimeSpan.FromMilliseconds(58_500)), null, new Refusal(key, wait)), refused);

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
        var refused = await replica.AskAsync([tight]);
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

    [Theory, OnGarnet, OnRedisServer, OnRedisCluster]
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

    [Theory, OnGarnet, OnRedisServer]
    public async Task No_minute_has_more_tokens_than_the_limit(CacheKind kind)
    {
        var clock = new FakeTimeProvider(Noon);
        await using var replica = await StartAsync(kind, clock);
        var limit = Tokens(10_000);
        var random = new Random(20260302);
        List<(DateTimeOffset At, int Tokens)> admitted = [];

        for (var call = 0; call < 300; call++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(random.Next(0, 6000)));
            var now = clock.GetUtcNow();
            var tokens = random.Next(1, 3000);

            var passes = (await replica.AskAsync([limit], tokens)).Refusal is null;

            // A second counts until its end has left the window, so a call may be refused a second early, but none is admitted too many.
            var atLeast = admitted.Where(one => one.At > now - LimitScope.Window).Sum(one => one.Tokens);
            var atMost = admitted.Where(one => one.At > now - LimitScope.Window - TimeSpan.FromSeconds(1)).Sum(one => one.Tokens);
            Assert.False(passes && atLeast + tokens > limit.Limit);
            Assert.False(!passes && atMost + tokens <= limit.Limit);
            if (passes)
            {
                admitted.Add((now, tokens));
            }
        }

        Assert.InRange(admitted.Count, 50, 299);
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task Tokens_that_were_guessed_are_replaced_by_those_that_were_used(CacheKind kind)
    {
        var clock = new FakeTimeProvider(Noon);
        await using var one = await StartAsync(kind, clock);
        await using var other = await StartAsync(kind, clock);
        var limit = Tokens(1000);

        var generous = await one.AskAsync([limit], 900);
        Assert.Equal(new LimitFigures(1000, 100, TimeSpan.FromMilliseconds(60_999)), generous.Tokens);
        Assert.NotNull((await other.AskAsync([limit], 200)).Refusal);

        // It used 50. What it gives back is there for everybody, and leaves with the second it was admitted in.
        End(generous, 50);
        await UntilAsync(async () => (await other.AskAsync([limit], 950)).Refusal is null);
        Assert.NotNull((await one.AskAsync([limit], 1)).Refusal);

        clock.Advance(TimeSpan.FromSeconds(61));
        var modest = await one.AskAsync([limit], 10);
        End(modest, 990);
        await UntilAsync(async () => (await other.AskAsync([limit], 0)).Tokens?.Remaining == 10);
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task A_call_that_outlasts_the_window_counts_what_it_used_when_it_ends(CacheKind kind)
    {
        var clock = new FakeTimeProvider(Noon);
        await using var replica = await StartAsync(kind, clock);
        var limit = Tokens(1000);
        var call = await replica.AskAsync([limit], 100);

        clock.Advance(TimeSpan.FromMinutes(10));
        End(call, 1050);

        await UntilAsync(async () => (await replica.AskAsync([limit], 0)).Tokens?.Remaining == 50);
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task A_call_larger_than_the_limit_passes_when_nothing_else_has(CacheKind kind)
    {
        await using var replica = await StartAsync(kind, new FakeTimeProvider(Noon));
        var limit = Tokens(100);

        Assert.Null((await replica.AskAsync([limit], 5000)).Refusal);
        Assert.Equal(limit, (await replica.AskAsync([limit], 1)).Refusal?.Scope);
    }

    [Theory, OnGarnet, OnRedisServer, OnRedisCluster]
    public async Task Only_so_many_calls_are_under_way_at_once_on_all_replicas(CacheKind kind)
    {
        await using var one = await StartAsync(kind);
        await using var other = await StartAsync(kind);
        var limit = AtOnce(5);

        var admissions = await Task.WhenAll(Enumerable.Range(0, 20).Select(call => (call % 2 == 0 ? one : other).AskAsync([limit]).AsTask()));

        var admitted = admissions.Where(admission => admission.Refusal is null).ToList();
        Assert.Equal(5, admitted.Count);
        admitted[0].Slot!.Dispose();
        admitted[0].Slot!.Dispose();
        await UntilAsync(async () => (await other.AskAsync([limit])).Refusal is null);
        Assert.Equal(limit, (await one.AskAsync([limit])).Refusal?.Scope);
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task The_places_of_a_dead_gateway_come_free_and_those_of_a_living_one_do_not(CacheKind kind)
    {
        var clock = new FakeTimeProvider(Noon);
        await using var dead = await StartAsync(kind, clock);
        await using var living = await StartAsync(kind, clock);
        var limit = AtOnce(2);
        Assert.Null((await dead.AskAsync([limit])).Refusal);
        Assert.Null((await living.AskAsync([limit])).Refusal);

        clock.Advance(TimeSpan.FromSeconds(40));
        living.RenewLeases();
        Assert.NotNull((await living.AskAsync([limit])).Refusal);
        clock.Advance(TimeSpan.FromSeconds(21));

        Assert.Null((await living.AskAsync([limit])).Refusal);
        Assert.NotNull((await living.AskAsync([limit])).Refusal);
    }

    [Theory, OnGarnet, OnRedisServer, OnRedisCluster]
    public async Task All_limits_are_asked_in_one_go_and_all_or_none_count(CacheKind kind)
    {
        await using var replica = await StartAsync(kind);
        LimitScope[] limits = [Requests(100), Tokens(1000), AtOnce(10), Requests(50) with { Owner = LimitOwner.Team }, Tokens(500) with { Owner = LimitOwner.User }, AtOnce(1) with { Owner = LimitOwner.Plan }];

        var first = await replica.AskAsync(limits, 300);
        Assert.Equal((49L, 200L), (first.Requests!.Value.Remaining, first.Tokens!.Value.Remaining));

        // The plan's one place is taken; nothing is counted for who is refused.
        var refused = await replica.AskAsync(limits, 100);
        Assert.Equal((LimitOwner.Plan, LimitKind.Concurrency), (refused.Refusal!.Scope.Owner, refused.Refusal.Scope.Kind));
        End(first, 300);
        await UntilAsync(async () => (await replica.AskAsync(limits, 100)) is { Refusal: null, Requests.Remaining: 48, Tokens.Remaining: 100 });
    }

    [Fact]
    public void Of_two_limits_that_see_the_same_calls_the_tighter_one_is_asked()
    {
        var organization = Guid.CreateVersion7();

        var scopes = LimitScope.Of([
            new LimitOfKey { Owner = LimitOwner.Plan, SubjectId = organization, RequestsPerMinute = 100, Concurrency = 3 },
            new LimitOfKey { Owner = LimitOwner.Organization, SubjectId = organization, RequestsPerMinute = 40, Concurrency = 8 },
            new LimitOfKey { Owner = LimitOwner.Key, SubjectId = organization, TokensPerMinute = 9 },
        ]);

        Assert.Equal(
            [
                new LimitScope(LimitOwner.Organization, organization, LimitKind.Requests, 40),
                new LimitScope(LimitOwner.Plan, organization, LimitKind.Concurrency, 3),
                new LimitScope(LimitOwner.Key, organization, LimitKind.Tokens, 9),
            ],
            scopes);
    }

    [Fact]
    public async Task A_caller_without_limits_does_not_need_the_cache()
    {
        await using var replica = await GateReplica.StartAsync("127.0.0.1:1,connectTimeout=100");

        Assert.Equal(Admission.Unlimited, await replica.AskAsync([]));
        Assert.False(replica.Gate.IsAlone);
    }

    private static void End(Admission admission, long tokens)
    {
        admission.Slot!.Counts(() => tokens);
        admission.Slot.Dispose();
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }
    }

    private static LimitScope Tokens(int limit) => new(LimitOwner.Key, Guid.CreateVersion7(), LimitKind.Tokens, limit);

    private static LimitScope AtOnce(int limit) => new(LimitOwner.Key, Guid.CreateVersion7(), LimitKind.Concurrency, limit);

    private static LimitScope Requests(int limit) => new(LimitOwner.Key, Guid.CreateVersion7(), LimitKind.Requests, limit);

    private static async Task<GateReplica> StartAsync(CacheKind kind, TimeProvider? clock = null) =>
        await GateReplica.StartAsync(await CacheServers.ConnectionStringAsync(kind), clock);
}
