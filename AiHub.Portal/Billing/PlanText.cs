using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Billing;

/// <summary>The words of plans.</summary>
public static class PlanText
{
    public static string Line(string kind, string plan) => string.Format(
        CultureInfo.CurrentCulture, kind switch { "unused" => Text.Plan_LineUnused, "remaining" => Text.Plan_LineRemaining, _ => Text.Plan_LineFee }, plan);

    public static string Status(SubscriptionView subscription) => subscription switch
    {
        { Status: "suspended" } => Text.Plan_Suspended,
        { Status: "past_due" } => Text.Plan_PastDue,
        { NextPlanId: "free" } => Text.Plan_Canceled,
        _ => Text.Plan_Active,
    };

    public static string Tone(SubscriptionView subscription) => subscription.Status == "active" ? subscription.NextPlanId is null ? "good" : "plain" : "bad";
}
