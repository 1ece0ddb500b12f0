using System.Net;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Management;

namespace AiHub.Tests.Organizations;

/// <summary>What a key may do, where from and for how long, and that it never does more than whoever made it.</summary>
public sealed class KeyRightsTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task A_key_either_calls_models_or_manages()
    {
        var owner = await hub.RegisterAsync();
        var models = await CreateAsync(owner, new NewApiKey("models"));
        var manages = await CreateAsync(owner, new NewApiKey("manages", Scopes: ["usage.read", "keys.read"]));

        Assert.Equal(["models"], models.Scopes);
        Assert.Equal(["keys.read", "usage.read"], manages.Scopes);
        Assert.Equal(("ok", "management_key"), (await hub.TryKeyAsync(models.Key), await hub.TryKeyAsync(manages.Key)));
        (await With(models).GetAsync("usage/current")).Is(ProblemKind.ModelKey);
        Assert.Equal(HttpStatusCode.OK, (await With(manages).GetAsync("auth/api-keys")).Status);
        (await With(manages).PostAsync("auth/api-keys", new NewApiKey("more"))).Is(ProblemKind.ScopeMissing, Language.En, "keys.write");
        (await With(manages).GetAsync("organizations")).Is(ProblemKind.SessionRequired);
        (await With(manages).PostAsync("auth/logout", null)).Is(ProblemKind.SessionRequired);

        (await owner.PostAsync("auth/api-keys", new NewApiKey("both", Scopes: ["models", "usage.read"]))).IsInvalid("scopes", FieldText.UnknownScopes, string.Join(", ", Permissions.Scopes));
        (await owner.PostAsync("auth/api-keys", new NewApiKey("all", Scopes: ["organization.close"]))).IsInvalid("scopes", FieldText.UnknownScopes, string.Join(", ", Permissions.Scopes));
    }

    [Fact]
    public async Task A_management_key_works_in_its_organization_and_says_when_it_was_used()
    {
        var (owner, acme) = await hub.OpenAsync();
        owner.Organization = acme.ToString();
        var key = await CreateAsync(owner, new NewApiKey("manages", Scopes: ["organization.read", "usage.read"]));

        Assert.Equal(acme, (await With(key).ReadAsync<OrganizationView>($"organizations/{acme}")).Id);
        Assert.Equal(HttpStatusCode.OK, (await With(key).GetAsync("usage/current")).Status);
        (await With(key).GetAsync($"organizations/{owner.OrganizationId}")).Is(ProblemKind.OrganizationNotFound);
        var elsewhere = With(key);
        elsewhere.Organization = owner.OrganizationId.ToString();
        (await elsewhere.GetAsync("usage/current")).Is(ProblemKind.OrganizationNotFound);
        Assert.NotNull((await owner.ReadAsync<ApiKeyView>($"auth/api-keys/{key.Id}")).LastUsedAt);

        await owner.DeleteAsync($"auth/api-keys/{key.Id}");
        (await With(key).GetAsync("usage/current")).Is(ProblemKind.InvalidToken);
    }

    [Fact]
    public async Task A_key_ends_when_it_is_switched_off_and_when_its_time_is_over()
    {
        var owner = await hub.RegisterAsync();
        var soon = hub.Clock.GetUtcNow().AddMinutes(1);
        var (manages, expires) = (await CreateAsync(owner, new NewApiKey("k", Scopes: ["usage.read"])), await CreateAsync(owner, new NewApiKey("k", soon, Scopes: ["usage.read"])));
        var model = await CreateAsync(owner, new NewApiKey("k", soon));
        Assert.Equal(HttpStatusCode.OK, (await With(manages).GetAsync("usage/current")).Status);
        Assert.Equal(HttpStatusCode.OK, (await With(expires).GetAsync("usage/current")).Status);
        Assert.Equal("ok", await hub.TryKeyAsync(model.Key));

        await owner.PatchAsync($"auth/api-keys/{manages.Id}", new ApiKeyChange(Enabled: false));
        hub.Clock.Advance(TimeSpan.FromMinutes(1));

        (await With(manages).GetAsync("usage/current")).Is(ProblemKind.InvalidToken);
        (await With(expires).GetAsync("usage/current")).Is(ProblemKind.TokenExpired);
        Assert.Equal("invalid_api_key", await hub.TryKeyAsync(model.Key));
        await owner.PatchAsync($"auth/api-keys/{manages.Id}", new ApiKeyChange(Enabled: true));
        Assert.Equal(HttpStatusCode.OK, (await With(manages).GetAsync("usage/current")).Status);
    }

    [Fact]
    public async Task A_key_never_does_more_than_its_creator()
    {
        var (owner, acme) = await hub.OpenAsync();
        var developer = await hub.HireAsync(acme, Role.Developer);
        (await developer.PostAsync("auth/api-keys", new NewApiKey("k", Scopes: ["members.write"]))).IsInvalid("scopes", FieldText.BeyondCreator, "members.write");

        owner.Organization = acme.ToString();
        var end = new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var parent = With(await CreateAsync(owner, new NewApiKey("parent", end, Scopes: ["keys.write", "keys.read"], AllowedModels: ["sim/echo"], AllowedVendors: ["sim"], AllowedIps: ["127.0.0.0/8", "::1"])));
        (await parent.PostAsync("auth/api-keys", new NewApiKey("k", Scopes: ["usage.read"]))).IsInvalid("scopes", FieldText.BeyondCreator, "usage.read");
        (await parent.PostAsync("auth/api-keys", new NewApiKey("k", end.AddDays(1)))).IsInvalid("expires_at", FieldText.BeyondCreator, "2040-01-02T00:00:00Z");
        (await parent.PostAsync("auth/api-keys", new NewApiKey("k", AllowedModels: ["sim/lorem"]))).IsInvalid("allowed_models", FieldText.BeyondCreator, "sim/lorem");
        (await parent.PostAsync("auth/api-keys", new NewApiKey("k", AllowedVendors: ["openai"]))).IsInvalid("allowed_vendors", FieldText.BeyondCreator, "openai");
        (await parent.PostAsync("auth/api-keys", new NewApiKey("k", AllowedIps: ["10.0.0.0/8"]))).IsInvalid("allowed_ips", FieldText.BeyondCreator, "10.0.0.0/8");
        var child = await CreateAsync(parent, new NewApiKey("k"));
        Assert.Equal((end, 2), (child.ExpiresAt!.Value, child.AllowedIps!.Count));
        Assert.Equal(["sim/echo"], child.AllowedModels);
        Assert.Equal(["sim"], child.AllowedVendors);
        (await parent.PatchAsync($"auth/api-keys/{child.Id}", new ApiKeyChange(AllowedModels: ["sim/lorem"]))).IsInvalid("allowed_models", FieldText.BeyondCreator, "sim/lorem");

        var manages = await CreateAsync(developer, new NewApiKey("k", Scopes: ["keys.write"]));
        await owner.PatchAsync($"organizations/{acme}/members/{developer.UserId}", new RoleChange("viewer"));
        (await With(manages).PostAsync("auth/api-keys", new NewApiKey("k"))).Is(ProblemKind.RoleNotAllowed, Language.En, "owner, admin, developer", "viewer");
    }

    [Fact]
    public async Task Nobody_gets_hold_of_a_key_they_could_not_have_made_by_rotating_it()
    {
        var (owner, acme) = await hub.OpenAsync();
        owner.Organization = acme.ToString();
        var (admin, lead) = (await hub.HireAsync(acme, Role.Admin), await hub.HireAsync(acme, Role.Developer));
        var team = (await owner.PostAsync($"organizations/{acme}/teams", new NewTeam("Search"))).Read<TeamView>();
        await owner.PutAsync($"organizations/{acme}/teams/{team.Id}/members/{lead.UserId}", new TeamRoleChange("lead"));
        var robot = (await owner.PostAsync($"organizations/{acme}/service-accounts", new NewServiceAccount("robot", "developer"))).Read<MemberView>();

        // The lead of a team has the say over its keys, but not the rights of those who made them; nor has an admin those of the owner.
        var admins = await CreateAsync(admin, new NewApiKey("k", TeamId: team.Id, Scopes: ["members.write", "keys.write"]));
        var owners = await CreateAsync(owner, new NewApiKey("k", Scopes: ["members.write"]));
        (await RotateAsync(lead, admins)).Is(ProblemKind.KeyBeyondYours);
        (await RotateAsync(admin, owners)).Is(ProblemKind.KeyBeyondYours);
        (await RotateAsync(owner, admins)).Is(ProblemKind.KeyBeyondYours);
        Assert.Equal(HttpStatusCode.OK, (await RotateAsync(admin, await CreateAsync(owner, new NewApiKey("k", ServiceAccountId: robot.UserId, Scopes: ["keys.read"])))).Status);
        Assert.Equal(HttpStatusCode.OK, (await RotateAsync(lead, await CreateAsync(owner, new NewApiKey("k", TeamId: team.Id)))).Status);
        Assert.Equal(HttpStatusCode.OK, (await lead.PatchAsync($"auth/api-keys/{admins.Id}", new ApiKeyChange(Enabled: false))).Status);

        // A management key does not become a wider one, or turn into one that calls more.
        var end = new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var narrow = With(await CreateAsync(owner, new NewApiKey("narrow", end, Scopes: ["keys.write"], AllowedModels: ["sim/echo"], AllowedVendors: ["sim"], AllowedIps: ["127.0.0.0/8", "::1"])));
        var whole = new NewApiKey("k", end, AllowedModels: ["sim/echo"], AllowedVendors: ["sim"], AllowedIps: ["127.0.0.1"]);
        foreach (var wider in new[]
        {
            whole with { Scopes = ["keys.write", "keys.read"] }, whole with { ExpiresAt = null }, whole with { ExpiresAt = end.AddDays(1) }, whole with { AllowedModels = null },
            whole with { AllowedModels = ["sim/echo", "sim/lorem"] }, whole with { AllowedVendors = null }, whole with { AllowedIps = null }, whole with { AllowedIps = ["127.0.0.1", "10.0.0.1"] },
        })
        {
            (await RotateAsync(narrow, await CreateAsync(owner, wider))).Is(ProblemKind.KeyBeyondYours);
        }

        Assert.Equal(HttpStatusCode.OK, (await RotateAsync(narrow, await CreateAsync(owner, whole))).Status);
    }

    [Theory]
    [InlineData("127.0.0.0/8,::1", "ok")]
    [InlineData("127.0.0.1", "ok")]
    [InlineData("10.0.0.0/8", "address_not_allowed")]
    public async Task A_key_is_used_from_its_networks_alone(string networks, string outcome)
    {
        var owner = await hub.RegisterAsync();
        var model = await CreateAsync(owner, new NewApiKey("k", AllowedIps: networks.Split(',')));
        var manages = await CreateAsync(owner, new NewApiKey("k", Scopes: ["usage.read"], AllowedIps: networks.Split(',')));

        await hub.KeyBecomesAsync(model.Key, outcome);
        Assert.Equal(outcome == "ok" ? HttpStatusCode.OK : HttpStatusCode.Forbidden, (await With(manages).GetAsync("usage/current")).Status);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("300.1.1.1")]
    [InlineData("fe80::1%eth0")]
    [InlineData("example.com")]
    [InlineData("10.0.0.0/33")]
    public async Task What_is_no_network_is_refused(string text)
    {
        var owner = await hub.RegisterAsync();

        (await owner.PostAsync("auth/api-keys", new NewApiKey("k", AllowedIps: [text]))).IsInvalid("allowed_ips", FieldText.Network, text);
    }

    [Fact]
    public async Task A_changed_key_holds_to_the_change_everywhere()
    {
        var owner = await hub.RegisterAsync();
        var key = await CreateAsync(owner, new NewApiKey("k", new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero), Tags: new Dictionary<string, string> { ["project"] = "search" }));
        await hub.KeyBecomesAsync(key.Key, "ok");

        var changed = (await owner.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange("renamed", NeverExpires: true, Enabled: false, AllowedVendors: ["sim"], Limits: new KeyLimits(3)))).Read<ApiKeyView>();

        Assert.Equal(("renamed", null, false, 3), (changed.Name, changed.ExpiresAt, changed.Enabled, changed.Limits.RequestsPerMinute));
        Assert.Equal(["sim"], changed.AllowedVendors);
        Assert.Equal("search", changed.Tags["project"]);
        await hub.KeyBecomesAsync(key.Key, "invalid_api_key");
        Assert.True((await owner.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange(Enabled: true))).Read<ApiKeyView>().Enabled);
        await hub.KeyBecomesAsync(key.Key, "ok");
        (await owner.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange(Tags: new Dictionary<string, string> { ["No Spaces"] = "x" }))).IsInvalid("tags", FieldText.Tag, "No Spaces");
        (await owner.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange(AllowedVendors: ["nobody"]))).IsInvalid("allowed_vendors", FieldText.UnknownVendors, "nobody");
        (await owner.PatchAsync($"auth/api-keys/{Guid.CreateVersion7()}", new ApiKeyChange("x"))).Is(ProblemKind.KeyNotFound);
    }

    [Fact]
    public async Task A_rotated_key_has_two_secrets_until_the_overlap_ends()
    {
        var owner = await hub.RegisterAsync();
        var old = await CreateAsync(owner, new NewApiKey("k"));
        await hub.KeyBecomesAsync(old.Key, "ok");

        var rotated = (await owner.PostAsync($"auth/api-keys/{old.Id}/rotate", new KeyRotation(3600))).Read<CreatedApiKey>();

        Assert.Equal((old.Id, "k"), (rotated.Id, rotated.Name));
        Assert.NotEqual(old.Key, rotated.Key);
        await hub.KeyBecomesAsync(rotated.Key, "ok");
        Assert.Equal("ok", await hub.TryKeyAsync(old.Key));
        Assert.NotNull((await owner.ReadAsync<ApiKeyView>($"auth/api-keys/{old.Id}")).PreviousExpiresAt);

        var again = (await owner.PostAsync($"auth/api-keys/{old.Id}/rotate", new KeyRotation(0))).Read<CreatedApiKey>();
        await hub.KeyBecomesAsync(old.Key, "invalid_api_key");
        await hub.KeyBecomesAsync(rotated.Key, "invalid_api_key");
        await hub.KeyBecomesAsync(again.Key, "ok");

        await owner.DeleteAsync($"auth/api-keys/{old.Id}");
        await hub.KeyBecomesAsync(again.Key, "invalid_api_key");
        (await owner.PostAsync($"auth/api-keys/{old.Id}/rotate", new KeyRotation(0))).Is(ProblemKind.KeyNotFound);
    }

    private Visitor With(CreatedApiKey key) => new(hub, null) { AccessToken = key.Key };

    private static Task<Answer> RotateAsync(Visitor who, CreatedApiKey key) => who.PostAsync($"auth/api-keys/{key.Id}/rotate", new KeyRotation(0));

    private static async Task<CreatedApiKey> CreateAsync(Visitor who, NewApiKey key)
    {
        var answer = await who.PostAsync("auth/api-keys", key);
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Text);
        return answer.Read<CreatedApiKey>();
    }
}
