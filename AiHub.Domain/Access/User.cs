namespace AiHub.Domain.Access;

/// <summary>A person who signs in, or a service account. People are global: one may belong to several organizations.</summary>
public sealed class User
{
    public required Guid Id { get; init; }
    public required string Email { get; set; }
    public required string NormalizedEmail { get; set; }
    public bool EmailConfirmed { get; set; }
    public string? PasswordHash { get; set; }

    /// <summary>Changes with the credentials; whatever was issued under the old one is void.</summary>
    public string? SecurityStamp { get; set; }
    public string? ConcurrencyStamp { get; set; }
    public DateTimeOffset? LockoutEnd { get; set; }
    public bool LockoutEnabled { get; set; }
    public int AccessFailedCount { get; set; }
    public bool TwoFactorEnabled { get; set; }
    public required string DisplayName { get; set; }

    /// <summary>The language mails and pages use when the browser says nothing: <c>zh-CN</c> or <c>en</c>.</summary>
    public string Language { get; set; } = "zh-CN";

    /// <summary>The organization this is a service account of; null for a person. A service account owns keys and never signs in.</summary>
    public Guid? ServiceAccountOf { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
