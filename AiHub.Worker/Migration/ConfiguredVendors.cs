using AiHub.Domain;
using AiHub.Domain.Catalog;

namespace AiHub.Worker.Migration;

/// <summary>
/// Vendors and models an operator adds by configuration:
/// <c>Vendors:{id}:Name|BaseUrl|Dialect|KeyVariable|Quirks:{name}</c> and <c>Vendors:{id}:Models:n:Id|Name|Aliases|UpstreamModel|InputPerMillion|
/// OutputPerMillion|CacheReadPerMillion|Currency|ContextLength|MaxOutputTokens|Priority</c>.
/// A model priced in two currencies is listed twice. Vendors the hub ships with need no name and address, only their own models.
/// </summary>
internal static class ConfiguredVendors
{
    private const string Source = "configuration";

    public static CatalogData Read(IConfiguration configuration, CatalogData shipped)
    {
        var known = shipped.Vendors.Select(vendor => vendor.Id).ToHashSet();
        var sections = configuration.GetSection("Vendors").GetChildren().ToList();
        var offers = sections.SelectMany(vendor => vendor.GetSection("Models").GetChildren().Select(model => Offer.Read(vendor.Key, model))).ToList();

        return new CatalogData(
            Source,
            [.. sections.Where(section => !known.Contains(section.Key) && (section["BaseUrl"] is not null || section["Name"] is not null)).Select(Vendor)],
            [.. offers.GroupBy(offer => offer.Id).Select(model => Model(model.Key, [.. model], shipped))]);
    }

    private static CatalogData.VendorEntry Vendor(IConfigurationSection section) => new(
        section.Key,
        section["Name"] ?? section.Key,
        section["BaseUrl"] ?? throw new CatalogException($"The vendor '{section.Key}' has no address. Set Vendors__{section.Key}__BaseUrl."),
        section["Dialect"] ?? "openai",
        section["KeyVariable"],
        section.GetSection("Quirks").GetChildren().ToDictionary(quirk => quirk.Key, quirk => quirk.Value ?? ""));

    private static CatalogData.ModelEntry Model(string id, List<Offer> offers, CatalogData shipped)
    {
        var upstreams = offers
            .GroupBy(offer => (offer.Vendor, offer.UpstreamModel))
            .Select(upstream => new CatalogData.UpstreamEntry(
                upstream.Key.Vendor,
                upstream.Key.UpstreamModel,
                upstream.GroupBy(offer => offer.Currency).ToDictionary(
                    prices => prices.Key, IReadOnlyList<CatalogData.PriceEntry> (prices) => [prices.Last().Price]),
                upstream.First().Priority))
            .ToList();

        // A shipped model served by one more vendor stays what it is.
        if (shipped.Models.FirstOrDefault(model => model.Id == id) is { } present)
        {
            return present with { Upstreams = upstreams };
        }

        var first = offers[0];
        return new CatalogData.ModelEntry(
            id, first.Name ?? id, first.Aliases, first.ContextLength, first.MaxOutputTokens, ["text"], ["text"], upstreams);
    }

    private sealed record Offer(
        string Vendor,
        string Id,
        string? Name,
        string[] Aliases,
        string UpstreamModel,
        Currency Currency,
        CatalogData.PriceEntry Price,
        int? ContextLength,
        int? MaxOutputTokens,
        int Priority)
    {
        public static Offer Read(string vendor, IConfigurationSection model)
        {
            var setting = model.Path.Replace(":", "__");
            var id = model["Id"] ?? throw new CatalogException($"A model of vendor '{vendor}' has no id. Set {setting}__Id to 'author/slug'.");

            return new Offer(
                vendor,
                id,
                model["Name"],
                model.GetSection("Aliases").Get<string[]>() ?? [],
                model["UpstreamModel"] ?? id[(id.IndexOf('/') + 1)..],
                Enum.TryParse<Currency>(model["Currency"] ?? nameof(Currency.USD), out var currency)
                    ? currency
                    : throw new CatalogException($"'{model["Currency"]}' is not a currency of the hub. Set {setting}__Currency to USD or CNY."),
                new CatalogData.PriceEntry(
                    model["InputPerMillion"] ?? throw new CatalogException($"Model '{id}' has no price. Set {setting}__InputPerMillion."),
                    model["OutputPerMillion"] ?? throw new CatalogException($"Model '{id}' has no price. Set {setting}__OutputPerMillion."),
                    model["CacheReadPerMillion"]),
                model.GetValue<int?>("ContextLength"),
                model.GetValue<int?>("MaxOutputTokens"),
                model.GetValue("Priority", 0));
        }
    }
}
