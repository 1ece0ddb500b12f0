namespace AiHub.Contracts;

/// <summary>What the management API and its callers must spell the same way.</summary>
public static class ApiHeaders
{
    public const string OrganizationId = "X-Organization-Id";
    public const string IdempotencyKey = "Idempotency-Key";
}
