using AiHub.Contracts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Guardrails;

/// <summary>The words of guardrails.</summary>
public static class GuardrailText
{
    public const string Regex = "regex";
    public const string Keywords = "keywords";
    public const string Pii = "pii";
    public const string Moderation = "moderation";
    public const string Webhook = "webhook";

    public static readonly IReadOnlyList<string> Kinds = [Pii, Keywords, Regex, Moderation, Webhook];

    public static readonly IReadOnlyList<string> PersonalData = ["cn_id", "cn_mobile", "email", "bank_card", "ip", "api_key"];

    public static readonly IReadOnlyList<string> Stages = ["input", "output"];

    private const int TermsShown = 3;

    public static string Kind(string kind) => kind switch
    {
        Pii => Text.Guardrails_Pii,
        Keywords => Text.Guardrails_Keywords,
        Regex => Text.Guardrails_Regex,
        Moderation => Text.Guardrails_Moderation,
        _ => Text.Guardrails_Webhook,
    };

    public static string KindExplained(string kind) => kind switch
    {
        Pii => Text.Guardrails_PiiHint,
        Keywords => Text.Guardrails_KeywordsHint,
        Regex => Text.Guardrails_RegexHint,
        Moderation => Text.Guardrails_ModerationHint,
        _ => Text.Guardrails_WebhookHint,
    };

    /// <summary>A moderation model says that something is there, not where: it cannot mask.</summary>
    public static IReadOnlyList<string> ActionsOf(string kind) => kind == Moderation ? ["block", "flag"] : ["block", "mask", "flag"];

    public static string Action(string action) => action switch
    {
        "block" => Text.Guardrails_Block,
        "mask" => Text.Guardrails_Mask,
        _ => Text.Guardrails_Flag,
    };

    public static string ActionExplained(string action, string kind) => action switch
    {
        "block" => Text.Guardrails_BlockHint,
        "mask" => kind == Webhook ? Text.Guardrails_MaskWebhookHint : Text.Guardrails_MaskHint,
        _ => Text.Guardrails_FlagHint,
    };

    public static string? ActionTone(string action) => action switch { "block" => "bad", "mask" => "warn", _ => null };

    public static string Stage(string stage) => stage == "input" ? Text.Guardrails_Input : Text.Guardrails_Output;

    public static string Outcome(string outcome) => outcome switch
    {
        "blocked" => Text.Guardrails_Blocked,
        "masked" => Text.Guardrails_Masked,
        "flagged" => Text.Guardrails_Flagged,
        _ => Text.Guardrails_Passed,
    };

    public static string OutcomeTone(string outcome) => outcome switch { "blocked" => "bad", "passed" => "good", _ => "warn" };

    public static string Personal(string kind) => kind switch
    {
        "cn_id" => Text.Guardrails_CnId,
        "cn_mobile" => Text.Guardrails_CnMobile,
        "email" => Text.Guardrails_Email,
        "bank_card" => Text.Guardrails_BankCard,
        "ip" => Text.Guardrails_Ip,
        "api_key" => Text.Guardrails_ApiKey,
        _ => kind,
    };

    /// <summary>What a guardrail found, where it says so.</summary>
    /// <returns>Null where there is nothing to add to its name.</returns>
    public static string? Found(string found) => found switch
    {
        "" => null,
        "no_answer" => Text.Guardrails_NoAnswer,
        "unreadable" => Text.Guardrails_UnreadableFound,
        _ => Personal(found),
    };

    /// <summary>What it looks for, in a line; and whether those are the organization's own words.</summary>
    public static (string Words, bool Foreign) LooksFor(GuardrailView guardrail) => guardrail.Kind switch
    {
        Pii => (guardrail.Terms.Count == 0 ? Text.Guardrails_AllPersonal : string.Join(Text.List_Separator, guardrail.Terms.Select(Personal)), false),
        Webhook => (guardrail.Url ?? "", true),
        Moderation => (guardrail.Model + (guardrail.Terms.Count == 0 ? "" : $" ({string.Join(", ", guardrail.Terms)})"), true),
        _ => (string.Join(Text.List_Separator, guardrail.Terms.Take(TermsShown)) + (guardrail.Terms.Count > TermsShown ? "…" : ""), true),
    };
}
