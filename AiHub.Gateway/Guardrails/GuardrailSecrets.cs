using System.Security.Cryptography;
using AiHub.Domain;
using AiHub.Domain.Access;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Guardrails;

/// <summary>Seals what webhooks' requests are signed with, and makes guardrails ready for the calls of a key.</summary>
public sealed partial class GuardrailSecrets(IDataProtectionProvider protection, ILogger<GuardrailSecrets> logger)
{
    public string Seal(Guardrail row, string secret) => Protector(row).Protect(secret);

    /// <returns>Null when there is none, or it cannot be opened; then its webhook counts as one that does not answer.</returns>
    public string? Open(Guardrail row)
    {
        try
        {
            return row.Secret is null ? null : Protector(row).Unprotect(row.Secret);
        }
        catch (CryptographicException failure)
        {
            LogUnreadable(failure, row.Id);
            return null;
        }
    }

    /// <summary>Those of the organization at work and of one of its teams.</summary>
    public async Task<GuardrailSet> OfAsync(HubDb db, Guid? team, CancellationToken ct) => GuardrailSet.Of(
        await db.Guardrails.AsNoTracking().Where(row => row.Enabled && (row.TeamId == null || row.TeamId == team)).OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(ct), Open);

    private IDataProtector Protector(Guardrail row) => protection.CreateProtector("guardrails", row.OrganizationId.ToString(), row.Id.ToString());

    [LoggerMessage(LogLevel.Error, "The secret of guardrail {Guardrail} cannot be opened; rotate it.")]
    private partial void LogUnreadable(Exception failure, Guid guardrail);
}
