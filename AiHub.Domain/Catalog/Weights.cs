namespace AiHub.Domain.Catalog;

/// <summary>
/// How much a model's tokens count against a plan, in thousandths: 1000 is one plan token per token. What is counted otherwise has a weight of
/// its own; without one it takes nothing from a plan, and money pays for it.
/// </summary>
public readonly record struct Weights(int Input, int CacheRead, int Output, int Image = 0, int Second = 0, int Character = 0, int SearchUnit = 0)
{
    public const int Scale = 1000;

    public static readonly Weights One = new(Scale, Scale, Scale);

    public long PlanTokens(TokenUsage usage) => PlanTokens(new Consumption(usage));

    /// <summary>The weighted tokens of a call, rounded up once.</summary>
    public long PlanTokens(Consumption used)
    {
        var (usage, units) = used;
        var thousandths = (Int128)(usage.Input - usage.CacheRead) * Input + (Int128)usage.CacheRead * CacheRead + (Int128)usage.Output * Output
            + (Int128)units.Images * Image + (Int128)units.Seconds * Second + (Int128)units.Characters * Character + (Int128)units.SearchUnits * SearchUnit;
        return checked((long)((thousandths + Scale - 1) / Scale));
    }
}
