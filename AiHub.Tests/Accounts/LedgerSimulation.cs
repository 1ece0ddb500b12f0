using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Hub;
using AiHub.Worker.Accounts;
using AiHub.Worker.Quotas;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Tests.Accounts;

/// <summary>
/// A few customers and years of anything that can happen to their accounts, in an order a seed decides, on a clock of its own: calls, top-ups,
/// refunds, promotions, plan changes, budgets, reversals, workers that run late, twice or not at all, and connections that die between any two
/// writes. What was asked and answered is remembered here, apart from the books, and compared with them.
/// </summary>
internal sealed class LedgerSimulation(TestDatabase database, Ledger ledger, int seed)
{
    private readonly Random _chance = new(seed);
    private readonly List<Simulated> _customers = [];
    private readonly List<string> _story = [];
    private int _number;

    public DateTimeOffset Now { get; private set; } = Customer.Start;

    public IReadOnlyList<Simulated> Customers => _customers;

    /// <summary>Makes the next so manieth write of the ledger the last of its connection.</summary>
    public static Task InstallCrashPointsAsync(TestDatabase database) => database.AsAdminAsync<object>(
        """
        create sequence writes_until_crash minvalue -1000000 start 1;
        grant usage on sequence writes_until_crash to hub_owner;
        create function crash_point() returns trigger language plpgsql as $$
        begin
            if nextval('writes_until_crash') = 0 then
                perform pg_terminate_backend(pg_backend_pid());
            end if;
            return new;
        end $$;
        do $$
        declare
            written text;
        begin
            foreach written in array array['holds', 'lots', 'balances', 'journals', 'entries', 'lot_draws', 'usage_records', 'budget_windows', 'periods'] loop
                execute format('create trigger crash_point before insert or update on %I for each row execute function crash_point()', written);
            end loop;
        end $$;
        alter function crash_point() security definer;
        select 1::text
        """);

    public async Task RunAsync(int steps)
    {
        try
        {
            foreach (var plan in new[] { PlanIds.Free, PlanIds.Developer, PlanIds.Enterprise })
            {
                _customers.Add(new Simulated(await Customer.OpenAsync(database, ledger, plan, at: Now)));
            }

            for (var step = 0; step < steps; step++)
            {
                await StepAsync(_customers[_chance.Next(_customers.Count)]);
                if (step % 20 == 19)
                {
                    await CheckAsync();
                }
            }

            await EndAsync();
        }
        catch (Exception failure) when (failure is not SimulationException)
        {
            throw new SimulationException(seed, _story, failure);
        }
    }

    /// <summary>All calls end or are lost, all time passes; then nothing is held and everything is accounted for.</summary>
    private async Task EndAsync()
    {
        Now = Now.AddYears(1);
        await HoldSweep.RunAsync(ledger, Now, default);
        await RolloverAsync();
        await CheckAsync();
        foreach (var customer in _customers)
        {
            var balances = await customer.Books.BalancesAsync();
            Assert.Equal((0, 0, 0), (balances.Allowance.Held, balances.Granted.Held, balances.Purchased.Held));
        }
    }

    private async Task StepAsync(Simulated customer)
    {
        switch (_chance.Next(100))
        {
            case < 30:
                await AskAsync(customer);
                break;
            case < 55 when Pick(customer) is { } call:
                await SettleAsync(customer, call);
                break;
            case < 59 when Pick(customer) is { } call:
                Tell(customer, "release");
                if (await ledger.ReleaseAsync(call.Hold.Id, Now, default))
                {
                    customer.Open.Remove(call);
                }

                break;
            case < 63 when Pick(customer) is { } call:
                Tell(customer, "renew");
                await ledger.RenewAsync([call.Hold.Id], Now, Customer.Lease, default);
                break;
            case < 67 when Pick(customer) is { } call:
                // The gateway dies: nobody will ever settle this one.
                Tell(customer, "lose");
                customer.Open.Remove(call);
                break;
            case < 72:
                Tell(customer, "top up");
                await customer.Books.TopUpAsync(_chance.Next(1, 4_000), $"top-up:{++_number}");
                break;
            case < 76:
                Tell(customer, "promote");
                await customer.Books.GrantMoneyAsync(_chance.Next(1, 2_000), Now.AddDays(_chance.Next(1, 50)), $"promotion:{++_number}");
                break;
            case < 79:
                await RefundAsync(customer);
                break;
            case < 81:
                Tell(customer, "change plan");
                await ChangePlanAsync(customer);
                break;
            case < 84:
                await BudgetAsync(customer);
                break;
            case < 86:
                await ReverseAsync(customer);
                break;
            case < 91:
                Now += _chance.Next(4) switch { 0 => TimeSpan.FromSeconds(_chance.Next(1, 200)), 1 => TimeSpan.FromHours(_chance.Next(1, 30)), 2 => TimeSpan.FromDays(_chance.Next(1, 12)), _ => TimeSpan.FromMinutes(1) };
                Tell(customer, $"until {Now:u}");
                break;
            case < 94:
                Tell(customer, "sweep");
                await HoldSweep.RunAsync(ledger, Now, default);
                break;
            case < 97:
                Tell(customer, "rollover");
                await RolloverAsync();
                break;
            default:
                Tell(customer, "two workers at once");
                await Task.WhenAll(RolloverAsync(), RolloverAsync(), HoldSweep.RunAsync(ledger, Now, default), HoldSweep.RunAsync(ledger, Now, default));
                break;
        }
    }

    private async Task AskAsync(Simulated customer)
    {
        // Large, so that months, wallets and budgets are used up.
        var least = _chance.Next(0, 40);
        var expected = least + _chance.Next(0, 3_000) * (_chance.Next(10) == 0 ? 100 : 1);
        var most = expected + _chance.Next(0, 5_000);
        var nanos = _chance.Next(0, 3);
        var request = new HoldRequest(
            Guid.CreateVersion7(), customer.Books.Id, null, customer.Books.OwnerId, customer.Books.KeyId, expected, least, Usd(expected * nanos), Now, Customer.Lease)
        {
            MinimumCost = Usd(least * nanos),
            MostPlanTokens = most,
            MostCost = Usd(most * nanos),
            MarginPlanTokens = _chance.Next(0, 20),
            Models = ["sim/echo"],
            Vendors = _chance.Next(2) == 0 ? ["sim"] : ["sim", "other"],
        };
        Tell(customer, $"ask {least} {expected} {most} x{nanos}");

        var outcome = await CrashingAsync(() => ledger.HoldAsync(request, default));
        if (outcome.Hold is { } hold)
        {
            // Whoever asks again, as after a lost answer, gets the same.
            Assert.Equal(outcome, await ledger.HoldAsync(request, default));
            Assert.True(hold.Covers is null || (least <= hold.Covers.PlanTokens && hold.Covers.PlanTokens <= most));
            customer.Open.Add(new Asked(hold, most, nanos));
            customer.Made.Add(hold.RequestId);
        }
    }

    private async Task SettleAsync(Simulated customer, Asked call)
    {
        // Within what the hold covers where it says so; a vendor that writes more than it may still happens, but not under a hard budget.
        var bound = call.Hold.Covers is { } covers ? covers.IsHard || _chance.Next(10) > 0 ? covers.PlanTokens : call.Most * 2 : call.Most;
        var tokens = _chance.NextInt64(0, bound + 1);
        var cost = call.Hold.Covers is { IsHard: true } hard ? Math.Min(tokens * call.Nanos, hard.Cost.Nanos) : tokens * call.Nanos;
        Tell(customer, $"settle {tokens} for {cost}");
        customer.Open.Remove(call);
        if (await database.AsAdminAsync<string>($"select state from holds where id = '{call.Hold.Id}'") == "lapsed")
        {
            // Others may have got what it had held; it is counted all the same.
            customer.Strict.Clear();
        }

        var settlement = new Settlement(call.Hold.Id, customer.Books.Usage(call.Hold, tokens, cost), Now);
        var settled = await CrashingAsync(() => ledger.SettleAsync(settlement, default));
        Assert.Equal(settled with { Applied = false }, await ledger.SettleAsync(settlement, default));
        Assert.True(settled.MoneyCharged.Nanos + settled.WrittenOff.Nanos <= cost && settled.PlanTokensCharged <= tokens);
        customer.Settled[call.Hold.RequestId] = (settled.PlanTokensCharged, settled.MoneyCharged.Nanos);
    }

    private async Task RefundAsync(Simulated customer)
    {
        var amount = _chance.Next(1, 3_000);
        var key = $"refund:{++_number}";
        Tell(customer, $"refund {amount}");
        var (posted, held) = (await customer.Books.BalancesAsync()).Purchased;
        var free = posted - held + customer.Credit;
        try
        {
            Assert.True(await customer.Books.PostAsync(key, "wallet_purchased", "payments", "USD", amount, null));
            Assert.True(amount <= free);
            Assert.False(await customer.Books.PostAsync(key, "wallet_purchased", "payments", "USD", amount, null));
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.CheckViolation)
        {
            Assert.True(amount > free);
        }
    }

    private async Task ChangePlanAsync(Simulated customer)
    {
        var plan = new[] { PlanIds.Free, PlanIds.Developer, PlanIds.Pro, PlanIds.Enterprise }[_chance.Next(4)];
        await database.AsAdminAsync<object>(
            $"""
             update subscriptions set status = 'ended', ended_at = '{Now:O}' where organization_id = '{customer.Books.Id}' and status = 'active';
             insert into subscriptions (id, organization_id, plan_id, status, anchor) values ('{Guid.CreateVersion7()}', '{customer.Books.Id}', '{plan}', 'active', '{Now:O}') returning id
             """);
        if (plan == PlanIds.Enterprise)
        {
            var credit = _chance.Next(0, 5_000);
            var (posted, held) = (await customer.Books.BalancesAsync()).Purchased;
            if (posted - held >= -credit)
            {
                await customer.Books.SetCreditLimitAsync(credit);
                customer.Credit = credit;
            }
        }

        await RolloverAsync();
    }

    private async Task BudgetAsync(Simulated customer)
    {
        if (customer.Budgets.Count > 0 && _chance.Next(3) == 0)
        {
            Tell(customer, "end a budget");
            await using var db = database.Open();
            await db.InOrganizationAsync(customer.Books.Id, () => db.EndBudgetAsync(customer.Budgets[^1], Now, default), default);
            customer.Budgets.RemoveAt(customer.Budgets.Count - 1);
            return;
        }

        Tell(customer, "set a budget");
        var inMoney = _chance.Next(2) == 0;
        var isIdle = customer.Open.Count == 0;
        customer.Budgets.Add(await customer.Books.BudgetAsync(
            _chance.Next(500, 60_000),
            _chance.Next(2) == 0 ? BudgetScope.Organization : BudgetScope.User,
            inMoney ? "USD" : Budget.Tokens,
            (BudgetPeriod)_chance.Next(4),
            hard: _chance.Next(3) > 0,
            vendor: _chance.Next(4) == 0 ? "sim" : null,
            alignment: (BudgetAlignment)_chance.Next(2),
            at: Now));
        if (isIdle && customer.Budgets[^1].Hard)
        {
            customer.Strict.Add(customer.Budgets[^1].Id);
        }
    }

    private async Task ReverseAsync(Simulated customer)
    {
        var journals = await database.AsAdminAsync<Guid[]>(
            $"select coalesce(array_agg(id order by booked_at, id), '{{}}') from journals where organization_id = '{customer.Books.Id}' and reverses_id is null");
        if (journals.Length == 0)
        {
            return;
        }

        var journal = journals[_chance.Next(journals.Length)];
        Tell(customer, "reverse");
        try
        {
            var isNew = await customer.Books.ReverseAsync(journal, Now);
            Assert.Equal(customer.Reversed.Add(journal), isNew);
            Assert.False(await customer.Books.ReverseAsync(journal, Now));
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.CheckViolation)
        {
            // It has been spent, or is held.
        }
    }

    private async Task RolloverAsync()
    {
        await using var db = database.Open();
        await PeriodRun.RunAsync(db, ledger, Now, (organization, failure) => Assert.Fail($"{organization}: {failure}"), default);
    }

    /// <summary>Every fourth time the connection dies at some write; asking again, as a caller would, then does it.</summary>
    private async Task<T> CrashingAsync<T>(Func<Task<T>> work)
    {
        if (_chance.Next(4) == 0)
        {
            var writes = _chance.Next(1, 12);
            _story.Add($"  crash at write {writes}");
            await database.AsAdminAsync<long>($"select setval('writes_until_crash', {-writes})");
        }

        try
        {
            return await work();
        }
        catch (NpgsqlException) when (_story[^1].StartsWith("  crash", StringComparison.Ordinal))
        {
            return await work();
        }
        finally
        {
            await database.AsAdminAsync<long>("select setval('writes_until_crash', 1)");
        }
    }

    private async Task CheckAsync()
    {
        // Holds past their lease are not wrong here: the sweep is one of the things that may be late.
        Assert.Empty((await ledger.AuditAsync(Customer.Start, default)).Select(violation => violation.What));

        await using var db = database.OpenAsAdmin();
        foreach (var customer in _customers)
        {
            var records = await db.UsageRecords.AsNoTracking().Where(record => record.OrganizationId == customer.Books.Id)
                .ToDictionaryAsync(record => record.Id, record => (record.PlanTokensCharged, record.ChargedNanos));
            Assert.Equal(customer.Settled.OrderBy(call => call.Key), records.OrderBy(call => call.Key));

            // Hard is hard.
            Assert.Empty(await db.BudgetWindows.Where(window => customer.Strict.Contains(window.BudgetId))
                .Join(db.Budgets, window => window.BudgetId, budget => budget.Id, (window, budget) => new { window.Used, window.Opening, budget.Amount })
                .Where(window => window.Used > window.Amount && window.Used > window.Opening).ToListAsync());

            // granted + purchased = consumed + expired + refunded + remaining, in each unit.
            foreach (var unit in new[] { "TOK", "USD" })
            {
                Assert.Equal(0, await db.Entries.Where(entry => entry.OrganizationId == customer.Books.Id && entry.Unit == unit).SumAsync(entry => entry.Amount));
            }
        }
    }

    private Asked? Pick(Simulated customer) => customer.Open.Count == 0 ? null : customer.Open[_chance.Next(customer.Open.Count)];

    private void Tell(Simulated customer, string what) => _story.Add($"{_customers.IndexOf(customer)}: {what}");

    private static Money Usd(long nanos) => new(nanos, Currency.USD);

    internal sealed record Asked(Hold Hold, long Most, int Nanos);

    internal sealed class Simulated(Customer books)
    {
        public Customer Books => books;

        public List<Asked> Open { get; } = [];

        public HashSet<Guid> Made { get; } = [];

        /// <summary>What settling answered, by request.</summary>
        public Dictionary<Guid, (long Tokens, long Nanos)> Settled { get; } = [];

        public HashSet<Guid> Reversed { get; } = [];

        public List<Budget> Budgets { get; } = [];

        /// <summary>Hard budgets that have held for every call they count.</summary>
        public HashSet<Guid> Strict { get; } = [];

        public long Credit { get; set; }
    }
}

/// <summary>Says which seed to replay, and the last that happened.</summary>
internal sealed class SimulationException(int seed, IEnumerable<string> story, Exception failure) : Exception(
    $"Simulation {seed} failed; AIHUB_SIMULATION_SEED={seed} replays it. It ended with:\n{string.Join('\n', story.TakeLast(25))}\n{failure.Message}", failure);
