namespace AiHub.Domain.Access;

/// <summary>The app that shows a person's six digits. Its secret is sealed; once confirmed it is asked at every sign-in with a password.</summary>
public sealed class Authenticator
{
    public required Guid UserId { get; init; }
    public required string Protected { get; set; }
    public required DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? ConfirmedAt { get; set; }

    /// <summary>The time step of the last code that was taken: a code works once, also within its half minute.</summary>
    public long LastStep { get; set; }
}

/// <summary>Stands in for a code of the authenticator, once. Only its hash is stored.</summary>
public sealed class RecoveryCode
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }
    public required byte[] Hash { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? UsedAt { get; set; }
}

/// <summary>A WebAuthn credential of a person: what is needed to check its signatures, and nothing that could make one.</summary>
public sealed class Passkey
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }
    public required byte[] CredentialId { get; init; }
    public required string Name { get; set; }
    public required byte[] PublicKey { get; init; }

    /// <summary>As the authenticator counts; one that goes backwards is a copy.</summary>
    public required long SignCount { get; set; }
    public required string[] Transports { get; init; }
    public required bool UserVerified { get; set; }
    public required bool BackupEligible { get; init; }
    public required bool BackedUp { get; set; }
    public required byte[] AttestationObject { get; init; }
    public required byte[] ClientDataJson { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; set; }
}
