using System.Net;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Management;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Organizations;

public sealed class InvitationsTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task Who_was_invited_joins_once_in_the_role_and_team_of_the_invitation()
    {
        var (owner, acme) = await hub.OpenAsync();
        var team = (await owner.PostAsync($"organizations/{acme}/teams", new NewTeam("Search"))).Read<TeamView>();
        var guest = await hub.RegisterAsync();

        var invitation = await InviteAsync(owner, acme, guest.Email.ToUpperInvariant(), team: team.Id);
        var listed = await owner.GetAsync($"organizations/{acme}/invitations");
        Assert.DoesNotContain(invitation.Token, listed.Text);
        Assert.Equal(invitation.Id, Assert.Single(listed.Read<Page<InvitationView>>().Data).Id);
        Assert.EndsWith(
            $"/join?token={invitation.Token}",
            (await hub.Database.AsAdminAsync<string>($"select body from outgoing_mails where address = '{guest.Email.ToUpperInvariant()}'")).Split("\n\n")[^2],
            StringComparison.Ordinal);
        var preview = (await hub.Visit().PostAsync("invitations/preview", new InvitationToken(invitation.Token))).Read<InvitationPreview>();
        Assert.Equal(("Acme", "developer", "Search", owner.Registered!.User.DisplayName), (preview.OrganizationName, preview.Role, preview.TeamName, preview.InvitedBy));

        var joined = await guest.PostAsync("invitations/accept", new InvitationToken(invitation.Token));
        Assert.Equal((acme, "developer"), (joined.Read<OrganizationView>().Id, joined.Read<OrganizationView>().Role));
        Assert.Equal([guest.UserId], (await owner.ReadAsync<Page<TeamMemberView>>($"organizations/{acme}/teams/{team.Id}/members")).Data.Select(member => member.UserId));

        (await guest.PostAsync("invitations/accept", new InvitationToken(invitation.Token))).Is(ProblemKind.InvitationNotValid);
        (await hub.Visit().PostAsync("invitations/preview", new InvitationToken(invitation.Token))).Is(ProblemKind.InvitationNotValid);
        Assert.Empty((await owner.ReadAsync<Page<InvitationView>>($"organizations/{acme}/invitations")).Data);
        (await owner.PostAsync($"organizations/{acme}/invitations", new NewInvitation(guest.Email, "viewer"))).Is(ProblemKind.AlreadyMember);
    }

    [Fact]
    public async Task An_invitation_is_for_its_address_alone()
    {
        var (owner, acme) = await hub.OpenAsync();
        var (guest, thief) = (await hub.RegisterAsync(), await hub.RegisterAsync());
        var invitation = await InviteAsync(owner, acme, guest.Email);

        (await thief.PostAsync("invitations/accept", new InvitationToken(invitation.Token))).Is(ProblemKind.InvitationForOtherAddress);
        (await thief.PostAsync("invitations/accept", new InvitationToken("ain_nonsense"))).Is(ProblemKind.InvitationNotValid);
        Assert.Equal(HttpStatusCode.OK, (await guest.PostAsync("invitations/accept", new InvitationToken(invitation.Token))).Status);
    }

    [Fact]
    public async Task An_invitation_used_twice_at_once_is_used_once()
    {
        var (owner, acme) = await hub.OpenAsync();
        var guest = await hub.RegisterAsync();
        var invitation = await InviteAsync(owner, acme, guest.Email);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => guest.PostAsync("invitations/accept", new InvitationToken(invitation.Token))));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_revoked_replaced_or_expired_invitation_opens_nothing()
    {
        var (owner, acme) = await hub.OpenAsync();
        var guest = await hub.RegisterAsync();

        var revoked = await InviteAsync(owner, acme, guest.Email);
        Assert.Equal(HttpStatusCode.NoContent, (await owner.DeleteAsync($"organizations/{acme}/invitations/{revoked.Id}")).Status);
        (await owner.DeleteAsync($"organizations/{acme}/invitations/{revoked.Id}")).Is(ProblemKind.InvitationNotFound);
        (await guest.PostAsync("invitations/accept", new InvitationToken(revoked.Token))).Is(ProblemKind.InvitationNotValid);

        var replaced = await InviteAsync(owner, acme, guest.Email);
        var expired = await InviteAsync(owner, acme, guest.Email);
        (await guest.PostAsync("invitations/accept", new InvitationToken(replaced.Token))).Is(ProblemKind.InvitationNotValid);

        await using var db = hub.Database.OpenAsAdmin();
        await db.Invitations.Where(row => row.Id == expired.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, hub.Clock.GetUtcNow().AddSeconds(-1)));
        (await guest.PostAsync("invitations/accept", new InvitationToken(expired.Token))).Is(ProblemKind.InvitationNotValid);
        Assert.Equal(Invitations.Lifetime, expired.ExpiresAt - expired.CreatedAt);
    }

    [Fact]
    public async Task An_invitation_ends_with_the_membership_of_whoever_sent_it()
    {
        var (owner, acme) = await hub.OpenAsync();
        var admin = await hub.HireAsync(acme, Role.Admin);
        var guest = await hub.RegisterAsync();
        var invitation = await InviteAsync(admin, acme, guest.Email);

        await owner.DeleteAsync($"organizations/{acme}/members/{admin.UserId}");

        (await guest.PostAsync("invitations/accept", new InvitationToken(invitation.Token))).Is(ProblemKind.InvitationNotValid);
    }

    [Fact]
    public async Task Whoever_was_removed_does_not_come_back_by_an_invitation_they_had_not_used()
    {
        var (owner, acme) = await hub.OpenAsync();
        var guest = await hub.RegisterAsync();
        var invitation = await InviteAsync(owner, acme, guest.Email);
        // They come in by another door, as by single sign-on, and are shown out.
        await hub.JoinAsync(guest, acme, Role.Viewer);

        await owner.DeleteAsync($"organizations/{acme}/members/{guest.UserId}");

        (await guest.PostAsync("invitations/accept", new InvitationToken(invitation.Token))).Is(ProblemKind.InvitationNotValid);
        Assert.Equal(HttpStatusCode.OK, (await guest.PostAsync("invitations/accept", new InvitationToken((await InviteAsync(owner, acme, guest.Email)).Token))).Status);
    }

    [Fact]
    public async Task Nobody_invites_their_equals()
    {
        var (owner, acme) = await hub.OpenAsync();
        var admin = await hub.HireAsync(acme, Role.Admin);

        (await admin.PostAsync($"organizations/{acme}/invitations", new NewInvitation(ManagementHub.NewEmail(), "admin"))).Is(ProblemKind.RankTooLow);
        (await owner.PostAsync($"organizations/{acme}/invitations", new NewInvitation(ManagementHub.NewEmail(), "owner"))).IsInvalid("role", FieldText.OneOf, "admin, billing, developer, viewer");
        (await owner.PostAsync($"organizations/{acme}/invitations", new NewInvitation(ManagementHub.NewEmail(), "admin", Guid.CreateVersion7()))).Is(ProblemKind.TeamNotFound);
    }

    private static async Task<CreatedInvitation> InviteAsync(Visitor who, Guid organization, string email, string role = "developer", Guid? team = null)
    {
        var answer = await who.PostAsync($"organizations/{organization}/invitations", new NewInvitation(email, role, team));
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Text);
        return answer.Read<CreatedInvitation>();
    }
}
