using System.Globalization;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Parts;

/// <summary>How numbers, money and names are written for people.</summary>
public static class Show
{
    public static string Number(long value) => value.ToString("N0", CultureInfo.CurrentCulture);

    /// <summary>Two or three digits and a unit: 1.2M in English, 120万 in Chinese.</summary>
    public static string Compact(decimal value)
    {
        var (divisor, unit) = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "zh"
            ? value switch { >= 100_000_000 => (100_000_000m, Text.Unit_HundredMillion), >= 10_000 => (10_000m, Text.Unit_TenThousand), _ => (1m, string.Empty) }
            : value switch { >= 1_000_000_000 => (1_000_000_000m, Text.Unit_Billion), >= 1_000_000 => (1_000_000m, Text.Unit_Million), >= 1_000 => (1_000m, Text.Unit_Thousand), _ => (1m, string.Empty) };

        return (value / divisor).ToString("#,0.##", CultureInfo.CurrentCulture) + unit;
    }

    /// <summary>A context length as the trade writes it, in every language: 128K, 1.05M.</summary>
    public static string Context(int tokens) => tokens >= 1_000_000
        ? (tokens / 1_000_000m).ToString("0.##", CultureInfo.CurrentCulture) + "M"
        : (tokens / 1_000m).ToString("0", CultureInfo.CurrentCulture) + "K";

    public static string Percent(decimal share) => share.ToString("P0", CultureInfo.CurrentCulture);

    public static string Latency(int milliseconds) => milliseconds < 1000
        ? string.Format(CultureInfo.CurrentCulture, Text.Unit_Milliseconds, Number(milliseconds))
        : string.Format(CultureInfo.CurrentCulture, Text.Unit_Seconds, (milliseconds / 1000m).ToString("0.00", CultureInfo.CurrentCulture));

    public static string Plan(string id) => id switch
    {
        "free" => Text.Plan_Free,
        "developer" => Text.Plan_Developer,
        "pro" => Text.Plan_Pro,
        "enterprise" => Text.Plan_Enterprise,
        _ => id,
    };

    public static string Role(string role) => role switch
    {
        "owner" => Text.Role_Owner,
        "admin" => Text.Role_Admin,
        "billing" => Text.Role_Billing,
        "developer" => Text.Role_Developer,
        "viewer" => Text.Role_Viewer,
        _ => role,
    };

    public static string Symbol(string currency) => currency switch
    {
        "USD" => "$",
        "CNY" => "¥",
        _ => currency + " ",
    };
}
