using System.Globalization;
using AiHub.Gateway.Access;

namespace AiHub.Gateway.Caching;

public enum CacheUse
{
    /// <summary>Neither asked nor filled.</summary>
    Off,

    /// <summary>An answer kept is given; one that is not is kept.</summary>
    Use,

    /// <summary>A new answer takes the place of the one kept.</summary>
    Refresh,
}

/// <summary>What one request wants of the cache: its own headers, OpenRouter's, or what its key or organization does by default.</summary>
/// <param name="Said">The request itself said so.</param>
public readonly record struct CacheWish(CacheUse Use, TimeSpan Ttl, bool Said)
{
    public static CacheWish Of(IHeaderDictionary headers, Caller caller, AnswerCacheOptions options)
    {
        var said = Read(headers["x-aihub-cache"]) ?? Read(headers["x-openrouter-cache"]);
        if (said == CacheUse.Use && Read(headers["x-openrouter-cache-clear"]) == CacheUse.Use)
        {
            said = CacheUse.Refresh;
        }

        var use = said ?? (caller.CachesAnswers ? CacheUse.Use : CacheUse.Off);
        var ttl = Seconds(headers["x-aihub-cache-ttl"]) ?? Seconds(headers["x-openrouter-cache-ttl"]) ?? options.Ttl;
        return new CacheWish(options.Enabled ? use : CacheUse.Off, ttl < options.LongestTtl ? ttl : options.LongestTtl, said is not null);
    }

    private static CacheUse? Read(string? text) => text?.Trim().ToLowerInvariant() switch
    {
        "true" or "on" or "use" or "1" => CacheUse.Use,
        "refresh" => CacheUse.Refresh,
        "false" or "off" or "bypass" or "0" => CacheUse.Off,
        // What is not a word of this header asks for nothing.
        _ => null,
    };

    private static TimeSpan? Seconds(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;
}
