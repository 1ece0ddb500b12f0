using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Access;

/// <summary>The token that makes the first operator. A new hub has no default account; whoever reads the log of its migration is in charge.</summary>
public static class SetupTokens
{
    public const string Prefix = "ais_";
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomLength = 43;

    /// <summary>Issues a token when the hub has no operator and no token that still works. Needs the rights of whoever migrates.</summary>
    /// <returns>The token, this once; null when there is nothing to set up.</returns>
    public static async Task<string?> IssueSetupTokenAsync(this HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.Operators.AnyAsync(ct) || await db.SetupTokens.AnyAsync(token => token.UsedAt == null && token.ExpiresAt > now, ct))
        {
            return null;
        }

        var secret = Prefix + RandomNumberGenerator.GetString(Alphabet, RandomLength);
        db.SetupTokens.Add(new SetupToken { Hash = Hash(secret), CreatedAt = now, ExpiresAt = now + Lifetime });
        await db.SaveChangesAsync(ct);
        return secret;
    }

    /// <summary>Makes the person an operator, if the token is right. Works once.</summary>
    public static Task<bool> ClaimOperatorAsync(this HubDb db, string token, Guid userId, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select claim_operator({Hash(token)}, {userId}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
