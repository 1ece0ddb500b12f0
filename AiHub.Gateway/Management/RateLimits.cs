using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Quotas;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Domain.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>How fast, how large and how many at once the calls of an organization, its teams, members and keys may be.</summary>
public static class RateLimits
{
    private static readonly Text Replaced = new(
        "Replaces all three; what is left out or null is no longer limited. Holds on every gateway within a second. Owners and admins only.",
        "同时替换三项限制；省略或为 null 的项不再限制。一秒内在所有网关生效。仅限所有者与管理员。");

    public static void MapRateLimits(this IEndpointRouteBuilder api)
    {
        var limits = api.MapGroup("/limits").WithTags("Rate limits");

        limits.MapGet("/", ListAsync)
            .OfOrganization(Permission.OrganizationRead)
            .Describe("listLimits", new("List rate limits", "查询速率限制"),
                new("Of the plan, the organization, its teams and its members. Of all limits a call is under the tightest holds.", "包括套餐、组织、团队与成员的限制。一次调用受多项限制时，以最严格者为准。"),
                null, Examples.Limits);

        limits.MapPut("/organization", (KeyLimits body, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
                PutAsync(LimitOwner.Organization, member.OrganizationId.ToString(), body, member, http, db, time, ct))
            .OfOrganization(Permission.KeysManage)
            .Describe("setOrganizationLimits", new("Limit the organization", "设置组织的限制"), Replaced, Examples.KeyLimits, Examples.KeyLimits)
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.LimitSubjectNotFound);

        limits.MapPut("/teams/{id}", (string id, KeyLimits body, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
                PutAsync(LimitOwner.Team, id, body, member, http, db, time, ct))
            .OfOrganization(Permission.KeysManage)
            .Parameter("id", new("The team's id.", "团队编号。"), "uuid", Examples.Organization.Id)
            .Describe("setTeamLimits", new("Limit a team", "设置团队的限制"), Replaced, Examples.KeyLimits, Examples.KeyLimits)
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.LimitSubjectNotFound);

        limits.MapPut("/members/{id}", (string id, KeyLimits body, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
                PutAsync(LimitOwner.User, id, body, member, http, db, time, ct))
            .OfOrganization(Permission.KeysManage)
            .Parameter("id", new("The member's user id.", "成员的用户编号。"), "uuid", Examples.Organization.Id)
            .Describe("setMemberLimits", new("Limit a member", "设置成员的限制"), Replaced, Examples.KeyLimits, Examples.KeyLimits)
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.LimitSubjectNotFound);

        limits.MapPut("/keys/{id}", (string id, KeyLimits body, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
                PutAsync(LimitOwner.Key, id, body, member, http, db, time, ct))
            .OfOrganization(Permission.KeysManage)
            .Parameter("id", Texts.KeyId, "uuid", Examples.Key.Id)
            .Describe("setKeyLimits", new("Limit an API key", "设置 API 密钥的限制"), Replaced, Examples.KeyLimits, Examples.KeyLimits)
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.LimitSubjectNotFound);
    }

    /// <summary>A limit above the plan's would promise what never comes.</summary>
    public static void Check(this KeyLimits limits, Plan plan, FieldErrors errors, string prefix = "limits.")
    {
        AtMost("requests_per_minute", limits.RequestsPerMinute, plan.RequestsPerMinute);
        AtMost("tokens_per_minute", limits.TokensPerMinute, plan.TokensPerMinute);
        AtMost("concurrency", limits.Concurrency, plan.Concurrency);

        void AtMost(string field, int? wanted, int? most)
        {
            if (most is { } limit && wanted > limit)
            {
                errors.Add(prefix + field, FieldText.AtMost, limit);
            }
        }
    }

    private static async Task<Ok<LimitsView>> ListAsync(Member member, HubDb db, CancellationToken ct)
    {
        var plan = await db.Plans.AsNoTracking().FirstAsync(row => row.Id == member.Organization.PlanId, ct);

        return TypedResults.Ok(await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var rows = await db.RateLimits.AsNoTracking().ToListAsync(ct);
            var teams = await db.Teams.Select(team => new { team.Id, team.Name }).ToDictionaryAsync(team => team.Id, team => team.Name, ct);
            var members = await db.Memberships.Join(db.Users, row => row.UserId, user => user.Id, (row, user) => new { user.Id, user.DisplayName })
                .ToDictionaryAsync(user => user.Id, user => user.DisplayName, ct);

            return new LimitsView(
                new KeyLimits(plan.RequestsPerMinute, plan.TokensPerMinute, plan.Concurrency),
                rows.Where(row => row.Owner == LimitOwner.Organization).Select(View).FirstOrDefault() ?? new KeyLimits(),
                Subjects(LimitOwner.Team, teams),
                Subjects(LimitOwner.User, members));

            IReadOnlyList<SubjectLimits> Subjects(LimitOwner owner, Dictionary<Guid, string> names) =>
                [.. rows.Where(row => row.Owner == owner && names.ContainsKey(row.SubjectId)).Select(row => new SubjectLimits(row.SubjectId, names[row.SubjectId], View(row))).OrderBy(row => row.Name)];
        }, ct));
    }

    private static KeyLimits View(RateLimit row) => new(row.RequestsPerMinute, row.TokensPerMinute, row.Concurrency);

    private static async Task<Results<Ok<KeyLimits>, Refused>> PutAsync(
        LimitOwner owner, string id, KeyLimits body, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var subject))
        {
            return Refused.Because(ProblemKind.LimitSubjectNotFound);
        }

        var plan = await db.Plans.AsNoTracking().FirstAsync(row => row.Id == member.Organization.PlanId, ct);
        var errors = new FieldErrors(http.Request.Language());
        body.Check(plan, errors, prefix: "");
        if (errors.Any)
        {
            return errors.Refuse();
        }

        var now = time.Now();
        var found = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            // One after the other, so that the log tells what each replaced.
            await db.LockMembersAsync(ct);
            var exists = owner switch
            {
                LimitOwner.Key => await db.ApiKeys.AnyAsync(key => key.Id == subject && key.RevokedAt == null, ct),
                LimitOwner.Team => await db.Teams.AnyAsync(team => team.Id == subject, ct),
                LimitOwner.User => await db.Memberships.AnyAsync(row => row.UserId == subject, ct),
                _ => true,
            };
            if (!exists)
            {
                return false;
            }

            var before = owner == LimitOwner.Key ? await SetKeyAsync(db, subject, body, ct) : await SetAsync(db, member.OrganizationId, owner, subject, body, ct);
            var whose = Wire.Name(owner);
            await db.AuditAsync(http.Actor(), "limits.changed", subject.ToString(), new { owner = whose, limits = before }, new { owner = whose, limits = body }, now, ct);
            return true;
        }, ct);

        return found ? TypedResults.Ok(body) : Refused.Because(ProblemKind.LimitSubjectNotFound);
    }

    private static async Task<KeyLimits> SetKeyAsync(HubDb db, Guid id, KeyLimits limits, CancellationToken ct)
    {
        var key = await db.ApiKeys.SingleAsync(key => key.Id == id, ct);
        var before = new KeyLimits(key.RequestsPerMinute, key.TokensPerMinute, key.Concurrency);
        (key.RequestsPerMinute, key.TokensPerMinute, key.Concurrency) = (limits.RequestsPerMinute, limits.TokensPerMinute, limits.Concurrency);
        await db.SaveChangesAsync(ct);
        return before;
    }

    /// <returns>What they were.</returns>
    internal static async Task<KeyLimits> SetAsync(HubDb db, Guid organization, LimitOwner owner, Guid subject, KeyLimits limits, CancellationToken ct)
    {
        var row = await db.RateLimits.FirstOrDefaultAsync(row => row.Owner == owner && row.SubjectId == subject, ct);
        var before = row is null ? new KeyLimits() : View(row);
        if (limits == new KeyLimits())
        {
            if (row is not null)
            {
                db.RateLimits.Remove(row);
            }
        }
        else
        {
            if (row is null)
            {
                db.RateLimits.Add(row = new RateLimit { OrganizationId = organization, Owner = owner, SubjectId = subject });
            }

            (row.RequestsPerMinute, row.TokensPerMinute, row.Concurrency) = (limits.RequestsPerMinute, limits.TokensPerMinute, limits.Concurrency);
        }

        await db.SaveChangesAsync(ct);
        return before;
    }
}
