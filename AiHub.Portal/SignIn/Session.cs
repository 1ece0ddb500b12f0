using AiHub.Contracts;

namespace AiHub.Portal.SignIn;

/// <summary>Who is signed in, for the length of one request. <see cref="SessionGate"/> fills it before a page renders.</summary>
public sealed class Session
{
    public Me? Me { get; private set; }

    public string? AccessToken { get; private set; }

    public Guid? OrganizationId => Me?.Organization.Id;

    /// <summary>The organization a page is about. Pages that need it require a signed-in visitor.</summary>
    public OrganizationView Organization => Me?.Organization ?? throw new InvalidOperationException("Nobody is signed in.");

    /// <param name="permission">As the management API names it, for example <c>budgets.write</c>.</param>
    public bool May(string permission) => Me?.Permissions.Contains(permission) is true;

    public void Open(string accessToken, Me me)
    {
        AccessToken = accessToken;
        Me = me;
    }
}
