using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>The organizations a person belongs to.</summary>
public static class Organizations
{
    public static void MapOrganizations(this IEndpointRouteBuilder api)
    {
        var organizations = api.MapGroup("/organizations").WithTags("Organizations");

        organizations.MapGet("/", ListAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("listOrganizations", new("List your organizations", "列出您的组织"), new("The personal one first.", "个人组织排在最前。"), null, new Page<OrganizationView>([Examples.Organization], null));

        organizations.MapGet("/{id}", FindAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Parameter("id", new("The organization's id.", "组织编号。"), "uuid", Examples.Organization.Id)
            .Describe("getOrganization", new("Get one of your organizations", "查询您的某个组织"), new("With your role in it.", "包含您在其中的角色。"), null, Examples.Organization)
            .Refuses(ProblemKind.OrganizationNotFound);
    }

    public static OrganizationView View(OrganizationOfUser row) =>
        new(row.Id, row.Name, Wire.Name(row.Role), row.PlanId, row.Currency.ToString(), row.TimeZone, row.Personal);

    private static async Task<Ok<Page<OrganizationView>>> ListAsync(Person person, HubDb db, CancellationToken ct)
    {
        var rows = await db.OrganizationsOfUser(person.UserId).OrderByDescending(row => row.Personal).ThenBy(row => row.CreatedAt).ToListAsync(ct);
        return TypedResults.Ok(new Page<OrganizationView>([.. rows.Select(View)], null));
    }

    private static async Task<Results<Ok<OrganizationView>, Refused>> FindAsync(string id, Person person, HubDb db, CancellationToken ct) =>
        Guid.TryParse(id, out var parsed) && await db.OrganizationsOfUser(person.UserId).FirstOrDefaultAsync(row => row.Id == parsed, ct) is { } organization
            ? TypedResults.Ok(View(organization))
            : Refused.Because(ProblemKind.OrganizationNotFound);
}
