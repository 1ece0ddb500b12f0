using System.Security.Cryptography;
using System.Text.Json;
using AiHub.Contracts;
using AiHub.Portal.Management;
using AiHub.Portal.Resources;
using AiHub.Portal.SignIn;
using Microsoft.AspNetCore.DataProtection;
using StackExchange.Redis;

namespace AiHub.Portal.Playground;

/// <summary>
/// The key the playground calls models with, one for each person in each organization and never in the browser: an ordinary key of theirs, so that
/// limits, budgets and the request log apply, which lives an hour and is kept encrypted beside the sessions.
/// </summary>
public sealed class PlaygroundKey(ManagementClient management, Session session, IConnectionMultiplexer redis, IDataProtectionProvider protection, TimeProvider time)
{
    /// <summary>Calls from the playground are filed under it.</summary>
    public const string TagName = "source";
    public const string TagValue = "playground";

    private const int OverlapSeconds = 300;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LockLength = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);

    private readonly IDataProtector _protector = protection.CreateProtector("AiHub.Portal.PlaygroundKey");

    /// <returns>The problem when the visitor may not have a key.</returns>
    public async Task<Answer<string>> SecretAsync(CancellationToken ct)
    {
        var cache = redis.GetDatabase();
        var name = $"portal:playground:{session.Me!.User.Id}:{session.Organization.Id}";
        var holder = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        // Several answers are asked for at once; one of them gets the key.
        while (!await cache.LockTakeAsync(name + ":lock", holder, LockLength))
        {
            await Task.Delay(Pause, ct);
        }

        try
        {
            if ((byte[]?)await cache.StringGetAsync(name) is { } kept)
            {
                return new Answer<string>(JsonSerializer.Deserialize<string>(_protector.Unprotect(kept)), null);
            }

            var (created, problem) = await IssueAsync(ct);
            if (created is null)
            {
                return new Answer<string>(null, problem);
            }

            await cache.StringSetAsync(name, _protector.Protect(JsonSerializer.SerializeToUtf8Bytes(created.Key)), Lifetime - RenewBefore);
            return new Answer<string>(created.Key, null);
        }
        finally
        {
            await cache.LockReleaseAsync(name + ":lock", holder);
        }
    }

    /// <summary>Forgets the key; the next call makes another.</summary>
    public Task ForgetAsync() => redis.GetDatabase().KeyDeleteAsync($"portal:playground:{session.Me!.User.Id}:{session.Organization.Id}");

    private async Task<Answer<CreatedApiKey>> IssueAsync(CancellationToken ct)
    {
        var until = time.GetUtcNow() + Lifetime;
        var mine = (await management.AllKeysAsync(ct)).FirstOrDefault(key =>
            key.OwnerId == session.Me!.User.Id && key.Tags.GetValueOrDefault(TagName) == TagValue);
        if (mine is null)
        {
            return await management.CreateKeyAsync(new NewApiKey(Text.Playground_KeyName, until, Tags: new Dictionary<string, string> { [TagName] = TagValue }), ct);
        }

        var (_, problem) = await management.ChangeKeyAsync(mine.Id, new ApiKeyChange(ExpiresAt: until, Enabled: true), ct);
        return problem is null ? await management.RotateKeyAsync(mine.Id, OverlapSeconds, ct) : new Answer<CreatedApiKey>(null, problem);
    }
}
