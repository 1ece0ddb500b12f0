using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Tests.Invoices;
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

    /// <summary>What paths name that is the hub's, and nobody's. Everything else must be among the things of another organization.</summary>
    private static readonly HashSet<string> OfTheHub =
    [
        "admin/vendors/{id}", "admin/vendor-keys/{id}", "admin/endpoints/{id}", "admin/models/{id}", "admin/prices/{id}", "admin/price-proposals/{id}", "admin/imports/{id}",
        "admin/code-batches/{id}", "admin/finance/bills/{id}", "admin/finance/bills/{id}/lines/{line}", "admin/finance/legal-entities/{entity}",
        "admin/health/parked/{queue}", "admin/health/parked/{queue}/{id}",
    ];

    [Fact]
    public async Task Every_endpoint_refuses_whoever_has_no_business_there()
    {
        var endpoints = await EndpointsAsync();
        var stage = await StageAsync();
        var (checks, foreign) = (0, 0);
        var wrong = new List<string>();

        Assert.Equal("", string.Join(", ", endpoints.SelectMany(endpoint => endpoint.Names).Distinct().Where(name => !stage.TheirIds.ContainsKey(name) && !OfTheHub.Contains(name))));
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
                foreach (var role in endpoint is { ForOperators: false, NamesAResource: true } ? Roles : [])
                {
                    await MissAsync(endpoint, role, stage.Members[role]);
                }

                continue;
            }

            foreach (var role in Roles)
            {
                var member = stage.Members[role];
                foreach (var (what, there) in stage.Foreign)
                {
                    await CheckAsync(endpoint, $"{role} of another organization, in {what}", Enter(member, there), there, answer =>
                        answer.Status == HttpStatusCode.NotFound && answer.Problem.Code == ProblemKind.OrganizationNotFound.Code && Silent(answer));
                }

                if (!role.May(permission))
                {
                    await CheckAsync(endpoint, $"{role} without {Permissions.Name(permission)}", Enter(member, stage.Acme), stage.Acme, answer =>
                        answer.Status == HttpStatusCode.Forbidden && answer.Problem.Code == ProblemKind.RoleNotAllowed.Code);
                }
                else if (endpoint.NamesAResource)
                {
                    await MissAsync(endpoint, role, member);
                }
            }

            await CheckAsync(endpoint, "a key without the scope", new Visitor(hub, null) { AccessToken = Permissions.Name(permission) == stage.NarrowScope ? stage.OtherKey : stage.NarrowKey }, stage.Acme, answer =>
                answer.Status == HttpStatusCode.Forbidden && answer.Problem.Code == ProblemKind.ScopeMissing.Code);
            foreach (var (what, there) in stage.Foreign)
            {
                await CheckAsync(endpoint, $"a key in {what}", Enter(new Visitor(hub, null) { AccessToken = stage.FullKey }, there), there, answer =>
                    answer.Status == HttpStatusCode.NotFound && answer.Problem.Code == ProblemKind.OrganizationNotFound.Code && Silent(answer));
            }
        }

        output.WriteLine($"{endpoints.Count} endpoints, {checks} checks, {foreign} of them with ids of {stage.TheirIds.Count} kinds of another's things, {wrong.Count} leaks.");
        Assert.Empty(wrong);
        Assert.True(checks >= 2000 && foreign >= 150, $"Only {checks} checks over {endpoints.Count} endpoints, {foreign} with ids of another's things.");

        async Task CheckAsync(Endpoint endpoint, string who, Visitor visitor, Guid organization, Func<Answer, bool> right)
        {
            checks++;
            var answer = await visitor.SendAsync(endpoint.Method, endpoint.Path(organization, stage.TheirIds), endpoint.Body());
            if (!right(answer))
            {
                wrong.Add($"{endpoint.Method} {endpoint.Pattern} by {who}: {(int)answer.Status} {answer.Text}");
            }
        }

        // In their own organization with the ids of the other's things, which are answered like ids of nothing.
        async Task MissAsync(Endpoint endpoint, Role role, Visitor member)
        {
            Enter(member, stage.Acme);
            var nothing = await member.SendAsync(endpoint.Method, endpoint.Path(stage.Acme, stage.NoIds), endpoint.Body());
            await CheckIdsAsync("others", stage.TheirIds);
            if (endpoint.Names is [.., var within, _] && stage.OurIds.ContainsKey(within))
            {
                await CheckIdsAsync("others within its own", stage.TheirIds.Concat(stage.OurIds).GroupBy(pair => pair.Key).ToDictionary(pairs => pairs.Key, pairs => pairs.Last().Value));
            }

            async Task CheckIdsAsync(string whose, IReadOnlyDictionary<string, Guid> ids)
            {
                checks++;
                foreign++;
                var answer = await member.SendAsync(endpoint.Method, endpoint.Path(stage.Acme, ids), endpoint.Body());
                var hidden = answer.Status is HttpStatusCode.NotFound || answer.Status is HttpStatusCode.Forbidden && answer.Problem.Code == ProblemKind.RoleNotAllowed.Code;
                if (!hidden || !Silent(answer) || ids == stage.TheirIds && (answer.Status, Told(answer)) != (nothing.Status, Told(nothing)))
                {
                    wrong.Add($"{endpoint.Method} {endpoint.Pattern} by {role} with the ids of {whose}: {(int)answer.Status} {answer.Text}; of nothing: {(int)nothing.Status} {nothing.Text}");
                }
            }
        }

        static string Told(Answer answer) => RequestId().Replace(answer.Text, "");

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
        var victim = await hub.RegisterAsync("CNY");
        var theirs = (await victim.PostAsync("organizations", new NewOrganization(canary, "CNY"))).Read<OrganizationView>().Id;
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
        owner.Organization = acme.ToString();
        var ourTeam = (await owner.PostAsync($"organizations/{acme}/teams", new NewTeam("ours"))).Read<TeamView>();
        var ourInvoice = await InvoiceSetup.OpenAsync(hub.Database, acme, hub.Clock.GetUtcNow());
        var theirIds = await BelongingsAsync(victim, theirs, canary);

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
            TheirIds = theirIds,
            NoIds = theirIds.ToDictionary(pair => pair.Key, _ => Guid.CreateVersion7()),
            OurIds = new Dictionary<string, Guid> { ["organizations/{id}/teams/{team_id}"] = ourTeam.Id, ["billing/invoices/{id}"] = ourInvoice },
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

    /// <summary>One of everything that an organization and its people can have, by the routes that lead to it.</summary>
    private async Task<Dictionary<string, Guid>> BelongingsAsync(Visitor victim, Guid theirs, string name)
    {
        var at = $"organizations/{theirs}";
        victim.Organization = theirs.ToString();
        var team = await MakeAsync<TeamView>($"{at}/teams", new NewTeam(name));
        var key = await KeyAsync(victim, new NewApiKey(name));
        var channel = Guid.Parse((string)(await MakeAsync<JsonNode>("alerts/channels", new NewAlertChannel("webhook", name, "https://alerts.example.com/hook")))["id"]!);
        var title = await MakeAsync<FapiaoTitleView>("billing/fapiao/titles", new NewFapiaoTitle("personal", name, null, "lin@example.com"));
        await hub.SpendAsync(theirs);
        var fapiao = (await MakeAsync<FapiaoView>("billing/fapiao", new NewFapiao(title.Id, "general", "5.00"))).Id;
        var order = await hub.AddOrderAsync(theirs, victim.UserId, "CNY", paid: true);
        var call = await hub.AddCallAsync(theirs);
        var invoice = await InvoiceSetup.OpenAsync(hub.Database, theirs, hub.Clock.GetUtcNow());
        await hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{victim.UserId}', '2026-01-01') returning user_id");
        var credited = await MakeAsync<InvoiceView>($"admin/finance/invoices/{invoice}/credit-notes", new NewCreditNote("2.00", "offset", name));
        return new Dictionary<string, Guid>
        {
            ["organizations/{id}"] = theirs,
            ["organizations/{id}/members/{user_id}"] = victim.UserId,
            ["organizations/{id}/teams/{team_id}"] = team.Id,
            ["organizations/{id}/teams/{team_id}/members/{user_id}"] = victim.UserId,
            ["organizations/{id}/invitations/{invitation_id}"] = (await MakeAsync<CreatedInvitation>($"{at}/invitations", new NewInvitation($"{name}@example.com", "viewer"))).Id,
            ["organizations/{id}/budgets/{budget_id}"] = (await MakeAsync<BudgetView>($"{at}/budgets", new NewBudget("1000", "tokens"))).Id,
            ["organizations/{id}/guardrails/{guardrail_id}"] = (await MakeAsync<CreatedGuardrail>($"{at}/guardrails", new NewGuardrail(name, "keywords", "block", Terms: [name]))).Guardrail.Id,
            ["organizations/{id}/vendor-keys/{vendor_key_id}"] = (await MakeAsync<SavedOwnVendorKey>($"{at}/vendor-keys", new NewOwnVendorKey("openai", name, "sk-0123456789-abcdef", Test: false))).Key.Id,
            ["organizations/{id}/scim-tokens/{token_id}"] = (await MakeAsync<CreatedScimToken>($"{at}/scim-tokens", new NewScimToken(name))).Id,
            ["auth/api-keys/{id}"] = key.Id,
            ["auth/sessions/{id}"] = (await victim.ReadAsync<Page<SessionView>>("auth/sessions")).Data[0].Id,
            ["auth/passkeys/{passkey_id}"] = await hub.AddPasskeyAsync(victim, name),
            ["limits/keys/{id}"] = key.Id,
            ["limits/members/{id}"] = victim.UserId,
            ["limits/teams/{id}"] = team.Id,
            ["alerts/channels/{id}"] = channel,
            ["alerts/rules/{id}"] = Guid.Parse((string)(await MakeAsync<JsonNode>("alerts/rules", new NewAlertRule("quota", name, [80])))["id"]!),
            ["alerts/deliveries/{id}"] = await hub.AddDeliveryAsync(theirs, channel),
            ["usage/requests/{id}"] = call,
            ["billing/orders/{id}"] = order,
            ["billing/invoices/{id}"] = invoice,
            ["billing/invoices/{id}/credit-notes/{credit_note_id}"] = Assert.Single(credited.CreditNotes).Id,
            ["billing/fapiao/titles/{id}"] = title.Id,
            ["billing/fapiao/{id}"] = fapiao,
            ["admin/organizations/{id}"] = theirs,
            ["admin/organizations/{id}/discounts/{discount}"] = (await MakeAsync<PriceDiscountView>($"admin/organizations/{theirs}/discounts", new NewPriceDiscount("10", name))).Id,
            ["admin/finance/orders/{id}"] = order,
            ["admin/finance/invoices/{id}"] = invoice,
            ["admin/finance/fapiao/{id}"] = fapiao,
        };

        async Task<T> MakeAsync<T>(string path, object body)
        {
            var answer = await victim.PostAsync(path, body);
            Assert.True(answer.Message.IsSuccessStatusCode, $"{path}: {answer.Text}");
            return answer.Read<T>();
        }
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

        /// <summary>What its path names, each as the route up to there.</summary>
        public IReadOnlyList<string> Names => [.. Value().Matches(Route).Select(match => Route[..(match.Index + match.Length)])];

        public string Path(Guid organization, IReadOnlyDictionary<string, Guid> ids) => Value().Replace(Route, match =>
            OrganizationInPath && match.Groups[1].Value == "id" ? organization.ToString()
            : (ids.TryGetValue(Route[..(match.Index + match.Length)], out var id) ? id : Guid.CreateVersion7()).ToString());

        private string Route => Catch().Replace(Pattern["/api/v1/".Length..], "{");

        public HttpContent? Body() => Example is null ? null : new StringContent(Example, System.Text.Encoding.UTF8, "application/json");
    }

    private sealed class Stage
    {
        public required Guid Acme { get; init; }
        public required IReadOnlyDictionary<Role, Visitor> Members { get; init; }
        public required string Canary { get; init; }
        public required IReadOnlyList<(string What, Guid Id)> Foreign { get; init; }
        public required IReadOnlyDictionary<string, Guid> TheirIds { get; init; }
        public required IReadOnlyDictionary<string, Guid> NoIds { get; init; }

        /// <summary>What of Acme's has something in it.</summary>
        public required IReadOnlyDictionary<string, Guid> OurIds { get; init; }
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

    [GeneratedRegex("\"request_id\": ?\"[^\"]*\"")]
    private static partial Regex RequestId();

    [GeneratedRegex(@"\{\**([a-z_]+)\}")]
    private static partial Regex Value();

    [GeneratedRegex(@"\{\*+")]
    private static partial Regex Catch();
}
