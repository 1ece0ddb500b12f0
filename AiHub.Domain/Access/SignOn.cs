using AiHub.Domain.Tenancy;

namespace AiHub.Domain.Access;

/// <summary>How an organization's people sign in with its own identity provider (OpenID Connect).</summary>
public sealed class SignOn
{
    public required Guid OrganizationId { get; init; }

    /// <summary>As the provider spells it, to the letter: it is compared with what tokens say.</summary>
    public required string Issuer { get; set; }
    public required string ClientId { get; set; }

    /// <summary>The client secret, sealed together with the organization and the issuer; null for a public client.</summary>
    public string? ProtectedSecret { get; set; }

    /// <summary>The e-mail domain whose people it speaks for, lower case.</summary>
    public required string Domain { get; set; }

    /// <summary>What the domain's TXT record must say before the provider is believed.</summary>
    public required string DomainProof { get; set; }
    public DateTimeOffset? DomainVerifiedAt { get; set; }

    /// <summary>What a person becomes at their first sign-in.</summary>
    public required Role DefaultRole { get; set; }
    public required bool Enabled { get; set; }

    /// <summary>Members other than owners get in by single sign-on only.</summary>
    public required bool Required { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>Who somebody is at an organization's identity provider. Found again by this, whatever their address has become.</summary>
public sealed class SignOnIdentity
{
    public required Guid OrganizationId { get; init; }
    public required string Issuer { get; init; }
    public required string Subject { get; init; }
    public required Guid UserId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>The single sign-on an e-mail domain leads to; a row of <c>find_sign_on</c>.</summary>
public sealed class FoundSignOn
{
    public required Guid OrganizationId { get; init; }
    public required string OrganizationName { get; init; }
    public required string Issuer { get; init; }
    public required string ClientId { get; init; }
}
