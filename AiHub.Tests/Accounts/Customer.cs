using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Accounts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Tests.Accounts;

/// <summary>An organization with a plan, and what happens on its accounts.</summary>
internal sealed class Customer(TestDatabase database, Ledger ledger)
{
    public static readonly DateTimeOffset Start = new(2026, 5, 20, 8, 0, 0, TimeSpan.Zero);
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    public Guid Id { get; } = Guid.CreateVersion7();
    public Guid OwnerId { get; } = Guid.CreateVersion7();
    public Guid KeyId { get; } = Guid.CreateVersion7();

    public static async Task<Customer> OpenAsync(
        TestDatabase database, Ledger ledger, string plan = PlanIds.Free, Currency currency = Currency.USD, DateTimeOffset? at = null, string timeZone = Organization.DefaultTimeZone)
    {
        var customer = new Customer(database, ledger);
        await using var db = database.Open();
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            var now = at ?? Start;
            db.Users.Add(new User { Id = customer.OwnerId, Email = $"{customer.OwnerId}@example.com", NormalizedEmail = $"{customer.OwnerId:N}", DisplayName = "Wei", CreatedAt = now });
            await db.SaveChangesAsync();
            await db.OpenOrganizationAsync(
                new Organization { Id = customer.Id, Name = "Acme", Currency = currency, TimeZone = timeZone, CreatedAt = now }, customer.OwnerId, plan, now, default);
        }, default);
        return customer;
    }

    public Task<HoldOutcome> AskAsync(long tokens, long minimum = 1, long nanos = 0, Guid? request = null, DateTimeOffset? at = null, Currency currency = Currency.USD) =>
        ledger.HoldAsync(
            new HoldRequest(request ?? Guid.CreateVersion7(), Id, null, OwnerId, KeyId, tokens, minimum, new Money(nanos, currency), at ?? Start, Lease), default);

    public async Task<Hold> HoldAsync(long tokens, long minimum = 1, long nanos = 0, DateTimeOffset? at = null)
    {
        var outcome = await AskAsync(tokens, minimum, nanos, at: at);
        Assert.Null(outcome.Refusal);
        return outcome.Hold!;
    }

    public Task<Settled> SettleAsync(Hold hold, long tokens, long nanos = 0, DateTimeOffset? at = null) =>
        ledger.SettleAsync(new Settlement(hold.Id, Usage(hold, tokens, nanos), at ?? Start), default);

    public UsageRecord Usage(
        Hold hold, long tokens, long nanos = 0, DateTimeOffset? at = null, string model = "sim/echo", long? vendorNanos = null, Guid? ownKey = null, UsageSource source = UsageSource.Vendor) => new()
        {
            Id = hold.RequestId,
            OrganizationId = Id,
            UserId = OwnerId,
            KeyId = KeyId,
            ModelId = model,
            UpstreamId = Guid.CreateVersion7(),
            VendorId = "sim",
            Surface = "openai.chat",
            OccurredAt = at ?? Start,
            Tokens = new TokenUsage(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
            Source = source,
            Status = UsageStatus.Succeeded,
            Streamed = true,
            FinishReason = "stop",
            PlanTokens = tokens,
            Cost = new Money(nanos, hold.Money.Currency),
            VendorCostNanos = vendorNanos ?? nanos,
            OwnKeyId = ownKey,
            PriceRows = [Guid.CreateVersion7(), Guid.CreateVersion7()],
            Latency = TimeSpan.FromMilliseconds(1234.567),
            TimeToFirstToken = TimeSpan.FromMilliseconds(321),
            Attempts = 2,
        };

    public Task TopUpAsync(long nanos, string key = "top-up", Currency currency = Currency.USD) =>
        PostAsync(key, "payments", "wallet_purchased", currency.ToString(), nanos, null);

    public Task GrantMoneyAsync(long nanos, DateTimeOffset? expiresAt = null, string key = "promotion", Currency currency = Currency.USD) =>
        PostAsync(key, "promotion", "wallet_granted", currency.ToString(), nanos, expiresAt);

    public Task GrantTokensAsync(long tokens, DateTimeOffset? expiresAt, string key) => PostAsync(key, "tokens_granted", "allowance", "TOK", tokens, expiresAt);

    public async Task<bool> PostAsync(string key, string from, string to, string unit, long amount, DateTimeOffset? expiresAt)
    {
        await using var connection = new NpgsqlConnection(database.AdminConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select ledger_post($1, $2, $3, 'test', $4, $5, $6, $7, $8, $8, null, $9)", connection)
        {
            Parameters =
            {
                new() { Value = Guid.CreateVersion7() }, new() { Value = Id }, new() { Value = key }, new() { Value = from }, new() { Value = to },
                new() { Value = unit }, new() { Value = amount }, new() { Value = Start }, new() { Value = (object?)expiresAt ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz },
            },
        };
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Sets a budget of the customer itself, or of its owner, as the owner would.</summary>
    public async Task<Budget> BudgetAsync(
        long amount, BudgetScope scope = BudgetScope.User, string unit = Budget.Tokens, BudgetPeriod period = BudgetPeriod.Month, bool hard = true,
        Guid? subject = null, string? model = null, string? vendor = null, BudgetAlignment alignment = BudgetAlignment.Calendar, DateTimeOffset? at = null)
    {
        var budget = new Budget
        {
            Id = Guid.CreateVersion7(),
            OrganizationId = Id,
            Scope = scope,
            SubjectId = subject ?? (scope == BudgetScope.Organization ? Id : OwnerId),
            ModelId = model,
            VendorId = vendor,
            Unit = unit,
            Amount = amount,
            Period = period,
            Alignment = alignment,
            Anchor = at ?? Start,
            Hard = hard,
            AlertAt = [50, 80, 95, 100],
            CreatedAt = at ?? Start,
            CreatedBy = OwnerId,
        };
        await using var db = database.Open();
        await db.InOrganizationAsync(Id, () => db.AddBudgetAsync(budget, default), default);
        return budget;
    }

    /// <summary>The counters of a budget, the first period first.</summary>
    public async Task<List<(long Used, long Held)>> CountedAsync(Budget budget)
    {
        await using var db = database.Open();
        return await db.InOrganizationAsync(
            Id,
            async () => (await db.BudgetWindows.AsNoTracking().Where(window => window.BudgetId == budget.Id).OrderBy(window => window.StartsAt).ToListAsync())
                .ConvertAll(window => (window.Used, window.Held)),
            default);
    }

    public Task<bool> ReverseAsync(Guid journal, DateTimeOffset? at = null) =>
        database.AsAdminAsync<bool>($"select ledger_reverse(gen_random_uuid(), '{Id}', '{journal}', null, '{at ?? Start:O}')");

    public Task SetCreditLimitAsync(long nanos) => database.AsAdminAsync<object>($"select set_credit_limit('{Id}', {nanos})");

    public Task SuspendAsync() => database.AsAdminAsync<object>($"update organizations set status = 'suspended' where id = '{Id}' returning id");

    public async Task<Balances> BalancesAsync()
    {
        await using var db = database.Open();
        return await db.InOrganizationAsync(Id, async () =>
        {
            var rows = await db.Balances.Join(db.Accounts, balance => balance.AccountId, account => account.Id, (balance, account) => new { account.Kind, balance.Posted, balance.Held })
                .ToDictionaryAsync(row => row.Kind, row => (row.Posted, row.Held));
            return new Balances(rows[AccountKind.Allowance], rows[AccountKind.WalletGranted], rows[AccountKind.WalletPurchased]);
        }, default);
    }

    /// <summary>The sum of an account's entries.</summary>
    public async Task<long> BookedAsync(AccountKind kind, string unit = "USD")
    {
        await using var db = database.Open();
        return await db.InOrganizationAsync(
            Id,
            () => db.Entries.Where(entry => entry.Unit == unit && db.Accounts.Any(account => account.Id == entry.AccountId && account.Kind == kind)).SumAsync(entry => entry.Amount),
            default);
    }

    public async Task<UsageRecord?> RecordAsync(Guid requestId)
    {
        await using var db = database.Open();
        return await db.InOrganizationAsync(Id, () => db.UsageRecords.AsNoTracking().SingleOrDefaultAsync(record => record.Id == requestId), default);
    }
}

internal sealed record Balances((long Posted, long Held) Allowance, (long Posted, long Held) Granted, (long Posted, long Held) Purchased);
