using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Control;

/// <summary>The vendors' own, append-only record of what they served: the truth that a hub's usage records are held against.</summary>
public sealed class ServedLog(IOptions<SimulatorOptions> options)
{
    private readonly Lock _lock = new();
    private readonly Queue<ServedAnswer> _answers = [];
    private long _number;

    public void Append(ServedAnswer answer)
    {
        lock (_lock)
        {
            _answers.Enqueue(answer with { Number = ++_number });

            while (_answers.Count > options.Value.KeptAnswers)
            {
                _answers.Dequeue();
            }
        }
    }

    /// <summary>The entries after number <paramref name="after"/>, oldest first. Numbers have no gaps, so what has been let go shows.</summary>
    public IReadOnlyList<ServedAnswer> After(long after, int limit)
    {
        lock (_lock)
        {
            return [.. _answers.SkipWhile(answer => answer.Number <= after).Take(limit)];
        }
    }

    public long Count
    {
        get
        {
            lock (_lock)
            {
                return _number;
            }
        }
    }
}

/// <param name="Id">The completion's id (<c>chatcmpl-…</c>), null when the request was refused.</param>
/// <param name="Outcome"><c>completed</c>, <c>refused</c>, <c>client_aborted</c> or <c>cut</c> (by a fault).</param>
/// <param name="CompletionTokens">What the vendor would bill: all of the answer, or as much as was written before the line dropped.</param>
/// <param name="UsageSent">Whether the caller was told these numbers.</param>
public sealed record ServedAnswer(
    long Number,
    string Vendor,
    string RequestId,
    string? Id,
    string? Model,
    string? User,
    bool Stream,
    int Status,
    string? Fault,
    string Outcome,
    int PromptTokens,
    int CachedTokens,
    int CompletionTokens,
    int ReasoningTokens,
    bool UsageSent,
    DateTimeOffset ReceivedAt,
    DateTimeOffset FinishedAt);
