namespace AiHub.Domain.Catalog;

/// <summary>How much a model's tokens count against a plan, in thousandths: 1000 is one plan token per token.</summary>
public readonly record struct Weights(int Input, int CacheRead, int Output)
{
    public const int Scale = 1000;

    public static readonly Weights One = new(Scale, Scale, Scale);

    /// <summary>The weighted tokens of a call, rounded up once.</summary>
    public long PlanTokens(TokenUsage usage)
    {
        var thousandths = (Int128)(usage.Input - usage.CacheRead) * Input + (Int128)usage.CacheRead * CacheRead + (Int128)usage.Output * Output;
        return checked((long)((thousandths + Scale - 1) / Scale));
    }
}
