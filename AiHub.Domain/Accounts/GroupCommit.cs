using System.Threading.Channels;

namespace AiHub.Domain.Accounts;

/// <summary>
/// Lets many callers share one commit. One writer takes what has come in while the last batch was being committed, in order, and commits that:
/// an idle ledger answers at once, a busy one in larger batches, and nobody waits for a timer.
/// </summary>
internal sealed class GroupCommit<TRow, TResult> : IAsyncDisposable
{
    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(10_000) { SingleReader = true });
    private readonly Func<IReadOnlyList<TRow>, Task<IReadOnlyList<TResult>>> _commit;
    private readonly Func<Exception, bool> _blamesOneRow;
    private readonly int _largestBatch;
    private readonly Task _writer;

    /// <param name="commit">Commits rows and answers each in the same order.</param>
    /// <param name="blamesOneRow">Whether a failure is of a row rather than of the database; then each row is committed alone.</param>
    public GroupCommit(Func<IReadOnlyList<TRow>, Task<IReadOnlyList<TResult>>> commit, Func<Exception, bool> blamesOneRow, int largestBatch = 128)
    {
        (_commit, _blamesOneRow, _largestBatch) = (commit, blamesOneRow, largestBatch);
        _writer = Task.Run(WriteAsync);
    }

    /// <returns>
    /// The row's own result. A row whose caller gives up before its batch began is never committed; after that the caller must wait, for the row may count.
    /// </returns>
    public async Task<TResult> CommitAsync(TRow row, CancellationToken ct)
    {
        var waiting = new Waiting(row, ct);
        await _waiting.Writer.WriteAsync(waiting, ct);
        return await waiting.Result.Task;
    }

    /// <summary>Commits what is waiting and takes no more.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writer;
    }

    private async Task WriteAsync()
    {
        var batch = new List<Waiting>(_largestBatch);
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (batch.Count < _largestBatch && _waiting.Reader.TryRead(out var waiting))
            {
                if (waiting.Caller.IsCancellationRequested)
                {
                    waiting.Result.SetCanceled(waiting.Caller);
                }
                else
                {
                    batch.Add(waiting);
                }
            }

            if (batch.Count > 0)
            {
                await CommitBatchAsync(batch);
            }

            batch.Clear();
        }
    }

    private async Task CommitBatchAsync(List<Waiting> batch)
    {
        try
        {
            var results = await _commit([.. batch.Select(waiting => waiting.Row)]);
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Result.SetResult(results[i]);
            }
        }
        catch (Exception failure) when (batch.Count > 1 && _blamesOneRow(failure))
        {
            foreach (var waiting in batch)
            {
                await CommitBatchAsync([waiting]);
            }
        }
        catch (Exception failure)
        {
            // The writer must live; each caller hears of the failure.
            foreach (var waiting in batch)
            {
                waiting.Result.SetException(failure);
            }
        }
    }

    private sealed class Waiting(TRow row, CancellationToken caller)
    {
        public TRow Row => row;

        public CancellationToken Caller => caller;

        public TaskCompletionSource<TResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
