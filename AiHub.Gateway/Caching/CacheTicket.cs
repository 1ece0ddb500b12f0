namespace AiHub.Gateway.Caching;

public enum CacheStatus
{
    /// <summary>The request did not want it.</summary>
    Bypass,
    Miss,
    Refresh,
    Hit,
}

/// <summary>What the cache has to do with one call: an answer to give again, or where to keep the new one.</summary>
/// <param name="Key">Null when nothing is to be kept.</param>
public sealed record CacheTicket(CacheStatus Status, string? Key = null, TimeSpan Ttl = default, KeptAnswer? Answer = null, TimeSpan Age = default);
