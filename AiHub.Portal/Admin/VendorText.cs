using AiHub.Contracts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Admin;

/// <summary>The words for vendors, models and prices on the operator's desk.</summary>
public static class VendorText
{
    public static readonly IReadOnlyList<string> Dialects = ["openai", "azure", "anthropic", "responses", "gemini"];

    public static readonly IReadOnlyList<string> ModelKinds = ["chat", "embedding", "image", "speech", "transcription", "moderation", "rerank"];

    public static string Data(VendorView vendor) => (vendor.RetainsPrompts, vendor.TrainsOnPrompts) switch
    {
        (false, false) => Text.Vendors_ZeroRetention,
        (_, true) => Text.Vendors_Trains,
        (true, _) => Text.Vendors_Retains,
        _ => Text.Vendors_DataUnknown,
    };

    /// <summary>Whether it has said something, for a form: yes, no, or nothing.</summary>
    public static string Word(bool? known) => known switch { true => "yes", false => "no", _ => "" };

    public static bool? Known(string word) => word switch { "yes" => true, "no" => false, _ => null };

    public static IEnumerable<(string Value, string Name)> YesNo => [("", Text.Vendors_Unknown), ("no", Text.Vendors_No), ("yes", Text.Vendors_Yes)];
}
