using System.Text.Json;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>What an organization and its teams let their calls do.</summary>
public static class OrganizationPolicies
{
    private const int UsualRetentionDays = 30;
    private const int LongestDefaults = 4_000;

    public static void MapOrganizationPolicies(this IEndpointRouteBuilder api)
    {
        var ours = api.MapGroup("/organizations/{id}").WithTags("Organizations");

        ours.MapGet("/policy", FindAsync)
            .InOrganizationOfPath(Permission.PolicyRead)
            .Describe("getPolicy", new("Get the policy", "查询策略"), new("What the organization lets its calls do.", "组织对其调用的限制。"), null, OrganizationExamples.Policy);

        ours.MapPut("/policy", PutOwnAsync)
            .InOrganizationOfPath(Permission.PolicyWrite)
            .Describe("putPolicy", new("Decide the policy", "设置策略"), new("Replaces the whole policy; holds on every gateway within a second, for all keys of the organization.", "整体替换策略，一秒内在所有网关对组织的全部密钥生效。"),
                OrganizationExamples.Rules, OrganizationExamples.Policy);

        ours.MapGet("/teams/{team_id}/policy", FindOfTeamAsync)
            .InOrganizationOfPath(Permission.PolicyRead)
            .Parameter("team_id", Texts.TeamId, "uuid", OrganizationExamples.Team.Id)
            .Describe("getTeamPolicy", new("Get a team's policy", "查询团队策略"), new("What holds for the team's keys beyond the organization's policy.", "在组织策略之外，对团队密钥的限制。"), null, OrganizationExamples.Policy)
            .Refuses(ProblemKind.TeamNotFound);

        ours.MapPut("/teams/{team_id}/policy", PutOfTeamAsync)
            .InOrganizationOfPath(Permission.PolicyWrite)
            .Parameter("team_id", Texts.TeamId, "uuid", OrganizationExamples.Team.Id)
            .Describe("putTeamPolicy", new("Decide a team's policy", "设置团队策略"), new("It can only narrow: a call of the team must satisfy the organization's policy too.", "只能进一步收紧：团队的调用还必须符合组织策略。"),
                OrganizationExamples.Rules, OrganizationExamples.Policy)
            .Refuses(ProblemKind.TeamNotFound);
    }

    private static async Task<Ok<PolicyView>> FindAsync(Member member, HubDb db, CancellationToken ct) =>
        TypedResults.Ok(await db.InOrganizationAsync(member.OrganizationId, () => ViewAsync(db, null, ct), ct));

    private static async Task<Results<Ok<PolicyView>, Refused>> FindOfTeamAsync(
        [FromRoute(Name = "team_id")] string which, Member member, HubDb db, CancellationToken ct)
    {
        var found = Guid.TryParse(which, out var team)
            ? await db.InOrganizationAsync(member.OrganizationId, async () => await IsTeamAsync(db, team, ct) ? await ViewAsync(db, team, ct) : null, ct)
            : null;

        return found is null ? Refused.Because(ProblemKind.TeamNotFound) : TypedResults.Ok(found);
    }

    private static Task<Results<Ok<PolicyView>, Refused>> PutOwnAsync(
        PolicyRules request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        PutAsync(request, null, member, http, db, time, ct);

    private static async Task<Results<Ok<PolicyView>, Refused>> PutOfTeamAsync(
        [FromRoute(Name = "team_id")] string which, PolicyRules request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        Guid.TryParse(which, out var team) ? await PutAsync(request, team, member, http, db, time, ct) : Refused.Because(ProblemKind.TeamNotFound);

    private static async Task<Results<Ok<PolicyView>, Refused>> PutAsync(
        PolicyRules request, Guid? team, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var rules = new KeyRules(member with { Key = null }, db, errors);
        var allowedVendors = await rules.VendorsAsync("allowed_vendors", request.AllowedVendors ?? [], ct);
        var deniedVendors = await rules.VendorsAsync("denied_vendors", request.DeniedVendors ?? [], ct);
        var allowedModels = await rules.ModelsAsync("allowed_models", request.AllowedModels ?? [], ct);
        var deniedModels = await rules.ModelsAsync("denied_models", request.DeniedModels ?? [], ct);
        var requiredTags = rules.TagNames("required_tags", request.RequiredTags ?? []);
        var defaults = Defaults(request.DefaultParameters, errors);
        if (request.Country is { } country && !country.All(char.IsAsciiLetterUpper))
        {
            errors.Add("country", FieldText.Country);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        var view = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (team is { } id && !await IsTeamAsync(db, id, ct))
            {
                return null;
            }

            // One after the other, so that the log tells what each replaced.
            await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('policy:' || current_organization(), 0))", ct);
            var before = await ViewAsync(db, team, ct);
            var policy = await db.Policies.FirstOrDefaultAsync(row => row.TeamId == team, ct);
            if (policy is null)
            {
                policy = new Policy { Id = team ?? member.OrganizationId, OrganizationId = member.OrganizationId, TeamId = team, UpdatedAt = now };
                db.Policies.Add(policy);
            }

            (policy.AllowedVendors, policy.DeniedVendors) = (allowedVendors, deniedVendors);
            (policy.AllowedModels, policy.DeniedModels) = (allowedModels, deniedModels);
            (policy.Country, policy.ZeroRetention, policy.RequiredTags, policy.UpdatedAt) = (request.Country, request.ZeroRetention, requiredTags, now);
            if (request.Content is { } content)
            {
                (policy.CapturesContent, policy.RetentionDays) = (content.Capture, content.Capture ? content.RetentionDays : null);
            }

            policy.DefaultParameters = request.DefaultParameters is null ? policy.DefaultParameters : defaults;
            await db.SaveChangesAsync(ct);

            var after = await ViewAsync(db, team, ct);
            await db.AuditAsync(http.Actor(), team is null ? "policy.changed" : "team.policy_changed", (team ?? member.OrganizationId).ToString(), before, after, now, ct);
            return after;
        }, ct);

        return view is null ? Refused.Because(ProblemKind.TeamNotFound) : TypedResults.Ok(view);
    }

    private static Task<bool> IsTeamAsync(HubDb db, Guid id, CancellationToken ct) => db.Teams.AnyAsync(team => team.Id == id && team.ArchivedAt == null, ct);

    private static async Task<PolicyView> ViewAsync(HubDb db, Guid? team, CancellationToken ct) =>
        await db.Policies.FirstOrDefaultAsync(row => row.TeamId == team, ct) is { } row ? View(row) : new PolicyView([], [], [], [], null, false, [], null);

    private static PolicyView View(Policy row) => new(
        row.AllowedVendors, row.DeniedVendors, row.AllowedModels, row.DeniedModels, row.Country, row.ZeroRetention, row.RequiredTags, row.UpdatedAt,
        row.CapturesContent is { } captures ? new ContentRules(captures, row.RetentionDays ?? UsualRetentionDays) : null,
        row.DefaultParameters is { } defaults ? JsonElement.Parse(defaults) : null);

    /// <returns>Null when there are none.</returns>
    private static string? Defaults(JsonElement? asked, FieldErrors errors)
    {
        if (asked is not { ValueKind: not JsonValueKind.Null } parameters)
        {
            return null;
        }

        if (parameters.ValueKind != JsonValueKind.Object || parameters.GetRawText().Length > LongestDefaults)
        {
            errors.Add("default_parameters", FieldText.WrongType);
            return null;
        }

        if (parameters.EnumerateObject().Any(member => !DefaultParameters.Names.Contains(member.Name)))
        {
            errors.Add("default_parameters", FieldText.OneOf, string.Join(", ", DefaultParameters.Names.Order(StringComparer.Ordinal)));
            return null;
        }

        return parameters.EnumerateObject().Any() ? parameters.GetRawText() : null;
    }
}
