namespace AiHub.Domain;

/// <summary>The currencies an organization can be billed in. Stored and sent by name (ISO 4217).</summary>
public enum Currency
{
    USD,
    CNY,
}
