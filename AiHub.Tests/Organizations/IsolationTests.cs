using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Tests.Management;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace AiHub.Tests.Organizations;

/// <summary>
/// Every endpoint of the management API × everybody who might call it: who may not is refused, and what is another organization's does not exist.
/// The endpoints are read from the running gateway, so a new one is in the matrix before anybody thinks of it.
/// </summary>
public sealed partial class IsolationTests(ManagementHub hub, ITestOutputHelper output) : IClassFixture<ManagementHub>
{
    private static readonly Role[] Roles = Enum.GetValues<Role>();

    [Fact]
    public async Task Every_endpoint_refuses_whoever_has_no_business_there()
    {
        var endpoints = await EndpointsAsync();
        var stage = await StageAsync();
        var checks = 0;
        var wrong = new List<string>();

        foreach (var endpoint in endpoints.Where(endpoint => endpoint.IsGuarded))
        {
            foreach (var (who, visitor, expected) in Strangers(stage))
            {
                await CheckAsync(endpoint, who, visitor, stage.Acme, answer => answer.Status == HttpStatusCode.Unauthorized && answer.Problem.Code == expected.Code);
            }

            if (endpoint.Permission is not { } permission)
            {
                foreach (var role in endpoint.ForOperators ? Roles : [])
                {
                    await CheckAsync(endpoint, $"{role} who is no operator", Enter(stage.Members[role], stage.Acme), stage.Acme, answer =>
                        answer.Status == HttpStatusCode.Forbidden && answer.Problem.Code == ProblemKind.OperatorRequired.Code);
                }

                await CheckAsync(endpoint, "a management key", new Visitor(hub, null) { AccessToken = stage.FullKey }, stage.Acme, answer =>
                    answer.Status == HttpStatusCode.Forbidden && answer.Problem.Code is "session_required" or "operator_required");
                continue;
            }

            foreach (var role in Roles)
            {
                var member = stage.Members[role];
                foreach (var (what, foreign) in stage.Foreign)
                {
                    await CheckAsync(endpoint, $"{role} of another organization, in {what}", Enter(member, foreign), foreign, answer =>
                        answer.Status == HttpStatusCode.NotFound && answer.Problem.Code == ProblemKind.OrganizationNotFound.Code && Silent(answer));
                }

                if (!role.May(permission))
                {
                    await CheckAsync(endpoint, $"{role} without {Permissions.Name(permission)}", Enter(member, stage.Acme), stage.Acme, answer =>
                        answer.Status == HttpStatusCode.Forbidden && answer.Problem.Code == ProblemKind.RoleNotAllowed.Code);
                }
                else if (endpoint.NamesAResource)
                {
                    // Its own organization, and the ids of the other's things.
                    await CheckAsync(endpoint, $"{role} with the ids of others", Enter(member, stage.Acme), stage.Acme, answer =>
                        answer.Status is HttpStatusCode.NotFound && Silent(answer) || answer.Status is HttpStatusCode.Forbidden && answer.Problem.Code == ProblemKind.RoleNotAllowed.Code);
                }
            }

            await CheckAsync(endpoint, "a key without the scope", new Visitor(hub, null) { AccessToken = Permissions.Name(permission) == stage.NarrowScope ? stage.OtherKey : stage.NarrowKey }, stage.Acme, answer =>
                answer.Status == HttpStatusCode.Forbidden && answer.Problem.Code == ProblemKind.ScopeMissing.Code);
            foreach (var (what, foreign) in stage.Foreign)
            {
                await CheckAsync(endpoint, $"a key in {what}", Enter(new Visitor(hub, null) { AccessToken = stage.FullKey }, foreign), foreign, answer =>
                    answer.Status == HttpStatusCode.NotFound && answer.Problem.Code == ProblemKind.OrganizationNotFound.Code && Silent(answer));
            }
        }

        output.WriteLine($"{endpoints.Count} endpoints, {checks} checks, {wrong.Count} leaks.");
        Assert.Empty(wrong);
        Assert.True(checks >= 2000, $"Only {checks} checks over {endpoints.Count} endpoints.");

        async Task CheckAsync(Endpoint endpoint, string who, Visitor visitor, Guid organization, Func<Answer, bool> right)
        {
            checks++;
            var answer = await visitor.SendAsync(endpoint.Method, endpoint.Path(organization, stage), endpoint.Body());
            if (!right(answer))
            {
                wrong.Add($"{endpoint.Method} {endpoint.Pattern} by {who}: {(int)answer.Status} {answer.Text}");
            }
        }

        bool Silent(Answer answer) => !answer.Text.Contains(stage.Canary, StringComparison.Ordinal);
    }

    private static Visitor Enter(Visitor who, Guid organization)
    {
        who.Organization = organization.ToString();
        return who;
    }

    private IEnumerable<(string Who, Visitor Visitor, ProblemKind Expected)> Strangers(Stage stage)
    {
        yield return ("nobody", hub.Visit(), ProblemKind.MissingToken);
        yield return ("an invented token", new Visitor(hub, null) { AccessToken = "ait_0000000000000000000000000000000000000000000" }, ProblemKind.InvalidToken);
        yield return ("a token that is none", new Visitor(hub, null) { AccessToken = "' or 1=1 --" }, ProblemKind.InvalidToken);
        yield return ("a session that ended", new Visitor(hub, null) { AccessToken = stage.EndedToken }, ProblemKind.InvalidToken);
        yield return ("a refresh token", new Visitor(hub, null) { AccessToken = stage.RefreshToken }, ProblemKind.InvalidToken);
        yield return ("a key for models", new Visitor(hub, null) { AccessToken = stage.ModelKey }, ProblemKind.ModelKey);
        yield return ("a revoked management key", new Visitor(hub, null) { AccessToken = stage.RevokedKey }, ProblemKind.InvalidToken);
        yield return ("the management key of a member who left", new Visitor(hub, null) { AccessToken = stage.LeftKey }, ProblemKind.InvalidToken);
    }

    private async Task<Stage> StageAsync()
    {
        var canary = $"canary-{Guid.CreateVersion7():N}";
        var (owner, acme) = await hub.OpenAsync();
        var members = new Dictionary<Role, Visitor> { [Role.Owner] = owner };
        foreach (var role in Roles.Where(role => role != Role.Owner))
        {
            members[role] = await hub.HireAsync(acme, role);
        }

        // The others: whose things must not be seen.
        var (victim, theirs) = await hub.OpenAsync();
        await victim.PatchAsync($"organizations/{theirs}", new OrganizationChange(canary));
        var (closer, closed) = await hub.OpenAsync();
        await closer.DeleteAsync($"organizations/{closed}");
        var (_, strange) = await hub.OpenAsync();
        var (manager, left) = await hub.OpenAsync();
        foreach (var member in members.Values)
        {
            await hub.JoinAsync(member, left, Role.Admin);
            await manager.DeleteAsync($"organizations/{left}/members/{member.UserId}");
        }

        var (_, suspended) = await hub.OpenAsync();
        await hub.Database.AsAdminAsync<Guid>($"update organizations set status = 'suspended' where id = '{suspended}' returning id");
        victim.Organization = theirs.ToString();
        var team = (await victim.PostAsync($"organizations/{theirs}/teams", new NewTeam(canary))).Read<TeamView>();
        var invitation = (await victim.PostAsync($"organizations/{theirs}/invitations", new NewInvitation($"{canary}@example.com", "viewer"))).Read<CreatedInvitation>();
        var vendorKey = (await victim.PostAsync($"organizations/{theirs}/vendor-keys", new NewOwnVendorKey("openai", canary, "sk-0123456789-abcdef", Test: false))).Read<SavedOwnVendorKey>();
        var guardrail = (await victim.PostAsync($"organizations/{theirs}/guardrails", new NewGuardrail(canary, "keywords", "block", Terms: [canary]))).Read<CreatedGuardrail>();
        var theirKey = await KeyAsync(victim, new NewApiKey(canary));

        owner.Organization = acme.ToString();
        var full = await KeyAsync(owner, new NewApiKey("full", Scopes: Permissions.Scopes));
        var revoked = await KeyAsync(owner, new NewApiKey("revoked", Scopes: ["usage.read"]));
        await owner.DeleteAsync($"auth/api-keys/{revoked.Id}");
        var leaver = await hub.HireAsync(acme, Role.Admin);
        var leftKey = await KeyAsync(leaver, new NewApiKey("left", Scopes: ["usage.read"]));
        await owner.DeleteAsync($"organizations/{acme}/members/{leaver.UserId}");
        var ended = await hub.RegisterAsync();
        await ended.PostAsync("auth/logout", null);

        return new Stage
        {
            Acme = acme,
            Members = members,
            Canary = canary,
            Foreign =
            [
                ("another company", theirs), ("a person's own organization", victim.OrganizationId), ("a closed organization", closed),
                ("an organization it was never in", strange), ("an organization it has left", left), ("a suspended organization", suspended), ("an organization that does not exist", Guid.CreateVersion7()),
            ],
            TheirIds = new Dictionary<string, Guid>
            {
                ["team_id"] = team.Id,
                ["user_id"] = victim.UserId,
                ["invitation_id"] = invitation.Id,
                ["vendor_key_id"] = vendorKey.Key.Id,
                ["guardrail_id"] = guardrail.Guardrail.Id,
                ["id"] = theirKey.Id,
            },
            FullKey = full.Key,
            NarrowScope = "usage.read",
            NarrowKey = (await KeyAsync(owner, new NewApiKey("narrow", Scopes: ["usage.read"]))).Key,
            OtherKey = (await KeyAsync(owner, new NewApiKey("other", Scopes: ["teams.read"]))).Key,
            ModelKey = (await KeyAsync(owner, new NewApiKey("models"))).Key,
            RevokedKey = revoked.Key,
            LeftKey = leftKey.Key,
            EndedToken = ended.AccessToken!,
            RefreshToken = owner.RefreshToken!,
        };
    }

    private static async Task<CreatedApiKey> KeyAsync(Visitor who, NewApiKey key)
    {
        var answer = await who.PostAsync("auth/api-keys", key);
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Text);
        return answer.Read<CreatedApiKey>();
    }

    private async Task<IReadOnlyList<Endpoint>> EndpointsAsync()
    {
        using var http = new HttpClient { BaseAddress = hub.Url };
        var paths = JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json"))!["paths"]!.AsObject();

        return
        [
            .. hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .Where(endpoint => endpoint.Metadata.GetMetadata<ManagementEndpoint>() is not null)
                .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method =>
                {
                    var pattern = "/" + endpoint.RoutePattern.RawText!.Trim('/');
                    var example = paths[Catch().Replace(pattern, "{")]?[method.ToLowerInvariant()]?["requestBody"]?["content"]?["application/json"]?["example"]?.ToJsonString();
                    var policies = endpoint.Metadata.OfType<AuthorizationPolicy>().ToList();
                    return new Endpoint(
                        new HttpMethod(method),
                        pattern,
                        policies.Count > 0,
                        policies.SelectMany(policy => policy.Requirements).OfType<MemberWith>().FirstOrDefault()?.Permission,
                        policies.SelectMany(policy => policy.Requirements).OfType<RunsTheHub>().Any(),
                        endpoint.Metadata.GetMetadata<OrganizationInPath>() is not null,
                        example);
                })),
        ];
    }

    private sealed record Endpoint(HttpMethod Method, string Pattern, bool IsGuarded, Permission? Permission, bool ForOperators, bool OrganizationInPath, string? Example)
    {
        /// <summary>Whether its path names something within the organization.</summary>
        public bool NamesAResource => Value().Matches(Pattern).Any(match => !(OrganizationInPath && match.Groups[1].Value == "id"));

        public string Path(Guid organization, Stage stage) => Value().Replace(Pattern["/api/v1/".Length..], match => match.Groups[1].Value switch
        {
            "id" when OrganizationInPath => organization.ToString(),
            var name => (stage.TheirIds.TryGetValue(name, out var id) ? id : Guid.CreateVersion7()).ToString(),
        });

        public HttpContent? Body() => Example is null ? null : new StringContent(Example, System.Text.Encoding.UTF8, "application/json");
    }

    private sealed class Stage
    {
        public required Guid Acme { get; init; }
        public required IReadOnlyDictionary<Role, Visitor> Members { get; init; }
        public required string Canary { get; init; }
        public required IReadOnlyList<(string What, Guid Id)> Foreign { get; init; }
        public required IReadOnlyDictionary<string, Guid> TheirIds { get; init; }
        public required string FullKey { get; init; }
        public required string NarrowScope { get; init; }
        public required string NarrowKey { get; init; }
        public required string OtherKey { get; init; }
        public required string ModelKey { get; init; }
        public required string RevokedKey { get; init; }
        public required string LeftKey { get; init; }
        public required string EndedToken { get; init; }
        public required string RefreshToken { get; init; }
    }

    [GeneratedRegex(@"\{\**([a-z_]+)\}")]
    private static partial Regex Value();

    [GeneratedRegex(@"\{\*+")]
    private static partial Regex Catch();
}
