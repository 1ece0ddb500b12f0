namespace AiHub.Domain.Access;

public enum GuardrailKind
{
    /// <summary>Regular expressions.</summary>
    Regex,

    /// <summary>Words and phrases.</summary>
    Keywords,

    /// <summary>What tells who somebody is, and secrets.</summary>
    Pii,

    /// <summary>A moderation model of the catalogue.</summary>
    Moderation,

    /// <summary>A judge of the organization's own, asked over the network.</summary>
    Webhook,
}

public enum GuardrailAction
{
    /// <summary>The call is refused.</summary>
    Block,

    /// <summary>What was found is covered before anybody sees it.</summary>
    Mask,

    /// <summary>The call goes on and its record says so.</summary>
    Flag,
}

/// <summary>A check on what goes to models and what comes back, of an organization or one of its teams. A team's come on top of its organization's.</summary>
public sealed class Guardrail
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }

    /// <summary>Null for the whole organization.</summary>
    public Guid? TeamId { get; init; }

    /// <summary>What usage records call it.</summary>
    public required string Name { get; set; }
    public required GuardrailKind Kind { get; init; }
    public required GuardrailAction Action { get; set; }
    public required bool OnInput { get; set; }
    public required bool OnOutput { get; set; }

    /// <summary>Regular expressions, words, kinds of personal data, or the moderation categories that count (empty: all).</summary>
    public string[] Terms { get; set; } = [];

    /// <summary>The moderation model.</summary>
    public string? Model { get; set; }

    /// <summary>The webhook's address.</summary>
    public string? Url { get; set; }

    /// <summary>What the webhook's requests are signed with, as ciphertext.</summary>
    public string? Secret { get; set; }

    /// <summary>How long the moderation or the webhook may take.</summary>
    public int TimeoutMs { get; set; }

    /// <summary>Whether a call goes on when the moderation or the webhook does not answer.</summary>
    public bool FailsOpen { get; set; }
    /// <summary>Whether pictures, sound and files in a request, which nobody here can read, count as found.</summary>
    public bool CoversUnreadable { get; set; }
    public bool Enabled { get; set; } = true;
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; set; }
}
