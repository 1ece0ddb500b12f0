using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>Lets people in: every way of signing in ends here.</summary>
public static class Admittance
{
    /// <summary>After a password or an identity provider: a session, or the question for a code where the person has an authenticator.</summary>
    public static async Task<Results<Ok<TokenPair>, Accepted<SecondFactorNeeded>>> GoOnAsync(
        this HubDb db, SecondFactor second, User user, FirstFactor first, HttpContext http, DateTimeOffset now, CancellationToken ct) =>
        user.TwoFactorEnabled
            ? TypedResults.Accepted((string?)null, await second.ChallengeAsync(user.Id, first, now, ct))
            : TypedResults.Ok(await db.SignInAsync(user.Id, first, null, http, now, ct));

    /// <summary>Starts the session and writes down how.</summary>
    public static Task<TokenPair> SignInAsync(this HubDb db, Guid userId, FirstFactor first, string? second, HttpContext http, DateTimeOffset now, CancellationToken ct) =>
        db.InPersonalOrganizationAsync(userId, async () =>
        {
            var tokens = db.StartSession(userId, http, now, first.SignOnOrganizationId);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(userId), "user.signed_in", userId.ToString(), null, new { by = first.Method, second, organization = first.SignOnOrganizationId }, now, ct);
            return tokens;
        }, ct);
}
