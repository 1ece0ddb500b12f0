using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Invoices;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using AiHub.Worker.Invoicing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Tests.Invoices;

/// <summary>发票 over the real ledger: what was paid and used, once.</summary>
public sealed class FapiaoTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    private static readonly DateTimeOffset Start = Customer.Start;

    [Theory]
    [InlineData("91350100M000100Y43", true)]
    [InlineData("91330106MA27XG3R4W", true)]
    [InlineData("91350100M000100Y42", false)]
    [InlineData("91350100M000100Y4", false)]
    [InlineData("91350100M00010OY43", false)]
    [InlineData("91350100m000100y43", false)]
    [InlineData("", false)]
    public void A_company_s_code_is_proven_by_its_last_character(string code, bool valid) => Assert.Equal(valid, SocialCreditCode.IsValid(code));

    [Fact]
    public void One_wrong_character_or_two_swapped_are_always_found()
    {
        const string code = "91350100M000100Y43";
        const string letters = "0123456789ABCDEFGHJKLMNPQRTUWXY";
        for (var i = 0; i < code.Length; i++)
        {
            foreach (var letter in letters.Where(letter => letter != code[i]))
            {
                Assert.False(SocialCreditCode.IsValid(code[..i] + letter + code[(i + 1)..]), $"{i}: {letter}");
            }

            if (i > 0 && code[i] != code[i - 1])
            {
                Assert.False(SocialCreditCode.IsValid(code[..(i - 1)] + code[i] + code[i - 1] + code[(i + 1)..]), $"{i} swapped");
            }
        }
    }

    [Fact]
    public async Task Only_what_was_paid_and_used_can_be_asked_for()
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise, Currency.CNY);
        Assert.Equal(0, await OpenAsync(customer));

        await customer.TopUpAsync(100_000_000_000, currency: Currency.CNY);
        Assert.Equal(0, await OpenAsync(customer));
        await UseAsync(customer, 30_009_000_000);
        Assert.Equal(3_000, await OpenAsync(customer));

        // Granted money was never paid, and is spent first.
        await customer.GrantMoneyAsync(20_000_000_000, currency: Currency.CNY);
        await UseAsync(customer, 20_000_000_000);
        Assert.Equal(3_000, await OpenAsync(customer));
    }

    [Fact]
    public async Task What_is_set_aside_for_a_dispute_is_not_used()
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise, Currency.CNY);
        await customer.TopUpAsync(100_000_000_000, currency: Currency.CNY);
        await UseAsync(customer, 30_000_000_000);
        await customer.PostAsync("dispute", "wallet_purchased", "disputed", "CNY", 60_000_000_000, null);
        Assert.Equal(3_000, await OpenAsync(customer));

        await customer.PostAsync("lost", "disputed", "payments", "CNY", 60_000_000_000, null);
        Assert.Equal(3_000, await OpenAsync(customer));
    }

    [Fact]
    public async Task What_is_used_on_credit_can_be_asked_for_once_it_is_paid()
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise, Currency.CNY);
        await customer.SetCreditLimitAsync(100_000_000_000);
        await UseAsync(customer, 40_000_000_000);
        Assert.Equal(0, await OpenAsync(customer));

        await customer.TopUpAsync(40_000_000_000, currency: Currency.CNY);
        Assert.Equal(4_000, await OpenAsync(customer));
    }

    [Fact]
    public async Task Of_many_who_ask_at_once_no_fen_is_given_twice_and_what_is_refused_or_reversed_is_free_again()
    {
        var customer = await UsedAsync(3_000);

        var asked = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => AskAsync(customer, 500)));

        Assert.Equal(6, asked.Count(answer => answer.Accepted));
        Assert.Equal(0, await OpenAsync(customer));

        var accepted = asked.Where(answer => answer.Accepted).Select(answer => answer.Id).ToList();
        Assert.True(await MoveAsync(customer, accepted[0], FapiaoStatus.Rejected, null));
        Assert.Equal(500, await OpenAsync(customer));
        Assert.False(await MoveAsync(customer, accepted[0], FapiaoStatus.Issued, Number()));

        Assert.True(await MoveAsync(customer, accepted[1], FapiaoStatus.Issued, Number()));
        Assert.False(await MoveAsync(customer, accepted[1], FapiaoStatus.Reversed, Number()));
        Assert.Equal(500, await OpenAsync(customer));
        await using var db = books.Database.Open();
        Assert.True(await db.InOrganizationAsync(customer.Id, () => db.AskForRedAsync(accepted[1], "wrong company", default), default));
        Assert.Equal(500, await OpenAsync(customer));
        Assert.True(await MoveAsync(customer, accepted[1], FapiaoStatus.Reversed, Number()));
        Assert.Equal(1_000, await OpenAsync(customer));

        Assert.True((await AskAsync(customer, 1_000)).Accepted);
        Assert.False((await AskAsync(customer, 1)).Accepted);
    }

    [Fact]
    public async Task The_database_refuses_a_request_over_more_than_was_used_whoever_writes_it_and_keeps_its_terms()
    {
        var customer = await UsedAsync(1_000);
        var (id, accepted) = await AskAsync(customer, 1_000);
        Assert.True(accepted);

        var more = await Assert.ThrowsAsync<PostgresException>(() => books.Database.AsAdminAsync<Guid>(
            $"""
             insert into fapiao_requests (id, organization_id, title_id, user_id, kind, status, amount_minor, tax_minor, tax_basis_points, remark, created_at)
             select gen_random_uuid(), organization_id, title_id, user_id, kind, 'submitted', 1, 0, 600, '', created_at from fapiao_requests where id = '{id}' returning id
             """));
        var changed = await Assert.ThrowsAsync<PostgresException>(() => books.Database.AsAdminAsync<Guid>($"update fapiao_requests set amount_minor = 1, tax_minor = 0 where id = '{id}' returning id"));

        Assert.Equal(PostgresErrorCodes.CheckViolation, more.SqlState);
        Assert.Equal("23001", changed.SqlState);
    }

    [Fact]
    public async Task A_tax_platform_issues_in_its_own_time_refuses_beyond_its_credit_line_and_takes_back()
    {
        var platform = new SimulatedFapiao();
        var customer = await UsedAsync(SimulatedFapiao.CreditLineMinor + 1_000);
        var (small, _) = await AskAsync(customer, 999);
        var (large, _) = await AskAsync(customer, SimulatedFapiao.CreditLineMinor + 1);

        await RunAsync(new ManualFapiao());
        Assert.Equal((FapiaoStatus.Submitted, FapiaoStatus.Submitted), (await StatusAsync(customer, small), await StatusAsync(customer, large)));
        await RunAsync(platform);
        Assert.Equal((FapiaoStatus.Issuing, FapiaoStatus.Failed), (await StatusAsync(customer, small), await StatusAsync(customer, large)));
        await RunAsync(platform);
        Assert.Equal(FapiaoStatus.Issued, await StatusAsync(customer, small));
        await RunAsync(platform);

        await using var db = books.Database.Open();
        Assert.True(await db.InOrganizationAsync(customer.Id, () => db.AskForRedAsync(small, "wrong company", default), default));
        await RunAsync(platform);
        await RunAsync(platform);
        Assert.Equal(FapiaoStatus.Reversed, await StatusAsync(customer, small));
        Assert.Equal(SimulatedFapiao.CreditLineMinor + 1_000, await OpenAsync(customer));
    }

    private async Task RunAsync(IFapiaoProvider provider)
    {
        await using var db = books.Database.Open();
        await FapiaoRun.RunAsync(db, provider, Start, default);
    }

    private async Task<FapiaoStatus> StatusAsync(Customer customer, Guid id)
    {
        await using var db = books.Database.Open();
        return await db.InOrganizationAsync(customer.Id, () => db.FapiaoRequests.Where(request => request.Id == id).Select(request => request.Status).SingleAsync(), default);
    }

    private static string Number() => $"{Random.Shared.NextInt64(10_000_000_000_000, 99_999_999_999_999)}";

    private async Task<Customer> UsedAsync(long minor)
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise, Currency.CNY);
        await customer.TopUpAsync(minor * 10_000_000, currency: Currency.CNY);
        await UseAsync(customer, minor * 10_000_000);
        return customer;
    }

    private async Task UseAsync(Customer customer, long nanos)
    {
        var outcome = await customer.AskAsync(10, nanos: nanos, currency: Currency.CNY);
        Assert.Null(outcome.Refusal);
        await books.Ledger.SettleAsync(new Settlement(outcome.Hold!.Id, customer.Usage(outcome.Hold, 10, nanos), Start), default);
    }

    private async Task<long> OpenAsync(Customer customer)
    {
        await using var db = books.Database.Open();
        return await db.InOrganizationAsync(customer.Id, () => db.InvoiceableAsync(default), default);
    }

    private async Task<(Guid Id, bool Accepted)> AskAsync(Customer customer, long minor)
    {
        await using var db = books.Database.Open();
        var request = new FapiaoRequest
        {
            Id = Guid.CreateVersion7(),
            OrganizationId = customer.Id,
            TitleId = Guid.CreateVersion7(),
            UserId = customer.OwnerId,
            Kind = FapiaoKind.General,
            AmountMinor = minor,
            TaxMinor = 0,
            TaxBasisPoints = 600,
            CreatedAt = Start,
        };
        return (request.Id, await db.InOrganizationAsync(customer.Id, async () =>
        {
            db.FapiaoTitles.Add(new FapiaoTitle { Id = request.TitleId, OrganizationId = customer.Id, Kind = FapiaoTitleKind.Personal, Name = "林", Email = "lin@example.com", CreatedAt = Start });
            await db.SaveChangesAsync();
            return await db.RequestAsync(request, default);
        }, default));
    }

    private async Task<bool> MoveAsync(Customer customer, Guid id, FapiaoStatus to, string? number)
    {
        await books.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{customer.OwnerId}', '2026-01-01') on conflict (user_id) do update set created_at = excluded.created_at returning user_id");
        await using var db = books.Database.Open();
        return await db.InOrganizationAsync(customer.Id, async () =>
        {
            await db.Database.ExecuteSqlAsync($"select set_config('app.operator_id', {customer.OwnerId.ToString()}, true)");
            return await db.MoveAsync(id, to, number, null, Start, default);
        }, default);
    }
}
