namespace AiHub.Domain.Catalog;

/// <summary>A model as callers name it, whoever serves it.</summary>
public sealed class Model
{
    /// <summary><c>author/slug</c>.</summary>
    public required string Id { get; init; }
    public required string Name { get; set; }

    /// <summary>Other names callers may use.</summary>
    public string[] Aliases { get; set; } = [];
    public int? ContextLength { get; set; }
    public int? MaxOutputTokens { get; set; }
    public string[] InputModalities { get; set; } = ["text"];
    public string[] OutputModalities { get; set; } = ["text"];
    public Weights Weights { get; set; } = Weights.One;
    public bool Enabled { get; set; } = true;
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>One vendor's serving of one model.</summary>
public sealed class Upstream
{
    public required Guid Id { get; init; }
    public required string ModelId { get; init; }
    public required string VendorId { get; init; }

    /// <summary>What the vendor calls the model.</summary>
    public required string VendorModel { get; init; }

    /// <summary>Lower is tried first.</summary>
    public int Priority { get; set; }

    /// <summary>Its share among upstreams of the same priority.</summary>
    public int Weight { get; set; } = 1;
    public bool Enabled { get; set; } = true;
}
