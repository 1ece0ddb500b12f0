using System.Net;
using AiHub.AppHost.Embedded.Servers;
using AiHub.Domain.Quotas;
using AiHub.Gateway.Limits;
using AiHub.Tests.Hub;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace AiHub.Tests.Limits;

/// <summary>What the gate does while the cache is silent or gone, and afterwards.</summary>
public sealed class CacheOutageTests
{
    // The gate waits two seconds at most; a client without a limit of its own would wait far longer than the test does.
    private static readonly TimeSpan ClientPatience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan GatePatience = TimeSpan.FromSeconds(2);

    [Theory, OnGarnet, OnRedisServer]
    public async Task A_cache_that_falls_silent_holds_up_no_request(CacheKind kind)
    {
        var (relay, replica) = await BehindRelayAsync(kind);
        await using var _ = relay;
        await using var __ = replica;
        var limit = Requests(1000);
        Assert.True(await replica.AdmitsAsync(limit));

        relay.Pause();

        Assert.True(await replica.AdmitsAsync(limit).WaitAsync(Patience));
        Assert.True(replica.Gate.IsAlone);
        // From now on nobody even waits.
        Assert.True(replica.AskAsync([limit]).AsTask().IsCompletedSuccessfully);

        relay.Resume();
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task Alone_a_replica_admits_its_share_and_no_more(CacheKind kind)
    {
        var (relay, replica) = await BehindRelayAsync(kind, assumedReplicas: 3);
        await using var _ = relay;
        await using var __ = replica;
        var limit = Requests(10);
        relay.Cut();

        var admissions = new List<Admission>();
        for (var call = 0; call < 20; call++)
        {
            admissions.Add(await replica.AskAsync([limit]).AsTask().WaitAsync(Patience));
        }

        Assert.Equal(3, admissions.Count(admission => admission.Refusal is null));
        Assert.All(admissions.Skip(3), admission => Assert.Equal(limit, admission.Refusal?.Scope));
        Assert.Equal([2, 1, 0], admissions.Take(3).Select(admission => admission.Requests?.Remaining));
        Assert.All(admissions, admission => Assert.Equal(10, admission.Requests?.Limit));

        relay.Resume();
    }

    [Fact]
    public async Task What_was_admitted_before_the_outage_counts_in_it()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        var (relay, replica) = await BehindRelayAsync(CacheKind.Garnet, clock: clock);
        await using var _ = relay;
        await using var __ = replica;
        var limit = Requests(10);
        for (var call = 0; call < 4; call++)
        {
            Assert.True(await replica.AdmitsAsync(limit));
        }

        // What the cache said of all replicas is too old to go by, so only this one's half counts.
        clock.Advance(TimeSpan.FromSeconds(20));
        relay.Cut();

        Assert.True(await replica.AdmitsAsync(limit).WaitAsync(Patience));
        Assert.False(await replica.AdmitsAsync(limit));
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task A_slow_answer_does_not_refuse_who_is_far_below_the_limit(CacheKind kind)
    {
        var (relay, replica) = await BehindRelayAsync(kind, clock: new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56)));
        await using var _ = relay;
        await using var __ = replica;
        var limit = Requests(40);
        for (var call = 0; call < 20; call++)
        {
            Assert.True(await replica.AdmitsAsync(limit));
        }

        // This replica has used up its half of the limit, and nobody else anything.
        relay.Cut();

        // Ten for it, ten for the other replica, should that go on in the same way: forty together and no more.
        for (var call = 0; call < 10; call++)
        {
            Assert.True(await replica.AdmitsAsync(limit).WaitAsync(Patience));
        }

        Assert.False(await replica.AdmitsAsync(limit));
        Assert.True(replica.Gate.IsAlone);
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task Alone_a_replica_counts_tokens_and_calls_under_way_as_well(CacheKind kind)
    {
        var (relay, replica) = await BehindRelayAsync(kind);
        await using var _ = relay;
        await using var __ = replica;
        var tokens = new LimitScope(LimitOwner.Team, Guid.CreateVersion7(), LimitKind.Tokens, 1000);
        var atOnce = new LimitScope(LimitOwner.User, Guid.CreateVersion7(), LimitKind.Concurrency, 4);
        relay.Cut();

        var first = await replica.AskAsync([tokens, atOnce], 400).AsTask().WaitAsync(Patience);
        Assert.Equal(tokens, (await replica.AskAsync([tokens, atOnce], 400)).Refusal?.Scope);

        // It used far fewer; that makes room.
        first.Slot!.Counts(() => 10);
        first.Slot.Dispose();
        var second = await replica.AskAsync([tokens, atOnce], 400);
        var third = await replica.AskAsync([tokens, atOnce], 50);
        Assert.Null(second.Refusal);
        Assert.Null(third.Refusal);
        Assert.Equal(atOnce, (await replica.AskAsync([tokens, atOnce], 1)).Refusal?.Scope);
        third.Slot!.Dispose();
        Assert.Null((await replica.AskAsync([tokens, atOnce], 1)).Refusal);
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task The_gate_goes_back_to_the_cache_by_itself_and_forgets_nothing_of_the_outage(CacheKind kind)
    {
        var clock = new TestClock();
        var (relay, replica) = await BehindRelayAsync(kind, clock: clock);
        await using var _ = relay;
        await using var __ = replica;
        var limit = Requests(10);
        relay.Cut();
        for (var call = 0; call < 5; call++)
        {
            Assert.True(await replica.AdmitsAsync(limit).WaitAsync(Patience));
        }

        relay.Resume();
        await UntilAsync(() => !replica.Gate.IsAlone);

        // The cache hears of those five with the next request, and then everybody knows.
        for (var call = 0; call < 4; call++)
        {
            Assert.True(await replica.AdmitsAsync(limit));
        }

        await using var other = await GateReplica.StartAsync(await CacheServers.ConnectionStringAsync(kind), clock);
        Assert.True(await other.AdmitsAsync(limit));
        Assert.False(await other.AdmitsAsync(limit));
        Assert.False(await replica.AdmitsAsync(limit));

        clock.Advance(LimitScope.Window);
        for (var call = 0; call < 10; call++)
        {
            Assert.True(await replica.AdmitsAsync(limit));
        }

        Assert.False(await replica.AdmitsAsync(limit));
        Assert.False(replica.Gate.IsAlone);
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task What_an_outage_admitted_is_told_even_by_a_request_that_is_refused(CacheKind kind)
    {
        var (relay, replica) = await BehindRelayAsync(kind, assumedReplicas: 1);
        await using var _ = relay;
        await using var __ = replica;
        var limit = Requests(2);
        relay.Cut();
        Assert.True(await replica.AdmitsAsync(limit).WaitAsync(Patience));
        Assert.True(await replica.AdmitsAsync(limit).WaitAsync(Patience));

        relay.Resume();
        await UntilAsync(() => !replica.Gate.IsAlone);
        Assert.False(await replica.AdmitsAsync(limit));

        await using var other = await GateReplica.StartAsync(await CacheServers.ConnectionStringAsync(kind));
        Assert.False(await other.AdmitsAsync(limit));
    }

    [Fact]
    public async Task A_server_that_was_stopped_and_started_again_is_used_again()
    {
        var port = FreePort.Next();
        var first = await GarnetCache.StartAsync(new GarnetOptions(null, "secret") { Port = port }, loggers: null, CancellationToken.None);
        await using var replica = await GateReplica.StartAsync(first.ConnectionString, patience: GatePatience);
        var limit = Requests(1000);
        Assert.True(await replica.AdmitsAsync(limit));
        Assert.False(replica.Gate.IsAlone);

        await first.DisposeAsync();
        Assert.True(await replica.AdmitsAsync(limit).WaitAsync(Patience));
        Assert.True(replica.Gate.IsAlone);

        await using var second = await GarnetCache.StartAsync(new GarnetOptions(null, "secret") { Port = port }, loggers: null, CancellationToken.None);
        await UntilAsync(() => !replica.Gate.IsAlone);
        Assert.True(await replica.AdmitsAsync(limit));
        Assert.False(replica.Gate.IsAlone);
    }

    [Theory, OnRedisServer]
    public async Task A_cache_that_takes_no_writes_counts_as_down(CacheKind kind)
    {
        _ = kind;
        await using var server = await RedisServerProcess.StartAsync();
        await using var replica = await GateReplica.StartAsync(server.ConnectionString, patience: GatePatience);
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{server.ConnectionString},allowAdmin=true");
        var limit = Requests(10);

        await connection.GetDatabase().ExecuteAsync("REPLICAOF", "127.0.0.1", "1");

        Assert.True(await replica.AdmitsAsync(limit).WaitAsync(Patience));
        Assert.True(replica.Gate.IsAlone);
    }

    [Theory, OnGarnet, OnRedisServer]
    public async Task Replicas_know_how_many_they_are(CacheKind kind)
    {
        await using IAsyncDisposable server = kind == CacheKind.Garnet
            ? await GarnetCache.StartAsync(new GarnetOptions(null, "secret"), loggers: null, CancellationToken.None)
            : await RedisServerProcess.StartAsync();
        var connectionString = server is GarnetCache garnet ? garnet.ConnectionString : ((RedisServerProcess)server).ConnectionString;
        var clock = new FakeTimeProvider();
        List<GateReplica> replicas = [];
        for (var number = 0; number < 3; number++)
        {
            replicas.Add(await GateReplica.StartAsync(connectionString, clock, assumedReplicas: 7));
            await replicas[number].Replicas.StartAsync(CancellationToken.None);
        }

        await UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));

            return replicas.TrueForAll(replica => replica.Replicas.Count == 3);
        });

        await replicas[0].DisposeAsync();
        await UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));

            return replicas[1].Replicas.Count == 2;
        });

        await replicas[1].DisposeAsync();
        await replicas[2].DisposeAsync();
    }

    private static LimitScope Requests(int limit) => new(LimitOwner.Key, Guid.CreateVersion7(), LimitKind.Requests, limit);

    private static async Task<(TcpRelay Relay, GateReplica Replica)> BehindRelayAsync(CacheKind kind, int assumedReplicas = 2, TimeProvider? clock = null)
    {
        var options = ConfigurationOptions.Parse(await CacheServers.ConnectionStringAsync(kind));
        var relay = new TcpRelay(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)options.EndPoints[0]).Port));
        options.EndPoints.Clear();
        options.EndPoints.Add(IPAddress.Loopback, relay.Port);
        options.AsyncTimeout = (int)ClientPatience.TotalMilliseconds;

        return (relay, await GateReplica.StartAsync(options.ToString(includePassword: true), clock, assumedReplicas, GatePatience));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }
    }
}
