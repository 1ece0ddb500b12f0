namespace AiHub.Gateway.Routing;

/// <summary>
/// Whether an endpoint is asked. Closed while it answers; open, for longer each time, once most of what it was asked lately failed; after that
/// half open: one call goes through, and closes it by succeeding or opens it again.
/// </summary>
internal sealed class Breaker
{
    private const int Remembered = 32;
    private const int ToleratedFailures = 3;
    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(5);

    // A probe that tells nothing for so long is forgotten, so that another may try.
    private static readonly TimeSpan ProbePatience = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Queue<Outcome> _outcomes = new(Remembered);
    private DateTimeOffset? _openUntil;
    private DateTimeOffset? _probedSince;
    private int _trips;

    /// <returns>Null when it is closed, or half open.</returns>
    public DateTimeOffset? RestsUntil(DateTimeOffset now)
    {
        lock (_gate)
        {
            return _openUntil > now ? _openUntil : null;
        }
    }

    public bool TryEnter(DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_openUntil is not { } until)
            {
                return true;
            }

            if (until > now || (_probedSince is { } since && now - since < ProbePatience))
            {
                return false;
            }

            _probedSince = now;
            return true;
        }
    }

    public void Succeeded(Guid organization, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_openUntil is not null)
            {
                _outcomes.Clear();
            }

            (_openUntil, _probedSince, _trips) = (null, null, 0);
            Remember(new Outcome(now, organization, Failed: false));
        }
    }

    /// <param name="asked">How long it asks to be left alone.</param>
    public void Failed(Guid organization, TimeSpan? asked, DateTimeOffset now)
    {
        lock (_gate)
        {
            Remember(new Outcome(now, organization, Failed: true));
            var again = _openUntil is not null;
            _probedSince = null;
            if (asked is { } rest)
            {
                _openUntil = now + (rest < LongestRest ? rest : LongestRest);
            }
            else if (again || FailsMostly(now))
            {
                var longer = ShortestRest * Math.Pow(2, Math.Min(_trips++, 10));
                _openUntil = now + (longer < LongestRest ? longer : LongestRest);
            }
        }
    }

    public void Left()
    {
        lock (_gate)
        {
            _probedSince = null;
        }
    }

    private void Remember(Outcome outcome)
    {
        if (_outcomes.Count == Remembered)
        {
            _outcomes.Dequeue();
        }

        _outcomes.Enqueue(outcome);
    }

    // What fails for one organization and succeeds for others is something in its requests.
    private bool FailsMostly(DateTimeOffset now)
    {
        var lately = _outcomes.Where(outcome => now - outcome.At < Lately).ToList();
        var failed = lately.Where(outcome => outcome.Failed).ToList();

        return failed.Count >= ToleratedFailures
            && failed.Count * 2 >= lately.Count
            && (failed.Select(outcome => outcome.Organization).Distinct().Count() > 1
                || lately.TrueForAll(outcome => outcome.Failed || outcome.Organization == failed[0].Organization));
    }

    private readonly record struct Outcome(DateTimeOffset At, Guid Organization, bool Failed);
}
