using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Metering;

/// <param name="Inconsistent">The vendor's figures contradicted each other and were clamped.</param>
internal readonly record struct Measured(Consumption Used, UsageSource Source, bool Inconsistent = false)
{
    /// <summary>A failure is the vendor's or ours; what nobody counted is not the caller's to pay. Neither is a call no vendor had taken yet.</summary>
    public static readonly Measured Nothing = new(default, UsageSource.Estimated);
}

/// <summary>Counts along while an answer passes.</summary>
internal abstract class Tally
{
    private volatile bool _left;

    /// <summary>The answer came to its proper end.</summary>
    public bool Ended { get; set; }

    /// <summary>Why it did not, if the vendor is to blame.</summary>
    public UpstreamException? Failure { get; set; }

    /// <summary>The caller went away before the end.</summary>
    public bool Abandoned { get; set; }

    public UsageStatus Status => Ended && !_left ? UsageStatus.Succeeded : Failure is null && Abandoned ? UsageStatus.Cancelled : UsageStatus.Failed;

    /// <summary>Bytes of the answer that nobody was there to read.</summary>
    public long Drained { get; private set; }

    /// <summary>Since the request came in.</summary>
    public TimeSpan? FirstPieceAt { get; set; }

    public string? FinishReason { get; protected set; }

    /// <summary>All has been made or soon will be, and the vendor's count of it is worth a moment even when nobody reads on.</summary>
    public abstract bool CountIsNear { get; }

    /// <summary>The vendor's count is only to be had by reading to the end.</summary>
    public abstract bool IsWorthDraining { get; }

    /// <summary>The caller goes away now. What still comes is only read for its count; one who has the last word already misses nothing.</summary>
    public void Leave() => _left = !CountIsNear;

    public void Add(in ReplyChunk chunk)
    {
        Hear(chunk);
        if (_left)
        {
            Drained += chunk.Json.Length;
        }
        else
        {
            Deliver(chunk);
        }
    }

    /// <summary>What the call came to: by the vendor's word where there is one.</summary>
    public abstract Measured Measure();

    /// <summary>What the vendor says of the answer in this piece.</summary>
    protected abstract void Hear(in ReplyChunk chunk);

    /// <summary>A piece that somebody is there to read.</summary>
    protected virtual void Deliver(in ReplyChunk chunk)
    {
    }
}
