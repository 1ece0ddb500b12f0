using System.Text;
using System.Text.Json;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Catalog;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using AiHub.Outbound;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.SemanticKernel.ChatCompletion;

namespace AiHub.Gateway.Management;

/// <summary>The keys that an organization brings: its own accounts at vendors, or endpoints of its own.</summary>
public static class OwnVendorKeys
{
    private const int Most = 50;
    private const int LongestError = 500;
    private static readonly TimeSpan TestPatience = TimeSpan.FromSeconds(30);

    public static void MapOwnVendorKeys(this IEndpointRouteBuilder api)
    {
        var ours = api.MapGroup("/organizations/{id}/vendor-keys").WithTags("Own vendor keys");
        var keyId = new Text("The key's id.", "密钥编号。");

        ours.MapGet("/", ListAsync)
            .InOrganizationOfPath(Permission.VendorKeysRead)
            .Describe("listOwnVendorKeys", new("List the organization's own vendor keys", "列出组织自有的厂商密钥"),
                new("With the last four characters only.", "仅显示最后四个字符。"), null, new Page<OwnVendorKeyView>([PolicyExamples.OwnKey], null));

        ours.MapGet("/terms", TermsAsync)
            .InOrganizationOfPath(Permission.VendorKeysRead)
            .Describe("getOwnVendorKeyTerms", new("What own vendor keys come to", "自有厂商密钥的条件"),
                new("The hub's fee, how many keys an organization may bring, and the vendors they may be for.", "平台手续费、每个组织可添加的密钥数量，以及支持的厂商。"), null, PolicyExamples.OwnKeyTerms);

        ours.MapPost("/", AddAsync)
            .InOrganizationOfPath(Permission.VendorKeysWrite)
            .Describe("addOwnVendorKey", new("Bring a vendor key", "添加自有厂商密钥"),
                new("It is tested with one short call, encrypted before it is stored, used for this organization's calls alone, sent to its own host only, and never shown again. The vendor charges its owner; the hub charges its fee, if it has one.",
                    "保存前会以一次简短调用测试密钥。密钥加密保存，仅用于本组织的调用，仅发送到其所属主机，且不再显示。厂商向密钥所有者收费；平台仅收取手续费（如有）。"),
                PolicyExamples.NewOwnKey, PolicyExamples.SavedOwnKey)
            .Refuses(ProblemKind.VendorNotFound, ProblemKind.VendorKeyRefused, ProblemKind.TooManyVendorKeys);

        ours.MapPatch("/{vendor_key_id}", ChangeAsync)
            .InOrganizationOfPath(Permission.VendorKeysWrite)
            .Parameter("vendor_key_id", keyId, "uuid", PolicyExamples.OwnKey.Id)
            .Describe("changeOwnVendorKey", new("Change an own vendor key", "修改自有厂商密钥"),
                new("Its name, when it is used, or whether it is on. Holds on every gateway within a second.", "修改名称、使用方式或启用状态，一秒内在所有网关生效。"), PolicyExamples.OwnKeyChange, PolicyExamples.OwnKey)
            .Refuses(ProblemKind.VendorKeyNotFound);

        ours.MapPost("/{vendor_key_id}/rotate", RotateAsync)
            .InOrganizationOfPath(Permission.VendorKeysWrite)
            .Parameter("vendor_key_id", keyId, "uuid", PolicyExamples.OwnKey.Id)
            .Describe("rotateOwnVendorKey", new("Replace an own vendor key", "更换自有厂商密钥"),
                new("The new key is tested, then takes the old one's place within a second; everything else stays.", "新密钥通过测试后，一秒内取代旧密钥，其他设置不变。"), PolicyExamples.OwnKeyRotation, PolicyExamples.SavedOwnKey)
            .Refuses(ProblemKind.VendorKeyNotFound, ProblemKind.VendorKeyRefused);

        ours.MapPost("/{vendor_key_id}/test", TestAsync)
            .InOrganizationOfPath(Permission.VendorKeysWrite)
            .Parameter("vendor_key_id", keyId, "uuid", PolicyExamples.OwnKey.Id)
            .Describe("testOwnVendorKey", new("Test an own vendor key", "测试自有厂商密钥"),
                new("Makes one short call with it and says how long it took or what went wrong. The vendor charges the key's owner for it.", "使用该密钥发送一次简短调用，返回耗时或错误信息。厂商会向密钥所有者收取该次调用费用。"), null, AdminExamples.Test)
            .Refuses(ProblemKind.VendorKeyNotFound);

        ours.MapDelete("/{vendor_key_id}", RemoveAsync)
            .InOrganizationOfPath(Permission.VendorKeysWrite)
            .Parameter("vendor_key_id", keyId, "uuid", PolicyExamples.OwnKey.Id)
            .Describe("removeOwnVendorKey", new("Remove an own vendor key", "删除自有厂商密钥"), new("No gateway uses it after a second.", "一秒后所有网关停止使用该密钥。"))
            .Refuses(ProblemKind.VendorKeyNotFound);
    }

    private static async Task<Ok<Page<OwnVendorKeyView>>> ListAsync(Member member, HubDb db, OwnKeys keys, CancellationToken ct)
    {
        var rows = await db.InOrganizationAsync(
            member.OrganizationId,
            () => db.OwnVendorKeys.AsNoTracking().OrderBy(row => row.CreatedAt).ThenBy(row => row.Id)
                // The newest by its index; a sum over all calls with the key would grow with them.
                .Select(row => new
                {
                    Row = row,
                    Used = db.UsageRecords.Where(record => record.OwnKeyId == row.Id).OrderByDescending(record => record.OccurredAt).Select(record => (DateTimeOffset?)record.OccurredAt).FirstOrDefault(),
                })
                .ToListAsync(ct),
            ct);
        return TypedResults.Ok(new Page<OwnVendorKeyView>([.. rows.Select(each => View(each.Row, keys) with { LastUsedAt = each.Used })], null));
    }

    private static async Task<Ok<OwnVendorKeyTerms>> TermsAsync(HubDb db, OwnKeys keys, OwnKeyTests tests, CancellationToken ct)
    {
        var models = tests.OpenModels();
        var vendors = await db.Vendors.AsNoTracking().Where(vendor => models.Keys.Contains(vendor.Id)).OrderBy(vendor => vendor.Id).ToListAsync(ct);
        return TypedResults.Ok(new OwnVendorKeyTerms(
            keys.FeeBasisPoints, Most, [.. vendors.Select(vendor => new OwnVendorKeyVendor(vendor.Id, vendor.Name, new Uri(tests.AddressOf(vendor)).Host, models[vendor.Id]))]));
    }

    private static async Task<Results<Created<SavedOwnVendorKey>, Refused>> AddAsync(
        NewOwnVendorKey request, Member member, HttpContext http, HubDb db, VendorSecrets secrets, OwnKeys keys, OwnKeyTests tests, GuardedHttp outbound, TimeProvider time, CancellationToken ct)
    {
        var errors = new FieldErrors(http.Request.Language());
        CheckKey(request.Key, errors);
        if (request.BaseUrl is { } address && (!OutboundAddress.IsForCustomers(address, outbound.CustomersMayGoPrivate) || new Uri(address).Query.Length > 0))
        {
            errors.Add("base_url", FieldText.OutboundUrl);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        if (await db.Vendors.AsNoTracking().FirstOrDefaultAsync(row => row.Id == request.VendorId, ct) is not { } vendor)
        {
            return Refused.Because(ProblemKind.VendorNotFound);
        }

        var now = time.Now();
        var host = new Uri(request.BaseUrl ?? tests.AddressOf(vendor)).Host;
        var row = new OwnVendorKey
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            VendorId = vendor.Id,
            Name = request.Name.Trim(),
            Protected = secrets.SealOwn(member.OrganizationId, vendor.Id, host, request.Key),
            LastFour = VendorSecrets.LastFour(request.Key),
            Host = host,
            BaseUrl = request.BaseUrl,
            Use = Enum.Parse<OwnKeyUse>(request.Use, ignoreCase: true),
            CreatedAt = now,
        };
        var test = request.Test ? await tests.TryAsync(keys.With(row, new VendorSecret(request.Key)), request.Model, TestPatience, ct) : null;
        if (test is { Succeeded: false })
        {
            return Refused.Because(ProblemKind.VendorKeyRefused, test.LatencyMs, test.Error ?? "");
        }

        row.TestedAt = test is null ? null : now;
        var added = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('own_vendor_keys:' || current_organization(), 0))", ct);
            if (await db.OwnVendorKeys.CountAsync(ct) >= Most)
            {
                return false;
            }

            db.OwnVendorKeys.Add(row);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "own_vendor_key.added", row.Id.ToString(), null, View(row, keys), now, ct);
            return true;
        }, ct);

        return added
            ? TypedResults.Created($"{ManagementApi.Path}/organizations/{member.OrganizationId}/vendor-keys", new SavedOwnVendorKey(View(row, keys), test))
            : Refused.Because(ProblemKind.TooManyVendorKeys, Most);
    }

    private static async Task<Results<Ok<OwnVendorKeyView>, Refused>> ChangeAsync(
        [FromRoute(Name = "vendor_key_id")] string which, OwnVendorKeyChange request, Member member, HttpContext http, HubDb db, OwnKeys keys, TimeProvider time, CancellationToken ct)
    {
        var view = await EditAsync(which, member, http, db, keys, "own_vendor_key.changed", time, ct, row =>
        {
            row.Name = request.Name?.Trim() ?? row.Name;
            row.Use = request.Use is { } use ? Enum.Parse<OwnKeyUse>(use, ignoreCase: true) : row.Use;
            row.Enabled = request.Enabled ?? row.Enabled;
        });

        return view is null ? Refused.Because(ProblemKind.VendorKeyNotFound) : TypedResults.Ok(view);
    }

    private static async Task<Results<Ok<SavedOwnVendorKey>, Refused>> RotateAsync(
        [FromRoute(Name = "vendor_key_id")] string which, OwnVendorKeyRotation request, Member member, HttpContext http, HubDb db, VendorSecrets secrets, OwnKeys keys, OwnKeyTests tests, TimeProvider time, CancellationToken ct)
    {
        var errors = new FieldErrors(http.Request.Language());
        CheckKey(request.Key, errors);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        if (await FindAsync(which, member, db, ct) is not { } found)
        {
            return Refused.Because(ProblemKind.VendorKeyNotFound);
        }

        var test = request.Test ? await tests.TryAsync(keys.With(found, new VendorSecret(request.Key)), request.Model, TestPatience, ct) : null;
        if (test is { Succeeded: false })
        {
            return Refused.Because(ProblemKind.VendorKeyRefused, test.LatencyMs, test.Error ?? "");
        }

        var now = time.Now();
        var view = await EditAsync(which, member, http, db, keys, "own_vendor_key.rotated", time, ct, row =>
        {
            row.Protected = secrets.SealOwn(row.OrganizationId, row.VendorId, row.Host, request.Key);
            row.LastFour = VendorSecrets.LastFour(request.Key);
            row.RotatedAt = now;
            (row.TestedAt, row.TestError) = (test is null ? null : now, null);
        });

        return view is null ? Refused.Because(ProblemKind.VendorKeyNotFound) : TypedResults.Ok(new SavedOwnVendorKey(view, test));
    }

    private static async Task<Results<Ok<EndpointTest>, Refused>> TestAsync(
        [FromRoute(Name = "vendor_key_id")] string which, Member member, HttpContext http, HubDb db, OwnKeys keys, OwnKeyTests tests, TimeProvider time, CancellationToken ct)
    {
        if (await FindAsync(which, member, db, ct) is not { } row)
        {
            return Refused.Because(ProblemKind.VendorKeyNotFound);
        }

        var test = keys.Open(row) is { } own
            ? await tests.TryAsync(own, null, TestPatience, ct)
            : new EndpointTest(false, null, 0, "The key cannot be opened any more; replace it.");
        var now = time.Now();
        await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            // Not of a key that has taken its place meanwhile.
            if (await db.OwnVendorKeys.FirstOrDefaultAsync(each => each.Id == row.Id && each.RotatedAt == row.RotatedAt, ct) is { } tested)
            {
                (tested.TestedAt, tested.TestError) = (now, test.Succeeded ? null : Short(test.Error));
                await db.SaveChangesAsync(ct);
            }

            // It costs its owner something at the vendor.
            await db.AuditAsync(http.Actor(), "own_vendor_key.tested", row.Id.ToString(), null, new { row.Name, test.Succeeded, test.Status }, now, ct);
        }, ct);
        return TypedResults.Ok(test);
    }

    private static async Task<Results<NoContent, Refused>> RemoveAsync(
        [FromRoute(Name = "vendor_key_id")] string which, Member member, HttpContext http, HubDb db, OwnKeys keys, TimeProvider time, CancellationToken ct)
    {
        var removed = Guid.TryParse(which, out var id) && await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.OwnVendorKeys.FirstOrDefaultAsync(row => row.Id == id, ct) is not { } row)
            {
                return false;
            }

            db.OwnVendorKeys.Remove(row);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "own_vendor_key.removed", row.Id.ToString(), View(row, keys), null, time.Now(), ct);
            return true;
        }, ct);

        return removed ? TypedResults.NoContent() : Refused.Because(ProblemKind.VendorKeyNotFound);
    }

    private static async Task<OwnVendorKey?> FindAsync(string which, Member member, HubDb db, CancellationToken ct) => Guid.TryParse(which, out var id)
        ? await db.InOrganizationAsync(member.OrganizationId, () => db.OwnVendorKeys.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id, ct), ct)
        : null;

    private static async Task<OwnVendorKeyView?> EditAsync(
        string which, Member member, HttpContext http, HubDb db, OwnKeys keys, string action, TimeProvider time, CancellationToken ct, Action<OwnVendorKey> change) =>
        !Guid.TryParse(which, out var id) ? null : await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.OwnVendorKeys.FirstOrDefaultAsync(row => row.Id == id, ct) is not { } row)
            {
                return null;
            }

            var before = View(row, keys);
            change(row);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), action, row.Id.ToString(), before, View(row, keys), time.Now(), ct);
            return View(row, keys);
        }, ct);

    private static void CheckKey(string key, FieldErrors errors)
    {
        if (key.Any(character => character is < '!' or > '~'))
        {
            errors.Add("key", FieldText.ControlCharacter);
        }
    }

    // A vendor's page of HTML is not worth keeping.
    private static string Short(string? error) => error is { Length: > LongestError } ? error[..LongestError] + "…" : error ?? "";

    private static OwnVendorKeyView View(OwnVendorKey row, OwnKeys keys) => new(
        row.Id, row.VendorId, row.Name, row.LastFour, row.Host, row.BaseUrl, Wire.Name(row.Use), row.Enabled, keys.FeeBasisPoints, row.CreatedAt, row.RotatedAt, row.TestedAt, row.TestError);
}

/// <summary>Tries a key that somebody brings with one short call, through the guard like every other.</summary>
public sealed class OwnKeyTests(Catalogue catalogue, VendorSettings settings, ConnectorRegistry connectors, TimeProvider time)
{
    /// <summary>Where the vendor is, as this hub is configured.</summary>
    public string AddressOf(Vendor vendor) => settings.AddressOf(vendor);

    /// <summary>The vendors that a key can be brought for, each with the chat models to test it with.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> OpenModels()
    {
        var snapshot = catalogue.Current;
        return snapshot.Models.SelectMany(model => snapshot.OpenOf(model).Select(open => (Vendor: open.Vendor.Id, Model: model)))
            .GroupBy(each => each.Vendor, each => each.Model)
            .ToDictionary(
                group => group.Key,
                group => (IReadOnlyList<string>)[.. group.Where(model => model.Kind == ModelKind.Chat).Select(model => model.Id).Distinct().Order(StringComparer.Ordinal)]);
    }

    /// <param name="model">The catalogue's model; null takes one that the vendor serves.</param>
    public async Task<EndpointTest> TryAsync(OwnKey key, string? model, TimeSpan patience, CancellationToken ct)
    {
        var snapshot = catalogue.Current;
        var open = model is null
            ? snapshot.Models.Where(each => each.Kind == ModelKind.Chat).SelectMany(snapshot.OpenOf).FirstOrDefault(each => each.Vendor.Id == key.VendorId)
            : snapshot.Find(model) is { Kind: ModelKind.Chat } found ? snapshot.OpenOf(found).FirstOrDefault(each => each.Vendor.Id == key.VendorId) : null;
        if (open is null)
        {
            return new EndpointTest(false, null, 0, "The catalogue has no chat model of this vendor to test the key with. Name one, or save the key untested.");
        }

        if (key.Reach(open) is not { } target)
        {
            return new EndpointTest(false, null, 0, "The vendor's address has changed since the key was entered; enter it anew.");
        }

        var started = time.GetTimestamp();
        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        using var request = ChatRequest.Parse(Encoding.UTF8.GetBytes($$"""{"model":{{JsonSerializer.Serialize(open.Upstream.VendorModel)}},"messages":[{"role":"user","content":"ping"}]}""")).Request!;
        var exchange = new HubExecutionSettings { Request = request, OutputCap = 16 };
        try
        {
            var connector = connectors.Create<IChatCompletionService>(new ConnectorSpec(key.Id.ToString(), VendorSettings.Connector(open.Vendor), target));
            await connector.GetChatMessageContentsAsync([], exchange, null, either.Token);
            return new EndpointTest(true, (int?)exchange.Exchange.Status, Elapsed(), null);
        }
        catch (UpstreamException failure)
        {
            return new EndpointTest(false, (int?)failure.StatusCode, Elapsed(), VendorError.Read(failure.ResponseContent)?.Message ?? failure.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new EndpointTest(false, null, Elapsed(), "No answer in time.");
        }

        int Elapsed() => (int)time.GetElapsedTime(started).TotalMilliseconds;
    }
}
