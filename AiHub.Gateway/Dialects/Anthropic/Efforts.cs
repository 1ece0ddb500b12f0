namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>How hard to think, in words and in tokens. Where a vendor knows only the one, the other is turned into it.</summary>
internal static class Efforts
{
    private const int Least = 1_024;
    private const int Low = 4_096;
    private const int Medium = 8_192;
    private const int High = 16_384;
    private const int Highest = 32_768;

    public static string OfBudget(long tokens) => tokens switch
    {
        <= Low => "low",
        <= Medium => "medium",
        _ => "high",
    };

    /// <returns>Null for a word that asks for no thinking, or that nobody knows.</returns>
    public static long? Budget(string effort) => effort switch
    {
        "minimal" => Least,
        "low" => Low,
        "medium" => Medium,
        "high" => High,
        "xhigh" or "max" => Highest,
        _ => null,
    };
}
