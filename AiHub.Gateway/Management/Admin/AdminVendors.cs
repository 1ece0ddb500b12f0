using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>Who serves models, and the hub's keys there.</summary>
public static class AdminVendors
{
    public static void MapAdminVendors(this IEndpointRouteBuilder api)
    {
        var admin = api.MapGroup("/admin").WithTags("Administration");

        admin.MapGet("/vendors", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("listVendors", new("List vendors", "列出厂商"), new("All of them, with the last four characters of their keys.", "全部厂商，密钥仅显示最后四个字符。"), null, new Page<VendorView>([AdminExamples.Vendor], null))
            .Refuses(ProblemKind.OperatorRequired);

        admin.MapPost("/vendors", CreateAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("createVendor", new("Add a vendor", "新增厂商"), new("It serves models once endpoints name it and it has a key.", "配置密钥并关联端点后即可提供模型。"), AdminExamples.NewVendor, AdminExamples.Vendor)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.CatalogueNameTaken);

        admin.MapPatch("/vendors/{id}", ChangeAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", new("The vendor's id.", "厂商编号。"), example: AdminExamples.Vendor.Id)
            .Describe("changeVendor", new("Change a vendor", "修改厂商"),
                new("Holds on every gateway within a second. Keys entered for another host than the new base URL's are no longer sent.", "一秒内在所有网关生效。若基础地址的主机改变，为旧主机录入的密钥将不再发送。"),
                AdminExamples.VendorChange, AdminExamples.Vendor)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.VendorNotFound);

        admin.MapPost("/vendor-keys", AddKeyAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("addVendorKey", new("Add a key at a vendor", "新增厂商密钥"),
                new("It is encrypted before it is stored, sent to the vendor's present host only, and never shown again. Several keys of a pool share the calls and stand in for one another.", "密钥加密保存，仅发送到该厂商当前的主机，且不再显示。同一密钥池中的多个密钥分担调用并互为备用。"),
                AdminExamples.NewVendorKey, AdminExamples.VendorKey)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.VendorNotFound);

        admin.MapPatch("/vendor-keys/{id}", SwitchKeyAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", new("The key's id.", "密钥编号。"), "uuid", AdminExamples.VendorKey.Id)
            .Describe("switchVendorKey", new("Switch a key at a vendor off or on", "停用或启用厂商密钥"), new("Holds on every gateway within a second.", "一秒内在所有网关生效。"), AdminExamples.VendorKeyChange, AdminExamples.VendorKey)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.VendorKeyNotFound);

        admin.MapDelete("/vendor-keys/{id}", RemoveKeyAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", new("The key's id.", "密钥编号。"), "uuid", AdminExamples.VendorKey.Id)
            .Describe("removeVendorKey", new("Remove a key at a vendor", "删除厂商密钥"), new("No gateway uses it after a second.", "一秒后所有网关停止使用该密钥。"))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.VendorKeyNotFound);
    }

    private static async Task<Ok<Page<VendorView>>> ListAsync(HubDb db, CancellationToken ct)
    {
        var vendors = await db.Vendors.AsNoTracking().OrderBy(vendor => vendor.Id).ToListAsync(ct);
        var keys = (await db.VendorKeys.AsNoTracking().OrderBy(key => key.CreatedAt).ToListAsync(ct)).ToLookup(key => key.VendorId);
        return TypedResults.Ok(new Page<VendorView>([.. vendors.Select(vendor => View(vendor, keys[vendor.Id]))], null));
    }

    private static async Task<Results<Created<VendorView>, Refused>> CreateAsync(
        NewVendor request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var errors = new FieldErrors(http.Request.Language());
        if (request.Id.Any(character => !char.IsAsciiLetterLower(character) && !char.IsAsciiDigit(character) && character is not '-'))
        {
            errors.Add("id", FieldText.Slug);
        }

        CheckUrl(request.BaseUrl, errors);
        CheckDialect(request.Dialect, errors);
        CheckQuirks(request.Quirks, errors);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        return await db.AsOperatorAsync<Results<Created<VendorView>, Refused>>(person.UserId, async () =>
        {
            if (await db.Vendors.AnyAsync(row => row.Id == request.Id, ct))
            {
                return Refused.Because(ProblemKind.CatalogueNameTaken, request.Id);
            }

            var vendor = new Vendor
            {
                Id = request.Id,
                Name = request.Name,
                BaseUrl = request.BaseUrl,
                Dialect = request.Dialect,
                Country = request.Country,
                RetainsPrompts = request.RetainsPrompts,
                TrainsOnPrompts = request.TrainsOnPrompts,
                AllowPrivateNetwork = request.AllowPrivateNetwork,
                Quirks = new Dictionary<string, string>(request.Quirks ?? new Dictionary<string, string>()),
                Source = "operator",
                Managed = true,
            };
            db.Vendors.Add(vendor);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "vendor.created", vendor.Id, null, Told(vendor), time.Now(), ct);
            return TypedResults.Created($"{ManagementApi.Path}/admin/vendors", View(vendor, []));
        }, ct);
    }

    private static async Task<Results<Ok<VendorView>, Refused>> ChangeAsync(
        string id, VendorChange request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var errors = new FieldErrors(http.Request.Language());
        CheckUrl(request.BaseUrl, errors);
        CheckDialect(request.Dialect, errors);
        CheckQuirks(request.Quirks, errors);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        return await db.AsOperatorAsync<Results<Ok<VendorView>, Refused>>(person.UserId, async () =>
        {
            if (await db.Vendors.FirstOrDefaultAsync(row => row.Id == id, ct) is not { } vendor)
            {
                return Refused.Because(ProblemKind.VendorNotFound);
            }

            var before = Told(vendor);
            vendor.Name = request.Name ?? vendor.Name;
            vendor.BaseUrl = request.BaseUrl ?? vendor.BaseUrl;
            vendor.Dialect = request.Dialect ?? vendor.Dialect;
            vendor.Enabled = request.Enabled ?? vendor.Enabled;
            vendor.Country = request.Country ?? vendor.Country;
            vendor.RetainsPrompts = request.RetainsPrompts ?? vendor.RetainsPrompts;
            vendor.TrainsOnPrompts = request.TrainsOnPrompts ?? vendor.TrainsOnPrompts;
            vendor.AllowPrivateNetwork = request.AllowPrivateNetwork ?? vendor.AllowPrivateNetwork;
            vendor.Quirks = request.Quirks is { } quirks ? new Dictionary<string, string>(quirks) : vendor.Quirks;
            vendor.Managed = true;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "vendor.changed", vendor.Id, before, Told(vendor), time.Now(), ct);

            var keys = await db.VendorKeys.AsNoTracking().Where(key => key.VendorId == id).OrderBy(key => key.CreatedAt).ToListAsync(ct);
            return TypedResults.Ok(View(vendor, keys));
        }, ct);
    }

    private static async Task<Results<Created<VendorKeyView>, Refused>> AddKeyAsync(
        NewVendorKey request, Person person, HttpContext http, HubDb db, VendorSecrets secrets, TimeProvider time, CancellationToken ct)
    {
        if (request.Key.Any(character => character is < '!' or > '~'))
        {
            var errors = new FieldErrors(http.Request.Language());
            errors.Add("key", FieldText.ControlCharacter);
            return errors.Refuse();
        }

        return await db.AsOperatorAsync<Results<Created<VendorKeyView>, Refused>>(person.UserId, async () =>
        {
            if (await db.Vendors.AsNoTracking().FirstOrDefaultAsync(row => row.Id == request.VendorId, ct) is not { } vendor)
            {
                return Refused.Because(ProblemKind.VendorNotFound);
            }

            var now = time.Now();
            var key = secrets.Seal(vendor, request.Pool, request.Name, request.Key, now);
            db.VendorKeys.Add(key);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "vendor_key.added", key.Id.ToString(), null, Told(key), now, ct);
            return TypedResults.Created($"{ManagementApi.Path}/admin/vendors", View(key));
        }, ct);
    }

    private static async Task<Results<Ok<VendorKeyView>, Refused>> SwitchKeyAsync(
        string id, VendorKeyChange request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var parsed))
        {
            return Refused.Because(ProblemKind.VendorKeyNotFound);
        }

        return await db.AsOperatorAsync<Results<Ok<VendorKeyView>, Refused>>(person.UserId, async () =>
        {
            if (await db.VendorKeys.FirstOrDefaultAsync(row => row.Id == parsed, ct) is not { } key)
            {
                return Refused.Because(ProblemKind.VendorKeyNotFound);
            }

            var before = Told(key);
            key.Enabled = request.Enabled;
            await db.SaveChangesAsync(ct);
            var action = key.Enabled ? "vendor_key.enabled" : "vendor_key.disabled";
            await db.AuditAsync(http.Actor(), action, key.Id.ToString(), before, Told(key), time.Now(), ct);
            return TypedResults.Ok(View(key));
        }, ct);
    }

    private static async Task<Results<NoContent, Refused>> RemoveKeyAsync(
        string id, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var parsed))
        {
            return Refused.Because(ProblemKind.VendorKeyNotFound);
        }

        return await db.AsOperatorAsync<Results<NoContent, Refused>>(person.UserId, async () =>
        {
            if (await db.VendorKeys.FirstOrDefaultAsync(row => row.Id == parsed, ct) is not { } key)
            {
                return Refused.Because(ProblemKind.VendorKeyNotFound);
            }

            db.VendorKeys.Remove(key);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "vendor_key.removed", key.Id.ToString(), Told(key), null, time.Now(), ct);
            return TypedResults.NoContent();
        }, ct);
    }

    private static object Told(Vendor vendor) => new
    {
        vendor.Name,
        vendor.BaseUrl,
        vendor.Dialect,
        vendor.Enabled,
        vendor.Country,
        vendor.RetainsPrompts,
        vendor.TrainsOnPrompts,
        vendor.AllowPrivateNetwork,
        vendor.Quirks,
    };

    private static object Told(VendorKey key) => new { key.VendorId, key.Pool, key.Name, key.LastFour, key.Host, key.Enabled };

    internal static void CheckUrl(string? url, FieldErrors errors)
    {
        if (url is not null && (!Uri.TryCreate(url, UriKind.Absolute, out var read) || read.Scheme is not ("https" or "http") || read.UserInfo.Length > 0))
        {
            errors.Add("base_url", FieldText.Url);
        }
    }

    private static void CheckDialect(string? dialect, FieldErrors errors)
    {
        if (dialect is not null && !VendorAddress.Dialects.Contains(dialect))
        {
            errors.Add("dialect", FieldText.OneOf, string.Join(", ", VendorAddress.Dialects));
        }
    }

    // A quirk may be of all models or, with a colon after its name, of some.
    private static void CheckQuirks(IReadOnlyDictionary<string, string>? quirks, FieldErrors errors)
    {
        foreach (var (name, value) in quirks ?? new Dictionary<string, string>())
        {
            var kind = name.Split(':')[0];
            if (!VendorQuirks.Names.Contains(kind))
            {
                errors.Add("quirks", FieldText.OneOf, string.Join(", ", VendorQuirks.Names));
                return;
            }

            switch (kind)
            {
                case "extras" when !VendorQuirks.AreExtras(value):
                    errors.Add("quirks.extras", FieldText.OneOf, string.Join(", ", VendorQuirks.ExtrasNames));
                    break;
                case VendorBalance.Quirk when VendorBalance.Parse(value) is null:
                    errors.Add("quirks.balance", FieldText.BalanceQuirk);
                    break;
                case "defaults" when !VendorQuirks.AreDefaults(value):
                    errors.Add("quirks.defaults", FieldText.JsonObject);
                    break;
                case "errors" when !VendorQuirks.AreErrors(value):
                    errors.Add("quirks.errors", FieldText.Pairs, "1113=unauthorized 1302=busy");
                    break;
                case "rename" when !VendorQuirks.ArePairs(value):
                    errors.Add("quirks.rename", FieldText.Pairs, "max_completion_tokens=max_tokens");
                    break;
                case "stream_options" or "done" or "developer_role" or "sampling" or "system_turns" or "models_endpoint" when value is not ("true" or "false"):
                    errors.Add($"quirks.{kind}", FieldText.OneOf, "true, false");
                    break;
                default:
                    break;
            }
        }
    }

    private static VendorView View(Vendor vendor, IEnumerable<VendorKey> keys) => new(
        vendor.Id,
        vendor.Name,
        vendor.BaseUrl,
        vendor.Dialect,
        vendor.KeyVariable,
        vendor.Enabled,
        vendor.Country,
        vendor.RetainsPrompts,
        vendor.TrainsOnPrompts,
        vendor.AllowPrivateNetwork,
        vendor.Quirks,
        vendor.Source,
        [.. keys.Select(View)]);

    private static VendorKeyView View(VendorKey key) => new(key.Id, key.VendorId, key.Pool, key.Name, key.LastFour, key.Host, key.Enabled, key.CreatedAt);
}
