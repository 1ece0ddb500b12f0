using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management;
using AiHub.Gateway.Management.SingleSignOn;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Scim;

/// <summary>Members, as their directory makes, changes and ends them.</summary>
public static class ScimUsers
{
    // Attributes directories send that the hub has no use for; taken without a word, as the standard allows.
    private static readonly string[] Unused =
    [
        "id", "schemas", "meta", "title", "nickName", "profileUrl", "userType", "preferredLanguage", "locale", "timezone", "password", "phoneNumbers", "ims", "photos",
        "addresses", "groups", "entitlements", "roles", "x509Certificates", "name.formatted", "name.middleName", "name.honorificPrefix", "name.honorificSuffix",
    ];

    public static async Task<ScimAnswer> ListAsync(ScimCall call, HubDb db)
    {
        var conditions = ScimFilter.Parse(call.Http.Request.Query["filter"]);
        var (start, count) = call.Page();
        return await db.InOrganizationAsync(call.OrganizationId, async () =>
        {
            var people = conditions.Aggregate(People(db), Narrow);
            var total = await people.CountAsync(call.Aborted);
            var page = count == 0 ? [] : await people.OrderBy(row => row.User.Id).Skip(start - 1).Take(count).ToListAsync(call.Aborted);
            var teams = await TeamsAsync(db, page, call);
            return ScimAnswer.Ok(ScimSchemas.ListOf(page.Select(row => Show(row, teams[row.User.Id], call)), total, start));
        }, call.Aborted);
    }

    public static async Task<ScimAnswer> FindAsync(string id, ScimCall call, HubDb db) =>
        await db.InOrganizationAsync(call.OrganizationId, () => ShownAsync(id, call, db), call.Aborted) is { } shown ? ScimAnswer.Ok(shown) : ScimAnswer.NotFound("user");

    public static async Task<ScimAnswer> CreateAsync(ScimCall call, HubDb db, Newcomers newcomers)
    {
        var wanted = new Wanted().With(await call.BodyAsync());
        var userName = wanted.UserName ?? throw ScimException.InvalidValue("userName is required.");
        var email = wanted.Email ?? userName;
        if (!new EmailAddressAttribute().IsValid(email) || email.Any(char.IsWhiteSpace))
        {
            throw ScimException.InvalidValue("userName or the primary e-mail must be an e-mail address.");
        }

        var role = await db.InOrganizationAsync(call.OrganizationId, () => RoleForAsync(db, email, call), call.Aborted);
        var user = await newcomers.FindOrOpenAsync(call.OrganizationId, email, wanted.DisplayName ?? Full(wanted.GivenName, wanted.FamilyName), call.Actor, call.Aborted);
        var shown = await db.InOrganizationAsync(call.OrganizationId, async () =>
        {
            await db.LockMembersAsync(call.Aborted);
            if (await db.ScimUsers.AnyAsync(row => row.UserId == user.Id || row.UserName.ToLower() == userName.ToLower(), call.Aborted))
            {
                throw ScimException.Uniqueness("There is a user with this userName.");
            }

            var active = wanted.Active ?? true;
            db.ScimUsers.Add(new ScimUser
            {
                OrganizationId = call.OrganizationId,
                UserId = user.Id,
                UserName = userName,
                ExternalId = wanted.ExternalId,
                GivenName = wanted.GivenName,
                FamilyName = wanted.FamilyName,
                DisplayName = wanted.DisplayName,
                Active = active,
                CreatedAt = call.Now,
                UpdatedAt = call.Now,
            });
            await db.SaveChangesAsync(call.Aborted);
            await db.AuditAsync(call.Actor, "scim_user.created", user.Id.ToString(), null, new { userName, wanted.ExternalId, active }, call.Now, call.Aborted);
            if (active)
            {
                await newcomers.JoinAsync(call.OrganizationId, user.Id, role, "scim", call.Actor, call.Now, call.Aborted);
            }
            else
            {
                await LeaveAsync(db, user.Id, call);
            }

            return (await ShownAsync(user.Id.ToString(), call, db))!;
        }, call.Aborted);

        return ScimAnswer.Created(shown, $"{call.Root}/Users/{user.Id}");
    }

    public static async Task<ScimAnswer> ReplaceAsync(string id, ScimCall call, HubDb db, Newcomers newcomers)
    {
        var wanted = new Wanted { Whole = true }.With(await call.BodyAsync());
        if (wanted.UserName is null)
        {
            throw ScimException.InvalidValue("userName is required.");
        }

        return await ChangeAsync(id, wanted, call, db, newcomers);
    }

    public static async Task<ScimAnswer> PatchAsync(string id, ScimCall call, HubDb db, Newcomers newcomers) =>
        await ChangeAsync(id, ScimPatch.Read(await call.BodyAsync()).Aggregate(new Wanted(), (wanted, operation) => wanted.With(operation)), call, db, newcomers);

    public static async Task<ScimAnswer> DeleteAsync(string id, ScimCall call, HubDb db)
    {
        var deleted = await db.InOrganizationAsync(call.OrganizationId, async () =>
        {
            await db.LockMembersAsync(call.Aborted);
            if (await RowAsync(id, db, call) is not { } row)
            {
                return false;
            }

            await LeaveAsync(db, row.User.Id, call);
            await db.ScimUsers.Where(user => user.UserId == row.User.Id).ExecuteDeleteAsync(call.Aborted);
            await db.SignOnIdentities.Where(identity => identity.UserId == row.User.Id).ExecuteDeleteAsync(call.Aborted);
            await db.AuditAsync(call.Actor, "scim_user.deleted", row.User.Id.ToString(), new { userName = row.UserName }, null, call.Now, call.Aborted);
            return true;
        }, call.Aborted);

        return deleted ? ScimAnswer.NoContent : ScimAnswer.NotFound("user");
    }

    private static async Task<ScimAnswer> ChangeAsync(string id, Wanted wanted, ScimCall call, HubDb db, Newcomers newcomers)
    {
        var shown = await db.InOrganizationAsync(call.OrganizationId, async () =>
        {
            await db.LockMembersAsync(call.Aborted);
            if (await RowAsync(id, db, call) is not { } row)
            {
                return null;
            }

            var userId = row.User.Id;
            if (wanted.UserName is { } name && await db.ScimUsers.AnyAsync(other => other.UserId != userId && other.UserName.ToLower() == name.ToLower(), call.Aborted))
            {
                throw ScimException.Uniqueness("There is a user with this userName.");
            }

            var known = await db.ScimUsers.FirstOrDefaultAsync(user => user.UserId == userId, call.Aborted);
            var before = known is null ? null : Told(known);
            if (known is null)
            {
                known = new ScimUser { OrganizationId = call.OrganizationId, UserId = userId, UserName = row.UserName, Active = true, CreatedAt = call.Now, UpdatedAt = call.Now };
                db.ScimUsers.Add(known);
            }

            wanted.Apply(known, call.Now);
            await db.SaveChangesAsync(call.Aborted);
            await db.AuditAsync(call.Actor, "scim_user.changed", userId.ToString(), before, Told(known), call.Now, call.Aborted);
            if (known.Active)
            {
                if (row.Member is null)
                {
                    await newcomers.JoinAsync(call.OrganizationId, userId, await RoleForAsync(db, row.User.Email, call), "scim", call.Actor, call.Now, call.Aborted);
                }
            }
            else
            {
                await LeaveAsync(db, userId, call);
            }

            return await ShownAsync(id, call, db);
        }, call.Aborted);

        return shown is null ? ScimAnswer.NotFound("user") : ScimAnswer.Ok(shown);
    }

    /// <summary>Ends a membership with everything that hangs on it, at once: keys, teams, invitations, and the sessions the organization vouched for.</summary>
    private static async Task LeaveAsync(HubDb db, Guid userId, ScimCall call)
    {
        await db.Sessions.Where(row => row.UserId == userId && row.SignOnOrganizationId == call.OrganizationId && row.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, call.Now), call.Aborted);
        if (await db.Memberships.AsNoTracking().FirstOrDefaultAsync(row => row.UserId == userId, call.Aborted) is not { } membership)
        {
            await db.EndInvitationsAsync(userId, call.Now, call.Aborted);
            return;
        }

        if (membership.Role == Role.Owner)
        {
            throw new ScimException(StatusCodes.Status403Forbidden, "This is the owner of the organization. Transfer it to another member first.");
        }

        var keys = await db.RemoveMemberAsync(membership, call.Now, call.Aborted);
        await db.AuditAsync(call.Actor, "member.removed", userId.ToString(), new { role = Wire.Name(membership.Role) }, new { by = "scim", disabledKeys = keys }, call.Now, call.Aborted);
    }

    /// <summary>What somebody becomes. A directory may bring along people of the domain the organization has proven, and nobody else's.</summary>
    private static async Task<Role> RoleForAsync(HubDb db, string email, ScimCall call)
    {
        var signOn = await db.SignOns.AsNoTracking().SingleOrDefaultAsync(call.Aborted);
        var domain = DomainProofs.Normalize(email[(email.LastIndexOf('@') + 1)..]);
        return signOn is { DomainVerifiedAt: not null } && signOn.Domain == domain
            ? signOn.DefaultRole
            : throw ScimException.InvalidValue("The e-mail address is not of a domain this organization has proven. Prove the domain in the organization's sign-on settings.");
    }

    private static IQueryable<Row> People(HubDb db) =>
        from user in db.Users.AsNoTracking()
        where user.ServiceAccountOf == null
        from member in db.Memberships.Where(row => row.UserId == user.Id).DefaultIfEmpty()
        from known in db.ScimUsers.Where(row => row.UserId == user.Id).DefaultIfEmpty()
        where member != null || known != null
        select new Row { User = user, Member = member, Known = known };

    private static IQueryable<Row> Narrow(IQueryable<Row> people, ScimCondition condition)
    {
        var value = condition.Value;
        var lower = value.ToLowerInvariant();
        return condition.Attribute.ToLowerInvariant() switch
        {
            "username" => people.Where(row => row.Known == null ? row.User.Email.ToLower() == lower : row.Known.UserName.ToLower() == lower),
            "externalid" => people.Where(row => row.Known != null && row.Known.ExternalId == value),
            "emails" or "emails.value" => people.Where(row => row.User.Email.ToLower() == lower),
            "id" => Guid.TryParse(value, out var id) ? people.Where(row => row.User.Id == id) : people.Where(_ => false),
            "active" => bool.TryParse(value, out var active) ? people.Where(row => (row.Member != null) == active) : throw ScimException.InvalidFilter("active is true or false."),
            _ => throw ScimException.InvalidFilter($"Users cannot be found by “{condition.Attribute}”."),
        };
    }

    private static async Task<Row?> RowAsync(string id, HubDb db, ScimCall call) =>
        Guid.TryParse(id, out var userId) ? await People(db).FirstOrDefaultAsync(row => row.User.Id == userId, call.Aborted) : null;

    private static async Task<JsonObject?> ShownAsync(string id, ScimCall call, HubDb db) =>
        await RowAsync(id, db, call) is { } row ? Show(row, (await TeamsAsync(db, [row], call))[row.User.Id], call) : null;

    private static async Task<ILookup<Guid, (Guid Id, string Name)>> TeamsAsync(HubDb db, IReadOnlyList<Row> page, ScimCall call)
    {
        var ids = page.Select(row => row.User.Id).ToArray();
        var teams = await db.TeamMemberships.Where(row => ids.Contains(row.UserId)).Join(db.Teams, row => row.TeamId, team => team.Id, (row, team) => new { row.UserId, team.Id, team.Name }).ToListAsync(call.Aborted);
        return teams.ToLookup(team => team.UserId, team => (team.Id, team.Name));
    }

    private static JsonObject Show(Row row, IEnumerable<(Guid Id, string Name)> teams, ScimCall call)
    {
        var (user, known) = (row.User, row.Known);
        var display = known?.DisplayName ?? user.DisplayName;
        var shown = new JsonObject
        {
            ["schemas"] = new JsonArray(ScimSchemas.User),
            ["id"] = user.Id.ToString(),
            ["userName"] = row.UserName,
            ["displayName"] = display,
            ["active"] = row.Member is not null,
            ["name"] = new JsonObject { ["formatted"] = Full(known?.GivenName, known?.FamilyName) ?? display },
            ["emails"] = new JsonArray(new JsonObject { ["value"] = user.Email, ["type"] = "work", ["primary"] = true }),
            ["roles"] = row.Member is { } member ? new JsonArray(new JsonObject { ["value"] = Wire.Name(member.Role), ["primary"] = true }) : new JsonArray(),
            ["groups"] = new JsonArray([.. teams.OrderBy(team => team.Name, StringComparer.Ordinal).Select(team => new JsonObject { ["value"] = team.Id.ToString(), ["display"] = team.Name, ["$ref"] = $"{call.Root}/Groups/{team.Id}" })]),
            ["meta"] = ScimSchemas.Meta("User", $"{call.Root}/Users/{user.Id}", known?.CreatedAt ?? row.Member?.CreatedAt, known?.UpdatedAt ?? row.Member?.CreatedAt),
        };
        Put(shown, "externalId", known?.ExternalId);
        Put(shown["name"]!.AsObject(), "givenName", known?.GivenName);
        Put(shown["name"]!.AsObject(), "familyName", known?.FamilyName);
        return shown;
    }

    internal static void Put(JsonObject into, string name, string? value)
    {
        if (value is not null)
        {
            into[name] = value;
        }
    }

    private static object Told(ScimUser user) => new { user.UserName, user.ExternalId, user.DisplayName, user.GivenName, user.FamilyName, user.Active };

    private static string? Full(string? given, string? family) => string.Join(' ', new[] { given, family }.OfType<string>()) is { Length: > 0 } full ? full : null;

    private sealed class Row
    {
        public required User User { get; init; }
        public required Membership? Member { get; init; }
        public required ScimUser? Known { get; init; }

        public string UserName => Known?.UserName ?? User.Email;
    }

    /// <summary>What a directory wants a user to become; what it did not speak of stays.</summary>
    private sealed class Wanted
    {
        private readonly HashSet<string> _said = new(StringComparer.OrdinalIgnoreCase);

        /// <summary>A PUT: what is not said is gone.</summary>
        public bool Whole { get; init; }

        public string? UserName { get; private set; }
        public string? Email { get; private set; }
        public string? ExternalId { get; private set; }
        public string? DisplayName { get; private set; }
        public string? GivenName { get; private set; }
        public string? FamilyName { get; private set; }
        public bool? Active { get; private set; }

        public Wanted With(JsonObject body) => ScimPatchOf(body).Aggregate(this, (wanted, operation) => wanted.With(operation));

        public Wanted With(ScimOperation operation)
        {
            var value = operation.Kind == ScimOperationKind.Remove ? null : operation.Value;
            switch (operation.Path.ToLowerInvariant())
            {
                case "username":
                    UserName = ScimPatch.ReadText(value, "userName") ?? throw ScimException.InvalidValue("userName cannot be empty.");
                    break;
                case "externalid":
                    ExternalId = ScimPatch.ReadText(value, "externalId");
                    break;
                case "displayname":
                    DisplayName = ScimPatch.ReadText(value, "displayName", 100);
                    break;
                case "name.givenname":
                    GivenName = ScimPatch.ReadText(value, "givenName", 100);
                    break;
                case "name.familyname":
                    FamilyName = ScimPatch.ReadText(value, "familyName", 100);
                    break;
                case "active":
                    Active = ScimPatch.ReadBoolean(value, "active");
                    break;
                case "emails":
                    Email = Primary(value);
                    break;
                case "emails.value":
                    Email = ScimPatch.ReadText(value, "emails.value");
                    break;
                case "emails.type" or "emails.primary" or "emails.display":
                    break;
                case var path when Unused.Any(unused => path.Equals(unused, StringComparison.OrdinalIgnoreCase) || path.StartsWith(unused + ".", StringComparison.OrdinalIgnoreCase))
                                   || path.StartsWith(ScimSchemas.EnterpriseUser, StringComparison.OrdinalIgnoreCase):
                    break;
                default:
                    throw ScimException.InvalidPath(operation.Path);
            }

            _said.Add(operation.Path);
            return this;
        }

        public void Apply(ScimUser user, DateTimeOffset now)
        {
            user.UserName = UserName ?? user.UserName;
            user.ExternalId = Says("externalId") ? ExternalId : user.ExternalId;
            user.DisplayName = Says("displayName") ? DisplayName : user.DisplayName;
            user.GivenName = Says("name.givenName") ? GivenName : user.GivenName;
            user.FamilyName = Says("name.familyName") ? FamilyName : user.FamilyName;
            user.Active = Active ?? user.Active;
            user.UpdatedAt = now;
        }

        private bool Says(string path) => Whole || _said.Contains(path);

        private static IEnumerable<ScimOperation> ScimPatchOf(JsonObject body) =>
            ScimPatch.Read(new JsonObject { ["Operations"] = new JsonArray(new JsonObject { ["op"] = "add", ["value"] = body.DeepClone() }) });

        private static string? Primary(JsonNode? value) => value switch
        {
            null => null,
            JsonArray emails => emails.OfType<JsonObject>().OrderByDescending(email => ScimPatch.Of(email, "primary") is JsonValue primary && primary.TryGetValue<bool>(out var yes) && yes)
                .Select(email => ScimPatch.ReadText(ScimPatch.Of(email, "value"), "emails.value")).FirstOrDefault(),
            _ => throw ScimException.InvalidValue("emails must be a list."),
        };
    }
}
