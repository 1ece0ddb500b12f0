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
using Npgsql;

namespace AiHub.Gateway.Management;

/// <summary>The teams of an organization and who is in them. Leads run their own team; owners and admins run all.</summary>
public static class Teams
{
    public const int Most = 200;

    public static void MapTeams(this IEndpointRouteBuilder api)
    {
        var teams = api.MapGroup("/organizations/{id}/teams").WithTags("Teams");

        teams.MapPost("/", CreateAsync)
            .InOrganizationOfPath(Permission.TeamsWrite)
            .Describe("createTeam", new("Create a team", "创建团队"), new("Empty at first.", "新团队没有成员。"), OrganizationExamples.NewTeam, OrganizationExamples.Team)
            .Refuses(ProblemKind.TeamNameTaken, ProblemKind.TeamLimitReached);

        teams.MapGet("/", ListAsync)
            .InOrganizationOfPath(Permission.TeamsRead)
            .Describe("listTeams", new("List teams", "列出团队"), new("By name, with how many members and keys each has.", "按名称排列，包含成员数与密钥数。"), null, new Page<TeamView>([OrganizationExamples.Team], null));

        teams.MapGet("/{team_id}", FindAsync)
            .InOrganizationOfPath(Permission.TeamsRead)
            .Parameter("team_id", Texts.TeamId, "uuid", OrganizationExamples.Team.Id)
            .Describe("getTeam", new("Get a team", "查询团队"), new("With how many members and keys it has.", "包含成员数与密钥数。"), null, OrganizationExamples.Team)
            .Refuses(ProblemKind.TeamNotFound);

        teams.MapPatch("/{team_id}", RenameAsync)
            .InOrganizationOfPath(Permission.TeamsRead)
            .Parameter("team_id", Texts.TeamId, "uuid", OrganizationExamples.Team.Id)
            .Describe("changeTeam", new("Rename a team", "重命名团队"), new("For owners, admins and the team's leads.", "所有者、管理员与团队负责人可以操作。"), OrganizationExamples.NewTeam, OrganizationExamples.Team)
            .Refuses(ProblemKind.TeamNotFound, ProblemKind.TeamNameTaken, ProblemKind.RoleNotAllowed);

        teams.MapDelete("/{team_id}", DissolveAsync)
            .InOrganizationOfPath(Permission.TeamsWrite)
            .Parameter("team_id", Texts.TeamId, "uuid", OrganizationExamples.Team.Id)
            .Describe("deleteTeam", new("Dissolve a team", "解散团队"), new("Its keys are switched off at once; its usage of the past stays filed under it.", "其密钥立即停用；历史用量仍归于该团队。"))
            .Refuses(ProblemKind.TeamNotFound);

        teams.MapGet("/{team_id}/members", MembersAsync)
            .InOrganizationOfPath(Permission.TeamsRead)
            .Parameter("team_id", Texts.TeamId, "uuid", OrganizationExamples.Team.Id)
            .Describe("listTeamMembers", new("List the members of a team", "列出团队成员"), new("Leads first.", "负责人排在最前。"), null, new Page<TeamMemberView>([OrganizationExamples.TeamMember], null))
            .Refuses(ProblemKind.TeamNotFound);

        teams.MapPut("/{team_id}/members/{user_id}", PutMemberAsync)
            .InOrganizationOfPath(Permission.TeamsRead)
            .Parameter("team_id", Texts.TeamId, "uuid", OrganizationExamples.Team.Id)
            .Parameter("user_id", Texts.UserId, "uuid", OrganizationExamples.TeamMember.UserId)
            .Describe("putTeamMember", new("Add a member to a team", "添加团队成员"), new("Or change their role in it. They must be a member of the organization. For owners, admins and the team's leads.", "或修改其在团队中的角色。对方须为组织成员。所有者、管理员与团队负责人可以操作。"),
                OrganizationExamples.TeamRole, OrganizationExamples.TeamMember)
            .Refuses(ProblemKind.TeamNotFound, ProblemKind.MemberNotFound, ProblemKind.RoleNotAllowed);

        teams.MapDelete("/{team_id}/members/{user_id}", RemoveMemberAsync)
            .InOrganizationOfPath(Permission.TeamsRead)
            .Parameter("team_id", Texts.TeamId, "uuid", OrganizationExamples.Team.Id)
            .Parameter("user_id", Texts.UserId, "uuid", OrganizationExamples.TeamMember.UserId)
            .Describe("removeTeamMember", new("Remove a member from a team", "移除团队成员"), new("Their keys of this team are switched off at once. Everybody may leave a team.", "其在该团队的密钥立即停用。任何人都可以退出团队。"))
            .Refuses(ProblemKind.TeamNotFound, ProblemKind.MemberNotFound, ProblemKind.RoleNotAllowed);
    }

    /// <summary>Whether the caller is a lead of the team, at the keyboard.</summary>
    internal static async Task<bool> LeadsAsync(this HubDb db, Member member, Guid teamId, CancellationToken ct) =>
        member.Key is null && await db.TeamMemberships.AnyAsync(row => row.TeamId == teamId && row.UserId == member.UserId && row.Role == TeamRole.Lead, ct);

    private static async Task<Results<Created<TeamView>, Refused>> CreateAsync(
        NewTeam request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var team = new Team { Id = Guid.CreateVersion7(now), OrganizationId = member.OrganizationId, Name = request.Name.Trim(), CreatedAt = now };

        var refusal = await UniquelyAsync(() => db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.Teams.CountAsync(row => row.ArchivedAt == null, ct) >= Most)
            {
                return Refused.Because(ProblemKind.TeamLimitReached, Most);
            }

            db.Teams.Add(team);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "team.created", team.Id.ToString(), null, new { team.Name }, now, ct);
            return null;
        }, ct));

        return refusal is null
            ? TypedResults.Created($"{ManagementApi.Path}/organizations/{member.OrganizationId}/teams/{team.Id}", new TeamView(team.Id, team.Name, 0, 0, now))
            : refusal;
    }

    private static async Task<Ok<Page<TeamView>>> ListAsync(Member member, HubDb db, CancellationToken ct) =>
        TypedResults.Ok(new Page<TeamView>(
            await db.InOrganizationAsync(member.OrganizationId, () => Views(db, db.Teams.Where(team => team.ArchivedAt == null).OrderBy(team => team.Name)).ToListAsync(ct), ct),
            null));

    private static async Task<Results<Ok<TeamView>, Refused>> FindAsync([FromRoute(Name = "team_id")] string which, Member member, HubDb db, CancellationToken ct) =>
        Guid.TryParse(which, out var id)
        && await db.InOrganizationAsync(member.OrganizationId, () => Views(db, db.Teams.Where(team => team.Id == id && team.ArchivedAt == null)).FirstOrDefaultAsync(ct), ct) is { } found
            ? TypedResults.Ok(found)
            : Refused.Because(ProblemKind.TeamNotFound);

    private static async Task<Results<Ok<TeamView>, Refused>> RenameAsync(
        [FromRoute(Name = "team_id")] string which, NewTeam request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        TeamView? renamed = null;
        var refusal = await UniquelyAsync(() => WithTeamAsync(which, member, db, Who.Leads, async team =>
        {
            var before = new { team.Name };
            team.Name = request.Name.Trim();
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "team.renamed", team.Id.ToString(), before, new { team.Name }, now, ct);
            renamed = await Views(db, db.Teams.Where(row => row.Id == team.Id)).SingleAsync(ct);
            return null;
        }, ct));

        return refusal is null ? TypedResults.Ok(renamed!) : refusal;
    }

    private static async Task<Results<NoContent, Refused>> DissolveAsync(
        [FromRoute(Name = "team_id")] string which, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var refusal = await WithTeamAsync(which, member, db, Who.Admins, async team =>
        {
            team.ArchivedAt = now;
            await db.SaveChangesAsync(ct);
            var keys = await SwitchOffAsync(db, db.ApiKeys.Where(key => key.TeamId == team.Id), now, ct);
            await db.TeamMemberships.Where(row => row.TeamId == team.Id).ExecuteDeleteAsync(ct);
            await db.AuditAsync(http.Actor(), "team.dissolved", team.Id.ToString(), new { team.Name }, new { disabledKeys = keys }, now, ct);
            return null;
        }, ct);

        return refusal is null ? TypedResults.NoContent() : refusal;
    }

    private static async Task<Results<Ok<Page<TeamMemberView>>, Refused>> MembersAsync([FromRoute(Name = "team_id")] string which, Member member, HubDb db, CancellationToken ct)
    {
        if (!Guid.TryParse(which, out var id))
        {
            return Refused.Because(ProblemKind.TeamNotFound);
        }

        var members = await db.InOrganizationAsync(member.OrganizationId, async () => await db.Teams.AnyAsync(team => team.Id == id && team.ArchivedAt == null, ct)
            ? await db.TeamMemberships.Where(row => row.TeamId == id)
                .Join(db.Users, row => row.UserId, user => user.Id, (row, user) => new { Row = row, user.DisplayName })
                .ToListAsync(ct)
            : null, ct);

        return members is null
            ? Refused.Because(ProblemKind.TeamNotFound)
            : TypedResults.Ok(new Page<TeamMemberView>([.. members.OrderBy(pair => pair.Row.Role).ThenBy(pair => pair.Row.CreatedAt).Select(pair => View(pair.Row, pair.DisplayName))], null));
    }

    private static async Task<Results<Ok<TeamMemberView>, Refused>> PutMemberAsync(
        [FromRoute(Name = "team_id")] string which, [FromRoute(Name = "user_id")] string whom, TeamRoleChange request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var role = Enum.Parse<TeamRole>(request.Role, ignoreCase: true);
        TeamMemberView? put = null;
        var refusal = await WithTeamAsync(which, member, db, Who.Leads, async team =>
        {
            if (!Guid.TryParse(whom, out var userId) || !await db.Memberships.AnyAsync(row => row.UserId == userId, ct))
            {
                return Refused.Because(ProblemKind.MemberNotFound);
            }

            var known = await db.TeamMemberships.FirstOrDefaultAsync(row => row.TeamId == team.Id && row.UserId == userId, ct);
            var before = known is null ? null : new { role = Wire.Name(known.Role) };
            if (known is null)
            {
                known = new TeamMembership { OrganizationId = member.OrganizationId, TeamId = team.Id, UserId = userId, Role = role, CreatedAt = now };
                db.TeamMemberships.Add(known);
            }

            known.Role = role;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), before is null ? "team.member_added" : "team.member_changed", team.Id.ToString(), before, new { userId, role = Wire.Name(role) }, now, ct);
            put = View(known, await db.Users.Where(user => user.Id == userId).Select(user => user.DisplayName).SingleAsync(ct));
            return null;
        }, ct);

        return refusal is null ? TypedResults.Ok(put!) : refusal;
    }

    private static async Task<Results<NoContent, Refused>> RemoveMemberAsync(
        [FromRoute(Name = "team_id")] string which, [FromRoute(Name = "user_id")] string whom, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var leaves = member.Key is null && Guid.TryParse(whom, out var self) && self == member.UserId;
        var refusal = await WithTeamAsync(which, member, db, leaves ? Who.Oneself : Who.Leads, async team =>
        {
            if (!Guid.TryParse(whom, out var userId) || await db.TeamMemberships.FirstOrDefaultAsync(row => row.TeamId == team.Id && row.UserId == userId, ct) is not { } known)
            {
                return Refused.Because(ProblemKind.MemberNotFound);
            }

            db.TeamMemberships.Remove(known);
            await db.SaveChangesAsync(ct);
            var keys = await SwitchOffAsync(db, db.ApiKeys.Where(key => key.TeamId == team.Id && key.UserId == userId), now, ct);
            await db.AuditAsync(http.Actor(), "team.member_removed", team.Id.ToString(), new { userId, role = Wire.Name(known.Role) }, new { disabledKeys = keys }, now, ct);
            return null;
        }, ct);

        return refusal is null ? TypedResults.NoContent() : refusal;
    }

    private static Task<Refused?> WithTeamAsync(
        string teamId, Member member, HubDb db, Who who, Func<Team, Task<Refused?>> work, CancellationToken ct) =>
        db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (!await db.IsStillAsync(member, ct))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.TeamsWrite, member.Role);
            }

            if (!Guid.TryParse(teamId, out var id) || await db.Teams.FirstOrDefaultAsync(row => row.Id == id && row.ArchivedAt == null, ct) is not { } team)
            {
                return Refused.Because(ProblemKind.TeamNotFound);
            }

            if (who != Who.Oneself && !member.May(Permission.TeamsWrite) && !(who == Who.Leads && await db.LeadsAsync(member, id, ct)))
            {
                return member.Role.May(Permission.TeamsWrite)
                    ? Refused.Because(ProblemKind.ScopeMissing, Permissions.Name(Permission.TeamsWrite))
                    : MemberOfOrganization.RoleNotAllowed(Permission.TeamsWrite, member.Role);
            }

            return await work(team);
        }, ct);

    internal static async Task<IReadOnlyList<Guid>> SwitchOffAsync(HubDb db, IQueryable<ApiKey> keys, DateTimeOffset now, CancellationToken ct)
    {
        var ids = await keys.Where(key => key.RevokedAt == null && key.DisabledAt == null).Select(key => key.Id).ToListAsync(ct);
        await db.ApiKeys.Where(key => ids.Contains(key.Id)).ExecuteUpdateAsync(set => set.SetProperty(key => key.DisabledAt, now), ct);
        return ids;
    }

    private static async Task<Refused?> UniquelyAsync(Func<Task<Refused?>> work)
    {
        try
        {
            return await work();
        }
        catch (DbUpdateException failure) when (failure.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "teams" })
        {
            return Refused.Because(ProblemKind.TeamNameTaken);
        }
    }

    private static IQueryable<TeamView> Views(HubDb db, IQueryable<Team> teams) => teams.Select(team => new TeamView(
        team.Id,
        team.Name,
        db.TeamMemberships.Count(row => row.TeamId == team.Id),
        db.ApiKeys.Count(key => key.TeamId == team.Id && key.RevokedAt == null),
        team.CreatedAt));

    private static TeamMemberView View(TeamMembership row, string displayName) => new(row.UserId, displayName, Wire.Name(row.Role), row.CreatedAt);

    private enum Who
    {
        Admins,

        /// <summary>The team's leads too.</summary>
        Leads,

        /// <summary>It concerns the caller alone.</summary>
        Oneself,
    }
}
