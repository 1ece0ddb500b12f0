using System.Collections.Concurrent;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Tests.Tenancy;

/// <summary>What the role the services log in as may not do, and what nobody may.</summary>
public sealed class RightsTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    private static readonly DateTimeOffset Now = Customer.Start;

    [Theory]
    [InlineData("update balances set posted = posted + 1000000")]
    [InlineData("update lots set remaining = original")]
    [InlineData("update holds set state = 'released'")]
    [InlineData("delete from holds")]
    [InlineData("insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at) select gen_random_uuid(), id, 'x', 'x', created_at, created_at from organizations")]
    [InlineData("update journals set memo = 'x'")]
    [InlineData("delete from entries")]
    [InlineData("update usage_records set cost_nanos = 0")]
    [InlineData("insert into usage_records select * from usage_records")]
    [InlineData("truncate entries")]
    [InlineData("insert into audit_entries select * from audit_entries")]
    [InlineData("delete from audit_entries")]
    [InlineData("update organizations set status = 'active'")]
    [InlineData("update organizations set currency = 'CNY'")]
    [InlineData("delete from organizations")]
    [InlineData("update subscriptions set plan_id = 'enterprise'")]
    [InlineData("insert into periods select * from periods")]
    [InlineData("update plans set monthly_tokens = 1000000000")]
    [InlineData("update prices set valid_to = valid_from")]
    [InlineData("update vendors set base_url = 'https://evil.test'")]
    [InlineData("update models set enabled = false")]
    [InlineData("insert into holidays (calendar, day) values ('cn-statutory', '2026-11-27')")]
    [InlineData("delete from vendor_keys")]
    [InlineData("insert into operators (user_id, created_at) select id, created_at from users")]
    [InlineData("delete from protection_keys")]
    [InlineData("update api_keys set hash = ''")]
    [InlineData("update api_keys set organization_id = gen_random_uuid()")]
    [InlineData("update api_keys set scopes = array['models']")]
    [InlineData("update api_keys set user_id = gen_random_uuid()")]
    [InlineData("select hash from setup_tokens")]
    [InlineData("update invitations set role = 'admin'")]
    [InlineData("update invitations set expires_at = expires_at + interval '1 year'")]
    [InlineData("select set_organization_status(gen_random_uuid(), 'active')")]
    [InlineData("select body from outgoing_mails")]
    [InlineData("update outgoing_mails set address = 'thief@example.com'")]
    [InlineData("update tickets set expires_at = expires_at + interval '1 year'")]
    [InlineData("update passkeys set public_key = ''")]
    [InlineData("update recovery_codes set user_id = gen_random_uuid()")]
    [InlineData("update users set id = gen_random_uuid()")]
    [InlineData("delete from users")]
    [InlineData("select ledger_post(gen_random_uuid(), id, 'x', 'x', 'payments', 'wallet_purchased', 'USD', 1, created_at, created_at) from organizations")]
    [InlineData("select set_credit_limit(id, 1000) from organizations")]
    [InlineData("select ledger_reverse(gen_random_uuid(), organization_id, id, null, booked_at) from journals")]
    [InlineData("select organization_credit(gen_random_uuid(), id, 'x', 1, 'x', null, created_at) from organizations")]
    [InlineData("select hub_queues()")]
    [InlineData("select hub_parked(1)")]
    [InlineData("select hub_replay('alert_messages', gen_random_uuid(), created_at) from organizations")]
    [InlineData("insert into contract_fees select * from contract_fees")]
    [InlineData("delete from contract_fee_charges")]
    [InlineData("select contract_fee_end(id, created_at) from organizations")]
    [InlineData("insert into price_discounts (id, customer_id, vendor_id, model_pattern, basis_points, valid_from, source) select gen_random_uuid(), id, '', '', 10000, created_at, 'x' from organizations")]
    [InlineData("update budgets set amount = 1000000000")]
    [InlineData("insert into budgets select * from budgets")]
    [InlineData("update budget_windows set used = 0")]
    [InlineData("delete from lot_draws")]
    [InlineData("insert into audit_runs select * from audit_runs")]
    [InlineData("select ledger_give_back(holds, 'released', created_at) from holds")]
    [InlineData("select grant_period(gen_random_uuid(), id, id, 0, created_at, created_at, created_at) from organizations")]
    [InlineData("alter table balances disable row level security")]
    [InlineData("drop policy tenant on balances")]
    [InlineData("create table mine (id int)")]
    [InlineData("set role hub_owner")]
    public async Task The_services_role_may_not(string sql)
    {
        var customer = await books.CustomerAsync();
        await using var db = books.Database.Open();

        var refused = await Assert.ThrowsAsync<PostgresException>(() => db.InOrganizationAsync(customer.Id, () => db.Database.ExecuteSqlRawAsync(sql), default));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Theory]
    [InlineData("update journals set memo = 'x' where organization_id = '{0}' returning id", "23001")]
    [InlineData("delete from journals where organization_id = '{0}' returning id", "23001")]
    [InlineData("update entries set amount = amount + 1 where organization_id = '{0}' returning id", "23001")]
    [InlineData("delete from entries where organization_id = '{0}' returning id", "23001")]
    [InlineData("update usage_records set charged_nanos = 0 where organization_id = '{0}' returning id", "23001")]
    [InlineData("delete from audit_entries where organization_id = '{0}' returning sequence", "23001")]
    [InlineData("truncate entries", "23001")]
    [InlineData("truncate usage_records", "23001")]
    [InlineData("update organizations set currency = 'CNY' where id = '{0}' returning id", "23001")]
    [InlineData("insert into entries (journal_id, organization_id, account_id, amount, unit) select id, organization_id, (select id from accounts where organization_id = '{0}' limit 1), 5, 'TOK' from journals where organization_id = '{0}' limit 1 returning id", "23514")]
    [InlineData("insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at) values (gen_random_uuid(), '{0}', 'empty', 'x', '2026-01-01', '2026-01-01') returning id", "23514")]
    [InlineData("update balances set held = posted + 1 where organization_id = '{0}' returning account_id", "23514")]
    [InlineData("update lots set remaining = original + 1 where organization_id = '{0}' returning id", "23514")]
    public async Task Nobody_may(string sql, string state)
    {
        var customer = await books.CustomerAsync();
        await customer.SettleAsync(await customer.HoldAsync(10), 10);
        await using (var db = books.Database.Open())
        {
            await db.InOrganizationAsync(customer.Id, () => db.AuditAsync(AuditActor.Hub, "test.done", "x", null, null, Now, default), default);
        }

        var refused = await Assert.ThrowsAsync<PostgresException>(() => books.Database.AsAdminAsync<object>(string.Format(null, sql, customer.Id)));

        Assert.Equal(state, refused.SqlState);
    }

    [Fact]
    public async Task Entries_of_one_journal_cannot_span_two_organizations()
    {
        var ours = await books.CustomerAsync();
        var theirs = await books.CustomerAsync();

        var refused = await Assert.ThrowsAsync<PostgresException>(() => books.Database.AsAdminAsync<object>(
            $"""
             with journal as (
                 insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at)
                 values (gen_random_uuid(), '{ours.Id}', 'theft', 'x', '2026-01-01', '2026-01-01') returning id)
             insert into entries (journal_id, organization_id, account_id, amount, unit)
             select journal.id, account.organization_id, account.id, case account.organization_id when '{ours.Id}' then 5 else -5 end, 'TOK'
             from journal, accounts account where account.kind = 'allowance' and account.organization_id in ('{ours.Id}', '{theirs.Id}') returning id
             """));

        Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, refused.SqlState);
    }

    [Fact]
    public async Task Every_function_that_crosses_organizations_is_closed_unless_granted()
    {
        var open = await books.Database.AsAdminAsync<string[]>(
            """
            select coalesce(array_agg(proname::text order by proname), '{}') from pg_proc
            where pronamespace = 'public'::regnamespace and prosecdef and has_function_privilege('hub_app', oid, 'execute')
            """);

        Assert.Equal(
            [
                "alert_deliveries_take", "alert_delivery_close", "alert_test", "alerts_fire", "audit_append", "auto_top_up_set", "auto_top_up_stop",
                "auto_top_ups_due", "auto_top_ups_refused", "bill_audit", "bill_compare", "bill_put_off", "billing_mail_close", "billing_mails_take", "billing_tell",
                "bills_prepare", "bills_standing", "bills_take", "change_budget",
                "change_credit_limit", "charge_abandon", "charge_apply", "charge_terms", "charges_to_invoice", "claim_operator", "code_redeem",
                "content_expire",
                "contract_end", "contract_fee_end", "contract_fee_set", "contract_set", "create_budget", "credit_note_issue", "dispute_close", "dispute_open", "dunning_attempted",
                "dunning_close", "dunning_move", "dunning_of_invoices", "dunning_open", "dunning_open_cases", "end_budget", "expire_lots",
                "fapiao_move", "fapiao_of_hub", "fapiao_open", "fapiao_red", "fapiao_request", "fapiao_whose", "find_api_key", "find_invitation",
                "find_scim_token", "find_sign_on", "grant_periods", "hub_parked", "hub_queues", "hub_replay", "hub_runs", "invoice_audit", "invoice_debt",
                "invoice_documents_due", "invoice_finalize", "invoice_mail_close", "invoice_mails_take", "invoice_months_due", "invoice_orders_due",
                "invoice_paid", "invoice_refunds_due", "invoice_uncollectible", "invoice_usage", "invoice_void", "invoice_whose", "invoices_of_hub",
                "invoices_overdue", "keep_audit", "ledger_audit", "ledger_hold", "ledger_release", "ledger_renew", "ledger_settle", "ledger_size",
                "ledger_sweep", "limits_of_key", "mail_close", "mails_take", "open_organization", "operator_at_work", "order_whose", "orders_saving_methods",
                "organization_credit", "organizations_of_hub", "organizations_of_user", "payment_charge", "payment_check_again", "payment_claim",
                "payment_closed", "payment_credit", "payment_find", "payment_method_remove", "payment_method_save", "payment_opened", "payment_payer",
                "payment_refund", "refund_claim", "refund_ended", "refund_find", "refund_processing", "refunds_look", "rotate_api_key", "set_organization_status",
                "subscription_fall", "subscription_schedule", "subscriptions_due", "subscriptions_renewing", "usage_months_prepare", "usage_roll_up", "worker_runs_note",
            ],
            open.Except(Invoices.FinanceTests.Granted));
        Assert.Equal(Invoices.FinanceTests.Granted, open.Intersect(Invoices.FinanceTests.Granted));
        Assert.Equal(0, await books.Database.AsAdminAsync<long>(
            "select count(*) from pg_proc where pronamespace = 'public'::regnamespace and has_function_privilege('public', oid, 'execute')"));
    }

    [Fact]
    public async Task The_audit_log_shows_where_it_was_broken()
    {
        var customer = await books.CustomerAsync();
        await using var db = books.Database.Open();
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            foreach (var name in new[] { "one", "two", "three" })
            {
                await db.AuditAsync(new AuditActor(customer.OwnerId, Address: "192.0.2.1"), "api_key.created", name, null, new { name, expires_at = Now }, Now, default);
            }
        }, default);

        await db.InOrganizationAsync(customer.Id, async () =>
        {
            var entries = await db.AuditEntries.AsNoTracking().OrderBy(entry => entry.Sequence).ToListAsync();
            Assert.Equal([(1L, "one"), (2, "two"), (3, "three")], entries.Select(entry => (entry.Sequence, entry.Subject)));
            Assert.Equal(entries[0].Hash, entries[1].PreviousHash);
            Assert.Contains("\"name\": \"one\"", entries[0].Details);
        }, default);
        Assert.Null(await BrokenAtAsync(db, customer));

        await TamperAsync($"update audit_entries set subject = 'other' where organization_id = '{customer.Id}' and sequence = 2");
        Assert.Equal(2, await BrokenAtAsync(db, customer));
        await TamperAsync($"delete from audit_entries where organization_id = '{customer.Id}' and sequence = 1");
        Assert.Equal(2, await BrokenAtAsync(db, customer));

        // The books of this class are audited when it ends.
        await TamperAsync($"delete from audit_entries where organization_id = '{customer.Id}' and sequence = 2");
        await TamperAsync($"delete from audit_entries where organization_id = '{customer.Id}' and sequence = 3");
    }

    [Fact]
    public async Task An_audit_entry_goes_to_the_organization_at_work()
    {
        var ours = await books.CustomerAsync();
        var theirs = await books.CustomerAsync();
        await using var db = books.Database.Open();

        await Assert.ThrowsAsync<InvalidOperationException>(() => db.AuditAsync(AuditActor.Hub, "x", "x", null, null, Now, default));
        var refused = await Assert.ThrowsAsync<PostgresException>(() => db.InOrganizationAsync(
            ours.Id, () => db.Database.ExecuteSqlAsync($"select audit_append({theirs.Id}, 'x', 'x', '{{}}'::jsonb, null, null, {Now}, null, null)"), default));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        refused = await Assert.ThrowsAsync<PostgresException>(() => db.InOrganizationAsync(
            ours.Id,
            () => db.OpenOrganizationAsync(new Organization { Id = Guid.CreateVersion7(), Name = "x", Currency = Currency.USD, CreatedAt = Now }, ours.OwnerId, "enterprise", Now, default),
            default));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task Whoever_caches_hears_of_what_changed_and_of_nothing_else()
    {
        var customer = await books.CustomerAsync();
        var heard = new ConcurrentQueue<string>();
        await using var listener = new NpgsqlConnection(books.Database.AppConnectionString);
        listener.Notification += (_, notice) => heard.Enqueue(notice.Payload);
        await listener.OpenAsync();
        await using (var listen = new NpgsqlCommand("listen hub_changes", listener))
        {
            await listen.ExecuteNonQueryAsync();
        }

        await using var db = books.Database.Open();
        var key = await AddKeyAsync(db, customer);
        await HearsAsync($"api_keys:{key}");
        await db.InOrganizationAsync(customer.Id, () => db.ApiKeys.Where(row => row.Id == key).ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, Now)), default);
        await HearsAsync($"api_keys:{key}");

        // Using a key changes its row, and that concerns no cache.
        await customer.SettleAsync(await customer.HoldAsync(10), 10);
        Assert.NotNull(await db.InOrganizationAsync(customer.Id, () => db.ApiKeys.Where(row => row.Id == key).Select(row => row.LastUsedAt).SingleAsync(), default));

        await customer.SuspendAsync();
        await HearsAsync($"organizations:{customer.Id}");
        await books.Database.AsAdminAsync<object>($"update memberships set role = 'viewer' where organization_id = '{customer.Id}' returning user_id");
        await HearsAsync($"memberships:{customer.Id}");
        await books.Database.AsAdminAsync<object>($"update subscriptions set status = 'ended' where organization_id = '{customer.Id}' returning id");
        await HearsAsync($"subscriptions:{customer.Id}");
        await books.Database.AsAdminAsync<object>("update plans set requests_per_minute = 11 where id = 'free' returning id");
        await HearsAsync("plans:free");
        await books.Database.AsAdminAsync<object>("update vendors set enabled = false where id = 'sim' returning id");
        await HearsAsync("vendors:sim");
        await books.Database.AsAdminAsync<object>("update models set enabled = false where id = 'sim/echo' returning id");
        await HearsAsync("models:sim/echo");

        async Task HearsAsync(string what)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (heard.IsEmpty)
            {
                await listener.WaitAsync(patience.Token);
            }

            Assert.True(heard.TryDequeue(out var first));
            Assert.Equal(what, first);
            Assert.Empty(heard);
        }
    }

    private static async Task<Guid> AddKeyAsync(HubDb db, Customer customer)
    {
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            db.ApiKeys.Add(new ApiKey
            {
                Id = customer.KeyId,
                OrganizationId = customer.Id,
                UserId = customer.OwnerId,
                Name = "key",
                Hash = ApiKeySecret.Hash(ApiKeySecret.Generate()),
                Prefix = "ai-hub-abcd",
                LastFour = "wxyz",
                CreatedAt = Now,
            });
            await db.SaveChangesAsync();
        }, default);
        return customer.KeyId;
    }

    private static Task<long?> BrokenAtAsync(HubDb db, Customer customer) => db.InOrganizationAsync(
        customer.Id, () => db.Database.SqlQuery<long?>($"select audit_broken_at({customer.Id}) as \"Value\"").SingleAsync(), default);

    // What only somebody with the run of the server can do.
    private async Task TamperAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(books.Database.AdminConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"set session_replication_role = replica; {sql}", connection);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }
}
