using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators;

public sealed class SimulatorOptions
{
    public const string Section = "Simulators";

    /// <summary>Opens a simulated vendor to nobody but a local caller, and so is no secret.</summary>
    public const string DevelopmentKey = "sk-sim-local-development-only";

    /// <summary>The one key that simulated vendors accept.</summary>
    [Required, RegularExpression("^sk-[A-Za-z0-9_-]{8,}$", ErrorMessage = "A simulated vendor's key looks like sk-… Set Simulators__ApiKey.")]
    public string ApiKey { get; set; } = DevelopmentKey;

    /// <summary>The pace of model <c>slow</c> where the message does not set one.</summary>
    public TimeSpan SlowFirstToken { get; set; } = TimeSpan.FromSeconds(2);

    public TimeSpan SlowBetweenChunks { get; set; } = TimeSpan.FromMilliseconds(100);

    [Range(1, int.MaxValue)]
    public int ContextTokens { get; set; } = 128_000;

    /// <summary>Above this a simulated vendor really answers 429.</summary>
    [Range(1, int.MaxValue)]
    public int RequestsPerMinute { get; set; } = 10_000_000;

    /// <summary>What the huge body and the gzip bomb come to, unpacked.</summary>
    [Range(1, long.MaxValue)]
    public long HugeBytes { get; set; } = 100 * 1024 * 1024;

    /// <summary>The newest requests that are kept, with their bodies, for inspection.</summary>
    [Range(1, 1_000_000)]
    public int KeptRequests { get; set; } = 2_000;

    [Range(1, long.MaxValue)]
    public long KeptBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>The newest entries of the record of served tokens that are kept.</summary>
    [Range(1, 10_000_000)]
    public int KeptAnswers { get; set; } = 500_000;
}

[OptionsValidator]
public sealed partial class SimulatorOptionsValidator : IValidateOptions<SimulatorOptions>;
