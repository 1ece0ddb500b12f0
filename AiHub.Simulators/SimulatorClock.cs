namespace AiHub.Simulators;

/// <summary>The simulators' time: the host's, shifted by what was asked of <c>/_sim/clock</c>. Timers run at the host's pace.</summary>
public sealed class SimulatorClock(TimeProvider time) : TimeProvider
{
    private long _shift;

    public TimeSpan Shift => TimeSpan.FromTicks(Interlocked.Read(ref _shift));

    public override TimeZoneInfo LocalTimeZone => time.LocalTimeZone;

    public override long TimestampFrequency => time.TimestampFrequency;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _shift, by.Ticks);

    public void Set(DateTimeOffset now) => Interlocked.Exchange(ref _shift, (now - time.GetUtcNow()).Ticks);

    public void Reset() => Interlocked.Exchange(ref _shift, 0);

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + Shift;

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}
