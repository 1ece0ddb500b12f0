using System.Collections.Concurrent;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Providers;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace AiHub.Gateway.Routing;

/// <summary>
/// Counts how calls go, per model and endpoint, and adds the counts every few seconds to those of the other gateways in the database: what uptime,
/// latency and speed are read from. Losing some costs a figure its last seconds, never money.
/// </summary>
public sealed partial class EndpointFigures(IServiceScopeFactory scopes, TimeProvider time, ILogger<EndpointFigures> logger) : BackgroundService
{
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(5);

    private ConcurrentDictionary<(string Model, Guid Endpoint, DateTimeOffset StartsAt), Counts> _counts = new();

    /// <summary>An upstream answered to the end.</summary>
    public void Served(PlannedUpstream upstream) => Add(upstream.Model.Id, upstream.Id, upstream, failure: null);

    /// <summary>An upstream failed.</summary>
    public void Failed(PlannedUpstream upstream, UpstreamException failure) => Add(upstream.Model.Id, upstream.Id, upstream, failure);

    /// <summary>A call ended for its caller, whatever was tried for it.</summary>
    /// <param name="upstream">The last one asked.</param>
    /// <param name="failure">Null when it answered to the end.</param>
    public void Ended(string model, PlannedUpstream upstream, UpstreamException? failure) => Add(model, EndpointSpan.WholeModel, upstream, failure);

    /// <param name="outputTokens">Written between the first piece and the end.</param>
    public void Paced(string model, Guid endpoint, TimeSpan firstToken, TimeSpan writing, long outputTokens)
    {
        Add(Of(model, endpoint));
        Add(Of(model, EndpointSpan.WholeModel));

        void Add(Counts counts) => counts.Add(firstToken.TotalMilliseconds, outputTokens > 1 && writing > TimeSpan.Zero ? outputTokens / writing.TotalSeconds : null);
    }

    /// <summary>Adds what has been counted since the last time to the database.</summary>
    public async Task SaveAsync(CancellationToken ct)
    {
        var counted = Interlocked.Exchange(ref _counts, new());
        if (counted.IsEmpty)
        {
            return;
        }

        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<HubDb>();
            // Always in the same order, so that two gateways wait for but never deadlock each other.
            foreach (var (key, counts) in counted.OrderBy(one => one.Key))
            {
                await SaveAsync(db, key, counts, ct);
            }
        }
        catch
        {
            // What has been added is no longer in there; what has not is tried again.
            foreach (var (key, counts) in counted)
            {
                if (!counts.Saved)
                {
                    _counts.AddOrUpdate(key, counts, (_, newer) => newer.Plus(counts));
                }
            }

            throw;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(SaveInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TrySaveAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await TrySaveAsync(CancellationToken.None);
        }
    }

    private static async Task SaveAsync(HubDb db, (string Model, Guid Endpoint, DateTimeOffset StartsAt) key, Counts counts, CancellationToken ct)
    {
        var (served, failed, firstTokens, speeds) = counts.Take();
        await db.Database.ExecuteSqlRawAsync(
            """
            insert into endpoint_spans as kept (model_id, endpoint_id, starts_at, served, failed, first_tokens, speeds)
            select id, @endpoint, @starts, @served, @failed, @firsts, @speeds from models where id = @model
            on conflict (starts_at, model_id, endpoint_id) do update set
                served = kept.served + excluded.served, failed = kept.failed + excluded.failed,
                first_tokens = add_counts(kept.first_tokens, excluded.first_tokens), speeds = add_counts(kept.speeds, excluded.speeds)
            """,
            [
                new NpgsqlParameter("model", key.Model),
                new NpgsqlParameter("endpoint", key.Endpoint),
                new NpgsqlParameter("starts", key.StartsAt),
                new NpgsqlParameter("served", served),
                new NpgsqlParameter("failed", failed),
                new NpgsqlParameter("firsts", NpgsqlDbType.Array | NpgsqlDbType.Integer) { Value = firstTokens },
                new NpgsqlParameter("speeds", NpgsqlDbType.Array | NpgsqlDbType.Integer) { Value = speeds },
            ],
            ct);
        counts.Saved = true;
    }

    private async Task TrySaveAsync(CancellationToken ct)
    {
        try
        {
            await SaveAsync(ct);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogNotSaved(failure);
        }
    }

    // What says nothing about the hub's vendors is not counted: a request at fault, and whatever comes of a customer's own key or own endpoint.
    private void Add(string model, Guid endpoint, PlannedUpstream asked, UpstreamException? failure)
    {
        if (asked.Own is null && failure?.Scope != FailureScope.Request)
        {
            Of(model, endpoint).Add(served: failure is null);
        }
    }

    private Counts Of(string model, Guid endpoint) => _counts.GetOrAdd((model, endpoint, EndpointSpan.StartOf(time.GetUtcNow())), _ => new Counts());

    [LoggerMessage(LogLevel.Warning, "The figures of the endpoints could not be saved; they are tried again.")]
    private partial void LogNotSaved(Exception failure);

    private sealed class Counts
    {
        private readonly Lock _lock = new();
        private readonly int[] _firstTokens = new int[LogScale.Steps];
        private readonly int[] _speeds = new int[LogScale.Steps];
        private long _served;
        private long _failed;

        public bool Saved { get; set; }

        public void Add(bool served)
        {
            lock (_lock)
            {
                _served += served ? 1 : 0;
                _failed += served ? 0 : 1;
            }
        }

        public void Add(double firstTokenMilliseconds, double? tokensPerSecond)
        {
            lock (_lock)
            {
                _firstTokens[LogScale.StepOf(firstTokenMilliseconds)]++;
                if (tokensPerSecond is { } speed)
                {
                    _speeds[LogScale.StepOf(speed)]++;
                }
            }
        }

        public Counts Plus(Counts other)
        {
            var (served, failed, firstTokens, speeds) = other.Take();
            lock (_lock)
            {
                _served += served;
                _failed += failed;
                for (var step = 0; step < LogScale.Steps; step++)
                {
                    _firstTokens[step] += firstTokens[step];
                    _speeds[step] += speeds[step];
                }
            }

            return this;
        }

        public (long Served, long Failed, int[] FirstTokens, int[] Speeds) Take()
        {
            lock (_lock)
            {
                return (_served, _failed, [.. _firstTokens], [.. _speeds]);
            }
        }
    }
}
