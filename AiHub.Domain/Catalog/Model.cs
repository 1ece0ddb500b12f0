namespace AiHub.Domain.Catalog;

/// <summary>A model as callers name it, whoever serves it.</summary>
public sealed class Model
{
    /// <summary><c>author/slug</c>.</summary>
    public required string Id { get; init; }
    public required string Name { get; set; }

    /// <summary>What it is asked for, hence where it can be called and what has to be priced.</summary>
    public ModelKind Kind { get; set; }

    /// <summary>Other names callers may use.</summary>
    public string[] Aliases { get; set; } = [];
    public int? ContextLength { get; set; }
    public int? MaxOutputTokens { get; set; }
    public string[] InputModalities { get; set; } = ["text"];
    public string[] OutputModalities { get; set; } = ["text"];
    /// <summary>The request parameters it knows, for callers who insist on them; empty when nobody has looked.</summary>
    public string[] SupportedParameters { get; set; } = [];
    public Weights Weights { get; set; } = Weights.One;

    /// <summary>Its place among the models that <c>auto</c> chooses from; null when it is none of them.</summary>
    public int? AutoRank { get; set; }
    public bool Enabled { get; set; } = true;

    /// <summary>An operator edits it here; imports leave it alone.</summary>
    public bool Managed { get; set; }

    /// <summary>Where these facts come from and as of when.</summary>
    public string? Source { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>One vendor's serving of one model, from one of its regions and with one pool of keys: an endpoint, in the words of the wire.</summary>
public sealed class Upstream
{
    public required Guid Id { get; init; }
    public required string ModelId { get; init; }
    public required string VendorId { get; init; }

    /// <summary>What the vendor calls the model.</summary>
    public required string VendorModel { get; init; }

    /// <summary>Where it runs, in the vendor's own word; empty when the vendor has but one.</summary>
    public string Region { get; set; } = "";

    /// <summary>The address of its region; null for the vendor's own.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>Which of the vendor's keys it may use.</summary>
    public string KeyPool { get; set; } = VendorKey.DefaultPool;

    /// <summary>Lower is tried first.</summary>
    public int Priority { get; set; }

    /// <summary>Its share among upstreams of the same priority.</summary>
    public int Weight { get; set; } = 1;
    public bool Enabled { get; set; } = true;

    /// <summary>An operator edits it here; imports leave it alone.</summary>
    public bool Managed { get; set; }
}
