using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Invoices;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Invoices;

/// <summary>Customers in China who pay after the month, over the real ledger.</summary>
public abstract class PostpaidTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    // When operators are at their desks.
    private static readonly DateTimeOffset Desk = new(2026, 6, 5, 16, 0, 0, TimeSpan.Zero);

    private protected LedgerFixture Books => books;

    private protected async Task<Customer> PostpaidAsync(long limit)
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise, Currency.CNY);
        await customer.SetCreditLimitAsync(limit);
        return customer;
    }

    private protected async Task UseAsync(Customer customer, long nanos, DateTimeOffset at, string model = "sim/echo")
    {
        var outcome = await customer.AskAsync(10, nanos: nanos, at: at, currency: Currency.CNY);
        Assert.Null(outcome.Refusal);
        await books.Ledger.SettleAsync(new Settlement(outcome.Hold!.Id, customer.Usage(outcome.Hold, 10, nanos, at, model), at), default);
    }

    private protected async Task<long> CreditLeftAsync(Customer customer)
    {
        await using var db = books.Database.OpenAsAdmin();
        return await db.Balances.Where(balance => db.Accounts.Any(account => account.Id == balance.AccountId && account.OrganizationId == customer.Id && account.Kind == AccountKind.WalletPurchased))
            .Select(balance => balance.Posted - balance.Held - balance.Floor).SingleAsync();
    }

    private protected async Task<List<(Invoice Invoice, List<InvoiceLine> Lines)>> InvoicesAsync(Customer customer)
    {
        await using var db = books.Database.Open();
        return await db.InOrganizationAsync(customer.Id, async () =>
        {
            var lines = await db.InvoiceLines.AsNoTracking().OrderBy(line => line.Position).ToListAsync();
            return (await db.Invoices.AsNoTracking().ToListAsync()).ConvertAll(invoice => (invoice, lines.Where(line => line.InvoiceId == invoice.Id).ToList()));
        }, default);
    }

    private protected async Task<T> OperateAsync<T>(Customer customer, Func<HubDb, DateTimeOffset, Task<T>> work)
    {
        await books.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{customer.OwnerId}', '2026-01-01') on conflict (user_id) do update set created_at = excluded.created_at returning user_id");
        await using var db = books.Database.Open();
        return await db.InOrganizationAsync(customer.Id, async () =>
        {
            await db.Database.ExecuteSqlAsync($"select set_config('app.operator_id', {customer.OwnerId.ToString()}, true)");
            return await work(db, Desk);
        }, default);
    }
}
