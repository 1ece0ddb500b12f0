using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using AiHub.Domain;
using AiHub.Gateway.Dialects.Responses;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Dialects.OpenRouter;

/// <summary>The fields by which a request says who shall answer it. They are for the hub; no vendor is sent them.</summary>
internal static class RoutingFields
{
    private static readonly FrozenSet<string> Names = FrozenSet.Create("models", "route", "provider", "session_id");
    private static readonly FrozenSet<string> NoParameters = FrozenSet.Create("model", "messages", "input", "stream", "stream_options", "user", "metadata", "service_tier", "usage");

    // What OpenRouter lets a request say about providers; it refuses anything else, and so a slip in a name is found out.
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        "order", "only", "ignore", "allow_fallbacks", "require_parameters", "data_collection", "zdr", "sort", "max_price",
        "enforce_distillable_text", "quantizations", "preferred_min_throughput", "preferred_max_latency");

    public static bool Is(string name) => Names.Contains(name);

    /// <summary>Adds what the fields of <paramref name="body"/> say to what is known already.</summary>
    public static (RoutePreferences Preferences, OpenAIError? Error) Read(JsonElement body, RoutePreferences known)
    {
        var models = body.Get("models"u8);
        if (models.Exists() && !IsStrings(models))
        {
            return (known, OpenAIError.WrongType("models", "an array of model names"));
        }

        var preferences = known with
        {
            FallbackModels = Strings(models),
            Session = body.Text("session_id"u8) ?? known.Session,
        };
        var provider = body.Get("provider"u8);
        return !provider.Exists() ? (preferences, null)
            : provider.ValueKind != JsonValueKind.Object ? (known, OpenAIError.WrongType("provider", "an object"))
            : ReadProvider(body, provider, preferences);
    }

    /// <summary>The same body without the fields.</summary>
    public static ReadOnlyMemory<byte> TakenOut(JsonElement body, int length)
    {
        var rest = new ArrayBufferWriter<byte>(length);
        using (var writer = new Utf8JsonWriter(rest, Wire.Writing))
        {
            writer.WriteStartObject();
            foreach (var member in body.EnumerateObject().Where(member => !Is(member.Name)))
            {
                writer.WritePropertyName(member.Name);
                writer.WriteRawValue(member.Value.Raw(), skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return rest.WrittenMemory;
    }

    private static (RoutePreferences Preferences, OpenAIError? Error) ReadProvider(JsonElement body, JsonElement provider, RoutePreferences preferences)
    {
        if (provider.EnumerateObject().FirstOrDefault(member => !Known.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            return (preferences, OpenAIError.BadRequest($"Unknown parameter: 'provider.{unknown.Name}'.", $"provider.{unknown.Name}", "unknown_parameter"));
        }

        foreach (var list in (ReadOnlySpan<string>)["order", "only", "ignore"])
        {
            if (provider.TryGetProperty(list, out var names) && names.ValueKind != JsonValueKind.Null && !IsStrings(names))
            {
                return (preferences, OpenAIError.WrongType($"provider.{list}", "an array of provider names"));
            }
        }

        if (!TryReadSort(provider.Get("sort"u8), preferences.Sort, out var sort))
        {
            return (preferences, OpenAIError.WrongType("provider.sort", "'price', 'throughput' or 'latency'"));
        }

        if (!TryReadMaxPrice(provider.Get("max_price"u8), out var maxPrice))
        {
            return (preferences, OpenAIError.WrongType("provider.max_price", "an object of prices in USD per million tokens"));
        }

        var required = provider.Get("require_parameters"u8).ValueKind == JsonValueKind.True;
        return (preferences with
        {
            Order = Strings(provider.Get("order"u8)),
            Only = Strings(provider.Get("only"u8)),
            Ignore = Strings(provider.Get("ignore"u8)),
            AllowFallbacks = provider.Get("allow_fallbacks"u8).ValueKind != JsonValueKind.False,
            RequireParameters = required,
            Parameters = required ? [.. body.EnumerateObject().Where(IsParameter).Select(member => member.Name)] : [],
            DenyDataCollection = provider.Text("data_collection"u8) == "deny",
            ZeroDataRetention = provider.Get("zdr"u8).ValueKind == JsonValueKind.True,
            Sort = sort,
            MaxPrice = maxPrice,
        }, null);
    }

    private static bool IsParameter(JsonProperty member) => member.Value.ValueKind != JsonValueKind.Null && !Is(member.Name) && !NoParameters.Contains(member.Name);

    // "price" | {"by":"price","partition":"model"}
    private static bool TryReadSort(JsonElement sort, RouteSort? usual, out RouteSort? by)
    {
        by = usual;
        if (!sort.Exists())
        {
            return true;
        }

        var name = sort.ValueKind == JsonValueKind.String ? sort.GetString() : sort.Text("by"u8);
        by = name switch
        {
            "price" => RouteSort.Price,
            "throughput" => RouteSort.Throughput,
            "latency" => RouteSort.Latency,
            _ => null,
        };
        return by is not null;
    }

    // {"prompt":1,"completion":"2.5"}: numbers or decimal strings
    private static bool TryReadMaxPrice(JsonElement price, out MaxPrice? most)
    {
        most = null;
        if (!price.Exists())
        {
            return true;
        }

        if (price.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        if (TryReadAmount(price.Get("prompt"u8), out var prompt) && TryReadAmount(price.Get("completion"u8), out var completion)
            && TryReadAmount(price.Get("request"u8), out var request) && TryReadAmount(price.Get("image"u8), out var image))
        {
            most = new MaxPrice(Currency.USD, prompt, completion, request, image);
            return true;
        }

        return false;
    }

    private static bool TryReadAmount(JsonElement amount, out long? nanos)
    {
        nanos = null;
        if (!amount.Exists())
        {
            return true;
        }

        var text = amount.ValueKind is JsonValueKind.Number ? amount.GetRawText() : amount.ValueKind is JsonValueKind.String ? amount.GetString() : null;
        if (!Money.TryParse(text, Currency.USD, out var money) || money.Nanos < 0)
        {
            return false;
        }

        nanos = money.Nanos;
        return true;
    }

    private static bool IsStrings(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String);

    private static IReadOnlyList<string> Strings(JsonElement list) => list.Exists() ? [.. list.EnumerateArray().Select(item => item.GetString()!)] : [];
}
