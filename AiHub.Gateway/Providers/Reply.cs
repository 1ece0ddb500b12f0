using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Providers;

/// <summary>One piece of an answer: a chunk of a stream, or the whole of an answer that is not streamed. Outside of chat it need not be JSON.</summary>
/// <param name="Json">A chunk is valid until the next one is asked for; a whole answer stays.</param>
/// <param name="Original">
/// The vendor's own words, where vendor and client speak the same dialect and it is not this one: the data of an event, or the whole answer.
/// The client is shown those; <paramref name="Json"/> says the same for the hub, and may be a chunk without choices.
/// </param>
public readonly record struct ReplyChunk(ReadOnlyMemory<byte> Json, AnswerFacts Facts, ReadOnlyMemory<byte> Original = default);

/// <summary>
/// An answer that has begun. It marks where fallback ends: before it nothing has been sent to the caller, after it the upstream is fixed.
/// </summary>
public sealed class Reply(PlannedUpstream upstream, UpstreamExchange exchange, IAsyncEnumerable<ReplyChunk> chunks)
{
    public PlannedUpstream Upstream => upstream;

    public UpstreamExchange Exchange => exchange;

    /// <summary>Can be read once. Throws <see cref="UpstreamException"/> when the answer breaks off.</summary>
    public IAsyncEnumerable<ReplyChunk> Chunks => chunks;
}

/// <summary>What was tried for one call; filled while upstreams are tried, so that it is known even when none answers.</summary>
public sealed class Attempts
{
    private readonly List<Try> _tries = [];

    /// <summary>The vendors that were asked, in order; none for an answer from the cache.</summary>
    public IReadOnlyList<Try> Tries => _tries;

    public int Count { get; private set; }

    /// <summary>Nobody waits for the answer any more, so no other upstream is asked for it.</summary>
    public bool Closed { get; private set; }

    public PlannedUpstream? Last { get; private set; }

    public UpstreamExchange? Exchange { get; private set; }

    public void Close() => Closed = true;

    public void Add(PlannedUpstream upstream, UpstreamExchange exchange)
    {
        Count++;
        (Last, Exchange) = (upstream, exchange);
    }

    /// <param name="startedAt">On the monotonic clock.</param>
    public Try Ask(PlannedUpstream upstream, UpstreamExchange exchange, long startedAt)
    {
        Add(upstream, exchange);
        var tried = new Try(upstream, exchange, startedAt);
        _tries.Add(tried);
        return tried;
    }
}

/// <summary>One vendor that was asked.</summary>
public sealed class Try(PlannedUpstream upstream, UpstreamExchange exchange, long startedAt)
{
    public PlannedUpstream Upstream => upstream;

    public UpstreamExchange Exchange => exchange;

    public long StartedAt => startedAt;

    /// <summary>Why another was asked after it.</summary>
    public ProviderFailure? Failure { get; set; }
}
