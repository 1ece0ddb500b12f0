using AiHub.Domain.Access;
using AiHub.Tests.Management;
using AiHub.Tests.Usage;

namespace AiHub.Tests.Organizations;

/// <summary>Things of an organization that come from channels, vendors and browsers, put where those would have put them.</summary>
internal static class Belongings
{
    public static async Task<Guid> AddOrderAsync(this ManagementHub hub, Guid organization, Guid user, string currency, bool paid = false)
    {
        var now = hub.Clock.GetUtcNow();
        var (order, journal) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now));
        await hub.Database.AsAdminAsync<Guid>(
            $"""
             insert into payment_orders (id, organization_id, user_id, purpose, channel, scene, status, client_address, currency, amount_minor, out_trade_no, created_at, expires_at, checks)
             values ('{order}', '{organization}', '{user}', 'top_up', 'stripe', 'desktop', 'created', '127.0.0.1', '{currency}', 1000, '{order:N}', '{now:O}', '{now.AddHours(1):O}', 0)
             returning id
             """);
        if (paid)
        {
            await hub.Database.AsAdminAsync<string>(
                $"select payment_credit('{order}', 'stripe', 'test', 'test', null, null, '{currency}', 1000, 'pi_{order:N}', '{now:O}', '{journal}', '{now:O}')");
        }

        return order;
    }

    /// <summary>A message about an alert that its receiver did not take.</summary>
    public static async Task<Guid> AddDeliveryAsync(this ManagementHub hub, Guid organization, Guid channel)
    {
        var now = hub.Clock.GetUtcNow();
        var (firing, delivery) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now));
        return await hub.Database.AsAdminAsync<Guid>(
            $"""
             insert into alert_firings (id, organization_id, kind, source_id, name, period, threshold, used_amount, of_amount, unit, fired_at)
             values ('{firing}', '{organization}', 'quota', '{firing}', 'quota', 'p', 80, 8, 10, 'TOK', '{now:O}');
             insert into alert_deliveries (id, organization_id, firing_id, channel_id, state, attempts, next_attempt_at, created_at)
             values ('{delivery}', '{organization}', '{firing}', '{channel}', 'parked', 10, '{now:O}', '{now:O}') returning id
             """);
    }

    /// <summary>Money that was paid and used, so that a fapiao may be asked for.</summary>
    public static async Task SpendAsync(this ManagementHub hub, Guid organization)
    {
        var now = hub.Clock.GetUtcNow();
        foreach (var (key, from, to) in new[] { ("paid", "payments", "wallet_purchased"), ("used", "wallet_purchased", "usage_revenue") })
        {
            await hub.Database.AsAdminAsync<bool>($"select ledger_post(gen_random_uuid(), '{organization}', '{key}', 'test', '{from}', '{to}', 'CNY', 10000000000, '{now:O}', '{now:O}')");
        }
    }

    public static async Task<Guid> AddCallAsync(this ManagementHub hub, Guid organization)
    {
        await using var db = hub.Database.OpenAsAdmin();
        var call = UsageRollUpTests.Record(organization, hub.Clock.GetUtcNow(), new Random(5));
        db.UsageRecords.Add(call);
        await db.SaveChangesAsync();
        return call.Id;
    }

    public static async Task<Guid> AddPasskeyAsync(this ManagementHub hub, Visitor person, string name)
    {
        await using var db = hub.Database.OpenAsAdmin();
        var passkey = new Passkey
        {
            Id = Guid.CreateVersion7(),
            UserId = person.UserId,
            CredentialId = person.UserId.ToByteArray(),
            Name = name,
            PublicKey = [1],
            SignCount = 0,
            Transports = [],
            UserVerified = true,
            BackupEligible = false,
            BackedUp = false,
            AttestationObject = [1],
            ClientDataJson = [1],
            CreatedAt = hub.Clock.GetUtcNow(),
        };
        db.Passkeys.Add(passkey);
        await db.SaveChangesAsync();
        return passkey.Id;
    }
}
