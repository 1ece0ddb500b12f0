using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiHub.Gateway.Management;

/// <summary>The models and prices of this hub for whoever has not signed in: the same catalogue the router plans with, no organization's view of it.</summary>
public static class PublicCatalog
{
    private const string MainlandChina = "CN";

    public static void MapPublicCatalog(this IEndpointRouteBuilder api) =>
        api.MapGroup("/catalog").WithTags("Catalog").MapGet("/public-models", ListAsync)
            .Describe("listPublicModels", new("List models for everybody", "公开的模型列表"),
                new("Needs no session. Models that can be called now, with list prices in every currency; what an organization may use of them is its own policy's to say.", "无需登录。列出当前可调用的模型及各币种目录价；组织实际可用的模型以其策略为准。"),
                null, new Page<PublicModelView>([Examples.PublicModel], null));

    private static async Task<Ok<Page<PublicModelView>>> ListAsync(Catalogue catalogue, TimeProvider time, CancellationToken ct)
    {
        await catalogue.Loaded.WaitAsync(ct);
        var snapshot = catalogue.Current;
        var now = time.GetUtcNow();

        return TypedResults.Ok(new Page<PublicModelView>(
            [.. snapshot.Models.OrderBy(model => model.Id, StringComparer.Ordinal).Select(model => View(model, snapshot, now)).OfType<PublicModelView>()], null));
    }

    /// <returns>Null when nobody who is on serves it at a price.</returns>
    private static PublicModelView? View(Model model, CatalogueSnapshot snapshot, DateTimeOffset now)
    {
        var servings = snapshot.UpstreamsOf(model)
            .OrderBy(serving => serving.Upstream.Priority)
            .ThenByDescending(serving => serving.Upstream.Weight)
            .ToList();
        var prices = Enum.GetValues<Currency>()
            .Select(currency => servings.Select(serving => snapshot.PricesOf(serving.Upstream.Id, currency, now)).FirstOrDefault(list => list is not null) is { } list
                ? ModelCatalog.PriceOf(list, currency)
                : null)
            .OfType<PriceView>()
            .ToList();

        return prices.Count == 0
            ? null
            : new PublicModelView(
                model.Id,
                model.Name,
                Wire.Name(model.Kind),
                [.. servings.Select(serving => serving.Vendor).DistinctBy(vendor => vendor.Id).Select(vendor => new PublicVendorView(vendor.Id, vendor.Name, vendor.Country, vendor.RetainsPrompts, vendor.TrainsOnPrompts))],
                model.ContextLength,
                model.MaxOutputTokens,
                model.InputModalities,
                model.OutputModalities,
                model.SupportedParameters,
                prices,
                (decimal)model.Weights.Input / Weights.Scale,
                (decimal)model.Weights.Output / Weights.Scale,
                servings.Any(serving => serving.Vendor.Country == MainlandChina),
                prices.All(IsFree),
                model.CreatedAt);
    }

    private static bool IsFree(PriceView price) =>
        new[] { price.Input, price.Output, price.Image, price.Second, price.Character, price.SearchUnit }.All(amount => amount is null or "0");
}
