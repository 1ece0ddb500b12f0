using System.Net;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Routing;
using AiHub.Tests.Hub;
using AiHub.Tests.Management;
using StoredPolicy = AiHub.Domain.Access.Policy;

namespace AiHub.Tests.Organizations;

public sealed class PolicyTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    private static readonly DateTimeOffset Now = new(2026, 5, 20, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_is_decided_below_only_narrows_what_was_decided_above()
    {
        var organization = OrganizationPolicy.Unrestricted.And(Rule(policy =>
        {
            policy.AllowedVendors = ["a", "b"];
            policy.DeniedModels = ["m/secret"];
            policy.ZeroRetention = true;
        }));
        var team = organization.And(Rule(policy =>
        {
            policy.AllowedVendors = ["b", "c"];
            policy.AllowedModels = ["m/one", "m/secret"];
        }));

        Assert.Equal((true, true, false), (organization.Allows(Vendor("a")), organization.Allows(Vendor("b")), organization.Allows(Vendor("c"))));
        Assert.Equal((false, true, false), (team.Allows(Vendor("a")), team.Allows(Vendor("b")), team.Allows(Vendor("c"))));
        Assert.False(team.Allows(Vendor("b", retains: null)));
        Assert.Equal((true, false, false), (team.Allows(Model("m/one")), team.Allows(Model("m/secret")), team.Allows(Model("m/two"))));
        Assert.False(OrganizationPolicy.Unrestricted.And(Rule(policy => policy.Country = "CN")).And(Rule(policy => policy.Country = "US")).Allows(Vendor("a", country: "US")));
        Assert.True(OrganizationPolicy.Unrestricted.And(Rule(policy => policy.Country = "CN")).And(Rule(_ => { })).Allows(Vendor("a", country: "CN")));
    }

    [Theory]
    [InlineData(true, 30, null, null, 30)]
    [InlineData(true, 30, true, 7, 7)]
    [InlineData(true, 30, true, 90, 30)]
    [InlineData(true, 30, true, null, 30)]
    [InlineData(true, 30, false, null, null)]
    [InlineData(false, null, true, 7, null)]
    [InlineData(null, null, true, 7, null)]
    public void A_team_keeps_contents_no_longer_than_its_organization(bool? captures, int? days, bool? teamCaptures, int? teamDays, int? kept)
    {
        var organization = Rule(policy => (policy.CapturesContent, policy.RetentionDays) = (captures, days));
        var team = new StoredPolicy
        {
            Id = Guid.CreateVersion7(),
            OrganizationId = organization.OrganizationId,
            TeamId = Guid.CreateVersion7(),
            UpdatedAt = Now,
            CapturesContent = teamCaptures,
            RetentionDays = teamDays,
        };

        Assert.Equal(kept, OrganizationPolicy.Unrestricted.And(organization).And(team).RetentionDays);
    }

    [Fact]
    public async Task A_policy_is_read_and_replaced_as_a_whole()
    {
        var (owner, acme) = await hub.OpenAsync();
        var empty = await owner.ReadAsync<PolicyView>($"organizations/{acme}/policy");
        Assert.Null(empty.UpdatedAt);

        var put = (await owner.PutAsync($"organizations/{acme}/policy", new PolicyRules(["sim"], ["openai"], ["sim/echo"], null, "CN", true, ["project"]))).Read<PolicyView>();

        Assert.Equal(["sim"], put.AllowedVendors);
        Assert.Equal(["openai"], put.DeniedVendors);
        Assert.Equal(("CN", true, "project"), (put.Country, put.ZeroRetention, Assert.Single(put.RequiredTags)));
        Assert.Equal("sim/echo", Assert.Single((await owner.ReadAsync<PolicyView>($"organizations/{acme}/policy")).AllowedModels));
        Assert.Empty((await owner.PutAsync($"organizations/{acme}/policy", new PolicyRules())).Read<PolicyView>().AllowedModels);
        var entry = (await owner.ReadAsync<Page<AuditEntryView>>($"organizations/{acme}/audit-log?action=policy.changed&limit=1")).Data[0];
        Assert.Equal("CN", entry.Before!.Value.GetProperty("country").GetString());

        (await owner.PutAsync($"organizations/{acme}/policy", new PolicyRules(["nobody"]))).IsInvalid("allowed_vendors", FieldText.UnknownVendors, "nobody");
        (await owner.PutAsync($"organizations/{acme}/policy", new PolicyRules(DeniedModels: ["no/such"]))).IsInvalid("denied_models", FieldText.UnknownModels, "no/such");
        (await owner.PutAsync($"organizations/{acme}/policy", new PolicyRules(Country: "cn"))).IsInvalid("country", FieldText.Country);
        (await owner.PutAsync($"organizations/{acme}/policy", new PolicyRules(RequiredTags: ["No Spaces"]))).IsInvalid("required_tags", FieldText.Tag, "No Spaces");
        (await owner.PutAsync($"organizations/{acme}/teams/{Guid.CreateVersion7()}/policy", new PolicyRules())).Is(ProblemKind.TeamNotFound);
        (await (await hub.HireAsync(acme, Role.Developer)).PutAsync($"organizations/{acme}/policy", new PolicyRules())).Is(ProblemKind.RoleNotAllowed, Language.En, "owner, admin", "developer");
    }

    [Fact]
    public async Task Calls_hold_to_the_policy_of_their_organization_and_team_and_to_the_vendors_of_their_key()
    {
        var whole = await TestHub.SharedAsync();
        var customer = await whole.RegisterAsync();
        var organization = $"organizations/{customer.OrganizationId}";
        var team = await SendAsync<TeamView>(customer, HttpMethod.Post, $"{organization}/teams", new NewTeam("Search"));
        var teamKey = await SendAsync<CreatedApiKey>(customer, HttpMethod.Post, "auth/api-keys", new NewApiKey("team", TeamId: team.Id, Tags: new Dictionary<string, string> { ["project"] = "search" }));
        var boundKey = await SendAsync<CreatedApiKey>(customer, HttpMethod.Post, "auth/api-keys", new NewApiKey("bound", AllowedVendors: ["openai"]));
        using var ofTeam = whole.NewApiClient(teamKey.Key);
        using var bound = whole.NewApiClient(boundKey.Key);
        await BecomesAsync(customer.Api, ok: true);
        await BecomesAsync(ofTeam, ok: true);
        await BecomesAsync(bound, ok: false);

        foreach (var rules in new PolicyRules[] { new(DeniedModels: ["sim/echo"]), new(AllowedModels: ["sim/lorem"]), new(DeniedVendors: ["sim"]), new(AllowedVendors: ["openai"]), new(Country: "AQ") })
        {
            await SendAsync<PolicyView>(customer, HttpMethod.Put, $"{organization}/policy", rules);
            await BecomesAsync(customer.Api, ok: false);
            await BecomesAsync(ofTeam, ok: false);
            await SendAsync<PolicyView>(customer, HttpMethod.Put, $"{organization}/policy", new PolicyRules());
            await BecomesAsync(customer.Api, ok: true);
        }

        await SendAsync<PolicyView>(customer, HttpMethod.Put, $"{organization}/teams/{team.Id}/policy", new PolicyRules(DeniedVendors: ["sim"]));
        await BecomesAsync(ofTeam, ok: false);
        await BecomesAsync(customer.Api, ok: true);
        await SendAsync<PolicyView>(customer, HttpMethod.Put, $"{organization}/teams/{team.Id}/policy", new PolicyRules());
        await BecomesAsync(ofTeam, ok: true);

        await SendAsync<PolicyView>(customer, HttpMethod.Put, $"{organization}/policy", new PolicyRules(RequiredTags: ["project"]));
        await BecomesAsync(customer.Api, ok: false);
        await BecomesAsync(ofTeam, ok: true);
    }

    private static async Task<T> SendAsync<T>(TestCustomer customer, HttpMethod method, string path, object body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body, body.GetType(), options: Json.Options) };
        var response = await customer.Management.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<T>(Json.Options))!;
    }

    // Asks for the model without calling it: what may not be called is not there.
    private static async Task BecomesAsync(HttpClient api, bool ok)
    {
        var status = HttpStatusCode.Continue;
        for (var attempt = 0; attempt < 600; attempt++)
        {
            status = (await api.GetAsync("models/sim/echo")).StatusCode;
            if (status == HttpStatusCode.OK == ok)
            {
                return;
            }

            await Task.Delay(50);
        }

        Assert.Fail($"It stayed {status}.");
    }

    private static StoredPolicy Rule(Action<StoredPolicy> decide)
    {
        var policy = new StoredPolicy { Id = Guid.CreateVersion7(), OrganizationId = Guid.CreateVersion7(), UpdatedAt = Now };
        decide(policy);
        return policy;
    }

    private static Vendor Vendor(string id, string? country = null, bool? retains = false) => new()
    {
        Id = id,
        Name = id,
        BaseUrl = "https://vendor.test",
        Dialect = "openai",
        Country = country,
        RetainsPrompts = retains,
        TrainsOnPrompts = false,
        Source = "test",
    };

    private static Model Model(string id) => new() { Id = id, Name = id, CreatedAt = Now };
}
