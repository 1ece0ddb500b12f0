using System.Net;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Domain.Payments;
using AiHub.Simulators.Payments;
using AiHub.Tests.Hub;
using AiHub.Worker.Payments;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiHub.Tests.Payments;

/// <summary>Every day's bill of every channel, compared with the books. Each test has days of its own.</summary>
public sealed class BillTests(PaymentHub fixture) : IClassFixture<PaymentHub>
{
    [Theory]
    [InlineData("alipay", "CNY", "0.17")]
    [InlineData("wechat_pay", "CNY", "0.14")]
    [InlineData("stripe", "USD", "1.41")]
    public async Task A_day_s_bill_agrees_with_the_books_to_the_cent_and_shows_the_fees(string channel, string currency, string fees)
    {
        await NextDayAsync();
        var customer = await fixture.Hub.RegisterAsync(currency);
        var large = await PaidAsync(customer, channel, currency, "20.00");
        await PaidAsync(customer, channel, currency, "7.77");
        await RefundedAsync(customer, large, "5.00");
        var day = DateOnly.FromDateTime(fixture.Clock.GetUtcNow().UtcDateTime);

        await NextDayAsync();
        var finance = await OperatorAsync();
        var bill = await BillAsync(finance, channel, day, bill => bill.Status == "matched");

        Assert.Equal((3, 0, null), (bill.Lines, bill.Differences, bill.NextAttemptAt));
        var sum = Assert.Single(bill.Sums);
        Assert.Equal((currency, 2L, "27.77", 1L, "5", fees), (sum.Currency, sum.PaidCount, sum.Paid, sum.RefundedCount, sum.Refunded, sum.Fees));
        var lines = await LinesAsync(finance, bill);
        Assert.Equal(["payment matched 20 20", "payment matched 7.77 7.77", "refund matched -5 -5"], lines.Select(line => $"{line.Kind} {line.Verdict} {line.Amount} {line.OurAmount}").Order());
        Assert.All(lines, line => Assert.Equal(customer.OrganizationId, line.OrganizationId));
        var totals = (await ReadAsync<Page<ChannelTotals>>(finance, $"admin/finance/payments?from={day:yyyy-MM-dd}&to={day:yyyy-MM-dd}")).Data;
        var kept = decimal.Parse(fees, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(("27.77", "5", fees, 22.77m - kept), totals.Where(row => row.Channel == channel && row.Currency == currency)
            .Select(row => (row.Paid, row.Refunded, row.Fees, decimal.Parse(row.Net, System.Globalization.CultureInfo.InvariantCulture))).Single());
        var csv = await finance.Management.GetStringAsync($"admin/finance/bills/{bill.Id}/export");
        Assert.Contains("payment,matched,", csv, StringComparison.Ordinal);
        Assert.Contains($"{customer.OrganizationId}", csv, StringComparison.Ordinal);
        Assert.Contains($",-5,-5,{currency},{lines.Single(line => line.Kind == "refund").Fee}\r\n", csv, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alipay", "CNY")]
    [InlineData("wechat_pay", "CNY")]
    [InlineData("stripe", "USD")]
    public async Task Whatever_differs_is_found_and_what_was_paid_and_not_credited_is_credited(string channel, string currency)
    {
        await NextDayAsync();
        var day = DateOnly.FromDateTime(fixture.Clock.GetUtcNow().UtcDateTime);
        var path = channel.Replace('_', '-');
        var customer = await fixture.Hub.RegisterAsync(currency);
        var (right, omitted, other) = (await PaidAsync(customer, channel, currency, "11.00"), await PaidAsync(customer, channel, currency, "12.00"), await PaidAsync(customer, channel, currency, "13.00"));
        // Paid, and nobody hears of it: the notice is lost and the poller looks elsewhere.
        var lost = await OpenedAsync(customer, channel, currency, "14.00");
        await fixture.Hub.Database.AsAdminAsync<Guid>($"update payment_orders set next_check_at = null where id = '{lost.Id}' returning id");
        await PayAsync(channel, lost, "lost");
        fixture.Bills.Change(path, new BillChange("omitted", omitted.OutTradeNo), default);
        fixture.Bills.Change(path, new BillChange("other-amount", other.OutTradeNo, 1301), default);
        fixture.Bills.Change(path, new BillChange("stranger", null, 1500, currency), fixture.SimulatorClock.GetUtcNow());

        await NextDayAsync();
        var finance = await OperatorAsync();
        var bill = await BillAsync(finance, channel, day, bill => bill.ComparedAt is not null);
        var first = await LinesAsync(finance, bill);

        Assert.Equal("matched", first.Single(line => line.OrderId == right.Id).Verdict);
        Assert.Equal(("missing_there", null, "12"), Seen(first, omitted));
        Assert.Equal(("amount_differs", "13.01", "13"), Seen(first, other));
        var stranger = first.Single(line => line.OrderId is null);
        Assert.Equal(("missing_here", "15", null), (stranger.Verdict, stranger.Amount, stranger.OurAmount));
        Assert.Equal(HealthStatus.Degraded, (await HealthAsync()).Status);

        await PaidAsync(lost);
        await customer.SignInAsync();
        Assert.Equal("50", (await ReadAsync<WalletView>(customer, "billing/wallet")).Purchased);
        fixture.Bills.Change(path, new BillChange("whole", other.OutTradeNo), default);
        Assert.Equal(HttpStatusCode.OK, (await finance.Management.PostAsync($"admin/finance/bills/{bill.Id}/again", null)).StatusCode);
        await BillAsync(finance, channel, day, bill => bill is { Differences: 2, Attempts: 1 });
        Assert.Equal(("matched", "14", "14"), Seen(await LinesAsync(finance, bill), lost));

        foreach (var line in (await LinesAsync(finance, bill, "open")).Where(line => line.Verdict != "matched"))
        {
            var accepted = await finance.Management.PostAsJsonAsync($"admin/finance/bills/{bill.Id}/lines/{line.Id}/accept", new BillAcceptance("settled by hand"), Json.Options);
            Assert.Equal("settled by hand", (await accepted.Content.ReadFromJsonAsync<ChannelBillLineView>(Json.Options))!.AcceptedReason);
            Assert.Equal(HttpStatusCode.NotFound, (await finance.Management.PostAsJsonAsync($"admin/finance/bills/{bill.Id}/lines/{line.Id}/accept", new BillAcceptance("again"), Json.Options)).StatusCode);
        }

        Assert.Equal("matched", (await BillAsync(finance, channel, day, bill => bill.Differences == 0)).Status);
        // What was accepted stays accepted, however often it is compared.
        await finance.Management.PostAsync($"admin/finance/bills/{bill.Id}/again", null);
        Assert.Equal((0, "matched"), await BillAsync(finance, channel, day, bill => bill.Attempts == 1) is var again ? (again.Differences, again.Status) : default);
        await AssertBooksAsync();
    }

    [Theory]
    [InlineData("alipay", "late", "no bill of this day yet")]
    [InlineData("alipay", "late-funds", "none of its funds yet")]
    [InlineData("wechat_pay", "late-funds", "none of its funds yet")]
    [InlineData("alipay", "tampered", "no zip file")]
    [InlineData("alipay", "short", "it says that it has 2 lines")]
    [InlineData("wechat_pay", "late", "no bill of this day yet")]
    [InlineData("wechat_pay", "tampered", "its hash differs")]
    [InlineData("wechat_pay", "short", "its hash differs")]
    public async Task A_bill_that_is_not_there_or_not_whole_is_not_believed_but_asked_for_again(string channel, string fault, string why)
    {
        await NextDayAsync();
        var day = DateOnly.FromDateTime(fixture.Clock.GetUtcNow().UtcDateTime);
        var customer = await fixture.Hub.RegisterAsync("CNY");
        await PaidAsync(customer, channel, "CNY", "5.00");
        await PaidAsync(customer, channel, "CNY", "6.00");
        fixture.Bills.Change(channel.Replace('_', '-'), new BillChange(fault), default);

        await NextDayAsync();
        var finance = await OperatorAsync();
        var waiting = await BillAsync(finance, channel, day, bill => bill.Attempts > 0 && bill.Error is not null);
        Assert.Equal(("waiting", 0), (waiting.Status, waiting.Lines));
        Assert.Contains(why, waiting.Error, StringComparison.Ordinal);
        Assert.True(waiting.NextAttemptAt > fixture.Clock.GetUtcNow());

        fixture.Bills.Change(channel.Replace('_', '-'), new BillChange("whole"), default);
        fixture.Clock.AdvanceTo(waiting.NextAttemptAt!.Value);
        await finance.SignInAsync();
        var bill = await BillAsync(finance, channel, day, bill => bill.Status == "matched");
        Assert.Equal((2, null), (bill.Lines, bill.Error));
    }

    [Theory]
    [InlineData("alipay", "CNY", "fee 0.12, payout 3", "0.12", "3", "correction 0.06, correction -0.06")]
    [InlineData("wechat_pay", "CNY", "fee 0.12, fee_returned -0.03, payout 3", "0.09", "3", "correction 0.06, correction -0.06")]
    [InlineData("stripe", "USD", "fee 0.88, payout 3", "0.88", "3", "correction 0.29, correction -0.29")]
    public async Task What_a_channel_kept_and_paid_out_is_booked_once_a_line_and_corrected_when_it_writes_otherwise(
        string channel, string currency, string booked, string fees, string paidOut, string corrected)
    {
        await NextDayAsync();
        var (day, path) = (DateOnly.FromDateTime(fixture.Clock.GetUtcNow().UtcDateTime), channel.Replace('_', '-'));
        var customer = await fixture.Hub.RegisterAsync(currency);
        var paid = await PaidAsync(customer, channel, currency, "20.00");
        await RefundedAsync(customer, paid, "5.00");
        fixture.Bills.Change(path, new BillChange("payout", null, 300, currency), fixture.SimulatorClock.GetUtcNow());

        await NextDayAsync();
        var finance = await OperatorAsync();
        var bill = await BillAsync(finance, channel, day, bill => bill.Status == "matched");
        Assert.Equal(booked, await BookedAsync(bill));
        Assert.Equal((fees, paidOut), bill.Sums.Select(sum => (sum.Fees, sum.PaidOut)).Single());
        Assert.Equal("payout none", (await LinesAsync(finance, bill, "none")).Select(line => $"{line.Kind} {line.Verdict}").Single());
        var totals = (await ReadAsync<Page<ChannelTotals>>(finance, $"admin/finance/payments?from={day:yyyy-MM-dd}&to={day:yyyy-MM-dd}")).Data;
        Assert.Equal((fees, paidOut), totals.Where(row => row.Channel == channel && row.Currency == currency).Select(row => (row.Fees, row.PaidOut)).Single());

        // The same again, and by many at once, books nothing.
        await AgainAsync(finance, bill, channel, day);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            await using var db = fixture.Hub.Database.OpenAsAdmin();
            await db.Database.ExecuteSqlAsync($"select bill_book({bill.Id}, {fixture.Clock.GetUtcNow().ToUniversalTime()})");
        }));
        Assert.Equal(booked, await BookedAsync(bill));

        // Half as much again: another fee, and what was booked stays.
        fixture.Bills.Change(path, new BillChange("other-amount", paid.OutTradeNo, 3000), default);
        Assert.Equal(1, (await AgainAsync(finance, bill, channel, day)).Differences);
        fixture.Bills.Change(path, new BillChange("whole", paid.OutTradeNo), default);
        bill = await AgainAsync(finance, bill, channel, day);
        Assert.Equal($"{booked}, {corrected}", await BookedAsync(bill));
        Assert.Equal((0, fees), (bill.Differences, bill.Sums.Select(sum => sum.Fees).Single()));

        // What is gone from the bill is taken back.
        fixture.Bills.Change(path, new BillChange("omitted", paid.OutTradeNo), default);
        bill = await AgainAsync(finance, bill, channel, day);
        Assert.Equal("0", bill.Sums.Where(sum => sum.Currency == currency).Select(sum => sum.Fees).Single());
        await AssertBooksAsync();
        fixture.Bills.Change(path, new BillChange("whole", paid.OutTradeNo), default);
        await AgainAsync(finance, bill, channel, day);
    }

    [Theory]
    [InlineData("alipay")]
    [InlineData("wechat_pay")]
    public async Task Money_that_did_not_move_in_the_account_as_the_trades_say_is_a_difference(string channel)
    {
        await NextDayAsync();
        var (day, path) = (DateOnly.FromDateTime(fixture.Clock.GetUtcNow().UtcDateTime), channel.Replace('_', '-'));
        var paid = await PaidAsync(await fixture.Hub.RegisterAsync("CNY"), channel, "CNY", "20.00");
        fixture.Bills.Change(path, new BillChange("other-funds", paid.OutTradeNo, 1900), default);

        await NextDayAsync();
        var finance = await OperatorAsync();
        var bill = await BillAsync(finance, channel, day, bill => bill.ComparedAt is not null);
        var differing = Assert.Single(await LinesAsync(finance, bill, "open"));
        Assert.Equal(("funds", "amount_differs", "18.88", "19.88", paid.Id), (differing.Kind, differing.Verdict, differing.Amount, differing.OurAmount, differing.OrderId!.Value));
        Assert.Equal((1, "20"), (bill.Differences, bill.Sums.Single().Paid));

        fixture.Bills.Change(path, new BillChange("whole", paid.OutTradeNo), default);
        Assert.Equal((0, 1), await AgainAsync(finance, bill, channel, day) is var again ? (again.Differences, again.Lines) : default);
    }

    [Theory]
    [InlineData("update channel_journals set reference = 'x'", "23001")]
    [InlineData("delete from channel_entries", "23001")]
    [InlineData("truncate channel_journals, channel_entries", "23001")]
    [InlineData("insert into channel_entries (journal_id, account, unit, amount) select id, 'fees', 'CNY', 1 from channel_journals limit 1", "23514")]
    [InlineData("insert into channel_journals (id, idempotency_key, bill_id, reference, channel, kind, effective_at, booked_at) select gen_random_uuid(), gen_random_uuid()::text, id, 'x', channel, 'fee', ends_at, ends_at from channel_bills limit 1", "23514")]
    public async Task Nobody_changes_what_was_booked_with_a_channel_or_books_half_of_it(string sql, string state)
    {
        await NextDayAsync();
        var day = DateOnly.FromDateTime(fixture.Clock.GetUtcNow().UtcDateTime);
        await PaidAsync(await fixture.Hub.RegisterAsync("CNY"), "alipay", "CNY", "10.00");
        await NextDayAsync();
        await BillAsync(await OperatorAsync(), "alipay", day, bill => bill.Status == "matched");

        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(async () =>
        {
            await using var db = fixture.Hub.Database.OpenAsAdmin();
            await db.Database.ExecuteSqlRawAsync(sql);
        });
        Assert.Equal(state, refused.SqlState);
        await using var app = fixture.Hub.Database.Open();
        Assert.Equal("42501", (await Assert.ThrowsAsync<Npgsql.PostgresException>(() => app.Database.ExecuteSqlRawAsync("select from channel_entries"))).SqlState);
    }

    [Fact]
    public async Task Nothing_is_asked_for_before_the_channel_s_hour()
    {
        await NextDayAsync();
        var day = DateOnly.FromDateTime(fixture.Clock.GetUtcNow().UtcDateTime);
        await PaidAsync(await fixture.Hub.RegisterAsync("CNY"), "alipay", "CNY", "5.00");

        // One in the morning in Beijing: the day is over, its bill is not written.
        fixture.Clock.AdvanceTo(new DateTimeOffset(day.ToDateTime(new TimeOnly(17, 0)), TimeSpan.Zero));
        var finance = await OperatorAsync();
        var bill = await BillAsync(finance, "alipay", day, _ => true);

        Assert.Equal(("waiting", 0, new DateTimeOffset(day.AddDays(1).ToDateTime(new TimeOnly(1, 30)), TimeSpan.Zero)), (bill.Status, bill.Attempts, bill.NextAttemptAt));
    }

    [Fact]
    public async Task A_long_bill_comes_in_pages_and_a_payment_in_another_currency_is_compared_in_its_own()
    {
        await NextDayAsync();
        var day = DateOnly.FromDateTime(fixture.Clock.GetUtcNow().UtcDateTime);
        var customer = await fixture.Hub.RegisterAsync("CNY");
        var paid = await PaidAsync(customer, "stripe", "CNY", "71.00");
        for (var i = 0; i < 230; i++)
        {
            fixture.Bills.Change("stripe", new BillChange("stranger", null, 100, "USD"), fixture.SimulatorClock.GetUtcNow().AddMilliseconds(i));
        }

        await NextDayAsync();
        var finance = await OperatorAsync();
        var bill = await BillAsync(finance, "stripe", day, bill => bill.ComparedAt is not null);

        Assert.Equal((231, 230), (bill.Lines, bill.Differences));
        Assert.Equal([("CNY", "71", "0"), ("USD", "230", "76.49")], bill.Sums.Select(sum => (sum.Currency, sum.Paid, sum.Fees)));
        Assert.Equal(("matched", "71", "71"), Seen(await LinesAsync(finance, bill, "matched"), paid));
        var ids = new HashSet<Guid>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await ReadAsync<Page<ChannelBillLineView>>(finance, $"admin/finance/bills/{bill.Id}/lines?limit=100{(cursor.Length > 0 ? "&cursor=" + cursor : "")}");
            Assert.All(page.Data, line => Assert.True(ids.Add(line.Id)));
            cursor = page.NextCursor;
        }

        Assert.Equal(231, ids.Count);
        // Another business's payments; they are not to be this class's trouble.
        await fixture.Hub.Database.AsAdminAsync<long>($"with done as (update channel_bill_lines set accepted_reason = 'x', accepted_at = '2026-01-01' where bill_id = '{bill.Id}' and verdict = 'missing_here' returning id) select count(*) from done");
    }

    [Fact]
    public async Task Two_workers_that_compare_at_once_leave_one_result()
    {
        await NextDayAsync();
        var day = DateOnly.FromDateTime(fixture.Clock.GetUtcNow().UtcDateTime);
        var customer = await fixture.Hub.RegisterAsync("CNY");
        var paid = await PaidAsync(customer, "wechat_pay", "CNY", "5.00");
        await NextDayAsync();
        var finance = await OperatorAsync();
        var bill = await BillAsync(finance, "wechat_pay", day, bill => bill.Status == "matched");
        await using var admin = fixture.Hub.Database.OpenAsAdmin();
        var order = await admin.PaymentOrders.AsNoTracking().SingleAsync(row => row.Id == paid.Id);
        BillLine[] lines =
        [
            new("trade:1", BillLineKind.Payment, "CNY", 500, 3_000_000, "CNY", order.PaidAt!.Value, order.OutTradeNo, order.ChannelTradeNo),
            new("trade:2", BillLineKind.Payment, "CNY", 500, 3_000_000, "CNY", order.PaidAt!.Value, order.OutTradeNo, "another payment of the same order"),
        ];

        var compared = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            await using var db = fixture.Hub.Database.Open();
            return await db.CompareBillAsync(bill.Id, lines, fixture.Clock.GetUtcNow(), default);
        }));

        // The second payment of an order was credited to nobody, and is new once.
        Assert.All(compared, result => Assert.Equal(1, result.Differences));
        Assert.Equal(1, compared.Sum(result => result.Fresh));
        Assert.Equal(["trade:1 matched", "trade:2 missing_here"], (await LinesAsync(finance, bill)).Select(line => $"{line.Reference} {line.Verdict}").Order());
        await finance.Management.PostAsync($"admin/finance/bills/{bill.Id}/again", null);
        await BillAsync(finance, "wechat_pay", day, bill => bill is { Status: "matched", Lines: 1 });
    }

    [Fact]
    public async Task Disputes_are_on_the_bill_too()
    {
        await NextDayAsync();
        var day = DateOnly.FromDateTime(fixture.Clock.GetUtcNow().UtcDateTime);
        var customer = await fixture.Hub.RegisterAsync("USD");
        var paid = await PaidAsync(customer, "stripe", "USD", "9.00");
        foreach (var (what, status) in new[] { ("opened", DisputeStatus.Open), ("won", DisputeStatus.Won) })
        {
            await fixture.Sim.PostAsJsonAsync("stripe/dispute", new { out_trade_no = paid.OutTradeNo, what });
            await PaymentHub.PollAsync(async () =>
            {
                await using var db = fixture.Hub.Database.OpenAsAdmin();
                return await db.Disputes.AnyAsync(dispute => dispute.OrderId == paid.Id && dispute.Status == status);
            });
        }

        await NextDayAsync();
        var finance = await OperatorAsync();
        var bill = await BillAsync(finance, "stripe", day, bill => bill.Status == "matched");

        Assert.Equal(["dispute matched -9 -9", "dispute_won matched 9 9", "payment matched 9 9"], (await LinesAsync(finance, bill)).Select(line => $"{line.Kind} {line.Verdict} {line.Amount} {line.OurAmount}").Order());
        Assert.Equal(("9", "0", "15.56"), bill.Sums.Select(sum => (sum.Paid, sum.Refunded, sum.Fees)).Single());
    }

    [Fact]
    public async Task Only_operators_see_bills_and_what_they_ask_is_checked()
    {
        var person = await fixture.Hub.RegisterAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await person.Management.GetAsync("admin/finance/bills")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await person.Management.PostAsync($"admin/finance/bills/{Guid.CreateVersion7()}/again", null)).StatusCode);
        var finance = await OperatorAsync();
        foreach (var wrong in new[] { "?from=yesterday", "?channel=cash", "?status=fine", "?cursor=x", "?limit=0" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await finance.Management.GetAsync("admin/finance/bills" + wrong)).StatusCode);
        }

        foreach (var path in new[] { "lines", "export" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await finance.Management.GetAsync($"admin/finance/bills/{Guid.CreateVersion7()}/{path}")).StatusCode);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await finance.Management.GetAsync($"admin/finance/bills/{Guid.CreateVersion7()}/lines?verdict=odd")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await finance.Management.PostAsync("admin/finance/bills/x/again", null)).StatusCode);
    }

    /// <summary>Noon in Beijing of the next day: all channels' bills of the day before are written, and both their days have begun.</summary>
    private async Task NextDayAsync()
    {
        fixture.Clock.AdvanceTo(new DateTimeOffset(fixture.Clock.GetUtcNow().UtcDateTime.Date.AddDays(1), TimeSpan.Zero).AddHours(4));
        await fixture.Hub.Database.AsAdminAsync<string>($"update payment_channels set seen_at = '{fixture.Clock.GetUtcNow():O}' returning id");
    }

    private async Task<TestCustomer> OperatorAsync()
    {
        var person = await fixture.Hub.RegisterAsync();
        await fixture.Hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{person.UserId}', '2026-01-01') returning user_id");
        return person;
    }

    private static async Task<ChannelBillView> BillAsync(TestCustomer finance, string channel, DateOnly day, Func<ChannelBillView, bool> holds)
    {
        ChannelBillView? bill = null;
        for (var tries = 0; bill is null || !holds(bill); tries++)
        {
            Assert.True(tries < 600, $"The bill did not become so: {bill}");
            await Task.Delay(tries == 0 ? 0 : 100);
            bill = (await ReadAsync<Page<ChannelBillView>>(finance, $"admin/finance/bills?channel={channel}&from={day:yyyy-MM-dd}&to={day:yyyy-MM-dd}")).Data.SingleOrDefault();
        }

        return bill;
    }

    /// <summary>The bill after the worker has had it once more.</summary>
    private static async Task<ChannelBillView> AgainAsync(TestCustomer finance, ChannelBillView bill, string channel, DateOnly day)
    {
        var before = (await BillAsync(finance, channel, day, _ => true)).ComparedAt;
        Assert.Equal(HttpStatusCode.OK, (await finance.Management.PostAsync($"admin/finance/bills/{bill.Id}/again", null)).StatusCode);
        return await BillAsync(finance, channel, day, again => again.Error is null && again.ComparedAt > before);
    }

    /// <summary>What was booked of a bill, in the order of kinds and amounts, every journal with its entries in balance.</summary>
    private async Task<string> BookedAsync(ChannelBillView bill)
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        var journals = await db.ChannelJournals.AsNoTracking().Where(journal => journal.BillId == bill.Id).OrderBy(journal => journal.BookedAt).ThenBy(journal => journal.Id).ToListAsync();
        var told = new List<(ChannelJournalKind Kind, DateTimeOffset At, string Words)>();
        foreach (var journal in journals)
        {
            var entries = await db.ChannelEntries.AsNoTracking().Where(entry => entry.JournalId == journal.Id).OrderBy(entry => entry.Account).ToListAsync();
            Assert.Equal(2, entries.Count);
            Assert.Equal(0, entries.Sum(entry => entry.Amount));
            var moved = entries.Single(entry => entry.Account != ChannelAccount.Clearing);
            Assert.Equal(journal.Kind == ChannelJournalKind.Payout ? ChannelAccount.Bank : ChannelAccount.Fees, moved.Account);
            var name = AiHub.Gateway.Management.Wire.Name(journal.Kind);
            told.Add((journal.Kind, journal.BookedAt, $"{name} {(moved.Amount / 1_000_000_000m).ToString("0.#########", System.Globalization.CultureInfo.InvariantCulture)}"));
        }

        return string.Join(", ", told.OrderBy(one => one.Kind).ThenBy(one => one.At).Select(one => one.Words));
    }

    private static async Task<IReadOnlyList<ChannelBillLineView>> LinesAsync(TestCustomer finance, ChannelBillView bill, string? verdict = null) =>
        (await ReadAsync<Page<ChannelBillLineView>>(finance, $"admin/finance/bills/{bill.Id}/lines?limit=100{(verdict is null ? "" : "&verdict=" + verdict)}")).Data;

    private static (string, string?, string?) Seen(IReadOnlyList<ChannelBillLineView> lines, PaymentOrderView order) =>
        lines.Where(line => line.OrderId == order.Id).Select(line => (line.Verdict, line.Amount, line.OurAmount)).Single();

    private static async Task<T> ReadAsync<T>(TestCustomer person, string path) => (await person.Management.GetFromJsonAsync<T>(path, Json.Options))!;

    private async Task<HealthCheckResult> HealthAsync()
    {
        await using var db = fixture.Hub.Database.Open();
        var health = new BillHealth(db, fixture.Clock);
        return await health.CheckHealthAsync(new HealthCheckContext { Registration = new HealthCheckRegistration("bills", health, HealthStatus.Degraded, null) });
    }

    private async Task<PaymentOrderView> PaidAsync(TestCustomer customer, string channel, string currency, string amount)
    {
        var order = await OpenedAsync(customer, channel, currency, amount);
        await PayAsync(channel, order);
        return await PaidAsync(order);
    }

    private async Task<PaymentOrderView> PaidAsync(PaymentOrderView order)
    {
        await PaymentHub.PollAsync(async () =>
        {
            await using var db = fixture.Hub.Database.OpenAsAdmin();
            return await db.PaymentOrders.AnyAsync(row => row.Id == order.Id && row.Status == PaymentOrderStatus.Paid);
        });
        return order;
    }

    private static async Task<PaymentOrderView> OpenedAsync(TestCustomer customer, string channel, string currency, string amount)
    {
        var response = await customer.Management.PostAsJsonAsync("billing/orders", new NewPaymentOrder("top_up", channel, amount, currency), Json.Options);
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        var order = (await response.Content.ReadFromJsonAsync<PaymentOrderView>(Json.Options))!;
        await PaymentHub.PollAsync(async () => (order = await ReadAsync<PaymentOrderView>(customer, $"billing/orders/{order.Id}")).Status != "created");
        Assert.True(order.Status == "pending", $"{order.Status}: {order.Failure}");
        return order;
    }

    private async Task PayAsync(string channel, PaymentOrderView order, string notice = "sent")
    {
        if (channel == "alipay")
        {
            using var browser = new HttpClient();
            Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(order.RedirectUrl)).StatusCode);
        }

        var paid = await fixture.Sim.PostAsJsonAsync($"{channel.Replace('_', '-')}/pay", new { out_trade_no = order.OutTradeNo, notice });
        Assert.True(paid.IsSuccessStatusCode, await paid.Content.ReadAsStringAsync());
    }

    private static async Task RefundedAsync(TestCustomer customer, PaymentOrderView order, string amount)
    {
        var response = await customer.Management.PostAsJsonAsync($"billing/orders/{order.Id}/refunds", new NewRefund(amount, "not needed"), Json.Options);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        await PaymentHub.PollAsync(async () => (await ReadAsync<PaymentOrderView>(customer, $"billing/orders/{order.Id}")).Refunds.All(refund => refund.Status == "succeeded"));
    }

    private async Task AssertBooksAsync()
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        Assert.Empty(await db.Database.SqlQuery<string>($"select violation as \"Value\" from ledger_audit({fixture.Clock.GetUtcNow().ToUniversalTime()}) union all select violation from bill_audit()").ToListAsync());
    }
}
