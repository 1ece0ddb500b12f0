using System.Globalization;
using AiHub.Gateway.Limits;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace AiHub.Tests.Limits;

/// <summary>The limits of one gateway replica, with a connection and a clock of its own.</summary>
public sealed class GateReplica : IAsyncDisposable
{
    // All counters are named after what they count, so that tests can share one organization.
    private static readonly Guid Organization = Guid.CreateVersion7();

    private readonly ServiceProvider _services;

    private GateReplica(ServiceProvider services) => _services = services;

    public LimitGate Gate => _services.GetRequiredService<LimitGate>();

    public Replicas Replicas => _services.GetRequiredService<Replicas>();

    /// <param name="patience">How long the gate waits for the cache: long, so that a busy machine does not look like an outage, unless a test wants one.</param>
    public static async Task<GateReplica> StartAsync(string connectionString, TimeProvider? clock = null, int assumedReplicas = 2, TimeSpan? patience = null)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AbortOnConnectFail = false;
        var cache = await ConnectionMultiplexer.ConnectAsync(options);

        var services = new ServiceCollection()
            .AddLogging()
            .AddMetrics()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder()
                .AddInMemoryCollection(
                [
                    new("Limits:AssumedReplicas", assumedReplicas.ToString(CultureInfo.InvariantCulture)),
                    new("Limits:CommandTimeout", (patience ?? TimeSpan.FromSeconds(10)).ToString("c", CultureInfo.InvariantCulture)),
                ])
                .Build())
            .AddSingleton(clock ?? TimeProvider.System)
            .AddSingleton<IConnectionMultiplexer>(_ => cache)
            .AddLimits();

        return new GateReplica(services.BuildServiceProvider());
    }

    public async Task<bool> AdmitsAsync(params LimitScope[] scopes) => (await AskAsync(scopes)).Refusal is null;

    /// <summary>A call of its own under these limits.</summary>
    public ValueTask<Admission> AskAsync(IReadOnlyList<LimitScope> scopes, long tokens = 0) =>
        Gate.AdmitAsync(new LimitedCall(Guid.CreateVersion7(), Organization, scopes, tokens), CancellationToken.None);

    /// <summary>What calls of dead gateways are waited for, at once.</summary>
    public void RenewLeases() => Gate.RenewLeases();

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
