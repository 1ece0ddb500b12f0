using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <summary>A check on what goes to models and what comes back.</summary>
/// <param name="TeamId">The team it is for; null for the whole organization.</param>
/// <param name="Kind">regex, keywords, pii, moderation or webhook.</param>
/// <param name="Action">block, mask or flag.</param>
/// <param name="Stages">input, output or both.</param>
/// <param name="Terms">
/// Regular expressions; words; kinds of personal data (cn_id, cn_mobile, email, bank_card, ip, api_key; empty means all of them); or the moderation
/// categories that count (empty means all).
/// </param>
/// <param name="OnFailure">Whether calls go on (open) or are refused (closed) when the moderation or the webhook does not answer.</param>
/// <param name="Unreadable">
/// Whether pictures, sound and files in a request, which nobody can look into, count as found: a call with any is refused, or only flagged where
/// the action is flag.
/// </param>
public sealed record GuardrailView(
    Guid Id,
    Guid? TeamId,
    string Name,
    string Kind,
    string Action,
    IReadOnlyList<string> Stages,
    IReadOnlyList<string> Terms,
    string? Model,
    string? Url,
    int? TimeoutMs,
    string? OnFailure,
    bool Unreadable,
    bool Enabled,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

public sealed record NewGuardrail(
    [property: Required, StringLength(60, MinimumLength = 1)] string Name,
    [property: Required, AllowedValues("regex", "keywords", "pii", "moderation", "webhook")] string Kind,
    [property: Required, AllowedValues("block", "mask", "flag")] string Action,
    [property: MaxLength(2)] IReadOnlyList<string>? Stages = null,
    [property: MaxLength(500)] IReadOnlyList<string>? Terms = null,
    [property: StringLength(200, MinimumLength = 1)] string? Model = null,
    [property: StringLength(500, MinimumLength = 8)] string? Url = null,
    [property: Range(100, 10_000)] int TimeoutMs = 2_000,
    [property: AllowedValues("open", "closed")] string OnFailure = "closed",
    Guid? TeamId = null,
    bool Unreadable = false);

/// <summary>What is null stays as it is. Its kind and its team never change.</summary>
public sealed record GuardrailChange(
    [property: StringLength(60, MinimumLength = 1)] string? Name = null,
    [property: AllowedValues("block", "mask", "flag", null)] string? Action = null,
    [property: MaxLength(2)] IReadOnlyList<string>? Stages = null,
    [property: MaxLength(500)] IReadOnlyList<string>? Terms = null,
    [property: StringLength(200, MinimumLength = 1)] string? Model = null,
    [property: StringLength(500, MinimumLength = 8)] string? Url = null,
    [property: Range(100, 10_000)] int? TimeoutMs = null,
    [property: AllowedValues("open", "closed", null)] string? OnFailure = null,
    bool? Enabled = null,
    bool? Unreadable = null);

/// <param name="Secret">What a webhook's requests are signed with, shown this once; null for other kinds.</param>
public sealed record CreatedGuardrail(GuardrailView Guardrail, string? Secret);

/// <summary>What a guardrail did to a call. What it found is not kept.</summary>
/// <param name="Stage">input or output.</param>
/// <param name="Action">block, mask or flag.</param>
/// <param name="Found">The kind of personal data or the moderation category; empty for the rest.</param>
/// <param name="Name">The guardrail's name then.</param>
public sealed record GuardrailDecision(string Stage, string Action, string Found, string Name);

/// <summary>A text, to see what guardrails would do with it. Nothing of it is kept.</summary>
/// <param name="Stage">input or output: as somebody tells it a model, or as a model says it.</param>
/// <param name="TeamId">With this team's guardrails besides the organization's own; null without any team's.</param>
/// <param name="GuardrailId">Only this one, also while it is switched off; null for all that are switched on.</param>
public sealed record GuardrailTrial(
    [property: Required, StringLength(20_000, MinimumLength = 1)] string Text,
    [property: Required, AllowedValues("input", "output")] string Stage = "input",
    Guid? TeamId = null,
    Guid? GuardrailId = null);

/// <param name="Outcome">passed, flagged, masked or blocked.</param>
/// <param name="Text">As it would go on; null when it would not.</param>
/// <param name="NotAsked">Names of guardrails that only look at real calls: a moderation model is paid by the call's key.</param>
public sealed record GuardrailTrialResult(string Outcome, string? Text, IReadOnlyList<GuardrailDecision> Decisions, IReadOnlyList<string> NotAsked);

/// <summary>Whether what is said in calls is kept, and for how long.</summary>
/// <param name="Capture">Prompts and answers are kept, encrypted. A team can only say no where its organization says yes.</param>
/// <param name="RetentionDays">Until they are deleted.</param>
public sealed record ContentRules(bool Capture, [property: Range(1, 365)] int RetentionDays = 30);

/// <summary>What was said in a call.</summary>
/// <param name="Request">The request as vendors were told it, in Chat Completions' words.</param>
/// <param name="Answer">The texts of the answer, one a choice.</param>
public sealed record CapturedContentView(Guid Id, DateTimeOffset CapturedAt, DateTimeOffset ExpiresAt, System.Text.Json.JsonElement Request, IReadOnlyList<string> Answer);
