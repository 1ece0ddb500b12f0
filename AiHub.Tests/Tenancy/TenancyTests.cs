using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace AiHub.Tests.Tenancy;

public sealed class TenancyTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly DateTimeOffset Now = new(2026, 5, 20, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Every_table_of_an_organization_is_closed_to_all_others_by_force()
    {
        var open = await database.AsAdminAsync<string[]>(
            """
            select coalesce(array_agg(class.relname::text order by class.relname), '{}')
            from pg_class class
            where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p')
              and (class.relname = 'organizations' or exists (select from pg_attribute where attrelid = class.oid and attname = 'organization_id' and not attisdropped))
              and not (class.relrowsecurity and class.relforcerowsecurity
                       and exists (select from pg_policies where tablename = class.relname and policyname = 'tenant' and roles = '{hub_app}'
                                     and qual like '%current_organization()%' and with_check like '%current_organization()%')
                       and not exists (select from pg_policies where tablename = class.relname and policyname not in ('tenant', 'owner')))
            """);

        Assert.Empty(open);
    }

    [Fact]
    public async Task The_services_log_in_as_a_role_that_owns_nothing_and_bypasses_nothing()
    {
        Assert.True(await database.AsAdminAsync<bool>(
            "select not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb) and not pg_has_role('hub_app', 'hub_owner', 'member') from pg_roles where rolname = 'hub_app'"));
        Assert.Equal(0, await database.AsAdminAsync<long>(
            "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relowner <> 'hub_owner'::regrole"));
        Assert.Equal(0, await database.AsAdminAsync<long>(
            "select count(*) from pg_proc where pronamespace = 'public'::regnamespace and (proowner <> 'hub_owner'::regrole or (prosecdef and not 'search_path=public, pg_temp' = any (proconfig)))"));
    }

    [Fact]
    public async Task Without_a_tenant_there_are_no_rows()
    {
        await OpenAsync();

        await using var db = database.Open();
        Assert.Empty(await db.Organizations.ToListAsync());
        Assert.Empty(await db.Memberships.ToListAsync());
        Assert.Empty(await db.Accounts.ToListAsync());
        Assert.Empty(await db.Lots.ToListAsync());
    }

    [Fact]
    public async Task An_organization_sees_its_own_rows_and_cannot_touch_another_s()
    {
        var (ours, _) = await OpenAsync();
        var (theirs, theirOwner) = await OpenAsync();
        await using var db = database.Open();

        await db.InOrganizationAsync(ours, async () =>
        {
            Assert.Equal([ours], await db.Organizations.Select(organization => organization.Id).ToListAsync());
            Assert.Equal([ours], await db.Accounts.Select(account => account.OrganizationId).Distinct().ToListAsync());
            Assert.Equal(0, await db.Organizations.Where(organization => organization.Id == theirs).ExecuteUpdateAsync(set => set.SetProperty(row => row.Name, "ours now")));
            Assert.Equal(0, await db.Memberships.Where(member => member.UserId == theirOwner).ExecuteDeleteAsync());
        }, default);

        var refused = await Assert.ThrowsAsync<DbUpdateException>(() => db.InOrganizationAsync(ours, async () =>
        {
            db.Teams.Add(new Team { Id = Guid.CreateVersion7(), OrganizationId = theirs, Name = "spies", CreatedAt = Now });
            await db.SaveChangesAsync();
        }, default));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, Assert.IsType<PostgresException>(refused.InnerException).SqlState);
    }

    [Fact]
    public async Task A_context_handed_back_to_the_pool_forgets_its_tenant()
    {
        var (organization, _) = await OpenAsync();
        var services = new ServiceCollection();
        services.AddDbContextPool<HubDb>(options => options.UseNpgsql(database.AppConnectionString, npgsql => npgsql.EnableRetryOnFailure()), poolSize: 1);
        await using var provider = services.BuildServiceProvider();

        HubDb first;
        await using (var scope = provider.CreateAsyncScope())
        {
            first = scope.ServiceProvider.GetRequiredService<HubDb>();
            await Assert.ThrowsAsync<FormatException>(() => first.InOrganizationAsync(organization, async () =>
            {
                Assert.Single(await first.Organizations.ToListAsync());
                throw new FormatException();
            }, default));
        }

        await using (var scope = provider.CreateAsyncScope())
        {
            var second = scope.ServiceProvider.GetRequiredService<HubDb>();
            Assert.Same(first, second);
            Assert.Null(second.Tenant.OrganizationId);
            Assert.Empty(await second.Organizations.ToListAsync());
            Assert.Equal(AutoTransactionBehavior.Always, second.Database.AutoTransactionBehavior);

            await second.InOrganizationAsync(organization, async () =>
            {
                second.Teams.Add(new Team { Id = Guid.CreateVersion7(), OrganizationId = organization, Name = "pooled", CreatedAt = Now });
                await second.SaveChangesAsync();
            }, default);
        }
    }

    [Fact]
    public async Task One_unit_of_work_stays_in_one_organization()
    {
        var (ours, _) = await OpenAsync();
        var (theirs, _) = await OpenAsync();
        await using var db = database.Open();

        Assert.Equal(1, await db.InOrganizationAsync(ours, () => db.InOrganizationAsync(ours, () => db.Organizations.CountAsync(), default), default));
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            db.InOrganizationAsync(ours, () => db.InOrganizationAsync(theirs, () => db.Organizations.CountAsync(), default), default));
    }

    [Fact]
    public async Task A_new_organization_can_spend_its_first_grant_at_once()
    {
        var (organization, _) = await OpenAsync();
        await using var db = database.Open();

        await db.InOrganizationAsync(organization, async () =>
        {
            var period = await db.Periods.SingleAsync();
            Assert.Equal(new DateTimeOffset(2026, 4, 30, 16, 0, 0, TimeSpan.Zero), period.StartsAt);
            Assert.Equal(new DateTimeOffset(2026, 5, 31, 16, 0, 0, TimeSpan.Zero), period.EndsAt);

            var lot = await db.Lots.SingleAsync();
            Assert.Equal((10_000, 0, period.EndsAt), (lot.Remaining, lot.Held, lot.ExpiresAt));
            Assert.Equal([-10_000, 10_000], await db.Entries.OrderBy(entry => entry.Amount).Select(entry => entry.Amount).ToListAsync());
            Assert.Equal(10_000, (await db.Balances.SingleAsync(balance => balance.AccountId == lot.AccountId)).Posted);
        }, default);
    }

    [Fact]
    public async Task A_key_is_found_by_its_hash_with_all_that_admission_needs()
    {
        var (organization, owner) = await OpenAsync();
        var key = ApiKeySecret.Generate();
        await using var db = database.Open();
        await db.InOrganizationAsync(organization, async () =>
        {
            var (prefix, lastFour) = ApiKeySecret.Display(key);
            db.ApiKeys.Add(new ApiKey
            {
                Id = Guid.CreateVersion7(),
                OrganizationId = organization,
                UserId = owner,
                Name = "laptop",
                Hash = ApiKeySecret.Hash(key),
                Prefix = prefix,
                LastFour = lastFour,
                CreatedAt = Now,
                AllowedModels = ["sim/echo"],
                RequestsPerMinute = 5,
            });
            await db.SaveChangesAsync();
        }, default);

        var found = await db.FindApiKey(ApiKeySecret.Hash(key)).SingleAsync();

        Assert.Equal((organization, owner, "laptop", 5), (found.OrganizationId, found.UserId, found.Name, found.RequestsPerMinute));
        Assert.Equal(["sim/echo"], found.AllowedModels);
        Assert.Equal((Role.Owner, OrganizationStatus.Active, Currency.CNY), (found.Role, found.OrganizationStatus, found.Currency));
        Assert.Equal((PlanIds.Free, 10_000, 10, false), (found.PlanId, found.PlanMonthlyTokens, found.PlanRequestsPerMinute, found.PlanAllowsOverage));
        Assert.Null(await db.FindApiKey(ApiKeySecret.Hash(ApiKeySecret.Generate())).SingleOrDefaultAsync());

        var mine = await db.OrganizationsOfUser(owner).SingleAsync();
        Assert.Equal((organization, Role.Owner, PlanIds.Free), (mine.Id, mine.Role, mine.PlanId));
    }

    private async Task<(Guid Organization, Guid Owner)> OpenAsync()
    {
        await using var db = database.Open();
        var owner = Guid.CreateVersion7();
        var organization = new Organization { Id = Guid.CreateVersion7(), Name = "Acme", Currency = Currency.CNY, CreatedAt = Now };
        await db.InOrganizationAsync(organization.Id, async () =>
        {
            db.Users.Add(new User { Id = owner, Email = $"{owner}@example.com", NormalizedEmail = $"{owner}@EXAMPLE.COM".ToUpperInvariant(), DisplayName = "Wei", CreatedAt = Now });
            await db.SaveChangesAsync();
            await db.OpenOrganizationAsync(organization, owner, PlanIds.Free, Now, default);
        }, default);
        return (organization.Id, owner);
    }
}
