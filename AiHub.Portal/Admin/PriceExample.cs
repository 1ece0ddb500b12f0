using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Admin;

/// <summary>What one usual call costs by the prices of an endpoint, so that a misplaced point is seen before a customer pays it.</summary>
public sealed record PriceExample(string Cost, string Currency)
{
    public const int Input = 1_000;
    public const int Output = 500;
    private const decimal Million = 1_000_000m;

    public static readonly IReadOnlyList<string> Components =
        ["input", "output", "cache_read", "cache_write", "reasoning", "request", "image", "input_image", "input_audio", "output_audio", "second", "character", "search_unit"];

    /// <returns>Null where nothing usual is priced now: it cannot be called.</returns>
    public static PriceExample? Of(IReadOnlyList<PriceRowView> prices, DateTimeOffset now)
    {
        var usual = prices.Where(price => price.ValidFrom <= now && (price.ValidTo is null || price.ValidTo > now)
            && price is { MinPromptTokens: 0, ServiceTier.Length: 0, Hours.Length: 0 }).ToList();
        var input = usual.FirstOrDefault(price => price.Component == "input");
        var output = usual.FirstOrDefault(price => price.Component == "output" && (input is null || price.Currency == input.Currency));
        if ((input ?? output ?? usual.FirstOrDefault()) is not { } first)
        {
            return null;
        }

        var cost = (Of(input) * Input / Million) + (Of(output) * Output / Million);
        return input is null && output is null ? new PriceExample(first.Price, first.Currency) : new PriceExample(cost.ToString(CultureInfo.InvariantCulture), first.Currency);
    }

    /// <summary>Currency by currency, what there is in the order of <see cref="Components"/>; what has ended comes last.</summary>
    public static IReadOnlyList<PriceRowView> InOrder(IEnumerable<PriceRowView> prices, DateTimeOffset now) =>
    [
        .. prices.OrderBy(price => price.ValidTo <= now).ThenBy(price => price.Currency, StringComparer.Ordinal)
            .ThenBy(price => Components.TakeWhile(component => component != price.Component).Count()).ThenBy(price => price.ValidFrom),
    ];

    public static string Name(string component) => component switch
    {
        "input" => Text.Bucket_Input,
        "output" => Text.Bucket_Output,
        "cache_read" => Text.Bucket_CacheRead,
        "cache_write" => Text.Bucket_CacheWrite,
        "reasoning" => Text.Bucket_Reasoning,
        "request" => Text.Bucket_Requests,
        "image" => Text.Bucket_Images,
        "input_image" => Text.Bucket_ImageIn,
        "input_audio" => Text.Bucket_AudioIn,
        "output_audio" => Text.Bucket_AudioOut,
        "second" => Text.Bucket_Seconds,
        "character" => Text.Bucket_Characters,
        "search_unit" => Text.Bucket_Searches,
        _ => component,
    };

    /// <summary>Under which conditions a price holds, but the hours.</summary>
    public static string Conditions(PriceRowView price)
    {
        var conditions = new List<string>();
        if (price.MinPromptTokens > 0)
        {
            conditions.Add(string.Format(CultureInfo.CurrentCulture, Text.Prices_PromptFrom, Show.Number(price.MinPromptTokens)));
        }

        if (price.ServiceTier.Length > 0)
        {
            conditions.Add(string.Format(CultureInfo.CurrentCulture, Text.Prices_TierOf, price.ServiceTier));
        }

        return conditions.Count > 0 ? string.Join(Text.List_Separator, conditions) : price.Hours.Length > 0 ? string.Empty : Text.Prices_Always;
    }

    private static decimal Of(PriceRowView? price) => price is null ? 0 : AmountText.Parse(price.Price);
}
