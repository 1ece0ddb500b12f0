using System.Diagnostics;
using Npgsql;

namespace AiHub.Gateway;

/// <param name="Table">The changed table, for example <c>api_keys</c>.</param>
/// <param name="Id">The changed row, or the organization it belongs to.</param>
public readonly record struct HubChange(string Table, string Id);

/// <summary>
/// Hears from the database what others changed, over one connection of its own. Whatever is kept in memory asks <see cref="IsCurrent"/>
/// before it trusts itself: while nothing can be heard, nothing kept is trusted.
/// </summary>
public sealed partial class ChangeFeed(IConfiguration configuration, ILogger<ChangeFeed> logger) : BackgroundService
{
    private const string Channel = "hub_changes";

    // A line can die without a sound. Asking this often keeps "heard within a second" true even then.
    private static readonly TimeSpan ProofInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ProofLasts = TimeSpan.FromMilliseconds(900);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private long _provenAt;
    private long _version;

    /// <summary>Called on the feed's own loop, so that changes arrive one after the other; must not block.</summary>
    public event Action<HubChange>? Changed;

    /// <summary>The feed was deaf until now: anything may have changed.</summary>
    public event Action? Restarted;

    /// <summary>Rises with every change heard. Read before and after fetching a row, it tells whether the row may already be old.</summary>
    public long Version => Volatile.Read(ref _version);

    // Measured on the machine's own clock: this is about a line being alive now, not about the hub's time.
    public bool IsCurrent => Volatile.Read(ref _provenAt) is var proven and not 0 && Stopwatch.GetElapsedTime(proven) < ProofLasts;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(() => failures = 0, stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Volatile.Write(ref _provenAt, 0);
                if (failures++ == 0)
                {
                    LogDeaf(failure);
                }

                await Task.Delay(Pause, stoppingToken);
            }
        }
    }

    private async Task ListenAsync(Action heard, CancellationToken ct)
    {
        var settings = new NpgsqlConnectionStringBuilder(configuration.GetConnectionString("hub"))
        {
            Pooling = false,
            ApplicationName = "hub-gateway-changes",
            CommandTimeout = 2,
        };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(ct);
        connection.Notification += (_, notice) => Hear(notice.Payload);
        await using (var listen = new NpgsqlCommand($"listen {Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(ct);
        }

        Interlocked.Increment(ref _version);
        Restarted?.Invoke();
        heard();

        await using var proof = new NpgsqlCommand("select 1", connection);
        while (true)
        {
            var asked = Stopwatch.GetTimestamp();
            await proof.ExecuteScalarAsync(ct);
            Volatile.Write(ref _provenAt, asked);
            await connection.WaitAsync(ProofInterval, ct);
        }
    }

    private void Hear(string payload)
    {
        Interlocked.Increment(ref _version);
        var colon = payload.IndexOf(':', StringComparison.Ordinal);
        Changed?.Invoke(colon < 0 ? new HubChange(payload, "") : new HubChange(payload[..colon], payload[(colon + 1)..]));
    }

    [LoggerMessage(LogLevel.Warning, "Changes in the database cannot be heard; every key is looked up again until they can.")]
    private partial void LogDeaf(Exception failure);
}
