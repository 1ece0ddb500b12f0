using System.Collections.Frozen;
using System.Net;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Refusals;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>A key that manages instead of calling models, as one call was made with it.</summary>
public sealed record ManagementKey(FoundApiKey Found)
{
    // Last used is shown to the minute; writing it more often would say nothing more.
    private static readonly TimeSpan UseIsNews = TimeSpan.FromMinutes(1);

    public Guid Id => Found.Id;

    public Guid OrganizationId => Found.OrganizationId;

    public FrozenSet<Permission> Scopes { get; } = Found.Scopes.Select(Permissions.Find).OfType<Permission>().ToFrozenSet();

    public IReadOnlyList<IPNetwork> Networks { get; } = [.. Found.AllowedIps.Select(text => IPNetwork.Parse(text))];

    /// <returns>The key, or why it opens nothing.</returns>
    public static async Task<(ManagementKey? Key, ProblemKind? Refusal)> FindAsync(HubDb db, string secret, IPAddress? from, DateTimeOffset now, CancellationToken ct)
    {
        var found = await db.FindApiKey(ApiKeySecret.Hash(secret)).AsNoTracking().FirstOrDefaultAsync(ct);
        if (found is not { RevokedAt: null, DisabledAt: null, Role: not null } || (found.Replaced && !(found.PreviousExpiresAt > now)))
        {
            return (null, ProblemKind.InvalidToken);
        }

        if (found.ExpiresAt <= now)
        {
            return (null, ProblemKind.TokenExpired);
        }

        if (found.Scopes.Contains(KeyScopes.Models))
        {
            return (null, ProblemKind.ModelKey);
        }

        var key = new ManagementKey(found);
        if (key.Networks.Count > 0 && !AllowedNetworks.Contain(key.Networks, from))
        {
            return (null, ProblemKind.AddressNotAllowed);
        }

        if (found.LastUsedAt is null || now - found.LastUsedAt >= UseIsNews)
        {
            await db.InOrganizationAsync(
                found.OrganizationId,
                () => db.ApiKeys.Where(row => row.Id == found.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.LastUsedAt, now), ct),
                ct);
        }

        return (key, null);
    }
}
