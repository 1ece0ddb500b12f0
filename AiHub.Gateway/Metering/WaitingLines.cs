namespace AiHub.Gateway.Metering;

/// <summary>
/// Lets calls for which there is enough, only set aside for others at the moment, wait for it: one line per organization, of which only the first
/// asks again. So the last of the money is spent to the end, and nobody is refused because of what another call will not use.
/// </summary>
internal sealed class WaitingLines(TimeProvider time)
{
    /// <summary>A program that waits longer than this for an answer to begin is better told.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(160);

    private readonly Dictionary<Guid, Line> _lines = [];

    /// <summary>Takes a place in the line and waits until it is the first.</summary>
    /// <returns>Null when patience ran out before.</returns>
    public async Task<Place?> JoinAsync(Guid organization, CancellationToken ct)
    {
        var joined = time.GetTimestamp();
        Line? line;
        lock (_lines)
        {
            if (!_lines.TryGetValue(organization, out line))
            {
                _lines[organization] = line = new Line();
            }

            line.Waiting++;
        }

        var isFirst = false;
        try
        {
            isFirst = await line.Turn.WaitAsync(Patience, ct);
            return isFirst ? new Place(this, organization, line, joined) : null;
        }
        finally
        {
            if (!isFirst)
            {
                Leave(organization, line);
            }
        }
    }

    private void Leave(Guid organization, Line line)
    {
        lock (_lines)
        {
            if (--line.Waiting == 0)
            {
                _lines.Remove(organization);
            }
        }
    }

    internal sealed class Line
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public int Waiting { get; set; }
    }

    internal sealed class Place(WaitingLines lines, Guid organization, Line line, long joined) : IDisposable
    {
        private TimeSpan _pause = FirstPause;

        /// <summary>Lets a moment pass in which others may give back.</summary>
        /// <returns>False when patience has run out.</returns>
        public async Task<bool> PauseAsync(CancellationToken ct)
        {
            if (lines.Elapsed(joined) >= Patience)
            {
                return false;
            }

            await lines.DelayAsync(_pause, ct);
            _pause = _pause < LongestPause ? 2 * _pause : LongestPause;
            return true;
        }

        public void Dispose()
        {
            line.Turn.Release();
            lines.Leave(organization, line);
        }
    }

    private TimeSpan Elapsed(long since) => time.GetElapsedTime(since);

    private Task DelayAsync(TimeSpan pause, CancellationToken ct) => Task.Delay(pause, time, ct);
}
