using System.Linq.Expressions;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

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
            .OfOrganization(Policies.KeyMakers)
            .Describe("createApiKey", new("Create an API key", "创建 API 密钥"),
                new("The answer holds the whole key, this once: only its hash is kept. Owners, admins and developers may create keys.", "响应中包含完整密钥，且仅此一次：系统只保存其哈希值。所有者、管理员与开发者可以创建密钥。"),
                Examples.NewKey, Examples.CreatedKey)
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.KeyLimitReached);

        keys.MapGet("/", ListAsync)
            .OfOrganization(Policies.AnyMember)
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listApiKeys", new("List API keys", "列出 API 密钥"), new("Newest first; revoked keys are not listed.", "按创建时间从新到旧排列，不含已吊销的密钥。"), null, new Page<ApiKeyView>([Examples.Key], null));

        keys.MapGet("/{id}", FindAsync)
            .OfOrganization(Policies.AnyMember)
            .Parameter("id", Texts.KeyId, "uuid", Examples.Key.Id)
            .Describe("getApiKey", new("Get an API key", "查询 API 密钥"), new("Without its secret, which nobody can see again.", "不包含密钥本身，密钥无法再次查看。"), null, Examples.Key)
            .Refuses(ProblemKind.KeyNotFound);

        keys.MapDelete("/{id}", RevokeAsync)
            .OfOrganization(Policies.KeyMakers)
            .Parameter("id", Texts.KeyId, "uuid", Examples.Key.Id)
            .Describe("revokeApiKey", new("Revoke an API key", "吊销 API 密钥"),
                new("It stops working on every gateway within a second, for good. Developers may revoke their own keys, owners and admins all.", "密钥将在一秒内于所有网关上永久失效。开发者只能吊销自己的密钥，所有者与管理员可以吊销任意密钥。"))
            .Refuses(ProblemKind.KeyNotFound, ProblemKind.RoleNotAllowed);
    }

    private static async Task<Results<Created<CreatedApiKey>, Refused>> CreateAsync(
        NewApiKey request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var expiresAt = request.ExpiresAt?.Cut();
        var errors = new FieldErrors(http.Request.Language());

        var plan = await db.Plans.AsNoTracking().FirstAsync(row => row.Id == member.Organization.PlanId, ct);
        var (models, unknown) = await ReadModelsAsync(request.AllowedModels ?? [], db, ct);

        if (unknown.Count > 0)
        {
            errors.Add("allowed_models", FieldText.UnknownModels, string.Join(", ", unknown));
        }

        if (expiresAt <= now)
        {
            errors.Add("expires_at", FieldText.Future);
        }

        if (request.Limits?.RequestsPerMinute > plan.RequestsPerMinute)
        {
            errors.Add("limits.requests_per_minute", FieldText.AtMost, plan.RequestsPerMinute);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        var secret = ApiKeySecret.Generate();
        var (prefix, lastFour) = ApiKeySecret.Display(secret);
        var id = Guid.CreateVersion7(now);

        var created = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.ApiKeys.CountAsync(key => key.RevokedAt == null, ct) >= MaxActive)
            {
                return false;
            }

            db.ApiKeys.Add(new ApiKey
            {
                Id = id,
                OrganizationId = member.OrganizationId,
                UserId = member.UserId,
                Name = request.Name.Trim(),
                Hash = ApiKeySecret.Hash(secret),
                Prefix = prefix,
                LastFour = lastFour,
                CreatedAt = now,
                ExpiresAt = expiresAt,
                AllowedModels = models,
                RequestsPerMinute = request.Limits?.RequestsPerMinute,
            });
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(
                "api_key.created",
                id.ToString(),
                new { name = request.Name.Trim(), prefix, lastFour, expiresAt, allowedModels = models, request.Limits?.RequestsPerMinute },
                member.UserId, ClientAddress.Of(http), now, ct);

            return true;
        }, ct);

        return created
            ? TypedResults.Created(
                $"{ManagementApi.Path}/auth/api-keys/{id}",
                new CreatedApiKey(id, secret, request.Name.Trim(), prefix, lastFour, now, expiresAt, models, new KeyLimits(request.Limits?.RequestsPerMinute)))
            : Refused.Because(ProblemKind.KeyLimitReached, MaxActive);
    }

    private static async Task<Results<Ok<Page<ApiKeyView>>, Refused>> ListAsync(
        string? cursor, string? limit, Member member, HttpContext http, HubDb db, CancellationToken ct)
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

        var page = rows.Take(size).ToList();
        return TypedResults.Ok(new Page<ApiKeyView>(page, rows.Count > size ? new Cursor(page[^1].CreatedAt, page[^1].Id).ToString() : null));
    }

    private static async Task<Results<Ok<ApiKeyView>, Refused>> FindAsync(string id, Member member, HubDb db, CancellationToken ct) =>
        Guid.TryParse(id, out var parsed) && await db.InOrganizationAsync(
            member.OrganizationId,
            () => db.ApiKeys.Where(key => key.Id == parsed && key.RevokedAt == null).Select(View(db)).FirstOrDefaultAsync(ct),
            ct) is { } key
            ? TypedResults.Ok(key)
            : Refused.Because(ProblemKind.KeyNotFound);

    private static async Task<Results<NoContent, Refused>> RevokeAsync(string id, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var parsed))
        {
            return Refused.Because(ProblemKind.KeyNotFound);
        }

        var now = time.Now();
        var refusal = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.ApiKeys.FirstOrDefaultAsync(key => key.Id == parsed && key.RevokedAt == null, ct) is not { } key)
            {
                return Refused.Because(ProblemKind.KeyNotFound);
            }

            if (member.Organization.Role == Role.Developer && key.UserId != member.UserId)
            {
                return Refused.Because(ProblemKind.RoleNotAllowed, $"{Wire.Name(Role.Owner)}, {Wire.Name(Role.Admin)}", Wire.Name(Role.Developer));
            }

            key.RevokedAt = now;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync("api_key.revoked", key.Id.ToString(), new { key.Name, key.Prefix, key.LastFour }, member.UserId, ClientAddress.Of(http), now, ct);
            return null;
        }, ct);

        return refusal is null ? TypedResults.NoContent() : refusal;
    }

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
        new KeyLimits(key.RequestsPerMinute));

    /// <summary>Aliases become the ids they stand for: what a key may call must not change when an alias moves on.</summary>
    private static async Task<(string[] Ids, IReadOnlyList<string> Unknown)> ReadModelsAsync(IReadOnlyList<string> names, HubDb db, CancellationToken ct)
    {
        if (names.Count == 0)
        {
            return ([], []);
        }

        var asked = names.Distinct().ToArray();
        var found = await db.Models
            .Where(model => model.Enabled && (asked.Contains(model.Id) || model.Aliases.Any(alias => asked.Contains(alias))))
            .Select(model => new { model.Id, model.Aliases })
            .ToListAsync(ct);

        var ids = asked.ToLookup(name => found.FirstOrDefault(model => model.Id == name)?.Id ?? found.FirstOrDefault(model => model.Aliases.Contains(name))?.Id);
        return ([.. ids.Where(group => group.Key is not null).Select(group => group.Key!)], [.. ids[null].Select(name => name.Length > 100 ? name[..100] + "…" : name)]);
    }
}
