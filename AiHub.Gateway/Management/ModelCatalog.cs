using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.SignIn;
using AiHub.Gateway.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiHub.Gateway.Management;

/// <summary>The models an organization can call, from the same catalogue the router plans with.</summary>
public static class ModelCatalog
{
    public static void MapModelCatalog(this IEndpointRouteBuilder api) =>
        api.MapGroup("/catalog").WithTags("Catalog").MapGet("/models", ListAsync)
            .OfOrganization(Policies.AnyMember)
            .Describe("listCatalogModels", new("List models with prices", "列出模型与价格"),
                new("Only models that can be called now: a vendor that serves them is switched on, and they are priced in the organization's currency.", "仅列出当前可调用的模型：至少有一家已启用的厂商提供，且有以组织结算货币计的价格。"),
                null, new Page<ModelView>([Examples.Model], null));

    private static async Task<Ok<Page<ModelView>>> ListAsync(Member member, Catalogue catalogue, TimeProvider time, CancellationToken ct)
    {
        await catalogue.Loaded.WaitAsync(ct);
        var snapshot = catalogue.Current;
        var now = time.GetUtcNow();

        return TypedResults.Ok(new Page<ModelView>(
            [.. snapshot.Models.OrderBy(model => model.Id, StringComparer.Ordinal).Select(model => View(model, snapshot, member.Organization, now)).OfType<ModelView>()],
            null));
    }

    /// <returns>Null when nobody who is on serves it at a price in this currency.</returns>
    private static ModelView? View(Model model, CatalogueSnapshot snapshot, OrganizationOfUser customer, DateTimeOffset now)
    {
        // The one a call goes to first, at what this customer pays for it.
        var currency = customer.Currency;
        var first = snapshot.UpstreamsOf(model)
            .Select(serving => (serving.Upstream, Prices: snapshot.PricesOf(serving.Upstream.Id, currency, now, customer: customer.Id)))
            .Where(serving => serving.Prices is not null)
            .OrderBy(serving => serving.Upstream.Priority)
            .ThenByDescending(serving => serving.Upstream.Weight)
            .FirstOrDefault();

        return first.Prices is not { } prices
            ? null
            : new ModelView(
                model.Id,
                model.Name,
                first.Upstream.VendorId,
                model.ContextLength,
                model.MaxOutputTokens,
                model.InputModalities,
                model.OutputModalities,
                PriceOf(prices, currency),
                (decimal)model.Weights.Input / Weights.Scale,
                (decimal)model.Weights.Output / Weights.Scale,
                Wire.Name(model.Kind));
    }

    /// <summary>What a list asks for a million, or for a piece.</summary>
    internal static PriceView PriceOf(PriceList prices, Currency currency)
    {
        return new PriceView(
            currency.ToString(),
            Own(PriceComponent.Input),
            Own(PriceComponent.Output),
            Own(PriceComponent.CacheRead),
            Own(PriceComponent.Image),
            Own(PriceComponent.Second),
            Own(PriceComponent.Character),
            Own(PriceComponent.SearchUnit));

        string? Own(PriceComponent component) => prices.Find(component) is { } row && row.Component == component
            ? new Money(prices.Asked(row) * component.Per() / 1_000_000, currency).ToDecimalString()
            : null;
    }
}
