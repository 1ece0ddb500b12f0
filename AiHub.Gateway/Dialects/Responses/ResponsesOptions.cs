using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Dialects.Responses;

public sealed class ResponsesOptions
{
    public const string Section = "Responses";

    /// <summary>How long a stored response can be built on, counted from its last use.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// What holds for a request that says nothing about <c>store</c>. OpenAI keeps such responses; the hub does not keep what people
    /// said unless they ask for it.
    /// </summary>
    public bool StoreByDefault { get; set; }

    /// <summary>The longest conversation turn, in bytes of JSON, that is stored.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int LongestStored { get; set; } = 16 * 1024 * 1024;
}

[OptionsValidator]
public sealed partial class ResponsesOptionsValidator : IValidateOptions<ResponsesOptions>;
