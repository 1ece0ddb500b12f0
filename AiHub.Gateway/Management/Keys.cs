using System.Linq.Expressions;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management;

/// <summary>The keys programs call models with.</summary>
public static class Keys
{
    /// <summary>Bounds what one tenant can make every gateway remember.</summary>
    public const int MaxActive = 500;

    public static void MapKeys(this IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/auth/api-keys").WithTags("API keys");

        keys.MapPost("/", CreateAsync)
            .OfOrganization(Permission.KeysWrite)
            .Describe("createApiKey", new("Create an API key", "创建 API 密钥"),
                new("The answer holds the whole key, this once: only its hash is kept. Owners, admins and developers may create keys.", "响应中包含完整密钥，且仅此一次：系统只保存其哈希值。所有者、管理员与开发者可以创建密钥。"),
                Examples.NewKey, Examples.CreatedKey)
            .Refuses(ProblemKind.EmailNotVerified, ProblemKind.RoleNotAllowed, ProblemKind.KeyLimitReached);

        keys.MapGet("/", ListAsync)
            .OfOrganization(Permission.KeysRead)
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listApiKeys", new("List API keys", "列出 API 密钥"), new("Newest first; revoked keys are not listed.", "按创建时间从新到旧排列，不含已吊销的密钥。"), null, new Page<ApiKeyView>([Examples.Key], null));

        keys.MapGet("/{id}", FindAsync)
            .OfOrganization(Permission.KeysRead)
            .Parameter("id", Texts.KeyId, "uuid", Examples.Key.Id)
            .Describe("getApiKey", new("Get an API key", "查询 API 密钥"), new("Without its secret, which nobody can see again.", "不包含密钥本身，密钥无法再次查看。"), null, Examples.Key)
            .Refuses(ProblemKind.KeyNotFound);

        keys.MapPatch("/{id}", ChangeAsync)
            .OfOrganization(Permission.KeysWrite)
            .Parameter("id", Texts.KeyId, "uuid", Examples.Key.Id)
            .Describe("changeApiKey", new("Change an API key", "修改 API 密钥"),
                new("What is left out stays as it is. Holds on every gateway within a second. Developers may change their own keys, team leads those of their team, owners and admins all.", "未提供的字段保持不变，一秒内于所有网关生效。开发者可修改自己的密钥，团队负责人可修改本团队的密钥，所有者与管理员可修改任意密钥。"),
                Examples.KeyChange, Examples.Key)
            .Refuses(ProblemKind.KeyNotFound, ProblemKind.RoleNotAllowed);

        keys.MapPost("/{id}/rotate", RotateAsync)
            .OfOrganization(Permission.KeysWrite)
            .Parameter("id", Texts.KeyId, "uuid", Examples.Key.Id)
            .Describe("rotateApiKey", new("Rotate an API key", "轮换 API 密钥"),
                new("The key gets a new secret, shown this once; the old one works on until the overlap ends. Id, limits, budget and usage stay with the key. Only somebody who could have made the key may rotate it; a person's management key is rotated by that person alone.", "密钥获得新的密文（仅显示一次），旧密文在重叠期内继续有效。编号、限制、预算与用量不变。只有有权创建该密钥的人才能轮换它；个人的管理密钥只能由其本人轮换。"),
                Examples.Rotation, Examples.CreatedKey)
            .Refuses(ProblemKind.KeyNotFound, ProblemKind.RoleNotAllowed, ProblemKind.KeyBeyondYours);

        keys.MapDelete("/{id}", RevokeAsync)
            .OfOrganization(Permission.KeysWrite)
            .Parameter("id", Texts.KeyId, "uuid", Examples.Key.Id)
            .Describe("revokeApiKey", new("Revoke an API key", "吊销 API 密钥"),
                new("It stops working on every gateway within a second, for good. Developers may revoke their own keys, owners and admins all.", "密钥将在一秒内于所有网关上永久失效。开发者只能吊销自己的密钥，所有者与管理员可以吊销任意密钥。"))
            .Refuses(ProblemKind.KeyNotFound, ProblemKind.RoleNotAllowed);
    }

    private static async Task<Results<Created<CreatedApiKey>, Refused>> CreateAsync(
        NewApiKey request, Member member, HttpContext http, HubDb db, IOptions<AccountOptions> accounts, TimeProvider time, CancellationToken ct)
    {
        if (await db.UnverifiedAsync(accounts.Value, member.UserId, ct) is { } unverified)
        {
            return unverified;
        }

        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var rules = new KeyRules(member, db, errors);

        if (request.ServiceAccountId is not null && !member.May(Permission.KeysManage))
        {
            return MemberOfOrganization.RoleNotAllowed(Permission.KeysManage, member.Role);
        }

        var secret = ApiKeySecret.Generate();
        var (prefix, lastFour) = ApiKeySecret.Display(secret);
        var key = new ApiKey
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            UserId = request.ServiceAccountId ?? member.UserId,
            TeamId = request.TeamId,
            Name = request.Name.Trim(),
            Hash = ApiKeySecret.Hash(secret),
            Prefix = prefix,
            LastFour = lastFour,
            CreatedAt = now,
            ExpiresAt = rules.Expiry(request.ExpiresAt, now),
            Scopes = rules.Scopes(request.Scopes),
            AllowedModels = await rules.ModelsAsync("allowed_models", request.AllowedModels ?? [], ct),
            AllowedVendors = await rules.VendorsAsync("allowed_vendors", request.AllowedVendors ?? [], ct),
            AllowedIps = rules.Networks(request.AllowedIps ?? []),
            Tags = rules.Tags(request.Tags ?? new Dictionary<string, string>()),
            CachesAnswers = Caches(request.Cache),
            RequestsPerMinute = request.Limits?.RequestsPerMinute,
            TokensPerMinute = request.Limits?.TokensPerMinute,
            Concurrency = request.Limits?.Concurrency,
        };
        await rules.CheckAsync(request.Limits, ct);

        var budget = request.Budget is { } asked ? Budgets.Read(Budgets.Of(asked), "budget.", key.Id, member, now, errors) : null;
        if (errors.Any)
        {
            return errors.Refuse();
        }

        var refusal = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (!await db.IsStillAsync(member, ct))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.KeysWrite, member.Role);
            }

            if (request.ServiceAccountId is { } account && !await IsServiceAccountAsync(db, account, member, ct))
            {
                errors.Add("service_account_id", FieldText.UnknownServiceAccount);
            }

            if (!await MayBeOfItsTeamAsync(key, member, db, ct))
            {
                errors.Add("team_id", FieldText.UnknownTeam);
            }

            if (errors.Any)
            {
                return errors.Refuse();
            }

            if (await db.ApiKeys.CountAsync(row => row.RevokedAt == null, ct) >= MaxActive)
            {
                return Refused.Because(ProblemKind.KeyLimitReached, MaxActive);
            }

            db.ApiKeys.Add(key);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "api_key.created", key.Id.ToString(), null, Told(key), now, ct);
            if (budget is not null)
            {
                await db.SetAsync(budget, http.Actor(), now, ct);
            }

            return null;
        }, ct);

        return refusal is null
            ? TypedResults.Created(
                $"{ManagementApi.Path}/auth/api-keys/{key.Id}",
                Shown(key, secret, prefix, lastFour) with { Budget = (await Budgets.OfKeysAsync(db, member, [key.Id], now, ct)).GetValueOrDefault(key.Id) })
            : refusal;
    }

    private static async Task<Results<Ok<ApiKeyView>, Refused>> ChangeAsync(
        string id, ApiKeyChange request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var rules = new KeyRules(member, db, errors);
        var expires = request.NeverExpires || request.ExpiresAt is not null ? rules.Expiry(request.NeverExpires ? null : request.ExpiresAt, now) : null;
        var models = request.AllowedModels is { } names ? await rules.ModelsAsync("allowed_models", names, ct) : null;
        var vendors = request.AllowedVendors is { } ids ? await rules.VendorsAsync("allowed_vendors", ids, ct) : null;
        var networks = request.AllowedIps is { } ips ? rules.Networks(ips) : null;
        var tags = request.Tags is { } given ? rules.Tags(given) : null;
        await rules.CheckAsync(request.Limits, ct);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        ApiKeyView? changed = null;
        var refusal = await WithKeyAsync(id, member, db, async key =>
        {
            // Whoever has left a team has left its keys as well.
            if (request.Enabled == true && key.DisabledAt is not null && !await MayBeOfItsTeamAsync(key, member, db, ct))
            {
                errors.Add("enabled", FieldText.UnknownTeam);
                return errors.Refuse();
            }

            var before = Told(key);
            key.Name = request.Name?.Trim() ?? key.Name;
            key.ExpiresAt = request.NeverExpires || request.ExpiresAt is not null ? expires : key.ExpiresAt;
            key.AllowedModels = models ?? key.AllowedModels;
            key.AllowedVendors = vendors ?? key.AllowedVendors;
            key.AllowedIps = networks ?? key.AllowedIps;
            key.Tags = tags ?? key.Tags;
            key.CachesAnswers = request.Cache is { } cache ? Caches(cache) : key.CachesAnswers;
            if (request.Limits is { } limits)
            {
                (key.RequestsPerMinute, key.TokensPerMinute, key.Concurrency) = (limits.RequestsPerMinute, limits.TokensPerMinute, limits.Concurrency);
            }

            key.DisabledAt = request.Enabled switch { null => key.DisabledAt, true => null, false => key.DisabledAt ?? now };
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "api_key.changed", key.Id.ToString(), before, Told(key), now, ct);
            if (request.Budget is { } asked && await Budgets.ChangeOfKeyAsync(db, asked, key.Id, member, http.Actor(), errors, now, ct) is { } refused)
            {
                return refused;
            }

            changed = await db.ApiKeys.Where(row => row.Id == key.Id).Select(View(db)).SingleAsync(ct);
            return null;
        }, ct);

        return refusal is null ? TypedResults.Ok((await WithBudgetsAsync(db, member, [changed!], now, ct))[0]) : refusal;
    }

    private static async Task<Results<Ok<CreatedApiKey>, Refused>> RotateAsync(
        string id, KeyRotation request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var until = now + TimeSpan.FromSeconds(request.OverlapSeconds);
        var secret = ApiKeySecret.Generate();
        var (prefix, lastFour) = ApiKeySecret.Display(secret);
        CreatedApiKey? rotated = null;
        var rules = new KeyRules(member, db, new FieldErrors(http.Request.Language()));
        var refusal = await WithKeyAsync(id, member, db, async key =>
        {
            // Whoever rotates a key holds it.
            if (!rules.Cover(key) || (key.Manages && key.UserId != member.UserId && !await IsServiceAccountAsync(db, key.UserId, member, ct)))
            {
                return Refused.Because(ProblemKind.KeyBeyondYours);
            }

            var changed = await db.Database.SqlQuery<bool>($"select rotate_api_key({key.Id}, {ApiKeySecret.Hash(secret)}, {prefix}, {lastFour}, {until}) as \"Value\"").SingleAsync(ct);
            if (!changed)
            {
                return Refused.Because(ProblemKind.KeyNotFound);
            }

            await db.AuditAsync(
                http.Actor(), "api_key.rotated", key.Id.ToString(),
                new { key.Prefix, key.LastFour }, new { prefix, lastFour, previousExpiresAt = until }, now, ct);
            rotated = Shown(key, secret, prefix, lastFour);
            return null;
        }, ct);

        return refusal is null ? TypedResults.Ok(rotated!) : refusal;
    }

    private static async Task<Results<Ok<Page<ApiKeyView>>, Refused>> ListAsync(
        string? cursor, string? limit, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (after, size) = (asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var rows = await db.InOrganizationAsync(member.OrganizationId, () =>
        {
            var active = db.ApiKeys.Where(key => key.RevokedAt == null);
            if (after is { } last)
            {
                active = active.Where(key => key.CreatedAt < last.At || (key.CreatedAt == last.At && key.Id < last.Id));
            }

            return active.OrderByDescending(key => key.CreatedAt).ThenByDescending(key => key.Id).Take(size + 1).Select(View(db)).ToListAsync(ct);
        }, ct);

        var page = await WithBudgetsAsync(db, member, [.. rows.Take(size)], time.Now(), ct);
        return TypedResults.Ok(new Page<ApiKeyView>(page, rows.Count > size ? new Cursor(page[^1].CreatedAt, page[^1].Id).ToString() : null));
    }

    private static async Task<Results<Ok<ApiKeyView>, Refused>> FindAsync(string id, Member member, HubDb db, TimeProvider time, CancellationToken ct) =>
        Guid.TryParse(id, out var parsed) && await db.InOrganizationAsync(
            member.OrganizationId,
            () => db.ApiKeys.Where(key => key.Id == parsed && key.RevokedAt == null).Select(View(db)).FirstOrDefaultAsync(ct),
            ct) is { } key
            ? TypedResults.Ok((await WithBudgetsAsync(db, member, [key], time.Now(), ct))[0])
            : Refused.Because(ProblemKind.KeyNotFound);

    private static async Task<List<ApiKeyView>> WithBudgetsAsync(HubDb db, Member member, List<ApiKeyView> keys, DateTimeOffset now, CancellationToken ct)
    {
        var budgets = await Budgets.OfKeysAsync(db, member, [.. keys.Select(key => key.Id)], now, ct);
        return keys.ConvertAll(key => key with { Budget = budgets.GetValueOrDefault(key.Id) });
    }

    private static async Task<Results<NoContent, Refused>> RevokeAsync(string id, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var refusal = await WithKeyAsync(id, member, db, async key =>
        {
            key.RevokedAt = now;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "api_key.revoked", key.Id.ToString(), Told(key), null, now, ct);
            return null;
        }, ct);

        return refusal is null ? TypedResults.NoContent() : refusal;
    }

    /// <summary>A key is changed by its owner, by a lead of its team, and by whoever manages all keys.</summary>
    private static Task<Refused?> WithKeyAsync(string id, Member member, HubDb db, Func<ApiKey, Task<Refused?>> work, CancellationToken ct) =>
        db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (!await db.IsStillAsync(member, ct))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.KeysWrite, member.Role);
            }

            if (!Guid.TryParse(id, out var keyId) || await db.ApiKeys.FirstOrDefaultAsync(row => row.Id == keyId && row.RevokedAt == null, ct) is not { } key)
            {
                return Refused.Because(ProblemKind.KeyNotFound);
            }

            if (key.UserId != member.UserId && !member.May(Permission.KeysManage) && !(key.TeamId is { } team && await db.LeadsAsync(member, team, ct)))
            {
                return member.Role.May(Permission.KeysManage)
                    ? Refused.Because(ProblemKind.ScopeMissing, Permissions.Name(Permission.KeysManage))
                    : MemberOfOrganization.RoleNotAllowed(Permission.KeysManage, member.Role);
            }

            return await work(key);
        }, ct);

    /// <summary>Owners and admins give keys to any team; others to the teams they are in.</summary>
    private static async Task<bool> MayBeOfItsTeamAsync(ApiKey key, Member member, HubDb db, CancellationToken ct) =>
        key.TeamId is not { } team
        || (await db.Teams.AnyAsync(row => row.Id == team && row.ArchivedAt == null, ct)
            && (member.May(Permission.TeamsWrite) || await db.TeamMemberships.AnyAsync(row => row.TeamId == team && row.UserId == key.UserId, ct)));

    private static Task<bool> IsServiceAccountAsync(HubDb db, Guid id, Member member, CancellationToken ct) =>
        db.Memberships.AnyAsync(row => row.UserId == id && db.Users.Any(user => user.Id == id && user.ServiceAccountOf == member.OrganizationId), ct);

    private static CreatedApiKey Shown(ApiKey key, string secret, string prefix, string lastFour) => new(
        key.Id, secret, key.Name, prefix, lastFour, key.CreatedAt, key.ExpiresAt, key.AllowedModels, new KeyLimits(key.RequestsPerMinute, key.TokensPerMinute, key.Concurrency),
        key.TeamId, key.Scopes, key.AllowedVendors, key.AllowedIps, key.Tags, Cache: CacheOf(key.CachesAnswers));

    private static bool? Caches(string word) => word switch { "on" => true, "off" => false, _ => null };

    private static string CacheOf(bool? caches) => caches switch { true => "on", false => "off", _ => "inherit" };

    // What the audit log says of a key: everything but its secret.
    private static object Told(ApiKey key) => new
    {
        key.Name,
        owner = key.UserId,
        key.TeamId,
        key.Prefix,
        key.LastFour,
        key.ExpiresAt,
        key.Scopes,
        key.AllowedModels,
        key.AllowedVendors,
        key.AllowedIps,
        key.Tags,
        cache = CacheOf(key.CachesAnswers),
        key.RequestsPerMinute,
        key.TokensPerMinute,
        key.Concurrency,
        enabled = key.DisabledAt is null,
    };

    private static Expression<Func<ApiKey, ApiKeyView>> View(HubDb db) => key => new ApiKeyView(
        key.Id,
        key.Name,
        key.Prefix,
        key.LastFour,
        db.Users.First(user => user.Id == key.UserId).DisplayName,
        key.CreatedAt,
        key.ExpiresAt,
        key.LastUsedAt,
        key.AllowedModels,
        new KeyLimits(key.RequestsPerMinute, key.TokensPerMinute, key.Concurrency),
        key.UserId,
        key.TeamId,
        key.DisabledAt == null,
        key.Scopes,
        key.AllowedVendors,
        key.AllowedIps,
        key.Tags,
        key.PreviousExpiresAt,
        null,
        key.CachesAnswers == null ? "inherit" : key.CachesAnswers.Value ? "on" : "off");
}
