using System.Net;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Management;

namespace AiHub.Tests.Organizations;

public sealed class TeamsTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task A_lead_runs_their_own_team_and_no_other()
    {
        var (owner, acme) = await hub.OpenAsync();
        var (lead, member) = (await hub.HireAsync(acme, Role.Developer), await hub.HireAsync(acme, Role.Developer));
        var (ours, theirs) = (await TeamAsync(owner, acme, "ours"), await TeamAsync(owner, acme, "theirs"));
        Assert.Equal(HttpStatusCode.OK, (await owner.PutAsync($"organizations/{acme}/teams/{ours.Id}/members/{lead.UserId}", new TeamRoleChange("lead"))).Status);

        var put = await lead.PutAsync($"organizations/{acme}/teams/{ours.Id}/members/{member.UserId}", new TeamRoleChange("member"));
        Assert.Equal((member.UserId, "member"), (put.Read<TeamMemberView>().UserId, put.Read<TeamMemberView>().Role));
        Assert.Equal("Ranking", (await lead.PatchAsync($"organizations/{acme}/teams/{ours.Id}", new NewTeam("Ranking"))).Read<TeamView>().Name);
        (await lead.PutAsync($"organizations/{acme}/teams/{theirs.Id}/members/{lead.UserId}", new TeamRoleChange("lead"))).Is(ProblemKind.RoleNotAllowed, Language.En, "owner, admin", "developer");
        (await member.PutAsync($"organizations/{acme}/teams/{ours.Id}/members/{member.UserId}", new TeamRoleChange("lead"))).Is(ProblemKind.RoleNotAllowed, Language.En, "owner, admin", "developer");
        (await lead.DeleteAsync($"organizations/{acme}/teams/{ours.Id}")).Is(ProblemKind.RoleNotAllowed, Language.En, "owner, admin", "developer");
        (await lead.PutAsync($"organizations/{acme}/teams/{ours.Id}/members/{Guid.CreateVersion7()}", new TeamRoleChange("member"))).Is(ProblemKind.MemberNotFound);

        Assert.Equal([(lead.UserId, "lead"), (member.UserId, "member")], (await member.ReadAsync<Page<TeamMemberView>>($"organizations/{acme}/teams/{ours.Id}/members")).Data.Select(row => (row.UserId, row.Role)));
        Assert.Equal([("Ranking", 2), ("theirs", 0)], (await member.ReadAsync<Page<TeamView>>($"organizations/{acme}/teams")).Data.Select(row => (row.Name, row.Members)));
    }

    [Fact]
    public async Task A_key_of_a_team_is_its_leads_business_and_ends_when_its_owner_leaves_the_team()
    {
        var (owner, acme) = await hub.OpenAsync();
        var (lead, member, outsider) = (await hub.HireAsync(acme, Role.Developer), await hub.HireAsync(acme, Role.Developer), await hub.HireAsync(acme, Role.Developer));
        var team = await TeamAsync(owner, acme, "Search");
        await owner.PutAsync($"organizations/{acme}/teams/{team.Id}/members/{lead.UserId}", new TeamRoleChange("lead"));
        await owner.PutAsync($"organizations/{acme}/teams/{team.Id}/members/{member.UserId}", new TeamRoleChange("member"));

        (await outsider.PostAsync("auth/api-keys", new NewApiKey("k", TeamId: team.Id))).IsInvalid("team_id", FieldText.UnknownTeam);
        var key = (await member.PostAsync("auth/api-keys", new NewApiKey("k", TeamId: team.Id))).Read<CreatedApiKey>();
        Assert.Equal(team.Id, key.TeamId);
        (await outsider.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange("mine now"))).Is(ProblemKind.RoleNotAllowed, Language.En, "owner, admin", "developer");
        Assert.Equal("watched", (await lead.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange("watched"))).Read<ApiKeyView>().Name);
        await hub.KeyBecomesAsync(key.Key, "ok");

        Assert.Equal(HttpStatusCode.NoContent, (await member.DeleteAsync($"organizations/{acme}/teams/{team.Id}/members/{member.UserId}")).Status);

        await hub.KeyBecomesAsync(key.Key, "invalid_api_key");
        (await member.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange(Enabled: true))).IsInvalid("enabled", FieldText.UnknownTeam);
        await owner.PutAsync($"organizations/{acme}/teams/{team.Id}/members/{member.UserId}", new TeamRoleChange("member"));
        Assert.Equal(HttpStatusCode.OK, (await member.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange(Enabled: true))).Status);
    }

    [Fact]
    public async Task Whoever_leaves_a_team_while_making_keys_of_it_keeps_none_that_works()
    {
        var (owner, acme) = await hub.OpenAsync();
        var team = await TeamAsync(owner, acme, "Search");
        var members = $"organizations/{acme}/teams/{team.Id}/members";
        for (var round = 0; round < 8; round++)
        {
            var member = await hub.HireAsync(acme, Role.Developer);
            await owner.PutAsync($"{members}/{member.UserId}", new TeamRoleChange("member"));

            await Task.WhenAll(
                [.. Enumerable.Range(0, 6).Select(_ => member.PostAsync("auth/api-keys", new NewApiKey("k", TeamId: team.Id))), owner.DeleteAsync($"{members}/{member.UserId}")]);

            Assert.DoesNotContain((await member.ReadAsync<Page<ApiKeyView>>("auth/api-keys?limit=100")).Data, key => key.OwnerId == member.UserId && key.Enabled);
        }
    }

    [Fact]
    public async Task A_dissolved_team_frees_its_name_and_switches_its_keys_off()
    {
        var (owner, acme) = await hub.OpenAsync();
        owner.Organization = acme.ToString();
        var team = await TeamAsync(owner, acme, "Search");
        (await owner.PostAsync($"organizations/{acme}/teams", new NewTeam("Search"))).Is(ProblemKind.TeamNameTaken);
        var key = (await owner.PostAsync("auth/api-keys", new NewApiKey("k", TeamId: team.Id))).Read<CreatedApiKey>();
        await hub.KeyBecomesAsync(key.Key, "ok");

        Assert.Equal(HttpStatusCode.NoContent, (await owner.DeleteAsync($"organizations/{acme}/teams/{team.Id}")).Status);

        await hub.KeyBecomesAsync(key.Key, "invalid_api_key");
        (await owner.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange(Enabled: true))).IsInvalid("enabled", FieldText.UnknownTeam);
        (await owner.GetAsync($"organizations/{acme}/teams/{team.Id}")).Is(ProblemKind.TeamNotFound);
        Assert.Empty((await owner.ReadAsync<Page<TeamView>>($"organizations/{acme}/teams")).Data);
        await TeamAsync(owner, acme, "Search");
    }

    [Fact]
    public async Task The_team_of_another_organization_does_not_exist()
    {
        var (owner, acme) = await hub.OpenAsync();
        var (stranger, theirs) = await hub.OpenAsync();
        var team = await TeamAsync(owner, acme, "Search");

        (await stranger.GetAsync($"organizations/{theirs}/teams/{team.Id}")).Is(ProblemKind.TeamNotFound);
        (await stranger.PutAsync($"organizations/{theirs}/teams/{team.Id}/members/{stranger.UserId}", new TeamRoleChange("lead"))).Is(ProblemKind.TeamNotFound);
        (await stranger.GetAsync($"organizations/{acme}/teams/{team.Id}")).Is(ProblemKind.OrganizationNotFound);
        stranger.Organization = theirs.ToString();
        (await stranger.PostAsync("auth/api-keys", new NewApiKey("k", TeamId: team.Id))).IsInvalid("team_id", FieldText.UnknownTeam);
    }

    private static async Task<TeamView> TeamAsync(Visitor who, Guid organization, string name)
    {
        var answer = await who.PostAsync($"organizations/{organization}/teams", new NewTeam(name));
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Text);
        return answer.Read<TeamView>();
    }
}
