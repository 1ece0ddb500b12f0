using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Gateway.Management;

/// <summary>Marks an endpoint that is about one organization: the one in X-Organization-Id, else the personal one.</summary>
public sealed class OfOrganization;

/// <summary>Who may call what.</summary>
public static class Policies
{
    public static readonly AuthorizationPolicy SignedIn = new AuthorizationPolicyBuilder(BearerSessions.SchemeName).RequireAuthenticatedUser().Build();

    public static readonly AuthorizationPolicy AnyMember = Members();

    public static readonly AuthorizationPolicy KeyMakers = Members(Role.Owner, Role.Admin, Role.Developer);

    public static RouteHandlerBuilder OfOrganization(this RouteHandlerBuilder endpoint, AuthorizationPolicy policy) =>
        endpoint.RequireAuthorization(policy).WithMetadata(new OfOrganization());

    private static AuthorizationPolicy Members(params Role[] roles) =>
        new AuthorizationPolicyBuilder(BearerSessions.SchemeName).RequireAuthenticatedUser().AddRequirements(new MemberOf(roles)).Build();
}
