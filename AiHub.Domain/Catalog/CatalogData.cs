using System.Text.Json;
using System.Text.Json.Serialization;

namespace AiHub.Domain.Catalog;

/// <summary>Vendors, models and prices as a file or configuration lists them, before <see cref="CatalogImport"/> makes rows of them.</summary>
/// <param name="Source">Where the prices come from; kept on every price row that names no source of its own.</param>
public sealed record CatalogData(string Source, IReadOnlyList<CatalogData.VendorEntry> Vendors, IReadOnlyList<CatalogData.ModelEntry> Models)
{
    /// <summary>What a dollar costs in yuan where a price is known in only one of the two: the hub's own list rate, not a vendor's.</summary>
    public string? UsdCny { get; init; }

    /// <summary>Days off, by calendar.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<DateOnly>> Holidays { get; init; } = new Dictionary<string, IReadOnlyList<DateOnly>>();

    /// <summary>True when nobody answers for its prices: what is priced already is then proposed to an operator instead of changed.</summary>
    [JsonIgnore]
    public bool Proposes { get; init; }

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter<ModelKind>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>The known vendors and their models, as shipped with the hub. Each price names its source; all are to be verified.</summary>
    public static CatalogData Shipped()
    {
        using var file = typeof(CatalogData).Assembly.GetManifestResourceStream("seed.json")!;
        return JsonSerializer.Deserialize<CatalogData>(file, Json)! with { Proposes = true };
    }

    /// <exception cref="CatalogException">It is not a catalogue.</exception>
    public static CatalogData Read(JsonElement json)
    {
        CatalogShape.Check(json, Json.GetTypeInfo(typeof(CatalogData)), string.Empty);
        try
        {
            return json.Deserialize<CatalogData>(Json)!;
        }
        catch (JsonException failure)
        {
            throw CatalogShape.Unreadable(failure.Path ?? "$");
        }
    }

    public sealed record VendorEntry(
        string Id,
        string Name,
        string BaseUrl,
        string Dialect,
        string? KeyVariable,
        Dictionary<string, string>? Quirks = null,
        string? Country = null,
        bool? RetainsPrompts = null,
        bool? TrainsOnPrompts = null);

    public sealed record ModelEntry(
        string Id,
        string Name,
        string[] Aliases,
        int? ContextLength,
        int? MaxOutputTokens,
        string[] InputModalities,
        string[] OutputModalities,
        IReadOnlyList<UpstreamEntry> Upstreams,
        WeightsEntry? Weights = null,
        ModelKind Kind = ModelKind.Chat,
        string[]? SupportedParameters = null,
        int? AutoRank = null,
        string? Source = null);

    /// <summary>In thousandths, like <see cref="Catalog.Weights"/>.</summary>
    public sealed record WeightsEntry(int Input, int CacheRead, int Output, int Image = 0, int Second = 0, int Character = 0, int SearchUnit = 0);

    /// <param name="Model">What the vendor calls it.</param>
    /// <param name="Prices">None: it cannot be called until an operator sets some.</param>
    public sealed record UpstreamEntry(
        string Vendor,
        string Model,
        IReadOnlyDictionary<Currency, IReadOnlyList<PriceEntry>> Prices,
        int Priority = 0,
        int Weight = 1,
        string Region = "",
        string? BaseUrl = null,
        string KeyPool = VendorKey.DefaultPool);

    /// <summary>
    /// Prices as decimal strings, per million tokens where the name says nothing else. They hold under the conditions given: prompts of at least
    /// so many tokens, a service class, hours of the week.
    /// </summary>
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
        string? PerImage = null,
        string? PerSecond = null,
        string? PerMillionCharacters = null,
        string? PerSearch = null,
        long MinPromptTokens = 0,
        string ServiceTier = "",
        string Hours = "",
        string? Source = null)
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
                (PriceComponent.Image, PerImage),
                (PriceComponent.Second, PerSecond),
                (PriceComponent.Character, PerMillionCharacters),
                (PriceComponent.SearchUnit, PerSearch),
            ]).Where(component => component.Item2 is not null)!;
    }
}
