namespace AiHub.Domain.Catalog;

/// <summary>Who serves models, and how to speak to them. Its secret is configuration, never a row.</summary>
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

    /// <summary>How it differs from its dialect, for example <c>stream_options: false</c>.</summary>
    public Dictionary<string, string> Quirks { get; set; } = [];

    /// <summary>Where these facts come from.</summary>
    public required string Source { get; set; }
}
