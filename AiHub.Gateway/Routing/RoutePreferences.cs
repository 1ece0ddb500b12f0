namespace AiHub.Gateway.Routing;

/// <summary>A strict order of endpoints a request may ask for; without one, calls are spread over them.</summary>
public enum RouteSort
{
    /// <summary>The cheapest first.</summary>
    Price,

    /// <summary>The one that writes the most tokens a second first.</summary>
    Throughput,

    /// <summary>The one that begins to answer soonest first.</summary>
    Latency,
}

/// <summary>
/// What one request says about who shall answer it, whichever dialect it came in. A dialect fills what its clients can say;
/// <see cref="None"/> says nothing. Vendors are named by their ids in the catalogue, models by ids or aliases.
/// </summary>
public sealed record RoutePreferences
{
    public static readonly RoutePreferences None = new();

    /// <summary><c>models[]</c>: tried in this order when the model of the request cannot answer.</summary>
    public IReadOnlyList<string> FallbackModels { get; init; } = [];

    /// <summary><c>provider.order</c>: these first, in this order; the others after them if fallbacks are allowed.</summary>
    public IReadOnlyList<string> Order { get; init; } = [];

    /// <summary><c>provider.only</c>: nobody else; empty allows all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary><c>provider.ignore</c>: never these.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary><c>provider.sort</c>; null spreads calls by the hub's policy.</summary>
    public RouteSort? Sort { get; init; }

    /// <summary><c>provider.max_price</c>.</summary>
    public MaxPrice? MaxPrice { get; init; }

    /// <summary><c>provider.allow_fallbacks</c>: false asks only the first endpoint.</summary>
    public bool AllowFallbacks { get; init; } = true;

    /// <summary><c>provider.require_parameters</c>: only endpoints whose model supports every one of <see cref="Parameters"/>.</summary>
    public bool RequireParameters { get; init; }

    /// <summary>The names of the request's parameters that a model must know, as the catalogue spells them (<c>tools</c>, <c>response_format</c> …).</summary>
    public IReadOnlyCollection<string> Parameters { get; init; } = [];

    /// <summary><c>provider.data_collection: "deny"</c>: only vendors known not to keep or train on prompts.</summary>
    public bool DenyDataCollection { get; init; }

    /// <summary><c>provider.zdr</c>: only vendors known to retain nothing.</summary>
    public bool ZeroDataRetention { get; init; }

    /// <summary>
    /// What the client calls the conversation: <c>session_id</c>, else <c>prompt_cache_key</c>, else <c>user</c>.
    /// Null: the beginning of the conversation stands for it.
    /// </summary>
    public string? Session { get; init; }

    /// <summary>A service class with a price of its own: <c>flex</c>, <c>priority</c>. Empty is the usual one (<c>auto</c>, <c>default</c>).</summary>
    public string ServiceTier { get; init; } = "";
}

/// <summary>The most a request agrees to pay, in nano-units of <see cref="Currency"/>; null sets no limit.</summary>
/// <param name="PromptNanos">Per million tokens of the prompt.</param>
/// <param name="CompletionNanos">Per million tokens of the answer.</param>
/// <param name="RequestNanos">Per request.</param>
/// <param name="ImageNanos">Per image.</param>
public sealed record MaxPrice(
    Domain.Currency Currency, long? PromptNanos = null, long? CompletionNanos = null, long? RequestNanos = null, long? ImageNanos = null);
