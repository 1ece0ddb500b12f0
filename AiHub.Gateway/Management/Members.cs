using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Who belongs to an organization: people and service accounts, their roles, and how they leave.</summary>
public static class Members
{
    private const string PersonKind = "person";
    private const string ServiceAccountKind = "service_account";

    public static void MapMembers(this IEndpointRouteBuilder api)
    {
        var members = api.MapGroup("/organizations/{id}").WithTags("Members");

        members.MapGet("/members", ListAsync)
            .InOrganizationOfPath(Permission.MembersRead)
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listMembers", new("List members", "列出成员"), new("People and service accounts, in the order they joined.", "包括用户与服务账号，按加入时间排列。"), null, new Page<MemberView>([OrganizationExamples.Member], null));

        members.MapPatch("/members/{user_id}", ChangeRoleAsync)
            .InOrganizationOfPath(Permission.MembersWrite)
            .Parameter("user_id", Texts.UserId, "uuid", OrganizationExamples.Member.UserId)
            .Describe("changeMember", new("Change a member's role", "修改成员角色"),
                new("You can change members ranked below you, to roles ranked below yours: the owner everybody, an admin everybody but the owner and other admins.", "您只能修改级别低于自己的成员，且只能授予低于自己的角色：所有者可修改所有人，管理员不能修改所有者与其他管理员。"),
                OrganizationExamples.Role, OrganizationExamples.Member)
            .Refuses(ProblemKind.MemberNotFound, ProblemKind.RankTooLow);

        members.MapDelete("/members/{user_id}", RemoveAsync)
            .InOrganizationOfPath(Permission.OrganizationRead)
            .Parameter("user_id", Texts.UserId, "uuid", OrganizationExamples.Member.UserId)
            .Describe("removeMember", new("Remove a member, or leave", "移除成员或退出组织"),
                new("Their keys in this organization stop working at once, and so do the invitations they sent and those sent to them. Everybody but the owner may leave by removing themselves.", "其在本组织的密钥、已发出的邀请以及发给其本人的邀请立即失效。除所有者外，任何人都可以移除自己以退出组织。"))
            .Refuses(ProblemKind.MemberNotFound, ProblemKind.RankTooLow, ProblemKind.RoleNotAllowed, ProblemKind.OwnerMustTransfer);

        members.MapPost("/service-accounts", CreateServiceAccountAsync)
            .InOrganizationOfPath(Permission.MembersWrite)
            .Describe("createServiceAccount", new("Create a service account", "创建服务账号"),
                new("A member that is a program: it owns keys, keeps them when people leave, and never signs in. Remove it like any member.", "代表程序的成员：可拥有密钥，不受人员离开影响，且不能登录。移除方式与普通成员相同。"),
                OrganizationExamples.NewServiceAccount, OrganizationExamples.ServiceAccount)
            .Refuses(ProblemKind.TeamNotFound);
    }

    /// <summary>Changes of who is who happen one after the other in an organization, so that each decides on what is true.</summary>
    internal static Task LockMembersAsync(this HubDb db, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('members:' || current_organization(), 0))", ct);

    /// <summary>Whether the caller still has the role they came in with; ask it under the lock.</summary>
    internal static Task<bool> IsStillAsync(this HubDb db, Member member, CancellationToken ct) =>
        db.Memberships.AnyAsync(row => row.UserId == member.UserId && row.Role == member.Role, ct);

    private static async Task<Results<Ok<Page<MemberView>>, Refused>> ListAsync(
        string? cursor, string? limit, Member member, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (after, size) = (asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var page = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var memberships = db.Memberships.AsNoTracking();
            if (after is { } last)
            {
                memberships = memberships.Where(row => row.CreatedAt > last.At || (row.CreatedAt == last.At && row.UserId > last.Id));
            }

            var rows = await memberships
                .OrderBy(row => row.CreatedAt).ThenBy(row => row.UserId)
                .Take(size + 1)
                .ToListAsync(ct);
            var shown = rows.Take(size).ToList();
            return new Page<MemberView>(
                await ViewAsync(db, shown, ct),
                rows.Count > size ? new Cursor(shown[^1].CreatedAt, shown[^1].UserId).ToString() : null);
        }, ct);

        return TypedResults.Ok(page);
    }

    private static async Task<Results<Ok<MemberView>, Refused>> ChangeRoleAsync(
        [FromRoute(Name = "user_id")] string whom, RoleChange request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var role = Enum.Parse<Role>(request.Role, ignoreCase: true);
        var now = time.Now();
        MemberView? changed = null;
        var refusal = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (!await db.IsStillAsync(member, ct))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.MembersWrite, member.Role);
            }

            if (await FindAsync(db, whom, ct) is not { } target)
            {
                return Refused.Because(ProblemKind.MemberNotFound);
            }

            if (!member.Role.Outranks(target.Role) || !member.Role.Outranks(role))
            {
                return Refused.Because(ProblemKind.RankTooLow);
            }

            var before = new { role = Wire.Name(target.Role) };
            target.Role = role;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "member.role_changed", target.UserId.ToString(), before, new { role = Wire.Name(role) }, now, ct);
            changed = (await ViewAsync(db, [target], ct))[0];
            return null;
        }, ct);

        return refusal is null ? TypedResults.Ok(changed!) : refusal;
    }

    private static async Task<Results<NoContent, Refused>> RemoveAsync(
        [FromRoute(Name = "user_id")] string whom, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var refusal = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (!await db.IsStillAsync(member, ct))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.MembersWrite, member.Role);
            }

            if (await FindAsync(db, whom, ct) is not { } target)
            {
                return Refused.Because(ProblemKind.MemberNotFound);
            }

            var leaves = target.UserId == member.UserId && member.Key is null;
            if (!leaves && !member.Role.May(Permission.MembersWrite))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.MembersWrite, member.Role);
            }

            if (!leaves && !member.May(Permission.MembersWrite))
            {
                return Refused.Because(ProblemKind.ScopeMissing, Permissions.Name(Permission.MembersWrite));
            }

            if (target.Role == Role.Owner)
            {
                return Refused.Because(leaves ? ProblemKind.OwnerMustTransfer : ProblemKind.RankTooLow);
            }

            if (!leaves && !member.Role.Outranks(target.Role))
            {
                return Refused.Because(ProblemKind.RankTooLow);
            }

            var before = new { role = Wire.Name(target.Role) };
            var keys = await db.RemoveMemberAsync(target, now, ct);
            await db.AuditAsync(http.Actor(), leaves ? "member.left" : "member.removed", target.UserId.ToString(), before, new { disabledKeys = keys }, now, ct);
            return null;
        }, ct);

        return refusal is null ? TypedResults.NoContent() : refusal;
    }

    /// <summary>Ends a membership and everything that hangs on it, in the transaction of the caller.</summary>
    /// <returns>The keys that stopped working.</returns>
    internal static async Task<IReadOnlyList<Guid>> RemoveMemberAsync(this HubDb db, Membership target, DateTimeOffset now, CancellationToken ct)
    {
        var keys = await db.ApiKeys.Where(key => key.UserId == target.UserId && key.RevokedAt == null && key.DisabledAt == null).Select(key => key.Id).ToListAsync(ct);
        await db.ApiKeys.Where(key => keys.Contains(key.Id)).ExecuteUpdateAsync(set => set.SetProperty(key => key.DisabledAt, now), ct);
        await db.EndInvitationsAsync(target.UserId, now, ct);
        await db.TeamMemberships.Where(row => row.UserId == target.UserId).ExecuteDeleteAsync(ct);
        await db.Memberships.Where(row => row.UserId == target.UserId).ExecuteDeleteAsync(ct);
        return keys;
    }

    /// <summary>Ends the invitations somebody sent, and those that would let them come back.</summary>
    internal static Task EndInvitationsAsync(this HubDb db, Guid userId, DateTimeOffset now, CancellationToken ct) => db.Invitations
        .Where(invitation => invitation.AcceptedAt == null && invitation.RevokedAt == null
                             && (invitation.InvitedBy == userId || db.Users.Any(user => user.Id == userId && user.NormalizedEmail == invitation.NormalizedEmail)))
        .ExecuteUpdateAsync(set => set.SetProperty(invitation => invitation.RevokedAt, now), ct);

    private static async Task<Results<Created<MemberView>, Refused>> CreateServiceAccountAsync(
        NewServiceAccount request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var id = Guid.CreateVersion7(now);
        var role = Enum.Parse<Role>(request.Role, ignoreCase: true);
        var name = request.Name.Trim();

        var refusal = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (!await db.IsStillAsync(member, ct))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.MembersWrite, member.Role);
            }

            if (request.TeamId is { } team && !await db.Teams.AnyAsync(row => row.Id == team && row.ArchivedAt == null, ct))
            {
                return Refused.Because(ProblemKind.TeamNotFound);
            }

            // No mailbox can have this address, and without a password nobody signs in.
            var address = $"{id:N}@service.invalid";
            db.Users.Add(new User
            {
                Id = id,
                Email = address,
                NormalizedEmail = address.ToUpperInvariant(),
                DisplayName = name,
                ServiceAccountOf = member.OrganizationId,
                CreatedAt = now,
            });
            db.Memberships.Add(new Membership { OrganizationId = member.OrganizationId, UserId = id, Role = role, CreatedAt = now });
            if (request.TeamId is { } joined)
            {
                db.TeamMemberships.Add(new TeamMembership { OrganizationId = member.OrganizationId, TeamId = joined, UserId = id, Role = TeamRole.Member, CreatedAt = now });
            }

            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "service_account.created", id.ToString(), null, new { name, role = Wire.Name(role), request.TeamId }, now, ct);
            return null;
        }, ct);

        return refusal is null
            ? TypedResults.Created(
                $"{ManagementApi.Path}/organizations/{member.OrganizationId}/members",
                new MemberView(id, ServiceAccountKind, null, name, Wire.Name(role), request.TeamId is { } inTeam ? [inTeam] : [], now))
            : refusal;
    }

    private static async Task<Membership?> FindAsync(HubDb db, string userId, CancellationToken ct) =>
        Guid.TryParse(userId, out var id) ? await db.Memberships.FirstOrDefaultAsync(row => row.UserId == id, ct) : null;

    private static async Task<IReadOnlyList<MemberView>> ViewAsync(HubDb db, IReadOnlyList<Membership> rows, CancellationToken ct)
    {
        var ids = rows.Select(row => row.UserId).ToArray();
        var users = await db.Users.AsNoTracking().Where(user => ids.Contains(user.Id)).ToDictionaryAsync(user => user.Id, ct);
        var teams = (await db.TeamMemberships.AsNoTracking().Where(row => ids.Contains(row.UserId)).ToListAsync(ct)).ToLookup(row => row.UserId, row => row.TeamId);

        return
        [
            .. rows.Select(row => (Row: row, User: users[row.UserId])).Select(pair => new MemberView(
                pair.Row.UserId,
                pair.User.ServiceAccountOf is null ? PersonKind : ServiceAccountKind,
                pair.User.ServiceAccountOf is null ? pair.User.Email : null,
                pair.User.DisplayName,
                Wire.Name(pair.Row.Role),
                [.. teams[pair.Row.UserId].Order()],
                pair.Row.CreatedAt)),
        ];
    }
}
