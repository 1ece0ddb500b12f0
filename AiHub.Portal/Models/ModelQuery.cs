using AiHub.Contracts;
using AiHub.Portal.Parts;

namespace AiHub.Portal.Models;

/// <summary>What somebody looks for in the catalogue. It stands in the page's address.</summary>
public sealed record ModelQuery(
    string? Words = null, string? Vendor = null, string? Input = null, string? Kind = null, int? Context = null, bool Domestic = false, bool Free = false, string Sort = ModelQuery.ByName)
{
    public const string ByName = "name";
    public const string ByInput = "input";
    public const string ByOutput = "output";
    public const string ByContext = "context";
    public const string ByLatency = "latency";
    public const string ByNewest = "newest";

    public static readonly IReadOnlyList<string> Sorts = [ByName, ByInput, ByOutput, ByContext, ByLatency, ByNewest];
    public static readonly IReadOnlyList<int> Contexts = [32_000, 128_000, 200_000, 1_000_000];

    public static ModelQuery Read(HttpContext context)
    {
        var query = context.Request.Query;
        return new ModelQuery(
            Word("q"),
            Word("vendor"),
            Word("input"),
            Word("kind"),
            int.TryParse(query["context"], out var least) && Contexts.Contains(least) ? least : null,
            query["domestic"] == "true",
            query["free"] == "true",
            Word("sort") is { } sort && Sorts.Contains(sort) ? sort : ByName);

        string? Word(string name) => query[name].ToString() is { Length: > 0 } word ? word.Trim() : null;
    }

    public bool Narrows => Words is not null || Vendor is not null || Input is not null || Kind is not null || Context is not null || Domestic || Free;

    /// <param name="currency">The one prices are compared in.</param>
    public IReadOnlyList<PublicModelView> Of(IReadOnlyList<PublicModelView> models, IReadOnlyDictionary<string, ModelHealth> health, string currency)
    {
        var words = (Words ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var found = models.Where(model =>
            words.All(word => Mentions(model, word))
            && (Vendor is null || model.Vendors.Any(vendor => vendor.Id == Vendor))
            && (Input is null || model.InputModalities.Contains(Input))
            && (Kind is null || model.Kind == Kind)
            && (Context is null || model.ContextLength >= Context)
            && (!Domestic || model.Domestic)
            && (!Free || model.Free));

        return
        [
            .. Sort switch
            {
                ByInput => found.OrderBy(model => Price(model, price => price.Input)),
                ByOutput => found.OrderBy(model => Price(model, price => price.Output)),
                ByContext => found.OrderByDescending(model => model.ContextLength ?? 0),
                ByLatency => found.OrderBy(model => health.GetValueOrDefault(model.Id)?.LatencyMs ?? int.MaxValue),
                ByNewest => found.OrderByDescending(model => model.CreatedAt),
                _ => found.OrderBy(model => model.Id, StringComparer.Ordinal),
            },
        ];

        // What is priced in another currency alone cannot be compared, and comes last.
        decimal Price(PublicModelView model, Func<PriceView, string?> part) =>
            model.Prices.FirstOrDefault(price => price.Currency == currency) is { } price && part(price) is { } amount ? AmountText.Parse(amount) : decimal.MaxValue;
    }

    private static bool Mentions(PublicModelView model, string word) =>
        model.Id.Contains(word, StringComparison.OrdinalIgnoreCase)
        || model.Name.Contains(word, StringComparison.OrdinalIgnoreCase)
        || model.Vendors.Any(vendor => vendor.Id.Contains(word, StringComparison.OrdinalIgnoreCase) || vendor.Name.Contains(word, StringComparison.OrdinalIgnoreCase));
}
