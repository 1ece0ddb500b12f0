using System.Text.Json.Nodes;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Gateway.Scim;

/// <summary>Teams, as a directory's groups.</summary>
public static class ScimGroups
{
    public static async Task<ScimAnswer> ListAsync(ScimCall call, HubDb db)
    {
        var conditions = ScimFilter.Parse(call.Http.Request.Query["filter"]);
        var (start, count) = call.Page();
        return await db.InOrganizationAsync(call.OrganizationId, async () =>
        {
            var groups = conditions.Aggregate(Groups(db), Narrow);
            var total = await groups.CountAsync(call.Aborted);
            var page = count == 0 ? [] : await groups.OrderBy(row => row.Team.Id).Skip(start - 1).Take(count).ToListAsync(call.Aborted);
            var members = call.Excludes("members") ? null : await MembersAsync(db, page, call);
            return ScimAnswer.Ok(ScimSchemas.ListOf(page.Select(row => Show(row, members?[row.Team.Id], call)), total, start));
        }, call.Aborted);
    }

    public static async Task<ScimAnswer> FindAsync(string id, ScimCall call, HubDb db) =>
        await db.InOrganizationAsync(call.OrganizationId, () => ShownAsync(id, call, db), call.Aborted) is { } shown ? ScimAnswer.Ok(shown) : ScimAnswer.NotFound("group");

    public static async Task<ScimAnswer> CreateAsync(ScimCall call, HubDb db)
    {
        var body = await call.BodyAsync();
        var name = ScimPatch.ReadText(ScimPatch.Of(body, "displayName"), "displayName", 100) ?? throw ScimException.InvalidValue("displayName is required.");
        var members = Ids(ScimPatch.Of(body, "members"));
        var team = new Team { Id = Guid.CreateVersion7(call.Now), OrganizationId = call.OrganizationId, Name = name, CreatedAt = call.Now };
        var shown = await UniquelyAsync(() => db.InOrganizationAsync(call.OrganizationId, async () =>
        {
            await db.LockMembersAsync(call.Aborted);
            if (await db.Teams.CountAsync(row => row.ArchivedAt == null, call.Aborted) >= Teams.Most)
            {
                throw new ScimException(StatusCodes.Status403Forbidden, $"An organization may have {Teams.Most} teams.");
            }

            db.Teams.Add(team);
            db.ScimGroups.Add(new ScimGroup
            {
                OrganizationId = call.OrganizationId,
                TeamId = team.Id,
                ExternalId = ScimPatch.ReadText(ScimPatch.Of(body, "externalId"), "externalId"),
                UpdatedAt = call.Now,
            });
            await db.SaveChangesAsync(call.Aborted);
            await db.AuditAsync(call.Actor, "team.created", team.Id.ToString(), null, new { team.Name, by = "scim" }, call.Now, call.Aborted);
            await AddAsync(db, team.Id, members, call);
            return (await ShownAsync(team.Id.ToString(), call, db))!;
        }, call.Aborted));

        return ScimAnswer.Created(shown, $"{call.Root}/Groups/{team.Id}");
    }

    public static async Task<ScimAnswer> ReplaceAsync(string id, ScimCall call, HubDb db)
    {
        var body = await call.BodyAsync();
        var name = ScimPatch.ReadText(ScimPatch.Of(body, "displayName"), "displayName", 100) ?? throw ScimException.InvalidValue("displayName is required.");
        return await ChangeAsync(id, call, db, async (team, group) =>
        {
            group.ExternalId = ScimPatch.ReadText(ScimPatch.Of(body, "externalId"), "externalId");
            await RenameAsync(db, team, name, call);
            await SetAsync(db, team.Id, Ids(ScimPatch.Of(body, "members")), call);
        });
    }

    public static async Task<ScimAnswer> PatchAsync(string id, ScimCall call, HubDb db)
    {
        var operations = ScimPatch.Read(await call.BodyAsync());
        return await ChangeAsync(id, call, db, async (team, group) =>
        {
            foreach (var operation in operations)
            {
                await DoAsync(operation, team, group, call, db);
            }
        });
    }

    public static async Task<ScimAnswer> DeleteAsync(string id, ScimCall call, HubDb db)
    {
        var deleted = await db.InOrganizationAsync(call.OrganizationId, async () =>
        {
            await db.LockMembersAsync(call.Aborted);
            if (await TeamAsync(id, db, call) is not { } team)
            {
                return false;
            }

            team.ArchivedAt = call.Now;
            await db.SaveChangesAsync(call.Aborted);
            var keys = await Teams.SwitchOffAsync(db, db.ApiKeys.Where(key => key.TeamId == team.Id), call.Now, call.Aborted);
            await db.TeamMemberships.Where(row => row.TeamId == team.Id).ExecuteDeleteAsync(call.Aborted);
            await db.ScimGroups.Where(row => row.TeamId == team.Id).ExecuteDeleteAsync(call.Aborted);
            await db.AuditAsync(call.Actor, "team.dissolved", team.Id.ToString(), new { team.Name }, new { by = "scim", disabledKeys = keys }, call.Now, call.Aborted);
            return true;
        }, call.Aborted);

        return deleted ? ScimAnswer.NoContent : ScimAnswer.NotFound("group");
    }

    private static async Task DoAsync(ScimOperation operation, Team team, ScimGroup group, ScimCall call, HubDb db)
    {
        if (operation.Is("displayName"))
        {
            await RenameAsync(db, team, ScimPatch.ReadText(operation.Value, "displayName", 100) ?? throw ScimException.InvalidValue("displayName cannot be empty."), call);
        }
        else if (operation.Is("externalId"))
        {
            group.ExternalId = operation.Kind == ScimOperationKind.Remove ? null : ScimPatch.ReadText(operation.Value, "externalId");
        }
        else if (operation.Is("members"))
        {
            await (operation.Kind switch
            {
                ScimOperationKind.Add => AddAsync(db, team.Id, Ids(operation.Value), call),
                ScimOperationKind.Replace => SetAsync(db, team.Id, Ids(operation.Value), call),
                // All of them, if none is named.
                _ when operation.Filter.Count == 0 && operation.Value is null => SetAsync(db, team.Id, [], call),
                _ => RemoveAsync(db, team.Id, operation.Filter.Count > 0 ? Named(operation.Filter) : Ids(operation.Value), call),
            });
        }
        else if (!operation.Is("id") && !operation.Is("schemas") && !operation.Is("meta"))
        {
            throw ScimException.InvalidPath(operation.Path);
        }
    }

    private static async Task<ScimAnswer> ChangeAsync(string id, ScimCall call, HubDb db, Func<Team, ScimGroup, Task> change)
    {
        var shown = await UniquelyAsync(() => db.InOrganizationAsync(call.OrganizationId, async () =>
        {
            await db.LockMembersAsync(call.Aborted);
            if (await TeamAsync(id, db, call) is not { } team)
            {
                return null;
            }

            var group = await db.ScimGroups.FirstOrDefaultAsync(row => row.TeamId == team.Id, call.Aborted);
            if (group is null)
            {
                group = new ScimGroup { OrganizationId = call.OrganizationId, TeamId = team.Id, UpdatedAt = call.Now };
                db.ScimGroups.Add(group);
            }

            await change(team, group);
            group.UpdatedAt = call.Now;
            await db.SaveChangesAsync(call.Aborted);
            return await ShownAsync(id, call, db);
        }, call.Aborted));

        return shown is null ? ScimAnswer.NotFound("group") : ScimAnswer.Ok(shown);
    }

    private static async Task RenameAsync(HubDb db, Team team, string name, ScimCall call)
    {
        if (team.Name == name)
        {
            return;
        }

        var before = new { team.Name };
        team.Name = name;
        await db.SaveChangesAsync(call.Aborted);
        await db.AuditAsync(call.Actor, "team.renamed", team.Id.ToString(), before, new { team.Name, by = "scim" }, call.Now, call.Aborted);
    }

    private static async Task SetAsync(HubDb db, Guid teamId, IReadOnlyList<Guid> wanted, ScimCall call)
    {
        var now = await db.TeamMemberships.Where(row => row.TeamId == teamId).Select(row => row.UserId).ToListAsync(call.Aborted);
        await RemoveAsync(db, teamId, [.. now.Except(wanted)], call);
        await AddAsync(db, teamId, wanted, call);
    }

    private static async Task AddAsync(HubDb db, Guid teamId, IReadOnlyList<Guid> people, ScimCall call)
    {
        var known = await db.TeamMemberships.Where(row => row.TeamId == teamId && people.Contains(row.UserId)).Select(row => row.UserId).ToListAsync(call.Aborted);
        var missing = people.Except(known).Distinct().ToList();
        var members = await db.Memberships.Where(row => missing.Contains(row.UserId)).Select(row => row.UserId).ToListAsync(call.Aborted);
        if (missing.Except(members).ToList() is { Count: > 0 } strangers)
        {
            throw ScimException.InvalidValue($"These are not active users here: {string.Join(", ", strangers)}");
        }

        foreach (var userId in missing)
        {
            db.TeamMemberships.Add(new TeamMembership { OrganizationId = call.OrganizationId, TeamId = teamId, UserId = userId, Role = TeamRole.Member, CreatedAt = call.Now });
        }

        if (missing.Count > 0)
        {
            await db.SaveChangesAsync(call.Aborted);
            await db.AuditAsync(call.Actor, "team.member_added", teamId.ToString(), null, new { users = missing, by = "scim" }, call.Now, call.Aborted);
        }
    }

    private static async Task RemoveAsync(HubDb db, Guid teamId, IReadOnlyList<Guid> people, ScimCall call)
    {
        var gone = await db.TeamMemberships.Where(row => row.TeamId == teamId && people.Contains(row.UserId)).Select(row => row.UserId).ToListAsync(call.Aborted);
        if (gone.Count == 0)
        {
            return;
        }

        await db.TeamMemberships.Where(row => row.TeamId == teamId && gone.Contains(row.UserId)).ExecuteDeleteAsync(call.Aborted);
        var keys = await Teams.SwitchOffAsync(db, db.ApiKeys.Where(key => key.TeamId == teamId && gone.Contains(key.UserId)), call.Now, call.Aborted);
        await db.AuditAsync(call.Actor, "team.member_removed", teamId.ToString(), new { users = gone }, new { by = "scim", disabledKeys = keys }, call.Now, call.Aborted);
    }

    private static IReadOnlyList<Guid> Ids(JsonNode? members) => members switch
    {
        null => [],
        JsonArray list => [.. list.Select(member => Id(member is JsonObject known ? ScimPatch.ReadText(ScimPatch.Of(known, "value"), "members.value") : ScimPatch.ReadText(member, "members")))],
        JsonObject one => [Id(ScimPatch.ReadText(ScimPatch.Of(one, "value"), "members.value"))],
        _ => throw ScimException.InvalidValue("members must be a list."),
    };

    private static IReadOnlyList<Guid> Named(IReadOnlyList<ScimCondition> filter) =>
        filter is [{ } only] && only.Attribute.Equals("value", StringComparison.OrdinalIgnoreCase) ? [Id(only.Value)] : throw ScimException.InvalidFilter("Members are named by value.");

    private static Guid Id(string? text) => Guid.TryParse(text, out var id) ? id : throw ScimException.InvalidValue($"“{text}” is no user's id.");

    private static IQueryable<Row> Groups(HubDb db) =>
        from team in db.Teams.AsNoTracking()
        where team.ArchivedAt == null
        from known in db.ScimGroups.Where(row => row.TeamId == team.Id).DefaultIfEmpty()
        select new Row { Team = team, Known = known };

    private static IQueryable<Row> Narrow(IQueryable<Row> groups, ScimCondition condition)
    {
        var value = condition.Value;
        var lower = value.ToLowerInvariant();
        return condition.Attribute.ToLowerInvariant() switch
        {
            "displayname" => groups.Where(row => row.Team.Name.ToLower() == lower),
            "externalid" => groups.Where(row => row.Known != null && row.Known.ExternalId == value),
            "id" => Guid.TryParse(value, out var id) ? groups.Where(row => row.Team.Id == id) : groups.Where(_ => false),
            _ => throw ScimException.InvalidFilter($"Groups cannot be found by “{condition.Attribute}”."),
        };
    }

    private static async Task<Team?> TeamAsync(string id, HubDb db, ScimCall call) =>
        Guid.TryParse(id, out var teamId) ? await db.Teams.FirstOrDefaultAsync(team => team.Id == teamId && team.ArchivedAt == null, call.Aborted) : null;

    private static async Task<JsonObject?> ShownAsync(string id, ScimCall call, HubDb db) =>
        Guid.TryParse(id, out var teamId) && await Groups(db).FirstOrDefaultAsync(row => row.Team.Id == teamId, call.Aborted) is { } row
            ? Show(row, call.Excludes("members") ? null : (await MembersAsync(db, [row], call))[teamId], call)
            : null;

    private static async Task<ILookup<Guid, (Guid Id, string Name)>> MembersAsync(HubDb db, IReadOnlyList<Row> page, ScimCall call)
    {
        var ids = page.Select(row => row.Team.Id).ToArray();
        var members = await db.TeamMemberships.Where(row => ids.Contains(row.TeamId))
            .Join(db.Users.Where(user => user.ServiceAccountOf == null), row => row.UserId, user => user.Id, (row, user) => new { row.TeamId, user.Id, user.DisplayName })
            .ToListAsync(call.Aborted);
        return members.ToLookup(member => member.TeamId, member => (member.Id, member.DisplayName));
    }

    private static JsonObject Show(Row row, IEnumerable<(Guid Id, string Name)>? members, ScimCall call)
    {
        var shown = new JsonObject
        {
            ["schemas"] = new JsonArray(ScimSchemas.Group),
            ["id"] = row.Team.Id.ToString(),
            ["displayName"] = row.Team.Name,
            ["meta"] = ScimSchemas.Meta("Group", $"{call.Root}/Groups/{row.Team.Id}", row.Team.CreatedAt, row.Known?.UpdatedAt ?? row.Team.CreatedAt),
        };
        ScimUsers.Put(shown, "externalId", row.Known?.ExternalId);
        if (members is not null)
        {
            shown["members"] = new JsonArray([.. members.OrderBy(member => member.Id).Select(member => new JsonObject { ["value"] = member.Id.ToString(), ["display"] = member.Name, ["$ref"] = $"{call.Root}/Users/{member.Id}" })]);
        }

        return shown;
    }

    private static async Task<T> UniquelyAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (DbUpdateException failure) when (failure.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "teams" })
        {
            throw ScimException.Uniqueness("There is a group with this displayName.");
        }
    }

    private sealed class Row
    {
        public required Team Team { get; init; }
        public required ScimGroup? Known { get; init; }
    }
}
