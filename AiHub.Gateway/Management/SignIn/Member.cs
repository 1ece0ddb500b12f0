using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Refusals;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>The person in the organization the call is about. Bound to endpoints that require membership.</summary>
public sealed record Member(Guid UserId, OrganizationOfUser Organization)
{
    public Guid OrganizationId => Organization.Id;

    public static ValueTask<Member?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Member>());
}

/// <summary>The caller belongs to the organization, in one of these roles if any are named.</summary>
public sealed record MemberOf(params Role[] Roles) : IAuthorizationRequirement;

public sealed class MemberOfOrganization(HubDb db) : AuthorizationHandler<MemberOf>
{
    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, MemberOf requirement)
    {
        if (context.Resource is not HttpContext http || context.User.Identity is not { IsAuthenticated: true })
        {
            return;
        }

        var person = Person.Of(context.User);
        var asked = http.Request.Headers[ApiHeaders.OrganizationId];
        Guid? id = null;
        if (asked.Count > 0)
        {
            if (!Guid.TryParse(asked.ToString(), out var parsed))
            {
                var errors = new FieldErrors(http.Request.Language());
                errors.Add(ApiHeaders.OrganizationId, FieldText.Guid);
                Refuse(errors.Refuse());
                return;
            }

            id = parsed;
        }

        var organization = await db.OrganizationsOfUser(person.UserId)
            .FirstOrDefaultAsync(row => id == null ? row.Personal : row.Id == id, http.RequestAborted);

        if (organization is null)
        {
            Refuse(Refused.Because(ProblemKind.OrganizationNotFound));
            return;
        }

        if (requirement.Roles.Length > 0 && !requirement.Roles.Contains(organization.Role))
        {
            Refuse(Refused.Because(ProblemKind.RoleNotAllowed, string.Join(", ", requirement.Roles.Select(Wire.Name)), Wire.Name(organization.Role)));
            return;
        }

        http.Features.Set(new Member(person.UserId, organization));
        context.Succeed(requirement);

        void Refuse(Refused refused)
        {
            http.Features.Set(refused);
            context.Fail();
        }
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
