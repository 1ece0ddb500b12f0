using System.Globalization;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Usage;

/// <summary>How much more or less than before, in per cent.</summary>
public static class Change
{
    public static string Of(string now, string? before) => Of(AmountText.Parse(now), before is null ? 0 : AmountText.Parse(before));

    public static string Of(decimal now, decimal before) => (now, before) switch
    {
        (0, 0) => Text.Change_Same,
        (_, 0) => Text.Change_New,
        _ when now == before => Text.Change_Same,
        _ => Signed((now - before) / before),
    };

    private static string Signed(decimal share) => (share > 0 ? "+" : "−") + Math.Abs(share).ToString(Math.Abs(share) < 0.1m ? "P1" : "P0", CultureInfo.CurrentCulture);
}
