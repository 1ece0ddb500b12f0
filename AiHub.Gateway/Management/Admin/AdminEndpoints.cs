using System.Text;
using System.Text.Json;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace AiHub.Gateway.Management.Admin;

/// <summary>Which vendor serves which model, from where and with which keys.</summary>
public static class AdminEndpoints
{
    private static readonly TimeSpan TestPatience = TimeSpan.FromSeconds(30);

    public static void MapAdminEndpoints(this IEndpointRouteBuilder api)
    {
        var admin = api.MapGroup("/admin/endpoints").WithTags("Administration");

        admin.MapGet("/", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("model_id", new("Only those of this model.", "仅列出该模型的端点。"), example: AdminExamples.Endpoint.ModelId)
            .Describe("listEndpoints", new("List endpoints", "列出端点"), new("Which vendor serves which model, and how it has been answering.", "各模型由哪些厂商提供，及其运行状况。"), null, new Page<EndpointView>([AdminExamples.Endpoint], null))
            .Refuses(ProblemKind.OperatorRequired);

        admin.MapPost("/", CreateAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("createEndpoint", new("Add an endpoint", "新增端点"),
                new("It can be called within a second, once it is priced and its vendor has a key.", "定价且厂商已有密钥后，一秒内即可调用。"),
                AdminExamples.NewEndpoint, AdminExamples.Endpoint)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.VendorNotFound, ProblemKind.ModelUnknown, ProblemKind.CatalogueNameTaken);

        admin.MapPatch("/{id}", ChangeAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", new("The endpoint's id.", "端点编号。"), "uuid", AdminExamples.Endpoint.Id)
            .Describe("changeEndpoint", new("Change an endpoint", "修改端点"), new("Its weight, its priority, its address, or whether it is on.", "修改权重、优先级、地址或启用状态。"), AdminExamples.EndpointChange, AdminExamples.Endpoint)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.EndpointNotFound);

        admin.MapPost("/{id}/test", TestAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", new("The endpoint's id.", "端点编号。"), "uuid", AdminExamples.Endpoint.Id)
            .Describe("testEndpoint", new("Test an endpoint", "测试端点"),
                new("Sends one short request there, whatever its health, and says how long it took or what went wrong. The vendor charges the hub for it.", "无论健康状况如何，向该端点发送一个简短请求，返回耗时或错误信息。厂商会向平台收取该次调用费用。"),
                null, AdminExamples.Test)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.EndpointNotFound);
    }

    private static async Task<Ok<Page<EndpointView>>> ListAsync(
        HubDb db, UpstreamHealth health, HealthReports reports, CancellationToken ct, [Microsoft.AspNetCore.Mvc.FromQuery(Name = "model_id")] string? modelId = null)
    {
        var rows = await db.Upstreams.AsNoTracking()
            .Where(row => modelId == null || row.ModelId == modelId)
            .OrderBy(row => row.ModelId).ThenBy(row => row.Priority).ThenBy(row => row.Id)
            .ToListAsync(ct);
        var report = await reports.ReadAsync(ct);
        return TypedResults.Ok(new Page<EndpointView>(
            [.. rows.Select(row => View(row, health) with { Health = ModelHealths.View(row.VendorId, row.Region, report.Of(row.ModelId, row.Id)) })], null));
    }

    private static async Task<Results<Created<EndpointView>, Refused>> CreateAsync(
        NewEndpoint request, Person person, HttpContext http, HubDb db, UpstreamHealth health, TimeProvider time, CancellationToken ct)
    {
        var errors = new FieldErrors(http.Request.Language());
        AdminVendors.CheckUrl(request.BaseUrl, errors);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        return await db.AsOperatorAsync<Results<Created<EndpointView>, Refused>>(person.UserId, async () =>
        {
            if (!await db.Vendors.AnyAsync(row => row.Id == request.VendorId, ct))
            {
                return Refused.Because(ProblemKind.VendorNotFound);
            }

            if (!await db.Models.AnyAsync(row => row.Id == request.ModelId, ct))
            {
                return Refused.Because(ProblemKind.ModelUnknown);
            }

            if (await db.Upstreams.AnyAsync(row => row.ModelId == request.ModelId && row.VendorId == request.VendorId
                && row.VendorModel == request.VendorModel && row.Region == request.Region && row.KeyPool == request.KeyPool, ct))
            {
                return Refused.Because(ProblemKind.CatalogueNameTaken, request.VendorModel);
            }

            var now = time.Now();
            var endpoint = new Upstream
            {
                Id = Guid.CreateVersion7(now),
                ModelId = request.ModelId,
                VendorId = request.VendorId,
                VendorModel = request.VendorModel,
                Region = request.Region,
                BaseUrl = request.BaseUrl,
                KeyPool = request.KeyPool,
                Priority = request.Priority,
                Weight = request.Weight,
                Managed = true,
            };
            db.Upstreams.Add(endpoint);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "endpoint.created", endpoint.Id.ToString(), null, request, now, ct);
            return TypedResults.Created($"{ManagementApi.Path}/admin/endpoints", View(endpoint, health));
        }, ct);
    }

    private static async Task<Results<Ok<EndpointView>, Refused>> ChangeAsync(
        string id, EndpointChange request, Person person, HttpContext http, HubDb db, UpstreamHealth health, TimeProvider time, CancellationToken ct)
    {
        var errors = new FieldErrors(http.Request.Language());
        AdminVendors.CheckUrl(request.BaseUrl, errors);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        return await db.AsOperatorAsync<Results<Ok<EndpointView>, Refused>>(person.UserId, async () =>
        {
            if (!Guid.TryParse(id, out var parsed) || await db.Upstreams.FirstOrDefaultAsync(row => row.Id == parsed, ct) is not { } endpoint)
            {
                return Refused.Because(ProblemKind.EndpointNotFound);
            }

            var before = Told(endpoint);
            endpoint.BaseUrl = request.BaseUrl ?? endpoint.BaseUrl;
            endpoint.Priority = request.Priority ?? endpoint.Priority;
            endpoint.Weight = request.Weight ?? endpoint.Weight;
            endpoint.Enabled = request.Enabled ?? endpoint.Enabled;
            endpoint.Managed = true;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "endpoint.changed", endpoint.Id.ToString(), before, Told(endpoint), time.Now(), ct);
            return TypedResults.Ok(View(endpoint, health));
        }, ct);
    }

    private static async Task<Results<Ok<EndpointTest>, Refused>> TestAsync(
        string id, Catalogue catalogue, ConnectorRegistry connectors, Kernel kernel, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var parsed) || !await db.Upstreams.AnyAsync(row => row.Id == parsed, ct))
        {
            return Refused.Because(ProblemKind.EndpointNotFound);
        }

        if (catalogue.Current.Serving(parsed) is not { } serving || connectors.Find<IChatCompletionService>(serving.Key) is not { } connector)
        {
            return TypedResults.Ok(new EndpointTest(false, null, 0, "The endpoint, its model or its vendor is switched off, or the vendor has no key."));
        }

        var started = time.GetTimestamp();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(TestPatience);
        using var request = ChatRequest.Parse(Question(serving.Upstream.VendorModel)).Request!;
        var settings = new HubExecutionSettings { Request = request };
        try
        {
            await connector.GetChatMessageContentsAsync([], settings, kernel, patience.Token);
            return TypedResults.Ok(new EndpointTest(true, (int?)settings.Exchange.Status, Elapsed(), null));
        }
        catch (UpstreamException failure)
        {
            // The vendor's own words help an operator; the connector has taken the key out of them.
            return TypedResults.Ok(new EndpointTest(false, (int?)failure.StatusCode, Elapsed(), VendorError.Read(failure.ResponseContent)?.Message ?? failure.Message));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return TypedResults.Ok(new EndpointTest(false, null, Elapsed(), "No answer in time."));
        }

        int Elapsed() => (int)time.GetElapsedTime(started).TotalMilliseconds;
    }

    private static object Told(Upstream endpoint) => new { endpoint.BaseUrl, endpoint.Priority, endpoint.Weight, endpoint.Enabled };

    private static byte[] Question(string model) =>
        Encoding.UTF8.GetBytes($$"""{"model":{{JsonSerializer.Serialize(model)}},"messages":[{"role":"user","content":"ping"}]}""");

    internal static EndpointView View(Upstream row, UpstreamHealth health) => new(
        row.Id, row.ModelId, row.VendorId, row.VendorModel, row.Region, row.BaseUrl, row.KeyPool, row.Priority, row.Weight, row.Enabled, health.RestsUntil(row.Id));
}
