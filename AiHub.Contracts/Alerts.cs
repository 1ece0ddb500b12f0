using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <param name="Kind">email, webhook, wecom (企业微信), feishu (飞书) or dingtalk (钉钉).</param>
/// <param name="Target">An e-mail address, or the URL to post to.</param>
/// <param name="Secret">For feishu and dingtalk: the robot's signing secret, if it has one. A webhook gets one from the hub.</param>
public sealed record NewAlertChannel(
    [property: Required, AllowedValues("email", "webhook", "wecom", "feishu", "dingtalk")] string Kind,
    [property: Required, StringLength(100, MinimumLength = 1)] string Name,
    [property: Required, StringLength(1000, MinimumLength = 3)] string Target,
    [property: StringLength(200)] string? Secret = null,
    [property: AllowedValues(null, "zh-CN", "en")] string? Language = null);

/// <param name="Target">The address; of a URL only its host, because the rest may let others write to it.</param>
public sealed record AlertChannelView(Guid Id, string Kind, string Name, string Target, string Language, DateTimeOffset CreatedAt);

/// <param name="Secret">What a webhook's messages are signed with; shown this once.</param>
public sealed record CreatedAlertChannel(Guid Id, string Kind, string Name, string Target, string Language, DateTimeOffset CreatedAt, string? Secret);

/// <param name="Kind">quota or wallet. Budgets carry their own thresholds.</param>
/// <param name="Thresholds">For quota: percentages; 50, 80, 95 and 100 by default.</param>
/// <param name="Below">For wallet: the amount it must not fall below, a decimal string.</param>
/// <param name="ChannelIds">Empty or null: every channel there is when it fires.</param>
public sealed record NewAlertRule(
    [property: Required, AllowedValues("quota", "wallet")] string Kind,
    [property: Required, StringLength(100, MinimumLength = 1)] string Name,
    [property: MaxLength(10)] IReadOnlyList<int>? Thresholds = null,
    string? Below = null,
    [property: MaxLength(20)] IReadOnlyList<Guid>? ChannelIds = null);

public sealed record AlertRuleView(
    Guid Id, string Kind, string Name, IReadOnlyList<int> Thresholds, string? Below, string Currency, IReadOnlyList<Guid> ChannelIds, DateTimeOffset CreatedAt);

/// <summary>A threshold that was crossed.</summary>
/// <param name="Kind">quota, wallet, budget, or test for a message somebody asked for.</param>
/// <param name="SourceId">The rule's id, the budget's, or the tested channel's.</param>
/// <param name="Used">What was used then; for a wallet, what was left. Tokens, or a decimal string of money.</param>
/// <param name="Of">Of how much; for a wallet, the line it fell below.</param>
public sealed record AlertFiringView(
    Guid Id, string Kind, Guid SourceId, string Name, int Threshold, string Used, string Of, string Unit, DateTimeOffset? ResetsAt, DateTimeOffset FiredAt,
    IReadOnlyList<AlertDeliveryView> Deliveries);

/// <param name="State">pending, sent, or parked when it was given up.</param>
public sealed record AlertDeliveryView(Guid Id, Guid ChannelId, string State, int Attempts, string? LastError, DateTimeOffset? SentAt);
