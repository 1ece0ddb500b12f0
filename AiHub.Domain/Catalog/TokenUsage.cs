namespace AiHub.Domain.Catalog;

/// <summary>
/// What a model consumed and produced, in disjoint buckets of tokens: every token a vendor reports is in exactly one of them,
/// so that input and output totals are their sums and nothing can be priced twice.
/// </summary>
public readonly record struct TokenUsage(
    long InputUncached,
    long CacheRead = 0,
    long CacheWrite5m = 0,
    long CacheWrite1h = 0,
    long OutputText = 0,
    long OutputReasoning = 0,
    long AudioIn = 0,
    long AudioOut = 0,
    long ImageIn = 0,
    long ImageOut = 0)
{
    public long Input => checked(InputUncached + CacheRead + CacheWrite5m + CacheWrite1h + AudioIn + ImageIn);

    public long Output => checked(OutputText + OutputReasoning + AudioOut + ImageOut);

    public long Total => checked(Input + Output);
}
