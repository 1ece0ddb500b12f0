namespace AiHub.Domain.Catalog;

/// <summary>Who serves models, and how to speak to them. Its keys are configuration, or <see cref="VendorKey"/> rows that nobody can read without the hub.</summary>
public sealed class Vendor
{
    public required string Id { get; init; }
    public required string Name { get; set; }
    public required string BaseUrl { get; set; }

    /// <summary>The wire dialect of <see cref="BaseUrl"/>: <c>openai</c> or <c>anthropic</c>.</summary>
    public required string Dialect { get; set; }

    /// <summary>The well-known environment variable of its key; null when it needs none.</summary>
    public string? KeyVariable { get; set; }
    public bool Enabled { get; set; } = true;

    /// <summary>The country whose law it serves under, ISO 3166; null when unknown, which no policy takes for any country.</summary>
    public string? Country { get; set; }

    /// <summary>Whether it keeps prompts; null when nobody has looked, which counts as yes.</summary>
    public bool? RetainsPrompts { get; set; }

    /// <summary>Whether it trains on prompts; null when nobody has looked, which counts as yes.</summary>
    public bool? TrainsOnPrompts { get; set; }

    /// <summary>An operator trusts it to live in a private address range.</summary>
    public bool AllowPrivateNetwork { get; set; }

    /// <summary>An operator edits it here; imports leave it alone.</summary>
    public bool Managed { get; set; }

    /// <summary>How it differs from its dialect, for example <c>stream_options: false</c>.</summary>
    public Dictionary<string, string> Quirks { get; set; } = [];

    /// <summary>Where these facts come from.</summary>
    public required string Source { get; set; }
}
