namespace AiHub.Domain.Tenancy;

/// <summary>The organization whose rows a <see cref="HubDb"/> may see. Set by <see cref="InOrganization"/> alone, for the length of one unit of work.</summary>
public sealed class CurrentTenant
{
    /// <summary>The setting the row-level security policies read.</summary>
    public const string Setting = "app.organization_id";

    public Guid? OrganizationId { get; internal set; }
}
