using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Caching;

public sealed class AnswerCacheOptions
{
    public const string Section = "AnswerCache";

    /// <summary>False: no answer is kept or given again, whatever requests ask for.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>How long an answer is kept when the request does not say.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest a request may ask for.</summary>
    public TimeSpan LongestTtl { get; init; } = TimeSpan.FromDays(1);

    /// <summary>What an answer from the cache costs, in percent of its list price and its plan tokens.</summary>
    [Range(0, 100)]
    public int PricePercent { get; init; }

    /// <summary>Longer answers are not kept.</summary>
    [Range(1, 64 * 1024 * 1024)]
    public int MostBytes { get; init; } = 1024 * 1024;
}

[OptionsValidator]
public sealed partial class AnswerCacheOptionsValidator : IValidateOptions<AnswerCacheOptions>;
