using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Refusals;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>The person in the organization the call is about, and the management key if the call was made with one. Bound to endpoints that require membership.</summary>
public sealed record Member(Guid UserId, OrganizationOfUser Organization, ManagementKey? Key = null)
{
    public Guid OrganizationId => Organization.Id;

    public Role Role => Organization.Role;

    /// <summary>A key may do what its owner may, and of that only what it was made for.</summary>
    public bool May(Permission permission) => Role.May(permission) && (Key is null || Key.Scopes.Contains(permission));

    public static ValueTask<Member?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Member>());
}

/// <summary>The caller belongs to the organization and may do this there.</summary>
public sealed record MemberWith(Permission Permission) : IAuthorizationRequirement;

public sealed class MemberOfOrganization(HubDb db) : AuthorizationHandler<MemberWith>
{
    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, MemberWith requirement)
    {
        if (context.Resource is not HttpContext http || context.User.Identity is not { IsAuthenticated: true })
        {
            return;
        }

        var userId = Person.IdOf(context.User);
        var key = http.Features.Get<ManagementKey>();
        if (!TryAsk(http, out var asked, out var unreadable))
        {
            Refuse(unreadable!);
            return;
        }

        // A key works where it was made; without being asked, that is where.
        var id = asked ?? key?.OrganizationId;
        var organization = key is not null && id != key.OrganizationId
            ? null
            : await db.OrganizationsOfUser(userId).FirstOrDefaultAsync(row => id == null ? row.Personal && row.Role == Role.Owner : row.Id == id, http.RequestAborted);

        if (organization is null)
        {
            Refuse(Refused.Because(ProblemKind.OrganizationNotFound));
            return;
        }

        // An owner gets in all the same, or a provider that fails would lock the whole organization out; a key was made by somebody who was in.
        if (organization is { RequiresSignOn: true, Role: not Role.Owner } && key is null && context.User.FindFirst(BearerSessions.SignOnClaim)?.Value != organization.Id.ToString())
        {
            Refuse(Refused.Because(ProblemKind.SignOnRequired, organization.Name));
            return;
        }

        var permission = requirement.Permission;
        if (!organization.Role.May(permission))
        {
            Refuse(RoleNotAllowed(permission, organization.Role));
            return;
        }

        var member = new Member(userId, organization, key);
        if (!member.May(permission))
        {
            Refuse(Refused.Because(ProblemKind.ScopeMissing, Permissions.Name(permission)));
            return;
        }

        http.Features.Set(member);
        context.Succeed(requirement);

        void Refuse(Refused refused)
        {
            http.Features.Set(refused);
            context.Fail();
        }
    }

    public static Refused RoleNotAllowed(Permission permission, Role role) =>
        Refused.Because(ProblemKind.RoleNotAllowed, string.Join(", ", Permissions.RolesWith(permission).Select(Wire.Name)), Wire.Name(role));

    /// <param name="id">Null when the caller names no organization.</param>
    private static bool TryAsk(HttpContext http, out Guid? id, out Refused? unreadable)
    {
        (id, unreadable) = (null, null);
        if (http.GetEndpoint()?.Metadata.GetMetadata<OrganizationInPath>() is not null)
        {
            if (Guid.TryParse(http.GetRouteValue(OrganizationInPath.RouteValue)?.ToString(), out var named))
            {
                id = named;
                return true;
            }

            unreadable = Refused.Because(ProblemKind.OrganizationNotFound);
            return false;
        }

        var header = http.Request.Headers[ApiHeaders.OrganizationId];
        if (header.Count == 0)
        {
            return true;
        }

        if (Guid.TryParse(header.ToString(), out var parsed))
        {
            id = parsed;
            return true;
        }

        var errors = new FieldErrors(http.Request.Language());
        errors.Add(ApiHeaders.OrganizationId, FieldText.Guid);
        unreadable = errors.Refuse();
        return false;
    }
}

/// <summary>The caller is an operator of this hub.</summary>
public sealed record RunsTheHub : IAuthorizationRequirement;

public sealed class OperatorOfHub(HubDb db) : AuthorizationHandler<RunsTheHub>
{
    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, RunsTheHub requirement)
    {
        if (context.Resource is not HttpContext http || context.User.Identity is not { IsAuthenticated: true })
        {
            return;
        }

        var userId = Person.IdOf(context.User);
        if (http.Features.Get<ManagementKey>() is null && await db.Operators.AnyAsync(row => row.UserId == userId, http.RequestAborted))
        {
            context.Succeed(requirement);
            return;
        }

        http.Features.Set(Refused.Because(ProblemKind.OperatorRequired));
        context.Fail();
    }
}

/// <summary>Lets the requirement that said no say why.</summary>
public sealed class RefusedAuthorization : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler _otherwise = new();

    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
        authorizeResult.Forbidden && context.Features.Get<Refused>() is { } refused
            ? refused.ExecuteAsync(context)
            : _otherwise.HandleAsync(next, context, policy, authorizeResult);
}
