using AiHub.Domain;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Runs;

/// <summary>Counts how a run goes and writes it down: at once the first time and after a failure, else about once a minute.</summary>
internal sealed class RunTally(string name, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private DateTimeOffset? _notedAt;
    private DateTimeOffset? _failedAt;
    private string? _error;
    private long _runs;
    private long _failures;
    private TimeSpan _longest;

    public bool IsDue => _runs > 0 && (_error is not null || _notedAt is null || time.GetUtcNow() - _notedAt >= Patience);

    public void Add(TimeSpan took, Exception? failure)
    {
        _runs++;
        _longest = took > _longest ? took : _longest;
        if (failure is not null)
        {
            (_failures, _failedAt, _error) = (_failures + 1, time.GetUtcNow(), $"{failure.GetType().Name}: {failure.Message}");
        }
    }

    public async Task NoteAsync(HubDb db, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await db.Database.ExecuteSqlAsync(
            $"select worker_runs_note({name}, {_runs}, {_failures}, {(int)Math.Min(_longest.TotalMilliseconds, int.MaxValue)}, {_failedAt?.ToUniversalTime()}, {_error}, {now.ToUniversalTime()})", ct);
        (_notedAt, _runs, _failures, _longest, _failedAt, _error) = (now, 0, 0, TimeSpan.Zero, null, null);
    }
}
