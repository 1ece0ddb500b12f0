using System.Globalization;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Dialects.OpenRouter;

/// <summary>The models with prices and limits, in a shape that OpenAI's clients read as well; and who serves each.</summary>
internal static class OpenRouterModels
{
    // OpenRouter's own numbers for an endpoint that may be asked and one that is out of order.
    private const int Up = 0;
    private const int Down = -1;

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void MapOpenRouterModels(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/models", Methods, ListAsync);
        routes.MapMethods("/models/count", Methods, CountAsync);
        routes.MapMethods("/models/{author}/{slug}", Methods, FindAsync);
        routes.MapMethods("/models/{author}/{slug}/endpoints", Methods, EndpointsAsync);
    }

    private static async Task<IResult> ListAsync(HttpContext context, ApiKeys keys, Router router, Catalogue catalogue, TimeProvider time)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var models = new JsonArray([.. router.Callable(caller).Select(model => Card(model, caller, catalogue.Current, time.GetUtcNow()))]);
        return TypedResults.Json(new JsonObject
        {
            ["object"] = "list",
            ["total_count"] = models.Count,
            ["links"] = new JsonObject { ["next"] = null },
            ["data"] = models,
        });
    }

    private static async Task<IResult> CountAsync(HttpContext context, ApiKeys keys, Router router)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        return caller is null ? stranger! : TypedResults.Json(new JsonObject { ["data"] = new JsonObject { ["count"] = router.Callable(caller).Count() } });
    }

    private static async Task<IResult> FindAsync(string author, string slug, HttpContext context, ApiKeys keys, Router router, Catalogue catalogue, TimeProvider time)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var name = $"{author}/{slug}";
        var id = catalogue.Current.Find(name)?.Id;
        return router.Callable(caller).FirstOrDefault(model => model.Id == id) is { } model
            ? TypedResults.Json(new JsonObject { ["data"] = Card(model, caller, catalogue.Current, time.GetUtcNow()) })
            : OpenAIError.ModelNotFound(name);
    }

    private static async Task<IResult> EndpointsAsync(
        string author, string slug, HttpContext context, ApiKeys keys, Catalogue catalogue, HealthReports reports, TimeProvider time)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var snapshot = catalogue.Current;
        var name = $"{author}/{slug}";
        if (snapshot.Find(name) is not { } model || !caller.MayCall(model.Id))
        {
            return OpenAIError.ModelNotFound(name);
        }

        var now = time.GetUtcNow();
        var report = await reports.ReadAsync(context.RequestAborted);
        var served = snapshot.UpstreamsOf(model)
            .Select(serving => (Serving: serving, Prices: snapshot.PricesOf(serving.Upstream.Id, caller.Currency, now, customer: caller.OrganizationId)))
            .Where(one => one.Prices is not null)
            .DistinctBy(one => one.Serving.Upstream.Id);
        return TypedResults.Json(new JsonObject
        {
            ["data"] = new JsonObject
            {
                ["id"] = model.Id,
                ["name"] = model.Name,
                ["created"] = model.CreatedAt.ToUnixTimeSeconds(),
                ["description"] = "",
                ["architecture"] = Architecture(model),
                ["endpoints"] = new JsonArray([.. served.Select(one => Endpoint(model, one.Serving, one.Prices!, report.Of(model.Id, one.Serving.Upstream.Id)))]),
            },
        });
    }

    private static JsonNode Card(Model model, Caller caller, CatalogueSnapshot snapshot, DateTimeOffset now)
    {
        // The one a call goes to first.
        var prices = snapshot.UpstreamsOf(model)
            .OrderBy(serving => serving.Upstream.Priority)
            .ThenByDescending(serving => serving.Upstream.Weight)
            .Select(serving => snapshot.PricesOf(serving.Upstream.Id, caller.Currency, now, customer: caller.OrganizationId))
            .First(list => list is not null)!;
        return new JsonObject
        {
            ["id"] = model.Id,
            ["object"] = "model",
            ["created"] = model.CreatedAt.ToUnixTimeSeconds(),
            ["owned_by"] = model.Id.Split('/')[0],
            ["canonical_slug"] = model.Id,
            ["name"] = model.Name,
            ["description"] = "",
            ["context_length"] = model.ContextLength,
            ["architecture"] = Architecture(model),
            ["pricing"] = Pricing(prices),
            ["top_provider"] = new JsonObject { ["context_length"] = model.ContextLength, ["max_completion_tokens"] = model.MaxOutputTokens, ["is_moderated"] = false },
            ["per_request_limits"] = null,
            ["supported_parameters"] = Strings(model.SupportedParameters),
            ["default_parameters"] = null,
            ["supported_voices"] = null,
            ["links"] = new JsonObject { ["details"] = $"/api/v1/models/{model.Id}/endpoints" },
        };
    }

    private static JsonNode Endpoint(Model model, ServedUpstream serving, PriceList prices, EndpointFigure? figure)
    {
        var vendor = serving.Vendor;
        var tag = serving.Upstream.Region.Length > 0 ? $"{vendor.Id}/{serving.Upstream.Region}" : vendor.Id;
        var tools = model.SupportedParameters.Contains("tool_choice");
        return new JsonObject
        {
            ["name"] = $"{vendor.Name} | {model.Id}",
            ["model_id"] = model.Id,
            ["model_name"] = model.Name,
            ["provider_name"] = vendor.Id,
            ["tag"] = tag,
            ["context_length"] = model.ContextLength ?? 0,
            ["max_completion_tokens"] = model.MaxOutputTokens,
            ["max_prompt_tokens"] = null,
            ["quantization"] = null,
            ["pricing"] = Pricing(prices),
            ["supported_parameters"] = Strings(model.SupportedParameters),
            ["supports_tool_choice"] = new JsonObject(((string[])["auto", "function", "none", "required"]).Select(choice => KeyValuePair.Create(choice, (JsonNode?)JsonValue.Create(tools)))),
            ["supports_implicit_caching"] = prices.Find(PriceComponent.CacheRead) is { Component: PriceComponent.CacheRead },
            ["status"] = HealthReport.Status(figure) == "down" ? Down : Up,
            ["uptime_last_5m"] = Percent(figure?.ServedFive, figure?.FailedFive),
            ["uptime_last_30m"] = Percent(figure?.ServedHalf, figure?.FailedHalf),
            ["uptime_last_1d"] = Percent(figure?.ServedDay, figure?.FailedDay),
            ["latency_last_30m"] = figure is null ? null : Percentiles(figure.FirstTokensHalf),
            ["throughput_last_30m"] = figure is null ? null : Percentiles(figure.SpeedsHalf),
        };
    }

    private static double? Percent(long? served, long? failed) => HealthReport.Share(served ?? 0, failed ?? 0) is { } share ? Math.Round(share * 100, 3) : null;

    private static JsonObject? Percentiles(int[] counts) => LogScale.Quantile(counts, 0.5) is not { } median
        ? null
        : new JsonObject
        {
            ["p50"] = Math.Round(median, 1),
            ["p75"] = Math.Round(LogScale.Quantile(counts, 0.75)!.Value, 1),
            ["p90"] = Math.Round(LogScale.Quantile(counts, 0.9)!.Value, 1),
            ["p99"] = Math.Round(LogScale.Quantile(counts, 0.99)!.Value, 1),
        };

    private static JsonObject Architecture(Model model) => new()
    {
        ["modality"] = $"{string.Join('+', model.InputModalities)}->{string.Join('+', model.OutputModalities)}",
        ["input_modalities"] = Strings(model.InputModalities),
        ["output_modalities"] = Strings(model.OutputModalities),
        ["tokenizer"] = "Other",
        ["instruct_type"] = null,
    };

    // Strings of money per token, in the organization's currency.
    private static JsonObject Pricing(PriceList prices)
    {
        var pricing = new JsonObject { ["prompt"] = Of(PriceComponent.Input) ?? "0", ["completion"] = Of(PriceComponent.Output) ?? "0" };
        Add("input_cache_read", PriceComponent.CacheRead);
        Add("input_cache_write", PriceComponent.CacheWrite5m);
        Add("input_cache_write_1h", PriceComponent.CacheWrite1h);
        Add("internal_reasoning", PriceComponent.Reasoning);
        return pricing;

        void Add(string name, PriceComponent component)
        {
            // Only what is priced by itself.
            if (prices.Find(component) is { } row && row.Component == component)
            {
                pricing[name] = PerToken(prices.Asked(row));
            }
        }

        string? Of(PriceComponent component) => prices.Find(component) is { } row ? PerToken(prices.Asked(row)) : null;
    }

    private static string PerToken(long nanosPerMillion) => ((decimal)nanosPerMillion / 1_000_000_000_000_000m).ToString("0.###############", CultureInfo.InvariantCulture);

    private static JsonArray Strings(IEnumerable<string> values) => [.. values.Select(value => (JsonNode)value)];
}
