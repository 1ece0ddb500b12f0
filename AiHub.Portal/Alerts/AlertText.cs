using AiHub.Contracts;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Alerts;

/// <summary>The words of alerts.</summary>
public static class AlertText
{
    public const string Email = "email";
    public const string Webhook = "webhook";

    public static readonly IReadOnlyList<string> Kinds = [Email, Webhook, "wecom", "feishu", "dingtalk"];

    public static string Channel(string kind) => kind switch
    {
        Email => Text.Alerts_Email,
        Webhook => Text.Alerts_Webhook,
        "wecom" => Text.Alerts_Wecom,
        "feishu" => Text.Alerts_Feishu,
        _ => Text.Alerts_Dingtalk,
    };

    public static string Source(string kind) => kind switch
    {
        "quota" => Text.Alerts_Quota,
        "wallet" => Text.Alerts_Wallet,
        "test" => Text.Alerts_Test,
        _ => Text.Alerts_Budget,
    };

    public static string State(string state) => state switch
    {
        "sent" => Text.Alerts_Sent,
        "parked" => Text.Alerts_Parked,
        _ => Text.Alerts_Pending,
    };

    /// <summary>An amount of a firing: plan tokens, or money.</summary>
    public static string Amount(string value, string unit) => unit is "TOK" or "tokens"
        ? string.Format(Text.Alerts_Tokens, Show.Number(long.Parse(value, System.Globalization.CultureInfo.InvariantCulture)))
        : AmountText.Rounded(value, unit).Head;

    public static string What(AlertFiringView firing) => firing.Kind switch
    {
        "test" => Text.Alerts_TestSent,
        "wallet" => string.Format(Text.Alerts_FellBelow, Amount(firing.Used, firing.Unit), Amount(firing.Of, firing.Unit)),
        _ => string.Format(Text.Alerts_Crossed, Show.Percent(firing.Threshold / 100m), Amount(firing.Used, firing.Unit), Amount(firing.Of, firing.Unit)),
    };
}
