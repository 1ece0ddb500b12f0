using System.Globalization;
using AiHub.Portal.Resources;

namespace AiHub.Portal.VendorKeys;

/// <summary>The words of own vendor keys.</summary>
public static class OwnKeyText
{
    private const decimal Whole = 10_000;

    public static readonly IReadOnlyList<string> Uses = ["preferred", "fallback", "only"];

    public static string Use(string use) => use switch
    {
        "preferred" => Text.OwnKeys_Preferred,
        "fallback" => Text.OwnKeys_Fallback,
        _ => Text.OwnKeys_Only,
    };

    public static string UseExplained(string use) => use switch
    {
        "preferred" => Text.OwnKeys_PreferredHint,
        "fallback" => Text.OwnKeys_FallbackHint,
        _ => Text.OwnKeys_OnlyHint,
    };

    /// <summary>What the hub takes for calls with own keys, in a sentence.</summary>
    public static string Fee(int basisPoints) => basisPoints == 0
        ? Text.OwnKeys_NoFee
        : string.Format(CultureInfo.CurrentCulture, Text.OwnKeys_Fee, (basisPoints / Whole).ToString("0.##%", CultureInfo.CurrentCulture));
}
