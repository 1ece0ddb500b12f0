using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Invoices;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Admin;
using AiHub.Tests.Accounts;
using AiHub.Tests.Hub;
using AiHub.Worker.Invoicing;
using AiHub.Worker.Quotas;
using AiHub.Worker.Subscriptions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace AiHub.Tests.Payments;

/// <summary>
/// A year of two hundred organizations, day by day on a clock of its own: they buy, change, cancel, pay late or never, are refunded and use what
/// they have, some of them by contract with a fee and a discount, while the worker's runs die in the middle of their work. At the end every book is
/// in order.
/// </summary>
public sealed class SimulatedYearTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Organizations = 200;
    private const int Days = 365;
    private const int Seed = 20261128;

    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 2, 0, 0, TimeSpan.Zero);
    private static readonly string[] Zones = ["Asia/Shanghai", "America/New_York", "UTC", "Australia/Lord_Howe"];

    private readonly Random _random = new(Seed);
    private readonly Dictionary<string, int> _happened = [];
    private readonly List<Customer> _customers = [];
    private readonly List<PriceDiscount> _discounts = [];
    private readonly Guid _upstream = Guid.CreateVersion7();
    private PriceBook _book = null!;
    private readonly TestDatabase _database = new();
    private Dictionary<string, Plan> _plans = null!;
    private Ledger _ledger = null!;

    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        _ledger = new Ledger(_database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
    }

    public async Task DisposeAsync()
    {
        await _ledger.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_year_of_two_hundred_organizations_leaves_every_book_in_order()
    {
        var started = Stopwatch.GetTimestamp();
        await using (var db = _database.Open())
        {
            _plans = await db.Plans.AsNoTracking().ToDictionaryAsync(plan => plan.Id);
        }

        _book = new PriceBook([.. Enum.GetValues<Currency>().SelectMany(currency => new[] { PriceOf(PriceComponent.Input, currency), PriceOf(PriceComponent.Output, currency) })]);
        for (var i = 0; i < Organizations; i++)
        {
            _customers.Add(await Customer.OpenAsync(
                _database, _ledger, PlanIds.Free, i % 3 == 0 ? Currency.USD : Currency.CNY, Begin.AddMinutes(i), Zones[i % Zones.Length]));
        }

        for (var day = 0; day < Days; day++)
        {
            var now = Begin.AddDays(day).AddMinutes(_random.Next(600));
            foreach (var customer in _random.GetItems(_customers.ToArray(), 6).Distinct())
            {
                await (IsByContract(customer) ? ActByContractAsync(customer, now) : ActAsync(customer, now));
            }

            await WorkAsync(now);
            await CollectAsync(now);
            await WorkAsync(now.AddMinutes(1));
            await InvoiceAsync(now.AddMinutes(2));
        }

        var end = Begin.AddDays(Days).AddHours(12);
        await WorkAsync(end, crashes: false);
        while (await InvoiceAsync(end, crashes: false) > 0)
        {
        }

        await ProveAsync(end);

        output.WriteLine(string.Join(", ", _happened.OrderBy(pair => pair.Key).Select(pair => $"{pair.Value} {pair.Key}")));
        output.WriteLine($"{Stopwatch.GetElapsedTime(started).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s.");
    }

    private async Task ActAsync(Customer customer, DateTimeOffset now)
    {
        var dice = _random.Next(100);
        await using var db = _database.Open();
        var (subscription, position, currency) = await PositionAsync(db, customer, now);
        switch (dice)
        {
            case < 45:
                await ChangeAsync(db, customer, subscription, position, currency, now);
                break;
            case < 52 when subscription.PaidThrough > now:
                Count("canceled");
                await db.InOrganizationAsync(customer.Id, () => db.ScheduleAsync(subscription, PlanIds.Free, PlanInterval.Month, default), default);
                break;
            case < 57 when subscription.NextPlanId is not null && subscription.PaidThrough > now:
                Count("resumed");
                await db.InOrganizationAsync(customer.Id, () => db.ScheduleAsync(subscription, null, null, default), default);
                break;
            case < 72:
                await PayAsync(db, await db.OrderAsync(customer, currency, 100 * _random.Next(10, 400), now), now);
                Count("topped up");
                break;
            case < 82:
                await RefundAsync(db, customer, now);
                break;
            default:
                await UseAsync(customer, currency, now);
                break;
        }
    }

    private bool IsByContract(Customer customer) => _customers.IndexOf(customer) % 10 == 7;

    /// <summary>The contracts: agreed in the middle of months, by the month or the year, changed and ended; what is invoiced is paid by transfer, mostly.</summary>
    private async Task ActByContractAsync(Customer customer, DateTimeOffset now)
    {
        await using var db = _database.Open();
        var (subscription, _, currency) = await PositionAsync(db, customer, now);
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        if (subscription.Collection != Collection.Contract)
        {
            await OperateAsync(db, customer, async () =>
            {
                var yearly = _random.Next(3) == 0;
                await db.SetContractFeeAsync(customer.Id, _random.Next(1_000, 90_000), yearly ? PlanInterval.Year : PlanInterval.Month, today.AddDays(_random.Next(40)), null, now, default);
                await db.SetContractAsync(customer.Id, PlanIds.Enterprise, 1_000_000_000_000, _random.Next(2) == 0 ? 5_000 : null, now, default);
            });
            _discounts.Add(new PriceDiscount { Id = Guid.CreateVersion7(now), CustomerId = customer.Id, BasisPoints = _random.Next(1, 9_999), ValidFrom = now, Source = "contract" });
            Count("contracts");
            return;
        }

        switch (_random.Next(12))
        {
            case 0:
                // Dearer from some day on; refused where that day is on an invoice.
                await OperateAsync(db, customer, () => db.SetContractFeeAsync(customer.Id, _random.Next(1_000, 90_000), PlanInterval.Month, today.AddDays(_random.Next(-40, 40)), null, now, default));
                Count("fees changed");
                break;
            case 1 when !await db.InOrganizationAsync(customer.Id, () => db.ContractFees.AnyAsync(fee => fee.Interval == PlanInterval.Year), default):
                await OperateAsync(db, customer, () => db.EndContractAsync(customer.Id, now, default));
                Count("contracts ended");
                break;
            case < 5:
                var open = await db.InOrganizationAsync(
                    customer.Id, () => db.Invoices.AsNoTracking().Where(row => row.Status == InvoiceStatus.Finalized || row.Status == InvoiceStatus.Overdue).Select(row => row.Id).ToListAsync(), default);
                foreach (var invoice in open)
                {
                    await OperateAsync(db, customer, () => db.PaidAsync(invoice, "bank", now, default));
                    Count("transfers");
                }

                break;
            default:
                await UseAsync(customer, currency, now);
                break;
        }
    }

    private async Task OperateAsync(HubDb db, Customer customer, Func<Task> work)
    {
        await _database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{_customers[0].OwnerId}', '2026-01-01') on conflict (user_id) do update set created_at = excluded.created_at returning user_id");
        await db.AsOperatorInAsync(_customers[0].OwnerId, customer.Id, async () =>
        {
            await work();
            return true;
        }, default);
    }

    private async Task ChangeAsync(HubDb db, Customer customer, Subscription subscription, PlanPosition position, Currency currency, DateTimeOffset now)
    {
        var to = _plans[_random.GetItems([PlanIds.Developer, PlanIds.Pro], 1)[0]];
        var interval = _random.Next(5) == 0 ? PlanInterval.Year : PlanInterval.Month;
        var quote = PlanChange.Quote(position, to, interval, currency, now)!;
        if (quote.Timing == ChangeTiming.AtTermEnd)
        {
            if (subscription.PaidThrough > now && (to.Id, interval) != (subscription.PlanId, subscription.Interval))
            {
                Count("scheduled");
                Assert.True(await db.InOrganizationAsync(customer.Id, () => db.ScheduleAsync(subscription, to.Id, interval, default), default));
            }

            return;
        }

        var automatic = _random.Next(2) == 0;
        var charge = SubscriptionCharge.Of(quote, subscription.Quoted, customer.OwnerId, to.Id, interval, automatic ? Collection.Automatic : Collection.Prepaid, currency, now, now);
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            foreach (var open in await db.SubscriptionCharges.AsNoTracking().Where(row => row.SubscriptionId == subscription.Id && row.Status == SubscriptionChargeStatus.Open).ToListAsync())
            {
                await db.AbandonChargeAsync(open.Id, default);
            }

            db.SubscriptionCharges.Add(charge);
            await db.SaveChangesAsync();
        }, default);
        db.ChangeTracker.Clear();
        if (charge.AmountMinor == 0)
        {
            await db.InOrganizationAsync(customer.Id, () => db.ApplyChargeAsync(charge.Id, now, default), default);
            return;
        }

        var order = await db.OrderAsync(customer, currency, charge.AmountMinor, now, PaymentPurpose.Subscription, charge, automatic);
        switch (_random.Next(10))
        {
            case 0:
                // Nobody pays; and once in a while somebody pays all the same.
                await db.ClosedAsync(order.Id, failed: false, null, null, now, default);
                Count("orders nobody paid");
                if (_random.Next(3) == 0)
                {
                    await PayAsync(db, order, now);
                    Count("paid after closing");
                }

                break;
            default:
                await PayAsync(db, order, now);
                await PayAsync(db, order, now.AddMinutes(5));
                Count(quote.Kind == SubscriptionChargeKind.Start ? "started" : "upgraded");
                if (automatic)
                {
                    await db.SaveMethodAsync(order.Id, new ChannelMethod($"cus_{customer.Id:N}", $"pm_{order.Id:N}", "visa", "4242"), now, default);
                }

                break;
        }
    }

    private async Task RefundAsync(HubDb db, Customer customer, DateTimeOffset now)
    {
        var order = await db.InOrganizationAsync(
            customer.Id, () => db.PaymentOrders.AsNoTracking().Where(row => row.Status == PaymentOrderStatus.Paid).OrderByDescending(row => row.PaidAt).FirstOrDefaultAsync(), default);
        if (order is null)
        {
            return;
        }

        var refund = order.Refund(1 + _random.NextInt64(order.AmountMinor), now);
        if (await db.InOrganizationAsync(customer.Id, () => db.OpenRefundAsync(refund, default), default) is null)
        {
            var succeeded = _random.Next(4) > 0;
            await db.RefundEndedAsync(refund.Id, succeeded, succeeded ? null : "no", now, default);
            await db.RefundEndedAsync(refund.Id, !succeeded, null, now, default);
            Count(succeeded ? "refunded" : "refunds failed");
        }
        else
        {
            Count("refunds refused");
        }
    }

    private async Task UseAsync(Customer customer, Currency currency, DateTimeOffset now)
    {
        var tokens = _random.Next(1, 20_000);
        var discount = PriceDiscount.Of(_discounts.Where(row => row.CustomerId == customer.Id), "sim", "sim/echo", now);
        var nanos = _book.At(_upstream, currency, now, customer: customer.Id, discount: discount)!.Price(new TokenUsage(tokens)).Cost.Nanos;
        var outcome = await customer.AskAsync(tokens, 1, nanos, at: now, currency: currency);
        if (outcome.Hold is { } hold)
        {
            await customer.SettleAsync(hold, tokens, nanos, now);
            Count(discount is null ? "calls at list price" : "calls at a discount");
            Count("calls");
        }
        else
        {
            Count("calls refused");
        }
    }

    /// <summary>The worker's runs, which die now and then in the middle of what they do; the next look makes up for it.</summary>
    private async Task WorkAsync(DateTimeOffset now, bool crashes = true)
    {
        await using var db = crashes && _random.Next(4) == 0 ? Dying(_random.Next(1, 25)) : _database.Open();
        try
        {
            await RenewalRun.RunAsync(db, now, (_, failure) => throw failure, default);
            await DunningRun.RunOnceAsync(db, now, default);
            await RefillRun.RunOnceAsync(db, now, default);
            await PeriodRun.RunAsync(db, _ledger, now, (_, failure) => throw failure, default);
        }
        catch (Exception failure) when (Root(failure) is CrashException)
        {
            Count("crashes");
        }
    }

    private async Task<int> InvoiceAsync(DateTimeOffset now, bool crashes = true)
    {
        await using var db = crashes && _random.Next(4) == 0 ? Dying(_random.Next(1, 25)) : _database.Open();
        try
        {
            return await InvoiceRun.InvoiceAsync(db, now, (_, failure) => throw failure, default);
        }
        catch (Exception failure) when (Root(failure) is CrashException)
        {
            Count("invoicing crashed");
            return 0;
        }
    }

    private PriceRow PriceOf(PriceComponent component, Currency currency) => new()
    {
        Id = Guid.CreateVersion7(),
        UpstreamId = _upstream,
        Component = component,
        Currency = currency,
        NanosPerMillion = 100_000_000_000,
        ValidFrom = Begin,
        Source = "test",
    };

    private static Exception Root(Exception failure) => failure.InnerException is { } inner ? Root(inner) : failure;

    /// <summary>The bank's side of what the worker ordered: most cards pay, some do not, some for weeks.</summary>
    private async Task CollectAsync(DateTimeOffset now)
    {
        await using var db = _database.Open();
        foreach (var claimed in await db.ClaimOrdersAsync(now, TimeSpan.FromMinutes(1), 1000, default))
        {
            var order = await db.InOrganizationAsync(claimed.OrganizationId, () => db.PaymentOrders.AsNoTracking().SingleAsync(row => row.Id == claimed.Id), default);
            if (order.Status is not (PaymentOrderStatus.Created or PaymentOrderStatus.Pending))
            {
                await db.ClosedAsync(order.Id, order.Status == PaymentOrderStatus.Failed, null, null, now, default);
            }
            else if (order.PaymentMethodId is not null && _random.Next(10) >= (order.OrganizationId.ToByteArray()[15] % 8 == 0 ? 10 : 1))
            {
                await PayAsync(db, order, now);
                Count("collected");
            }
            else
            {
                await db.ClosedAsync(order.Id, failed: true, "Your card was declined.", now.AddHours(1), now, default);
                Count("declined");
            }
        }
    }

    private async Task ProveAsync(DateTimeOffset end)
    {
        Assert.Empty(await _ledger.AuditAsync(end, default));
        await using var db = _database.OpenAsAdmin();

        // Every period granted once, and each organization's plan has one for this moment.
        Assert.Equal(0, await _database.AsAdminAsync<long>(
            """
            select count(*) from periods period
            where period.granted_tokens > 0 and (select count(*) from journals where journals.organization_id = period.organization_id and journals.idempotency_key = 'grant:' || period.id) <> 1
            """));
        Assert.Equal(0, await _database.AsAdminAsync<long>(
            $"""
             select count(*) from subscriptions subscription
             where status = 'active' and (paid_through is null or paid_through > '{end:O}')
               and not exists (select from periods where subscription_id = subscription.id and starts_at <= '{end:O}' and ends_at > '{end:O}')
             """));
        Assert.Equal(0, await _database.AsAdminAsync<long>(
            """
            select count(*) from (
                select subscription_id from periods group by subscription_id having count(*) <> max(sequence) + 1
                union all
                select id from subscriptions where status = 'active' and paid_months is not null and paid_months < (select count(*) from periods where subscription_id = subscriptions.id)) broken
            """));
        Assert.Equal(Organizations, await db.Subscriptions.CountAsync(subscription => subscription.Status == SubscriptionStatus.Active));

        // Whoever has paid is where they were, whoever has not is where the schedule says.
        Assert.Equal(0, await _database.AsAdminAsync<long>(
            """
            select count(*) from organizations organization
            where standing <> coalesce((select case when bool_or(stage = 'suspended') then 'suspended' when bool_or(stage = 'restricted') then 'restricted' else 'good' end
                                        from dunning_cases where organization_id = organization.id and closed_at is null having count(*) > 0), 'good')
            """));

        // Money: what was paid is in the wallet, was used, was refunded, or paid for plans, and what was used was invoiced; not a cent else.
        Assert.Equal(0, await _database.AsAdminAsync<long>(
            """
            select count(*) from organizations organization
            where (select coalesce(sum(amount_minor), 0) * 10000000 from payment_orders where organization_id = organization.id and status = 'paid')
                  - (select coalesce(sum(amount_minor), 0) * 10000000 from payment_refunds where organization_id = organization.id and status = 'succeeded')
                  - (select coalesce(sum(amount_minor), 0) * 10000000 from subscription_charges where organization_id = organization.id and status = 'applied')
                  + (select coalesce(sum(entry.amount), 0) from entries entry
                     join accounts account on account.id = entry.account_id join journals journal on journal.organization_id = entry.organization_id and journal.id = entry.journal_id
                     where account.organization_id = organization.id and account.kind = 'wallet_purchased' and journal.kind in ('settle', 'invoice'))
                  <> (select posted from balances join accounts on accounts.id = balances.account_id where accounts.organization_id = organization.id and accounts.kind = 'wallet_purchased')
            """));
        Assert.Equal(0, await _database.AsAdminAsync<long>(
            """
            select count(*) from payment_orders paid
            where (select coalesce(sum(amount_minor), 0) from payment_refunds where order_id = paid.id and status <> 'failed') > case when paid.status = 'paid' then paid.amount_minor else 0 end
            """));
        // Everything that was paid is on an invoice once, and every invoice is its lines; invoice_audit looks at the rest.
        Assert.Equal(0, await _database.AsAdminAsync<long>(
            """
            select count(*) from payment_orders paid
            where paid.status = 'paid' and (select count(*) from invoices where invoices.order_id = paid.id and invoices.status = 'paid' and invoices.total_minor = paid.amount_minor) <> 1
            """));
        Assert.Equal(0, await _database.AsAdminAsync<long>(
            """
            select count(*) from invoices invoice join subscription_charges charge on invoice.source = 'subscription:' || charge.id
            where (select array_agg(amount_minor order by position) from invoice_lines where invoice_id = invoice.id)
                  is distinct from (select array_agg((line ->> 'amount_minor')::bigint order by ordinal) from jsonb_array_elements(charge.lines) with ordinality as lines (line, ordinal))
            """));
        await ProveContractsAsync(db, end);
        foreach (var what in (string[])["started", "upgraded", "scheduled", "canceled", "collected", "declined", "refunded", "crashes", "paid after closing", "calls", "contracts", "contracts ended", "fees changed", "transfers", "calls at a discount", "invoicing crashed"])
        {
            Assert.True(_happened.GetValueOrDefault(what) > 0, $"Nothing was {what}.");
        }

        output.WriteLine(
            $"{await db.Periods.CountAsync()} periods, {await db.SubscriptionCharges.CountAsync(charge => charge.Status == SubscriptionChargeStatus.Applied)} charges, {await db.PaymentOrders.CountAsync()} orders, "
            + $"{await db.PaymentRefunds.CountAsync()} refunds, {await db.DunningCases.CountAsync()} dunning cases, {await db.BillingMails.CountAsync()} messages, {await db.Invoices.CountAsync()} invoices, {await db.Journals.CountAsync()} journals.");
    }

    /// <summary>Each day of a fee is on one invoice, the parts as they were agreed; and nobody is charged for a day twice.</summary>
    private static async Task ProveContractsAsync(HubDb db, DateTimeOffset end)
    {
        var zones = await db.Organizations.AsNoTracking().ToDictionaryAsync(row => row.Id, row => TimeZoneInfo.FindSystemTimeZoneById(row.TimeZone));
        var months = (await db.UsageMonths.AsNoTracking().ToListAsync()).ToLookup(month => month.OrganizationId);
        var charges = (await db.ContractFeeCharges.AsNoTracking().ToListAsync()).ToLookup(charge => charge.FeeId);
        var fees = await db.ContractFees.AsNoTracking().ToListAsync();
        foreach (var fee in fees)
        {
            var last = months[fee.OrganizationId].Max(month => (DateTimeOffset?)month.EndsAt);
            var day = last is null ? DateOnly.MinValue : DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(last.Value, zones[fee.OrganizationId]).DateTime);
            Assert.True(last > end.AddDays(-40) || fee.EndsOn <= day, $"Fee {fee.Id} was last looked at for {last}.");
            Assert.Equal(
                fee.Due(day).Select(period => (period.StartsOn, fee.Interval == PlanInterval.Year ? default : period.EndsOn, fee.Interval == PlanInterval.Year ? 0 : period.AmountMinor)),
                charges[fee.Id].OrderBy(charge => charge.StartsOn).Select(charge => (charge.StartsOn, fee.Interval == PlanInterval.Year ? default : charge.EndsOn, fee.Interval == PlanInterval.Year ? 0 : charge.AmountMinor)));
        }

        foreach (var organization in fees.GroupBy(fee => fee.OrganizationId))
        {
            var all = organization.SelectMany(fee => charges[fee.Id]).OrderBy(charge => charge.StartsOn).ToList();
            Assert.All(all.Zip(all.Skip(1)), pair => Assert.True(pair.First.EndsOn <= pair.Second.StartsOn));
        }
    }

    private async Task<(Subscription, PlanPosition, Currency)> PositionAsync(HubDb db, Customer customer, DateTimeOffset now) => await db.InOrganizationAsync(customer.Id, async () =>
    {
        var organization = await db.Organizations.AsNoTracking().SingleAsync();
        var subscription = await db.Subscriptions.AsNoTracking().SingleAsync(row => row.Status == SubscriptionStatus.Active);
        var period = await db.Periods.AsNoTracking().FirstOrDefaultAsync(row => row.SubscriptionId == subscription.Id && row.StartsAt <= now && row.EndsAt > now);
        return (subscription, new PlanPosition(
            _plans[subscription.PlanId], subscription.Interval, subscription.Anchor, subscription.PaidMonths, subscription.PaidThrough, organization.TimeZone, period?.StartsAt, period?.EndsAt), organization.Currency);
    }, default);

    private static async Task PayAsync(HubDb db, PaymentOrder order, DateTimeOffset now)
    {
        Assert.NotEqual(CreditOutcome.Mismatch, await db.CreditAsync(order, order.Proof(now), now));
    }

    private HubDb Dying(int afterCommands) => new(
        new DbContextOptionsBuilder<HubDb>().UseNpgsql(_database.AppConnectionString).AddInterceptors(new Death(afterCommands)).Options);

    private void Count(string what) => _happened[what] = _happened.GetValueOrDefault(what) + 1;

    private sealed class CrashException : Exception;

    /// <summary>Ends a run as a power cut would: at some statement, and at every one after it.</summary>
    private sealed class Death(int afterCommands) : DbCommandInterceptor
    {
        private int _left = afterCommands;

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default) =>
            Interlocked.Decrement(ref _left) < 0 ? throw new CrashException() : base.ReaderExecutingAsync(command, eventData, result, cancellationToken);

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
            Interlocked.Decrement(ref _left) < 0 ? throw new CrashException() : base.NonQueryExecutingAsync(command, eventData, result, cancellationToken);
    }
}
