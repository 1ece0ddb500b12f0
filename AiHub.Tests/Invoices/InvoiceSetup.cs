using AiHub.Domain.Invoices;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Hub;
using AiHub.Tests.Management;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Invoices;

/// <summary>An organization at the management API with an open invoice.</summary>
internal static class InvoiceSetup
{
    public static async Task<T> OpenAsync<T>(ManagementHub hub, Func<Visitor, Guid, Task<T>> then, string currency = "USD")
    {
        var person = await hub.RegisterAsync(currency);
        return await then(person, await OpenAsync(hub, person));
    }

    public static Task<Guid> OpenAsync(ManagementHub hub, Visitor person, long nanos = 5_000_000_000) =>
        OpenAsync(hub.Database, person.OrganizationId, hub.Clock.GetUtcNow(), nanos);

    public static async Task<Guid> OpenAsync(TestDatabase database, Guid organization, DateTimeOffset now, long nanos = 5_000_000_000)
    {
        await database.AsAdminAsync<object>($"select set_credit_limit('{organization}', 1000000000000)");
        await database.AsAdminAsync<bool>(
            $"""
             select ledger_post(gen_random_uuid(), '{organization}', 'use-{Guid.CreateVersion7(now)}', 'test', 'wallet_purchased', 'usage_revenue',
                                (select currency from organizations where id = '{organization}'), {nanos}, '{now:O}', '{now:O}')
             """);
        await using var db = database.Open();
        return await db.InOrganizationAsync(organization, async () =>
        {
            var currency = (await db.Organizations.AsNoTracking().SingleAsync()).Currency;
            var seller = await db.LegalEntities.AsNoTracking().SingleAsync(entity => entity.Currency == currency);
            var (draft, _) = InvoiceDraft.OfMonth(
                organization, seller, [new UsageOfModel("sim/echo", "Echo", 3, 1_000, 2_000, nanos)], [], nanos, 0, now.AddDays(-30), now, $"usage:{Guid.CreateVersion7(now)}", now);
            await db.FinalizeAsync(draft!, now, default);
            return draft!.Invoice.Id;
        }, default);
    }
}
