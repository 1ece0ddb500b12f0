using System.Text.Json;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Models;

/// <summary>The models a key can call now: known, served by a vendor that is on, and priced in the organization's currency.</summary>
public static class ModelsEndpoint
{
    private const string OpenAI = "openai";
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/models", Methods, ListAsync);
        // Ids contain a slash: openai/gpt-5.5.
        routes.MapMethods("/models/{**id}", Methods, FindAsync);
    }

    private static async Task<IResult> ListAsync(HttpContext context, ApiKeys keys, Router router, ModelListings listings)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        return caller is null ? stranger!
            : context.ErrorShape() == ErrorShape.Anthropic ? AnthropicModels.Page(context.Request.Query, router.Callable(caller))
            : listings.Of(caller, OpenAI, models => JsonSerializer.SerializeToUtf8Bytes(new ModelList("list", [.. models.Select(Card)]), Json));
    }

    private static async Task<IResult> FindAsync(string id, HttpContext context, ApiKeys keys, Router router)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        // Clients that mind the slash send it as %2F, which routing leaves as it is.
        var name = Uri.UnescapeDataString(id);
        return router.Plan(name, caller, context.RequestId()) is not { Plan: { } plan } ? OpenAIError.ModelNotFound(name)
            : context.ErrorShape() == ErrorShape.Anthropic ? AnthropicModels.One(plan.Model)
            : TypedResults.Json(Card(plan.Model), Json);
    }

    private static ModelCard Card(Model model) => new(
        model.Id,
        "model",
        model.CreatedAt.ToUnixTimeSeconds(),
        model.Id.Split('/')[0],
        model.Name,
        Kind(model),
        model.ContextLength,
        model.MaxOutputTokens,
        model.InputModalities,
        model.OutputModalities,
        model.SupportedParameters,
        model.Aliases);

    private static string Kind(Model model) => JsonNamingPolicy.SnakeCaseLower.ConvertName(model.Kind.ToString());

    private sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data);

    /// <summary>OpenAI's four fields and, after them, what the catalogue knows besides.</summary>
    private sealed record ModelCard(
        string Id,
        string Object,
        long Created,
        string OwnedBy,
        string Name,
        string Kind,
        int? ContextLength,
        int? MaxOutputTokens,
        string[] InputModalities,
        string[] OutputModalities,
        string[] SupportedParameters,
        string[] Aliases);
}
