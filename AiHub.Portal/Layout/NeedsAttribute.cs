using AiHub.Portal.SignIn;

namespace AiHub.Portal.Layout;

/// <summary>Who may see a page: <see cref="AppLayout"/> shows why not instead of it, and the page itself is never begun.</summary>
/// <param name="permission">As the management API names it, or <see cref="Operator"/>.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsAttribute(string permission) : Attribute
{
    /// <summary>Only whoever runs the hub.</summary>
    public const string Operator = "operator";

    public string Permission => permission;

    public bool IsMetBy(Session session) => permission == Operator ? session.Me?.Operator is true : session.May(permission);
}
