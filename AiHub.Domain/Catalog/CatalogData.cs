using System.Text.Json;
using System.Text.Json.Serialization;

namespace AiHub.Domain.Catalog;

/// <summary>Vendors, models and prices as a file or configuration lists them, before <see cref="CatalogImport"/> makes rows of them.</summary>
/// <param name="Source">Where the prices come from; kept on every price row.</param>
public sealed record CatalogData(string Source, IReadOnlyList<CatalogData.VendorEntry> Vendors, IReadOnlyList<CatalogData.ModelEntry> Models)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The known vendors and their flagship models, as shipped with the hub. Its prices are samples to be verified.</summary>
    public static CatalogData Shipped()
    {
        using var file = typeof(CatalogData).Assembly.GetManifestResourceStream("seed.json")!;
        return JsonSerializer.Deserialize<CatalogData>(file, Json)!;
    }

    public sealed record VendorEntry(
        string Id, string Name, string BaseUrl, string Dialect, string? KeyVariable, Dictionary<string, string>? Quirks = null);

    public sealed record ModelEntry(
        string Id,
        string Name,
        string[] Aliases,
        int? ContextLength,
        int? MaxOutputTokens,
        string[] InputModalities,
        string[] OutputModalities,
        IReadOnlyList<UpstreamEntry> Upstreams,
        WeightsEntry? Weights = null);

    /// <summary>In thousandths, like <see cref="Catalog.Weights"/>.</summary>
    public sealed record WeightsEntry(int Input, int CacheRead, int Output);

    /// <param name="Model">What the vendor calls it.</param>
    public sealed record UpstreamEntry(
        string Vendor, string Model, IReadOnlyDictionary<Currency, IReadOnlyList<PriceEntry>> Prices, int Priority = 0, int Weight = 1);

    /// <summary>Prices per million tokens as decimal strings, for prompts of at least so many tokens.</summary>
    public sealed record PriceEntry(
        string? Input = null,
        string? Output = null,
        [property: JsonPropertyName("cache_read")] string? CacheRead = null,
        [property: JsonPropertyName("cache_write_5m")] string? CacheWrite5m = null,
        [property: JsonPropertyName("cache_write_1h")] string? CacheWrite1h = null,
        string? Reasoning = null,
        string? AudioIn = null,
        string? AudioOut = null,
        string? ImageIn = null,
        string? ImageOut = null,
        long MinPromptTokens = 0)
    {
        internal IEnumerable<(PriceComponent Component, string Text)> Components() =>
            ((IEnumerable<(PriceComponent, string?)>)
            [
                (PriceComponent.Input, Input),
                (PriceComponent.Output, Output),
                (PriceComponent.CacheRead, CacheRead),
                (PriceComponent.CacheWrite5m, CacheWrite5m),
                (PriceComponent.CacheWrite1h, CacheWrite1h),
                (PriceComponent.Reasoning, Reasoning),
                (PriceComponent.AudioIn, AudioIn),
                (PriceComponent.AudioOut, AudioOut),
                (PriceComponent.ImageIn, ImageIn),
                (PriceComponent.ImageOut, ImageOut),
            ]).Where(component => component.Item2 is not null)!;
    }
}
