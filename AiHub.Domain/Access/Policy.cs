namespace AiHub.Domain.Access;

/// <summary>What an organization, or one of its teams, lets its calls do. A team's can only narrow its organization's: a call must satisfy both.</summary>
public sealed class Policy
{
    /// <summary>Whose it is: the team's id, or the organization's. So nobody has two.</summary>
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }

    /// <summary>Null for the organization's own.</summary>
    public Guid? TeamId { get; init; }

    /// <summary>Vendor ids; empty allows all.</summary>
    public string[] AllowedVendors { get; set; } = [];
    public string[] DeniedVendors { get; set; } = [];

    /// <summary>Model ids; empty allows all.</summary>
    public string[] AllowedModels { get; set; } = [];
    public string[] DeniedModels { get; set; } = [];

    /// <summary>Only vendors that serve under the law of this country, ISO 3166; null allows all.</summary>
    public string? Country { get; set; }

    /// <summary>Only vendors known neither to keep prompts nor to train on them.</summary>
    public bool ZeroRetention { get; set; }

    /// <summary>Names of the tags a key must have to call anything.</summary>
    public string[] RequiredTags { get; set; } = [];

    /// <summary>Whether prompts and answers are kept; null leaves it to the organization, whose null means no. A team can only say no.</summary>
    public bool? CapturesContent { get; set; }

    /// <summary>Until what is kept is deleted.</summary>
    public int? RetentionDays { get; set; }

    /// <summary>Parameters for calls that do not say, as a JSON object; null for none.</summary>
    public string? DefaultParameters { get; set; }
    public required DateTimeOffset UpdatedAt { get; set; }
}
