using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Access;

/// <summary>What an organization has in its wallets and what calls have taken from them, for clients that ask with an API key.</summary>
internal readonly record struct Spending(Money Balance, Money Spent)
{
    public Money Total => Balance + Spent;

    public static Task<Spending> OfAsync(HubDb db, Caller caller, CancellationToken ct) => db.InOrganizationAsync(
        caller.OrganizationId,
        async () =>
        {
            var balance = await db.Accounts
                .Where(account => account.Kind == AccountKind.WalletPurchased || account.Kind == AccountKind.WalletGranted)
                .Join(db.Balances, account => account.Id, row => row.AccountId, (account, row) => row.Posted)
                .SumAsync(ct);
            var spent = await db.UsageRecords.SumAsync(record => record.ChargedNanos, ct);
            return new Spending(new Money(balance, caller.Currency), new Money(spent, caller.Currency));
        },
        ct);

    /// <summary>What one key has spent since a moment; the beginning when there is none.</summary>
    public static async Task<Money> SpentByKeyAsync(HubDb db, Caller caller, DateTimeOffset since, CancellationToken ct) =>
        new(await db.UsageRecords.Where(record => record.KeyId == caller.KeyId && record.OccurredAt >= since).SumAsync(record => record.ChargedNanos, ct), caller.Currency);
}
