using System.Collections.Concurrent;
using AiHub.Domain;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Metering;

/// <summary>
/// Remembers how long the last answers of each model were, so that a hold can be as large as an answer is likely to be. Kept in memory, and in the
/// database for the next gateway that starts; losing it costs precision, never money.
/// </summary>
public sealed partial class OutputLengths(IServiceScopeFactory scopes, TimeProvider time, ILogger<OutputLengths> logger) : BackgroundService
{
    /// <summary>Fewer answers than this say nothing about the next.</summary>
    public const int Fewest = 20;

    private const int Remembered = 256;
    private static readonly TimeSpan SaveInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Lengths> _models = new();

    /// <summary>The tokens that nineteen of twenty answers of the model stayed within; null while too few are known.</summary>
    public long? Usual(string model) => _models.TryGetValue(model, out var lengths) ? lengths.Usual : null;

    public void Add(string model, long tokens) => _models.GetOrAdd(model, _ => new Lengths()).Add((int)Math.Min(tokens, int.MaxValue));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(SaveInterval, time);
        var loaded = false;
        do
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<HubDb>();
                if (!loaded)
                {
                    await LoadAsync(db, stoppingToken);
                    loaded = true;
                }

                await SaveAsync(db, stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotKept(failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LoadAsync(HubDb db, CancellationToken ct)
    {
        foreach (var sample in await db.OutputSamples.AsNoTracking().ToListAsync(ct))
        {
            foreach (var tokens in sample.Outputs)
            {
                Add(sample.ModelId, tokens);
            }

            _models[sample.ModelId].Saved();
        }
    }

    private async Task SaveAsync(HubDb db, CancellationToken ct)
    {
        var now = time.GetUtcNow().ToUniversalTime();
        foreach (var (model, lengths) in _models)
        {
            if (lengths.TakeUnsaved() is { } outputs)
            {
                // Of several gateways the last wins: each has seen answers enough.
                await db.Database.ExecuteSqlAsync(
                    $"""
                     insert into output_samples (model_id, outputs, updated_at) select id, {outputs}, {now} from models where id = {model}
                     on conflict (model_id) do update set outputs = excluded.outputs, updated_at = excluded.updated_at
                     """,
                    ct);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "How long answers usually are could not be kept; the next minute tries again.")]
    private partial void LogNotKept(Exception failure);

    /// <summary>The last answers of one model, the oldest overwritten first.</summary>
    private sealed class Lengths
    {
        private const int RecountEvery = 8;
        private const double Share = 0.95;

        private readonly Lock _lock = new();
        private readonly int[] _last = new int[Remembered];
        private long _count;
        private long _savedCount;
        private long _usual = -1;

        public long? Usual => Volatile.Read(ref _usual) is var usual and >= 0 ? usual : null;

        public void Add(int tokens)
        {
            lock (_lock)
            {
                _last[_count++ % Remembered] = tokens;
                if (_count >= Fewest && (_count == Fewest || _count % RecountEvery == 0))
                {
                    var sorted = _last[..(int)Math.Min(_count, Remembered)];
                    Array.Sort(sorted);
                    Volatile.Write(ref _usual, sorted[(int)Math.Ceiling(sorted.Length * Share) - 1]);
                }
            }
        }

        public void Saved()
        {
            lock (_lock)
            {
                _savedCount = _count;
            }
        }

        /// <summary>In the order they came; null when nothing has come since the last time.</summary>
        public int[]? TakeUnsaved()
        {
            lock (_lock)
            {
                if (_count == _savedCount)
                {
                    return null;
                }

                _savedCount = _count;
                return _count <= Remembered
                    ? _last[..(int)_count]
                    : [.. _last[(int)(_count % Remembered)..], .. _last[..(int)(_count % Remembered)]];
            }
        }
    }
}
