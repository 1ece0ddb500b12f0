using System.Net;
using AiHub.Domain.Accounts;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using AiHub.Tests.Hub;
using AiHub.Worker.Quotas;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace AiHub.Tests.Worker;

/// <summary>The worker as it runs, over a database of its own.</summary>
public sealed class WorkerTests
{
    [Fact]
    public async Task It_begins_months_and_sweeps_lost_holds_by_itself()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var ledger = new Ledger(database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        var customer = await Customer.OpenAsync(database, ledger);
        var lost = await customer.HoldAsync(500);

        var clock = new TestClock();
        clock.AdvanceTo(Customer.Start.AddMonths(2));
        await using var worker = Start(database, clock);

        await EventuallyAsync(async () =>
        {
            await using var db = database.Open();
            return await db.InOrganizationAsync(customer.Id, async () =>
                await db.Periods.AnyAsync(period => period.EndsAt > clock.GetUtcNow())
                && await db.Holds.AnyAsync(hold => hold.Id == lost.Id && hold.State == HoldState.Lapsed)
                && await db.Lots.AnyAsync(lot => lot.ExpiredAt != null), default);
        });
        Assert.Empty(await ledger.AuditAsync(clock.GetUtcNow(), default));
    }

    [Fact]
    public async Task One_worker_at_a_time_does_a_run()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var one = database.Open();
        await using var other = database.Open();

        Assert.True(await one.AloneAsync("run", async () =>
        {
            Assert.False(await other.AloneAsync("run", () => throw new InvalidOperationException("Both at once."), default));
            Assert.True(await other.AloneAsync("another run", () => Task.CompletedTask, default));
        }, default));
        await Assert.ThrowsAsync<FormatException>(() => one.AloneAsync("run", () => throw new FormatException(), default));
        Assert.True(await other.AloneAsync("run", () => Task.CompletedTask, default));
    }

    [Fact]
    public async Task A_run_that_fails_is_made_up_for_by_the_next()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var ledger = new Ledger(database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        var customer = await Customer.OpenAsync(database, ledger);
        await database.AsAdminAsync<object>("alter function subscriptions_due(timestamptz, uuid, integer) rename to hidden; select 1::text");
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Customer.Start.AddMonths(1));
        await using var worker = Start(database, clock);
        await EventuallyAsync(() => database.AsAdminAsync<bool>("select exists (select from worker_runs where name = 'PeriodRun' and failures > 0)"));
        await database.AsAdminAsync<object>("alter function hidden(timestamptz, uuid, integer) rename to subscriptions_due; select 1::text");

        await EventuallyAsync(async () =>
        {
            clock.Advance(TimeSpan.FromSeconds(15));
            await using var db = database.Open();
            return await db.InOrganizationAsync(customer.Id, () => db.Periods.CountAsync(), default) == 2;
        });

        // And what an operator is told of it.
        await EventuallyAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(15));
            return database.AsAdminAsync<bool>("select sum(runs) > sum(failures) from worker_runs where name = 'PeriodRun'");
        });
        Assert.StartsWith("PostgresException: 42883", await database.AsAdminAsync<string>("select error from worker_runs where name = 'PeriodRun' and failures > 0"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_unhealthy_as_long_as_the_books_are_wrong()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var ledger = new Ledger(database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        var customer = await Customer.OpenAsync(database, ledger);
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Customer.Start);
        await using var worker = Start(database, clock);
        using var http = new HttpClient { BaseAddress = worker.Url };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("health")).StatusCode);

        await ForgeAsync(1);
        await EventuallyAsync(() => AuditedAsync(HttpStatusCode.ServiceUnavailable));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("alive")).StatusCode);

        await ForgeAsync(-1);
        await EventuallyAsync(() => AuditedAsync(HttpStatusCode.OK));

        // What no code of ours can do: a superuser with the triggers off.
        Task ForgeAsync(int tokens) => database.AsAdminAsync<string>(
            $"set session_replication_role = replica; update balances set posted = posted + {tokens} where organization_id = '{customer.Id}' and posted > 0 returning 'done'");

        async Task<bool> AuditedAsync(HttpStatusCode status)
        {
            clock.Advance(TimeSpan.FromMinutes(10));
            return (await http.GetAsync("health")).StatusCode == status;
        }
    }

    private static ServiceHost<PeriodRun> Start(TestDatabase database, TimeProvider? clock = null) =>
        new(new Dictionary<string, string?> { ["ConnectionStrings:hub"] = database.AppConnectionString }, clock);

    private static async Task EventuallyAsync(Func<Task<bool>> happened)
    {
        for (var tries = 0; !await happened(); tries++)
        {
            Assert.True(tries < 1_200, "It never happened.");
            await Task.Delay(100);
        }
    }
}
