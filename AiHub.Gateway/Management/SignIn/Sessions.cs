using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>Starts, renews and ends sessions.</summary>
public static class Sessions
{
    private const int LongestUserAgent = 300;

    /// <summary>Adds a session to what will be saved.</summary>
    public static TokenPair StartSession(this HubDb db, Guid userId, HttpContext http, DateTimeOffset now, Guid? signOnOrganizationId = null)
    {
        var id = Guid.CreateVersion7(now);
        var tokens = NewPair(id);
        var agent = http.Request.Headers.UserAgent.ToString();

        db.Sessions.Add(new Session
        {
            Id = id,
            UserId = userId,
            AccessHash = SignInTokens.Hash(tokens.AccessToken),
            AccessExpiresAt = now + SignInTokens.AccessLifetime,
            RefreshHash = SignInTokens.Hash(tokens.RefreshToken),
            RefreshExpiresAt = now + SignInTokens.RefreshLifetime,
            CreatedAt = now,
            SignOnOrganizationId = signOnOrganizationId,
            UserAgent = agent.Length > LongestUserAgent ? agent[..LongestUserAgent] : agent,
            Address = ClientAddress.Of(http),
        });

        return tokens;
    }

    /// <returns>New tokens in exchange for the right one, or null.</returns>
    public static async Task<TokenPair?> RenewSessionAsync(this HubDb db, Guid id, byte[] refreshHash, DateTimeOffset now, CancellationToken ct)
    {
        var tokens = NewPair(id);
        var (access, refresh) = (SignInTokens.Hash(tokens.AccessToken), SignInTokens.Hash(tokens.RefreshToken));
        var (accessEnds, refreshEnds) = (now + SignInTokens.AccessLifetime, now + SignInTokens.RefreshLifetime);

        // One statement, so that a token exchanged twice at once is exchanged once.
        var renewed = await db.Sessions
            .Where(session => session.Id == id && session.RefreshHash == refreshHash && session.RevokedAt == null && session.RefreshExpiresAt > now)
            .ExecuteUpdateAsync(set => set
                .SetProperty(session => session.PreviousRefreshHash, session => session.RefreshHash)
                .SetProperty(session => session.RefreshHash, refresh)
                .SetProperty(session => session.RefreshExpiresAt, refreshEnds)
                .SetProperty(session => session.AccessHash, access)
                .SetProperty(session => session.AccessExpiresAt, accessEnds), ct);

        return renewed == 1 ? tokens : null;
    }

    /// <returns>False when it had ended before.</returns>
    public static async Task<bool> EndSessionAsync(this HubDb db, Guid id, DateTimeOffset now, CancellationToken ct) =>
        await db.Sessions
            .Where(session => session.Id == id && session.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(session => session.RevokedAt, now), ct) == 1;

    /// <summary>Ends every session of a person, but for one if one is named.</summary>
    /// <returns>How many there were.</returns>
    public static Task<int> EndSessionsAsync(this HubDb db, Guid userId, Guid? except, DateTimeOffset now, CancellationToken ct) =>
        db.Sessions
            .Where(session => session.UserId == userId && session.RevokedAt == null && session.Id != except)
            .ExecuteUpdateAsync(set => set.SetProperty(session => session.RevokedAt, now), ct);

    private static TokenPair NewPair(Guid sessionId) =>
        new(SignInTokens.NewAccess(), SignInTokens.NewRefresh(sessionId), (int)SignInTokens.AccessLifetime.TotalSeconds);
}
