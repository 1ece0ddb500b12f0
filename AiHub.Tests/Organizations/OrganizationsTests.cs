using System.Net;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Management;

namespace AiHub.Tests.Organizations;

public sealed class OrganizationsTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task A_person_opens_an_organization_and_works_in_it_by_naming_it()
    {
        var person = await hub.RegisterAsync("USD");

        var opened = await person.PostAsync("organizations", new NewOrganization(" Acme ", "CNY", "Asia/Tokyo"));

        Assert.Equal(HttpStatusCode.Created, opened.Status);
        var acme = opened.Read<OrganizationView>();
        Assert.Equal(new OrganizationView(acme.Id, "Acme", "owner", "free", "CNY", "Asia/Tokyo", false), acme);
        Assert.Equal($"/api/v1/organizations/{acme.Id}", opened.Header("Location"));
        Assert.Equal([person.OrganizationId, acme.Id], (await person.ReadAsync<Page<OrganizationView>>("organizations")).Data.Select(row => row.Id));

        person.Organization = acme.Id.ToString();
        Assert.Equal(acme, (await person.ReadAsync<Me>("auth/me")).Organization);
        Assert.Equal("CNY", (await person.ReadAsync<UsageCurrent>("usage/current")).Currency);
        var key = (await person.PostAsync("auth/api-keys", new NewApiKey("k"))).Read<CreatedApiKey>();
        person.Organization = null;
        Assert.Equal("ok", await hub.TryKeyAsync(key.Key));
        Assert.Empty((await person.ReadAsync<Page<ApiKeyView>>("auth/api-keys")).Data);
    }

    [Fact]
    public async Task An_organization_is_renamed_and_moved_to_another_time_zone()
    {
        var person = await hub.RegisterAsync("USD");

        var changed = await person.PatchAsync($"organizations/{person.OrganizationId}", new OrganizationChange("Lin & Co", "Europe/Berlin"));

        Assert.Equal(("Lin & Co", "Europe/Berlin"), (changed.Read<OrganizationView>().Name, changed.Read<OrganizationView>().TimeZone));
        Assert.Equal(changed.Text, (await person.GetAsync($"organizations/{person.OrganizationId}")).Text);
        (await person.PatchAsync($"organizations/{person.OrganizationId}", new OrganizationChange(TimeZone: "Mars/Olympus"))).IsInvalid("time_zone", FieldText.TimeZone);
        (await person.PatchAsync($"organizations/{person.OrganizationId}", new OrganizationChange(""))).IsInvalid("name", FieldText.Length, 1, 100);
    }

    [Fact]
    public async Task One_person_owns_only_so_many_organizations()
    {
        var person = await hub.RegisterAsync();
        for (var owned = 1; owned < AiHub.Gateway.Management.Organizations.MostOwned; owned++)
        {
            Assert.Equal(HttpStatusCode.Created, (await person.PostAsync("organizations", new NewOrganization("more"))).Status);
        }

        (await person.PostAsync("organizations", new NewOrganization("too many"))).Is(ProblemKind.OrganizationLimitReached, Language.En, AiHub.Gateway.Management.Organizations.MostOwned);
    }

    [Fact]
    public async Task An_organization_is_handed_over_and_its_owner_stays_as_an_admin()
    {
        var (owner, acme) = await hub.OpenAsync();
        var heir = await hub.RegisterAsync();
        await hub.JoinAsync(heir, acme, Role.Viewer);

        (await owner.PostAsync($"organizations/{acme}/transfer", new OwnershipTransfer(Guid.CreateVersion7()))).Is(ProblemKind.MemberNotFound);
        (await owner.PostAsync($"organizations/{acme}/transfer", new OwnershipTransfer(owner.UserId))).Is(ProblemKind.MemberNotFound);
        (await owner.PostAsync($"organizations/{owner.OrganizationId}/transfer", new OwnershipTransfer(heir.UserId))).Is(ProblemKind.PersonalOrganization);
        Assert.Equal(HttpStatusCode.NoContent, (await owner.PostAsync($"organizations/{acme}/transfer", new OwnershipTransfer(heir.UserId))).Status);

        Assert.Equal("owner", (await heir.ReadAsync<OrganizationView>($"organizations/{acme}")).Role);
        Assert.Equal("admin", (await owner.ReadAsync<OrganizationView>($"organizations/{acme}")).Role);
        (await owner.PostAsync($"organizations/{acme}/transfer", new OwnershipTransfer(owner.UserId))).Is(ProblemKind.RoleNotAllowed, Language.En, "owner", "admin");
    }

    [Fact]
    public async Task Of_two_transfers_at_once_one_happens()
    {
        var (owner, acme) = await hub.OpenAsync();
        var heirs = new[] { await hub.RegisterAsync(), await hub.RegisterAsync() };
        foreach (var heir in heirs)
        {
            await hub.JoinAsync(heir, acme, Role.Developer);
        }

        var answers = await Task.WhenAll(heirs.Select(heir => owner.PostAsync($"organizations/{acme}/transfer", new OwnershipTransfer(heir.UserId))));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.NoContent);
        var members = (await owner.ReadAsync<Page<MemberView>>($"organizations/{acme}/members")).Data;
        Assert.Single(members, member => member.Role == "owner");
    }

    [Fact]
    public async Task A_closed_organization_is_nobodys_and_its_keys_are_dead()
    {
        var (owner, acme) = await hub.OpenAsync();
        owner.Organization = acme.ToString();
        var key = (await owner.PostAsync("auth/api-keys", new NewApiKey("k"))).Read<CreatedApiKey>();
        owner.Organization = null;
        Assert.Equal("ok", await hub.TryKeyAsync(key.Key));

        Assert.Equal(HttpStatusCode.NoContent, (await owner.DeleteAsync($"organizations/{acme}")).Status);

        (await owner.GetAsync($"organizations/{acme}")).Is(ProblemKind.OrganizationNotFound);
        Assert.Equal([owner.OrganizationId], (await owner.ReadAsync<Page<OrganizationView>>("organizations")).Data.Select(row => row.Id));
        await hub.KeyBecomesAsync(key.Key, "invalid_api_key");
        (await owner.DeleteAsync($"organizations/{owner.OrganizationId}")).Is(ProblemKind.PersonalOrganization);
    }

    [Fact]
    public async Task An_organization_with_money_is_not_closed()
    {
        var (owner, acme) = await hub.OpenAsync();
        await hub.Database.AsAdminAsync<bool>(
            $"select ledger_post(gen_random_uuid(), '{acme}', 'top-up', 'test', 'payments', 'wallet_purchased', 'USD', 1000, '2026-01-01', '2026-01-01', null, null)");

        (await owner.DeleteAsync($"organizations/{acme}")).Is(ProblemKind.OrganizationNotEmpty);
        Assert.Equal("Acme", (await owner.ReadAsync<OrganizationView>($"organizations/{acme}")).Name);
    }
}

/// <summary>What these tests begin with.</summary>
internal static class Companies
{
    /// <summary>Somebody who opened a company of their own.</summary>
    public static async Task<(Visitor Owner, Guid Id)> OpenAsync(this ManagementHub hub)
    {
        var owner = await hub.RegisterAsync("USD");
        var answer = await owner.PostAsync("organizations", new NewOrganization("Acme", "USD"));
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Text);
        return (owner, answer.Read<OrganizationView>().Id);
    }

    public static async Task JoinAsync(this ManagementHub hub, Visitor person, Guid organization, Role role)
    {
        await using var db = hub.Database.OpenAsAdmin();
        db.Memberships.Add(new Membership { OrganizationId = organization, UserId = person.UserId, Role = role, CreatedAt = hub.Clock.GetUtcNow() });
        await db.SaveChangesAsync();
    }

    /// <summary>A new person in this role, who works in the organization.</summary>
    public static async Task<Visitor> HireAsync(this ManagementHub hub, Guid organization, Role role)
    {
        var person = await hub.RegisterAsync("USD");
        await hub.JoinAsync(person, organization, role);
        person.Organization = organization.ToString();
        return person;
    }
}
