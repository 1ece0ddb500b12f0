using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>Models as callers name them.</summary>
public static class AdminModels
{
    public static void MapAdminModels(this IEndpointRouteBuilder api)
    {
        var admin = api.MapGroup("/admin/models").WithTags("Administration");

        admin.MapGet("/", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("listAllModels", new("List all models", "列出全部模型"), new("Callable or not.", "包括当前不可调用的模型。"), null, new Page<ModelAdminView>([AdminExamples.Model], null))
            .Refuses(ProblemKind.OperatorRequired);

        admin.MapPost("/", CreateAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("createModel", new("Add a model", "新增模型"), new("It can be called once an endpoint serves it and is priced.", "有已定价的端点提供后即可调用。"), AdminExamples.NewModel, AdminExamples.Model)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.CatalogueNameTaken);

        // An id has a slash in it, so it is in the body rather than in the path.
        admin.MapPatch("/", ChangeAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("changeModel", new("Change a model", "修改模型"), new("The body names the model by its id. New weights hold for calls that begin after; the audit log keeps the change.", "请求体中以 id 指定模型。新权重仅对之后开始的调用生效，变更记入审计日志。"), AdminExamples.ModelChange, AdminExamples.Model)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.ModelUnknown, ProblemKind.CatalogueNameTaken);
    }

    private static async Task<Ok<Page<ModelAdminView>>> ListAsync(HubDb db, CancellationToken ct)
    {
        var models = await db.Models.AsNoTracking().OrderBy(model => model.Id).ToListAsync(ct);
        return TypedResults.Ok(new Page<ModelAdminView>([.. models.Select(View)], null));
    }

    private static async Task<Results<Created<ModelAdminView>, Refused>> CreateAsync(
        NewModel request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (request.Id.Split('/') is not [{ Length: > 0 }, { Length: > 0 }] || request.Id.Any(char.IsWhiteSpace))
        {
            var errors = new FieldErrors(http.Request.Language());
            errors.Add("id", FieldText.ModelId);
            return errors.Refuse();
        }

        return await db.AsOperatorAsync<Results<Created<ModelAdminView>, Refused>>(person.UserId, async () =>
        {
            if (await TakenAsync(db, request.Id, [request.Id, .. request.Aliases ?? []], ct) is { } taken)
            {
                return Refused.Because(ProblemKind.CatalogueNameTaken, taken);
            }

            var now = time.Now();
            var model = new Model
            {
                Id = request.Id,
                Name = request.Name,
                Kind = Enum.Parse<ModelKind>(request.Kind, ignoreCase: true),
                Aliases = [.. request.Aliases ?? []],
                ContextLength = request.ContextLength,
                MaxOutputTokens = request.MaxOutputTokens,
                InputModalities = [.. request.InputModalities ?? ["text"]],
                OutputModalities = [.. request.OutputModalities ?? ["text"]],
                SupportedParameters = [.. request.SupportedParameters ?? []],
                AutoRank = request.AutoRank,
                Weights = request.Weights is { } weights ? Read(weights) : Weights.One,
                Source = "operator",
                Managed = true,
                CreatedAt = now,
            };
            db.Models.Add(model);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "model.created", model.Id, null, request, now, ct);
            return TypedResults.Created($"{ManagementApi.Path}/admin/models", View(model));
        }, ct);
    }

    private static async Task<Results<Ok<ModelAdminView>, Refused>> ChangeAsync(
        ModelChange request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        await db.AsOperatorAsync<Results<Ok<ModelAdminView>, Refused>>(person.UserId, async () =>
        {
            if (await db.Models.FirstOrDefaultAsync(row => row.Id == request.Id, ct) is not { } model)
            {
                return Refused.Because(ProblemKind.ModelUnknown);
            }

            if (request.Aliases is { } aliases && await TakenAsync(db, model.Id, aliases, ct) is { } taken)
            {
                return Refused.Because(ProblemKind.CatalogueNameTaken, taken);
            }

            var before = View(model);
            model.Name = request.Name ?? model.Name;
            model.Aliases = request.Aliases is { } names ? [.. names] : model.Aliases;
            model.ContextLength = request.ContextLength ?? model.ContextLength;
            model.MaxOutputTokens = request.MaxOutputTokens ?? model.MaxOutputTokens;
            model.SupportedParameters = request.SupportedParameters is { } parameters ? [.. parameters] : model.SupportedParameters;
            model.AutoRank = request.AutoRank ?? model.AutoRank;
            model.Enabled = request.Enabled ?? model.Enabled;
            model.Weights = request.Weights is { } weights ? Read(weights) : model.Weights;
            model.Managed = true;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "model.changed", model.Id, before, View(model), time.Now(), ct);
            return TypedResults.Ok(View(model));
        }, ct);

    /// <returns>The first of the names that another model answers to.</returns>
    private static async Task<string?> TakenAsync(HubDb db, string id, IReadOnlyList<string> names, CancellationToken ct)
    {
        var wanted = names.ToArray();
        var others = await db.Models.AsNoTracking()
            .Where(model => wanted.Contains(model.Id) || model.Aliases.Any(alias => wanted.Contains(alias)))
            .Select(model => new { model.Id, model.Aliases })
            .ToListAsync(ct);

        return wanted.FirstOrDefault(name => others.Any(other =>
            // A model may go on answering to its own names; a new one finds even its id taken.
            (other.Id != id || names.Contains(id)) && (other.Id == name || other.Aliases.Contains(name))));
    }

    private static Weights Read(ModelWeights weights) =>
        new(weights.Input, weights.CacheRead, weights.Output, weights.Image, weights.Second, weights.Character, weights.SearchUnit);

    private static ModelWeights View(Weights weights) =>
        new(weights.Input, weights.CacheRead, weights.Output, weights.Image, weights.Second, weights.Character, weights.SearchUnit);

    private static ModelAdminView View(Model model) => new(
        model.Id,
        model.Name,
        Wire.Name(model.Kind),
        model.Aliases,
        model.ContextLength,
        model.MaxOutputTokens,
        model.InputModalities,
        model.OutputModalities,
        model.SupportedParameters,
        model.AutoRank,
        model.Enabled,
        model.Source,
        View(model.Weights));
}
