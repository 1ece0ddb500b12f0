using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace AiHub.Contracts;

/// <summary>What an organization or a team lets its calls do; the whole of it, what is left out is unrestricted.</summary>
/// <param name="Country">Only vendors under the law of this country, for example <c>CN</c>.</param>
/// <param name="ZeroRetention">Only vendors known neither to keep prompts nor to train on them.</param>
/// <param name="Content">Whether what is said is kept; null leaves it as it is.</param>
/// <param name="DefaultParameters">For calls that do not say; an empty object removes them, null leaves them as they are.</param>
public sealed record PolicyRules(
    [property: MaxLength(200)] IReadOnlyList<string>? AllowedVendors = null,
    [property: MaxLength(200)] IReadOnlyList<string>? DeniedVendors = null,
    [property: MaxLength(500)] IReadOnlyList<string>? AllowedModels = null,
    [property: MaxLength(500)] IReadOnlyList<string>? DeniedModels = null,
    [property: StringLength(2, MinimumLength = 2)] string? Country = null,
    bool ZeroRetention = false,
    [property: MaxLength(20)] IReadOnlyList<string>? RequiredTags = null,
    ContentRules? Content = null,
    JsonElement? DefaultParameters = null);

/// <param name="UpdatedAt">Null when nothing was ever decided, so that all is allowed.</param>
public sealed record PolicyView(
    IReadOnlyList<string> AllowedVendors,
    IReadOnlyList<string> DeniedVendors,
    IReadOnlyList<string> AllowedModels,
    IReadOnlyList<string> DeniedModels,
    string? Country,
    bool ZeroRetention,
    IReadOnlyList<string> RequiredTags,
    DateTimeOffset? UpdatedAt,
    ContentRules? Content = null,
    JsonElement? DefaultParameters = null);
