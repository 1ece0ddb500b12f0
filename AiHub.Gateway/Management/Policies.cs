using AiHub.Gateway.Access;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Gateway.Management;

/// <summary>Marks an endpoint that is about one organization: the one in X-Organization-Id, else the personal one.</summary>
public sealed class OfOrganization;

/// <summary>Marks an endpoint that is about the organization its path names: <c>/organizations/{id}/…</c>.</summary>
public sealed class OrganizationInPath
{
    public const string RouteValue = "id";
}

/// <summary>Who may call what. Which role has which permission is the table in <see cref="Permissions"/>.</summary>
public static class Policies
{
    /// <summary>A person, whatever the organization; a key will not do.</summary>
    public static readonly AuthorizationPolicy SignedIn =
        new AuthorizationPolicyBuilder(BearerSessions.SchemeName).RequireAuthenticatedUser().RequireClaim(BearerSessions.SessionIdClaim).Build();

    /// <summary>A person who runs this hub.</summary>
    public static readonly AuthorizationPolicy Operator =
        new AuthorizationPolicyBuilder(BearerSessions.SchemeName).RequireAuthenticatedUser().AddRequirements(new RunsTheHub()).Build();

    public static readonly AuthorizationPolicy AnyMember = May(Permission.OrganizationRead);

    public static readonly AuthorizationPolicy KeyMakers = May(Permission.KeysWrite);

    /// <summary>Anybody in the organization at work with this permission.</summary>
    public static AuthorizationPolicy May(Permission permission) =>
        new AuthorizationPolicyBuilder(BearerSessions.SchemeName).RequireAuthenticatedUser().AddRequirements(new MemberWith(permission)).Build();

    public static RouteHandlerBuilder OfOrganization(this RouteHandlerBuilder endpoint, AuthorizationPolicy policy) =>
        endpoint.RequireAuthorization(policy).WithMetadata(new OfOrganization());

    public static RouteHandlerBuilder OfOrganization(this RouteHandlerBuilder endpoint, Permission permission) =>
        endpoint.OfOrganization(May(permission));

    public static RouteHandlerBuilder InOrganizationOfPath(this RouteHandlerBuilder endpoint, Permission permission) =>
        endpoint.RequireAuthorization(May(permission)).WithMetadata(new OrganizationInPath());
}
