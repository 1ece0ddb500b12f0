using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using AiHub.Tests.Hub;
using Microsoft.Extensions.Logging.Abstractions;

namespace AiHub.Tests.Accounts;

/// <summary>A database with its ledger. When it ends, the books must be in order, whatever the tests did.</summary>
public sealed class LedgerFixture : IAsyncLifetime
{
    public TestDatabase Database { get; } = new();

    public Ledger Ledger { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Database.InitializeAsync();
        Ledger = new Ledger(Database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
    }

    public async Task DisposeAsync()
    {
        Assert.Empty(await Ledger.AuditAsync(Customer.Start, default));
        await Ledger.DisposeAsync();
        await Database.DisposeAsync();
    }

    internal Task<Customer> CustomerAsync(string plan = PlanIds.Free, Currency currency = Currency.USD) => Customer.OpenAsync(Database, Ledger, plan, currency);
}
