using System.Net;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Management;

namespace AiHub.Tests.Organizations;

public sealed class MembersTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public void Every_permission_has_its_roles_and_the_owner_has_them_all()
    {
        var permissions = Enum.GetValues<Permission>();

        Assert.All(permissions, permission => Assert.Contains(Role.Owner, Permissions.RolesWith(permission)));
        Assert.Equal(permissions, permissions.Select(permission => Permissions.Find(Permissions.Name(permission))!.Value));
        Assert.All(permissions, permission => Assert.Matches("^[a-z_]+[.][a-z]+$", Permissions.Name(permission)));
        Assert.DoesNotContain("organization.close", Permissions.Scopes);
        Assert.DoesNotContain("models.call", Permissions.Scopes);
    }

    // Written out once more: who may do what is not to change by a slip in one table, and the matrix of all endpoints takes its expectations from it.
    [Theory]
    [InlineData(Role.Owner, "organization.read organization.write organization.transfer organization.close members.read members.write teams.read teams.write keys.read keys.write keys.manage "
        + "models.call usage.read billing.read billing.write budgets.read budgets.write policy.read policy.write vendor_keys.read vendor_keys.write audit.read content.read sign_in.write provisioning.write")]
    [InlineData(Role.Admin, "organization.read organization.write members.read members.write teams.read teams.write keys.read keys.write keys.manage "
        + "models.call usage.read billing.read billing.write budgets.read budgets.write policy.read policy.write vendor_keys.read vendor_keys.write audit.read content.read sign_in.write")]
    [InlineData(Role.Billing, "organization.read members.read teams.read keys.read usage.read billing.read billing.write budgets.read budgets.write policy.read")]
    [InlineData(Role.Developer, "organization.read members.read teams.read keys.read keys.write models.call usage.read billing.read budgets.read policy.read")]
    [InlineData(Role.Viewer, "organization.read members.read teams.read keys.read usage.read billing.read budgets.read policy.read")]
    public void Each_role_may_do_this_and_no_more(Role role, string permissions) =>
        Assert.Equal(permissions.Split(' ').Order(), Permissions.Of(role).Order());

    [Fact]
    public async Task Members_are_listed_page_by_page_in_the_order_they_joined()
    {
        var (owner, acme) = await hub.OpenAsync();
        var people = new List<Guid> { owner.UserId };
        for (var i = 0; i < 4; i++)
        {
            hub.Clock.Advance(TimeSpan.FromMilliseconds(1));
            people.Add((await hub.HireAsync(acme, Role.Viewer)).UserId);
        }

        var seen = new List<MemberView>();
        string? cursor = null;
        do
        {
            var page = await owner.ReadAsync<Page<MemberView>>($"organizations/{acme}/members?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.Data);
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(people, seen.Select(member => member.UserId));
        Assert.Equal(("person", owner.Email, "owner"), (seen[0].Kind, seen[0].Email, seen[0].Role));
    }

    [Theory]
    [InlineData(Role.Owner, Role.Admin, "billing", true)]
    [InlineData(Role.Owner, Role.Viewer, "admin", true)]
    [InlineData(Role.Admin, Role.Viewer, "developer", true)]
    [InlineData(Role.Admin, Role.Viewer, "admin", false)]
    [InlineData(Role.Admin, Role.Admin, "viewer", false)]
    [InlineData(Role.Admin, Role.Owner, "viewer", false)]
    public async Task Nobody_changes_their_equals_or_gives_what_they_have_not(Role actor, Role target, string role, bool allowed)
    {
        var (owner, acme) = await hub.OpenAsync();
        var who = actor == Role.Owner ? owner : await hub.HireAsync(acme, actor);
        var whom = target == Role.Owner ? owner : await hub.HireAsync(acme, target);

        var answer = await who.PatchAsync($"organizations/{acme}/members/{whom.UserId}", new RoleChange(role));

        if (allowed)
        {
            Assert.Equal(role, answer.Read<MemberView>().Role);
            Assert.Equal(role, (await whom.ReadAsync<OrganizationView>($"organizations/{acme}")).Role);
        }
        else
        {
            answer.Is(ProblemKind.RankTooLow);
            Assert.Equal(HttpStatusCode.Forbidden, (await who.DeleteAsync($"organizations/{acme}/members/{(whom == who ? owner.UserId : target == Role.Viewer ? owner.UserId : whom.UserId)}")).Status);
        }
    }

    [Fact]
    public async Task Nobody_changes_their_own_role()
    {
        var (owner, acme) = await hub.OpenAsync();
        var admin = await hub.HireAsync(acme, Role.Admin);

        (await owner.PatchAsync($"organizations/{acme}/members/{owner.UserId}", new RoleChange("viewer"))).Is(ProblemKind.RankTooLow);
        (await admin.PatchAsync($"organizations/{acme}/members/{admin.UserId}", new RoleChange("viewer"))).Is(ProblemKind.RankTooLow);
        (await owner.PatchAsync($"organizations/{acme}/members/{admin.UserId}", new RoleChange("owner"))).IsInvalid("role", FieldText.OneOf, "admin, billing, developer, viewer");
    }

    [Fact]
    public async Task The_keys_of_a_removed_member_stop_at_once_and_stay_off_when_they_come_back()
    {
        var (owner, acme) = await hub.OpenAsync();
        var developer = await hub.HireAsync(acme, Role.Developer);
        var key = (await developer.PostAsync("auth/api-keys", new NewApiKey("k"))).Read<CreatedApiKey>();
        await hub.KeyBecomesAsync(key.Key, "ok");

        Assert.Equal(HttpStatusCode.NoContent, (await owner.DeleteAsync($"organizations/{acme}/members/{developer.UserId}")).Status);

        await hub.KeyBecomesAsync(key.Key, "invalid_api_key");
        (await developer.GetAsync("auth/api-keys")).Is(ProblemKind.OrganizationNotFound);
        (await owner.DeleteAsync($"organizations/{acme}/members/{developer.UserId}")).Is(ProblemKind.MemberNotFound);

        await hub.JoinAsync(developer, acme, Role.Developer);
        Assert.Equal("invalid_api_key", await hub.TryKeyAsync(key.Key));
        Assert.False((await developer.ReadAsync<ApiKeyView>($"auth/api-keys/{key.Id}")).Enabled);
        Assert.Equal(HttpStatusCode.OK, (await developer.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange(Enabled: true))).Status);
        await hub.KeyBecomesAsync(key.Key, "ok");
    }

    [Fact]
    public async Task Everybody_may_leave_but_the_owner()
    {
        var (owner, acme) = await hub.OpenAsync();
        var viewer = await hub.HireAsync(acme, Role.Viewer);
        var other = await hub.HireAsync(acme, Role.Viewer);

        (await viewer.DeleteAsync($"organizations/{acme}/members/{other.UserId}")).Is(ProblemKind.RoleNotAllowed, Language.En, "owner, admin", "viewer");
        Assert.Equal(HttpStatusCode.NoContent, (await viewer.DeleteAsync($"organizations/{acme}/members/{viewer.UserId}")).Status);
        (await owner.DeleteAsync($"organizations/{acme}/members/{owner.UserId}")).Is(ProblemKind.OwnerMustTransfer);
        Assert.Equal([owner.UserId, other.UserId], (await owner.ReadAsync<Page<MemberView>>($"organizations/{acme}/members")).Data.Select(member => member.UserId));
    }

    [Fact]
    public async Task A_member_who_becomes_a_viewer_no_longer_calls_models()
    {
        var (owner, acme) = await hub.OpenAsync();
        var developer = await hub.HireAsync(acme, Role.Developer);
        var key = (await developer.PostAsync("auth/api-keys", new NewApiKey("k"))).Read<CreatedApiKey>();
        await hub.KeyBecomesAsync(key.Key, "ok");

        await owner.PatchAsync($"organizations/{acme}/members/{developer.UserId}", new RoleChange("viewer"));

        await hub.KeyBecomesAsync(key.Key, "permission_denied");
    }

    [Fact]
    public async Task A_service_account_owns_keys_that_outlast_people()
    {
        var (owner, acme) = await hub.OpenAsync();
        var admin = await hub.HireAsync(acme, Role.Admin);
        var developer = await hub.HireAsync(acme, Role.Developer);

        var account = (await admin.PostAsync($"organizations/{acme}/service-accounts", new NewServiceAccount("nightly build", "developer"))).Read<MemberView>();
        Assert.Equal(("service_account", null, "nightly build", "developer"), (account.Kind, account.Email, account.DisplayName, account.Role));
        var key = (await admin.PostAsync("auth/api-keys", new NewApiKey("k", ServiceAccountId: account.UserId))).Read<CreatedApiKey>();
        (await developer.PostAsync("auth/api-keys", new NewApiKey("k", ServiceAccountId: account.UserId))).Is(ProblemKind.RoleNotAllowed, Language.En, "owner, admin", "developer");
        (await admin.PostAsync("auth/api-keys", new NewApiKey("k", ServiceAccountId: developer.UserId))).IsInvalid("service_account_id", FieldText.UnknownServiceAccount);

        await owner.DeleteAsync($"organizations/{acme}/members/{admin.UserId}");
        Assert.Equal("ok", await hub.TryKeyAsync(key.Key));
        owner.Organization = acme.ToString();
        Assert.Equal((account.UserId, "nightly build"), ((await owner.ReadAsync<ApiKeyView>($"auth/api-keys/{key.Id}")).OwnerId, (await owner.ReadAsync<ApiKeyView>($"auth/api-keys/{key.Id}")).Owner));

        await owner.DeleteAsync($"organizations/{acme}/members/{account.UserId}");
        await hub.KeyBecomesAsync(key.Key, "invalid_api_key");
        (await hub.Visit().PostAsync("auth/login", new LoginRequest($"{account.UserId:N}@service.invalid", ManagementHub.Password))).Is(ProblemKind.InvalidCredentials);
    }
}
