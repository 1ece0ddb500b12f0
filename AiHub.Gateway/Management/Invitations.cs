using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management;

/// <summary>Invitations into an organization: for one e-mail address, once, until they expire.</summary>
public static class Invitations
{
    public const int MostOpen = 200;
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    public static void MapInvitations(this IEndpointRouteBuilder api)
    {
        var ours = api.MapGroup("/organizations/{id}/invitations").WithTags("Members");

        ours.MapPost("/", InviteAsync)
            .InOrganizationOfPath(Permission.MembersWrite)
            .Describe("createInvitation", new("Invite somebody", "邀请成员"),
                new("They get a mail with a link to the portal; the answer holds the invitation's token, this once. Only somebody signed in with the invited address can use it, once, within 7 days. Inviting an address again replaces the invitation before.", "受邀者将收到含门户链接的邮件；响应中包含邀请令牌，且仅此一次。只有以受邀邮箱登录的用户才能在 7 天内使用一次。再次邀请同一邮箱将取代之前的邀请。"),
                OrganizationExamples.NewInvitation, OrganizationExamples.CreatedInvitation)
            .Refuses(ProblemKind.RankTooLow, ProblemKind.AlreadyMember, ProblemKind.DeactivatedByDirectory, ProblemKind.TeamNotFound, ProblemKind.InvitationLimitReached);

        ours.MapGet("/", ListAsync)
            .InOrganizationOfPath(Permission.MembersRead)
            .Describe("listInvitations", new("List open invitations", "列出未接受的邀请"), new("Newest first; those accepted, revoked or expired are not listed.", "按时间从新到旧排列，不含已接受、已撤销或已过期的邀请。"), null, new Page<InvitationView>([OrganizationExamples.Invitation], null));

        ours.MapDelete("/{invitation_id}", RevokeAsync)
            .InOrganizationOfPath(Permission.MembersWrite)
            .Parameter("invitation_id", new("The invitation's id.", "邀请编号。"), "uuid", OrganizationExamples.Invitation.Id)
            .Describe("revokeInvitation", new("Revoke an invitation", "撤销邀请"), new("Its token stops working at once.", "其令牌立即失效。"))
            .Refuses(ProblemKind.InvitationNotFound);

        var theirs = api.MapGroup("/invitations").WithTags("Members");

        theirs.MapPost("/preview", PreviewAsync)
            .Describe("previewInvitation", new("See what an invitation is for", "查看邀请内容"), new("Changes nothing and needs no session, only the token.", "不做任何更改，无需登录，只需邀请令牌。"),
                OrganizationExamples.Token, OrganizationExamples.Preview)
            .Refuses(ProblemKind.InvitationNotValid, ProblemKind.TooManyAttempts);

        theirs.MapPost("/accept", AcceptAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("acceptInvitation", new("Accept an invitation", "接受邀请"), new("You must be signed in with the address that was invited.", "您必须以受邀邮箱登录。"),
                OrganizationExamples.Token, OrganizationExamples.Company)
            .Refuses(ProblemKind.EmailNotVerified, ProblemKind.InvitationNotValid, ProblemKind.InvitationForOtherAddress, ProblemKind.AlreadyMember, ProblemKind.DeactivatedByDirectory, ProblemKind.SessionRequired);
    }

    private static async Task<Results<Created<CreatedInvitation>, Refused>> InviteAsync(
        NewInvitation request, Member member, HttpContext http, HubDb db, ILookupNormalizer normalizer, AccountMails mails, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var email = request.Email.Trim();
        var normalized = normalizer.NormalizeEmail(email);
        var role = Enum.Parse<Role>(request.Role, ignoreCase: true);
        var token = SignInTokens.NewInvitation();
        var invitation = new Invitation
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            Email = email,
            NormalizedEmail = normalized,
            Role = role,
            TeamId = request.TeamId,
            Hash = SignInTokens.Hash(token),
            InvitedBy = member.UserId,
            CreatedAt = now,
            ExpiresAt = now + Lifetime,
        };

        var refusal = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (!await db.IsStillAsync(member, ct))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.MembersWrite, member.Role);
            }

            if (!member.Role.Outranks(role))
            {
                return Refused.Because(ProblemKind.RankTooLow);
            }

            if (request.TeamId is { } team && !await db.Teams.AnyAsync(row => row.Id == team && row.ArchivedAt == null, ct))
            {
                return Refused.Because(ProblemKind.TeamNotFound);
            }

            if (await db.Memberships.AnyAsync(row => db.Users.Any(user => user.Id == row.UserId && user.NormalizedEmail == normalized), ct))
            {
                return Refused.Because(ProblemKind.AlreadyMember);
            }

            if (await db.ScimUsers.AnyAsync(row => !row.Active && db.Users.Any(user => user.Id == row.UserId && user.NormalizedEmail == normalized), ct))
            {
                return Refused.Because(ProblemKind.DeactivatedByDirectory);
            }

            await db.Invitations
                .Where(row => row.NormalizedEmail == normalized && row.AcceptedAt == null && row.RevokedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), ct);
            if (await Open(db, now).CountAsync(ct) >= MostOpen)
            {
                return Refused.Because(ProblemKind.InvitationLimitReached, MostOpen);
            }

            db.Invitations.Add(invitation);
            var inviter = await db.Users.Where(user => user.Id == member.UserId).Select(user => user.DisplayName).SingleAsync(ct);
            mails.AddInvitation(db, invitation, token, member.Organization.Name, inviter, http.Request.Language(), now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "invitation.created", invitation.Id.ToString(), null, new { email, role = Wire.Name(role), request.TeamId, invitation.ExpiresAt }, now, ct);
            return null;
        }, ct);

        return refusal is null
            ? TypedResults.Created(
                $"{ManagementApi.Path}/organizations/{member.OrganizationId}/invitations",
                new CreatedInvitation(invitation.Id, token, email, Wire.Name(role), request.TeamId, now, invitation.ExpiresAt))
            : refusal;
    }

    private static async Task<Ok<Page<InvitationView>>> ListAsync(Member member, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var rows = await db.InOrganizationAsync(
            member.OrganizationId,
            () => Open(db, now)
                .Join(db.Users, row => row.InvitedBy, user => user.Id, (row, user) => new { Row = row, user.DisplayName })
                .ToListAsync(ct),
            ct);

        return TypedResults.Ok(new Page<InvitationView>(
            [.. rows.OrderByDescending(pair => pair.Row.CreatedAt).Select(pair => new InvitationView(
                pair.Row.Id, pair.Row.Email, Wire.Name(pair.Row.Role), pair.Row.TeamId, pair.DisplayName, pair.Row.CreatedAt, pair.Row.ExpiresAt))],
            null));
    }

    private static async Task<Results<NoContent, Refused>> RevokeAsync(
        [FromRoute(Name = "invitation_id")] string which, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var revoked = Guid.TryParse(which, out var id) && await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await Open(db, now).FirstOrDefaultAsync(row => row.Id == id, ct) is not { } invitation)
            {
                return false;
            }

            invitation.RevokedAt = now;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "invitation.revoked", id.ToString(), new { invitation.Email, role = Wire.Name(invitation.Role) }, null, now, ct);
            return true;
        }, ct);

        return revoked ? TypedResults.NoContent() : Refused.Because(ProblemKind.InvitationNotFound);
    }

    private static async Task<Results<Ok<InvitationPreview>, Refused>> PreviewAsync(
        InvitationToken request, HttpContext http, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        if (limits.Refresh(ClientAddress.Network(http)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        return await FindAsync(request, db, time.Now(), ct) is { } found
            ? TypedResults.Ok(new InvitationPreview(found.OrganizationName, found.Email, Wire.Name(found.Role), found.TeamName, found.InvitedBy, found.ExpiresAt))
            : Refused.Because(ProblemKind.InvitationNotValid);
    }

    private static async Task<Results<Ok<OrganizationView>, Refused>> AcceptAsync(
        InvitationToken request, Person person, HttpContext http, HubDb db, IOptions<AccountOptions> accounts, TimeProvider time, CancellationToken ct)
    {
        if (await db.UnverifiedAsync(accounts.Value, person.UserId, ct) is { } unverified)
        {
            return unverified;
        }

        var now = time.Now();
        if (await FindAsync(request, db, now, ct) is not { } found)
        {
            return Refused.Because(ProblemKind.InvitationNotValid);
        }

        if (!await db.Users.AnyAsync(user => user.Id == person.UserId && user.NormalizedEmail == found.NormalizedEmail, ct))
        {
            return Refused.Because(ProblemKind.InvitationForOtherAddress);
        }

        var refusal = await db.InOrganizationAsync(found.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (await db.Memberships.AnyAsync(row => row.UserId == person.UserId, ct))
            {
                return Refused.Because(ProblemKind.AlreadyMember);
            }

            if (await db.ScimUsers.AnyAsync(row => row.UserId == person.UserId && !row.Active, ct))
            {
                return Refused.Because(ProblemKind.DeactivatedByDirectory);
            }

            // One statement, so that a token used twice at once is used once.
            var used = await Open(db, now).Where(row => row.Id == found.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.AcceptedAt, now).SetProperty(row => row.AcceptedBy, person.UserId), ct);
            if (used == 0)
            {
                return Refused.Because(ProblemKind.InvitationNotValid);
            }

            db.Memberships.Add(new Membership { OrganizationId = found.OrganizationId, UserId = person.UserId, Role = found.Role, CreatedAt = now });
            // The team may have been dissolved a moment ago.
            if (found.TeamId is { } team && await db.Teams.AnyAsync(row => row.Id == team && row.ArchivedAt == null, ct))
            {
                db.TeamMemberships.Add(new TeamMembership { OrganizationId = found.OrganizationId, TeamId = team, UserId = person.UserId, Role = TeamRole.Member, CreatedAt = now });
            }

            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "member.joined", person.UserId.ToString(), null, new { invitation = found.Id, role = Wire.Name(found.Role), found.TeamId }, now, ct);
            return null;
        }, ct);

        return refusal is null
            ? TypedResults.Ok(Organizations.View(await db.OrganizationsOfUser(person.UserId).SingleAsync(row => row.Id == found.OrganizationId, ct)))
            : refusal;
    }

    private static IQueryable<Invitation> Open(HubDb db, DateTimeOffset now) =>
        db.Invitations.Where(row => row.AcceptedAt == null && row.RevokedAt == null && row.ExpiresAt > now);

    private static async Task<FoundInvitation?> FindAsync(InvitationToken request, HubDb db, DateTimeOffset now, CancellationToken ct) =>
        SignInTokens.ReadInvitation(request.Token) is { } hash ? await db.FindInvitation(hash, now).AsNoTracking().FirstOrDefaultAsync(ct) : null;
}
