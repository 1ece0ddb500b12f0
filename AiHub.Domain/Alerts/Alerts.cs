namespace AiHub.Domain.Alerts;

/// <summary>How somebody is told.</summary>
public enum AlertChannelKind
{
    Email,

    /// <summary>A POST of JSON, signed.</summary>
    Webhook,

    /// <summary>企业微信.</summary>
    Wecom,

    /// <summary>飞书.</summary>
    Feishu,

    /// <summary>钉钉.</summary>
    Dingtalk,
}

/// <summary>Where an organization wants to hear of its alerts.</summary>
public sealed class AlertChannel
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required AlertChannelKind Kind { get; init; }
    public required string Name { get; set; }

    /// <summary>An e-mail address; or, as ciphertext, the URL to post to: a robot's is a secret in itself.</summary>
    public required string Target { get; set; }

    /// <summary>What messages are signed with, as ciphertext: the hub's own for a webhook, the one the robot was given for 飞书 and 钉钉.</summary>
    public string? Secret { get; set; }

    /// <summary>zh-CN or en.</summary>
    public required string Language { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Removed; what was sent to it still names it.</summary>
    public DateTimeOffset? RemovedAt { get; set; }
}

/// <summary>What is watched.</summary>
public enum AlertKind
{
    /// <summary>How much of the plan's tokens of the period is used, in percent.</summary>
    Quota,

    /// <summary>The wallet falls below an amount.</summary>
    Wallet,

    /// <summary>How much of a budget is used, in percent. The budget itself says at which.</summary>
    Budget,

    /// <summary>Nothing: somebody wants to see whether a channel works.</summary>
    Test,
}

/// <summary>When to tell of the quota or the wallet, and where.</summary>
public sealed class AlertRule
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required AlertKind Kind { get; init; }
    public required string Name { get; set; }

    /// <summary>Percentages; for a wallet, which knows one line only, a single zero.</summary>
    public required int[] Thresholds { get; set; }

    /// <summary>The wallet's line, in nano-units.</summary>
    public long? BelowNanos { get; set; }

    /// <summary>Empty: all channels there are when it fires.</summary>
    public required Guid[] ChannelIds { get; set; }

    /// <summary>How often the wallet has risen above the line again; its alert fires once in between.</summary>
    public int Episode { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RemovedAt { get; set; }
}

/// <summary>A threshold that was crossed, once per period.</summary>
public sealed class AlertFiring
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required AlertKind Kind { get; init; }

    /// <summary>The rule's id, or the budget's.</summary>
    public required Guid SourceId { get; init; }

    /// <summary>What it was called then.</summary>
    public required string Name { get; init; }

    /// <summary>The period it was crossed in: of the quota, of the budget, or the wallet's episode.</summary>
    public required string Period { get; init; }
    public required int Threshold { get; init; }

    /// <summary>What was used, or for a wallet what was left, of <see cref="OfAmount"/>, or for a wallet the line.</summary>
    public required long UsedAmount { get; init; }
    public required long OfAmount { get; init; }

    /// <summary>Of both: TOK, USD or CNY.</summary>
    public required string Unit { get; init; }
    public DateTimeOffset? ResetsAt { get; init; }
    public required DateTimeOffset FiredAt { get; init; }
}

public enum AlertDeliveryState
{
    Pending,
    Sent,

    /// <summary>Given up after the last try; an operator or the organization may send it again.</summary>
    Parked,
}

/// <summary>One message to one channel: written with the firing, sent by whichever worker takes it.</summary>
public sealed class AlertDelivery
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid FiringId { get; init; }
    public required Guid ChannelId { get; init; }
    public required AlertDeliveryState State { get; init; }
    public required int Attempts { get; init; }
    public required DateTimeOffset NextAttemptAt { get; init; }
    public DateTimeOffset? SentAt { get; init; }
    public string? LastError { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
