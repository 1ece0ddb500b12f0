namespace AiHub.Domain.Access;

/// <summary>What a ticket is good for. One made for one thing opens no other.</summary>
public enum TicketPurpose
{
    /// <summary>Somebody wants an account with an address; nothing of it exists yet.</summary>
    Register,
    VerifyEmail,
    ResetPassword,

    /// <summary>An account's address becomes the one this was sent to.</summary>
    ChangeEmail,

    /// <summary>The password was right; a code is missing.</summary>
    SecondFactor,
    RegisterPasskey,
    UsePasskey,

    /// <summary>A visitor is on their way to an organization's identity provider.</summary>
    SignOn,
}

/// <summary>Something begun that its holder may finish once, until it expires. Only the hash of its token is stored.</summary>
public sealed class Ticket
{
    public required Guid Id { get; init; }
    public required TicketPurpose Purpose { get; init; }
    public required byte[] Hash { get; init; }

    /// <summary>Whose it is; null while nobody is known.</summary>
    public Guid? UserId { get; init; }

    /// <summary>What must be remembered between beginning and end; never a secret of the user, though a password may be there as its slow hash.</summary>
    public string? Data { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? UsedAt { get; set; }

    /// <summary>How often it was tried in vain.</summary>
    public int Attempts { get; set; }
}
