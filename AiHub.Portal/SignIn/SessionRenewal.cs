using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AiHub.Portal.Management;
using Microsoft.AspNetCore.DataProtection;
using StackExchange.Redis;

namespace AiHub.Portal.SignIn;

/// <summary>
/// Trades an old pair of tokens for a new one exactly once, however many requests of one browser arrive with the old pair and
/// on whichever replica: a refresh token used twice would end the session.
/// </summary>
public sealed class SessionRenewal(ManagementClient management, IConnectionMultiplexer redis, IDataProtectionProvider protection, TimeProvider time)
{
    // Long enough for the requests that were under way with the old cookie, short enough that a stolen old cookie is soon worthless.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LockLength = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);

    private readonly IDataProtector _protector = protection.CreateProtector("AiHub.Portal.SessionRenewal");

    /// <returns>The same tokens while they are good for a while, else new ones; null when the session has ended.</returns>
    public async Task<SessionTokens?> FreshAsync(SessionTokens tokens) =>
        tokens.AccessEndsAt - RenewBefore > time.GetUtcNow() ? tokens : await RenewAsync(tokens);

    private async Task<SessionTokens?> RenewAsync(SessionTokens old)
    {
        var cache = redis.GetDatabase();
        var name = "portal:renewal:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(old.Refresh)));
        var lockName = name + ":lock";
        var holder = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

        while (!await cache.LockTakeAsync(lockName, holder, LockLength))
        {
            if (await KeptAsync(cache, name) is { } renewed)
            {
                return renewed;
            }

            await Task.Delay(Pause);
        }

        try
        {
            if (await KeptAsync(cache, name) is { } renewed)
            {
                return renewed;
            }

            // Not the visitor's cancellation: once the gateway has rotated the pair, the new one must not get lost.
            var answer = await management.RefreshAsync(old.Refresh, CancellationToken.None);
            if (answer.Value is not { } pair)
            {
                return null;
            }

            var tokens = SessionTokens.Of(pair, time.GetUtcNow());
            await cache.StringSetAsync(name, _protector.Protect(JsonSerializer.SerializeToUtf8Bytes(tokens)), Kept);
            return tokens;
        }
        finally
        {
            await cache.LockReleaseAsync(lockName, holder);
        }
    }

    private async Task<SessionTokens?> KeptAsync(IDatabase cache, string name) =>
        (byte[]?)await cache.StringGetAsync(name) is { } kept
            ? JsonSerializer.Deserialize<SessionTokens>(_protector.Unprotect(kept))
            : null;
}
