using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace AiHub.Tests.Accounts;

public sealed class LedgerFaultTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    [Fact]
    public async Task A_database_that_drops_its_connections_loses_no_settlement_and_charges_none_twice()
    {
        var customer = await books.CustomerAsync();
        var holds = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => customer.HoldAsync(100)));

        using var enough = new CancellationTokenSource();
        var saboteur = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await books.Database.AsAdminAsync<long>(
                    $"select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{books.Database.Name}' and application_name = 'hub-ledger' and state = 'active'");
                await Task.Delay(250);
            }
        });
        var settled = new List<Settled>();
        foreach (var batch in holds.Chunk(6))
        {
            settled.AddRange(await Task.WhenAll(batch.Select(hold => customer.SettleAsync(hold, 70))));
        }

        await enough.CancelAsync();
        await saboteur;

        Assert.All(settled, result => Assert.Equal(70, result.PlanTokensCharged));
        Assert.Equal((10_000 - (60 * 70), 0), (await customer.BalancesAsync()).Allowance);
    }

    [Fact]
    public async Task A_database_out_of_reach_fails_the_callers_and_settling_gives_up_in_the_end()
    {
        var customer = await books.CustomerAsync();
        var hold = await customer.HoldAsync(100);
        var clock = new FakeTimeProvider();
        var nowhere = new NpgsqlConnectionStringBuilder(books.Database.AppConnectionString) { Host = "127.0.0.1", Port = 1 }.ConnectionString;
        await using var ledger = new Ledger(nowhere, clock, NullLogger<Ledger>.Instance);

        await Assert.ThrowsAsync<NpgsqlException>(() => ledger.HoldAsync(
            new HoldRequest(Guid.CreateVersion7(), customer.Id, null, customer.OwnerId, customer.KeyId, 10, 1, new(0, Currency.USD), Customer.Start, Customer.Lease), default));

        var settling = ledger.SettleAsync(new Settlement(hold.Id, customer.Usage(hold, 10), Customer.Start), default);
        while (!settling.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5);
        }

        await Assert.ThrowsAsync<NpgsqlException>(() => settling);
    }

    [Fact]
    public async Task A_unit_of_work_begins_again_when_the_connection_breaks()
    {
        var customer = await books.CustomerAsync();
        await using var db = new HubDb(new DbContextOptionsBuilder<HubDb>().UseNpgsql(books.Database.AppConnectionString, npgsql => npgsql.EnableRetryOnFailure()).Options);
        var tries = 0;

        await db.InOrganizationAsync(customer.Id, async () =>
        {
            Assert.Equal(customer.Id, await db.Organizations.Select(organization => organization.Id).SingleAsync());
            db.Teams.Add(new Team { Id = Guid.CreateVersion7(), OrganizationId = customer.Id, Name = "once", CreatedAt = Customer.Start });
            await db.SaveChangesAsync();
            if (++tries == 1)
            {
                throw new TimeoutException("The line went dead.");
            }
        }, default);

        Assert.Equal((2, 1), (tries, await db.InOrganizationAsync(customer.Id, () => db.Teams.CountAsync(), default)));
    }

    [Fact]
    public async Task A_caller_who_gives_up_in_the_queue_is_never_committed()
    {
        var committed = new List<int>();
        var gate = new TaskCompletionSource();
        await using var group = new GroupCommit<int, int>(
            async rows =>
            {
                await gate.Task;
                committed.AddRange(rows);
                return rows;
            },
            _ => false);

        var first = group.CommitAsync(1, default);
        while (first.Status is TaskStatus.Created)
        {
            await Task.Yield();
        }

        await Task.Delay(50);
        using var giveUp = new CancellationTokenSource();
        var second = group.CommitAsync(2, giveUp.Token);
        var third = group.CommitAsync(3, default);
        await giveUp.CancelAsync();
        gate.SetResult();

        Assert.Equal((1, 3), (await first, await third));
        await Assert.ThrowsAsync<TaskCanceledException>(() => second);
        Assert.Equal([1, 3], committed);
    }

    [Fact]
    public async Task What_arrives_during_a_commit_is_committed_together_and_in_order()
    {
        var batches = new List<int[]>();
        await using var group = new GroupCommit<int, int>(
            async rows =>
            {
                lock (batches)
                {
                    batches.Add([.. rows]);
                }

                await Task.Delay(30);
                return [.. rows.Select(row => row * 10)];
            },
            _ => false);

        var results = await Task.WhenAll(Enumerable.Range(1, 100).Select(row => group.CommitAsync(row, default)));

        Assert.Equal(Enumerable.Range(1, 100).Select(row => row * 10), results);
        Assert.Equal(Enumerable.Range(1, 100), batches.SelectMany(batch => batch));
        Assert.InRange(batches.Count, 1, 20);
    }
}
