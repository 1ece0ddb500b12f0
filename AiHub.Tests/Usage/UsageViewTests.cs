using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using AiHub.Contracts;
using AiHub.Domain.Usage;
using AiHub.Gateway.Management;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Usage;

/// <summary>What a customer sees of their calls: sums, lists, a table, and the explanation of each charge.</summary>
public sealed class UsageViewTests
{
    [Fact]
    public async Task A_call_is_in_every_view_at_once_under_its_tags_and_stays_there_when_it_is_rolled_up()
    {
        await using var hub = await TestHub.StartAsync();
        var customer = await hub.RegisterAsync();
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(customer, "hello", "project:search, nightly,nightly")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(customer, "hello again", null)).StatusCode);

        await CheckAsync();
        await using (var db = hub.Database.Open())
        {
            Assert.Equal(2, await db.RollUpUsageAsync(default));
        }

        await CheckAsync();

        async Task CheckAsync()
        {
            var byTag = await ReadAsync<UsageCost>(customer, "usage/cost?by=tag&compare=true");
            Assert.Equal(["", "nightly", "project:search"], byTag.Groups.Select(group => group.Id).Order());
            Assert.Equal((2L, 0L), (byTag.Total.Requests, byTag.Previous!.Total.Requests));
            Assert.All(byTag.Groups, group => Assert.Equal(1, group.Requests));

            var byUser = await ReadAsync<UsageCost>(customer, $"usage/cost?by=user&tag=nightly&model=sim/echo&user_id={customer.UserId}");
            Assert.Equal((customer.UserId.ToString(), 1L), (Assert.Single(byUser.Groups).Id, byUser.Total.Requests));
            Assert.Equal(0, (await ReadAsync<UsageCost>(customer, "usage/cost?vendor=nobody")).Total.Requests);

            Assert.Equal(2, (await ReadAsync<UsageHistory>(customer, "usage/history")).Days.Sum(day => day.Requests));
            Assert.Equal(2, (await ReadAsync<UsageHours>(customer, "usage/hours")).Hours.Sum(hour => hour.Requests));
            Assert.Equal(2, (await customer.UsageAsync()).Requests);

            var tagged = Assert.Single((await ReadAsync<Page<UsageRequest>>(customer, "usage/requests?tag=project:search&status=succeeded")).Data);
            Assert.Equal(["nightly", "project:search"], tagged.Tags);
            Assert.Empty((await ReadAsync<Page<UsageRequest>>(customer, "usage/requests?status=failed")).Data);
        }
    }

    [Fact]
    public async Task Every_sum_and_every_list_is_that_of_the_records_whatever_is_asked_for()
    {
        var hub = await TestHub.SharedAsync();
        var customer = await hub.RegisterAsync();
        var zone = TimeZoneInfo.FindSystemTimeZoneById((await ReadAsync<UsageHistory>(customer, "usage/history")).TimeZone);
        var (first, random) = (new DateOnly(2026, 3, 10), new Random(20261128));
        var records = new List<UsageRecord>();
        for (var round = 0; round < 4; round++)
        {
            // Some sums are rolled up, some records still wait.
            await using (var admin = hub.Database.OpenAsAdmin())
            {
                var more = Enumerable.Range(0, 70).Select(_ => UsageRollUpTests.Record(customer.OrganizationId, new DateTimeOffset(2026, 3, 10, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next(6 * 86_400)), random)).ToList();
                admin.UsageRecords.AddRange(more);
                await admin.SaveChangesAsync();
                records.AddRange(more);
            }

            if (round is 0 or 2)
            {
                await using var db = hub.Database.Open();
                await db.RollUpUsageAsync(default);
            }

            for (var question = 0; question < 25; question++)
            {
                await AskAsync();
            }
        }

        async Task AskAsync()
        {
            var (from, some) = (first.AddDays(random.Next(5)), records[random.Next(records.Count)]);
            var to = from.AddDays(random.Next(3));
            var asked = new List<(string Name, string Value, Func<UsageRecord, bool> Fits)>
            {
                ("model", some.ModelId, record => record.ModelId == some.ModelId),
                ("vendor", some.VendorId, record => record.VendorId == some.VendorId),
                ("key_id", some.KeyId.ToString(), record => record.KeyId == some.KeyId),
                ("user_id", some.UserId.ToString(), record => record.UserId == some.UserId),
                ("team_id", $"{some.TeamId}", record => record.TeamId == some.TeamId),
                ("tag", some.Tags.FirstOrDefault() ?? "", record => record.Tags.Contains(some.Tags[0])),
            }.Where(filter => filter.Value.Length > 0).OrderBy(_ => random.Next()).Take(random.Next(3)).ToList();
            var by = new[] { "model", "vendor", "key", "user", "team", "tag" }[random.Next(6)];
            var query = $"from={from:yyyy-MM-dd}&to={to:yyyy-MM-dd}" + string.Concat(asked.Select(filter => $"&{filter.Name}={Uri.EscapeDataString(filter.Value)}"));
            var calls = records.Where(record => DayOf(record) >= from && DayOf(record) <= to && asked.All(filter => filter.Fits(record))).ToList();
            var sum = Sum(calls);

            var history = await ReadAsync<UsageHistory>(customer, $"usage/history?{query}");
            Assert.Equal((query, sum), (query, (history.Days.Sum(day => day.Requests), history.Days.Sum(day => day.Tokens.Input), history.Days.Sum(day => Number(day.Cost)))));
            Assert.All(history.Days, day => Assert.Equal(calls.Count(record => DayOf(record) == day.Date), day.Requests));
            var hours = await ReadAsync<UsageHours>(customer, $"usage/hours?{query}");
            Assert.Equal((query, sum), (query, (hours.Hours.Sum(hour => hour.Requests), hours.Hours.Sum(hour => hour.Tokens.Input), hours.Hours.Sum(hour => Number(hour.Cost)))));

            var groups = calls.SelectMany(record => ValuesOf(record, by).Select(value => (value, record))).GroupBy(pair => pair.value, pair => pair.record).ToDictionary(group => group.Key, group => Sum([.. group]));
            var cost = await ReadAsync<UsageCost>(customer, $"usage/cost?{query}&by={by}");
            Assert.Equal((query, by, sum), (query, by, (cost.Total.Requests, cost.Total.Tokens.Input, Number(cost.Total.Cost))));
            Assert.Equal(groups, cost.Groups.ToDictionary(group => group.Id, group => (group.Requests, group.Tokens.Input, Number(group.Cost))));
            var series = await ReadAsync<UsageSeries>(customer, $"usage/series?{query}&by={by}");
            Assert.Equal(groups, series.Groups.ToDictionary(group => group.Id, group => (group.Days.Sum(day => day.Requests), group.Days.Sum(day => day.Tokens.Input), group.Days.Sum(day => Number(day.Cost)))));

            await ListAsync(query, calls);
            await ListAsync($"{query}&status={Wire.Name(some.Status)}", calls.Where(record => record.Status == some.Status));
            // Of all times, and what hardly ever or never comes together.
            var other = records[random.Next(records.Count)];
            await ListAsync($"tag=b:1&vendor={other.VendorId}&status=failed", records.Where(record => record.Tags.Contains("b:1") && record.VendorId == other.VendorId && record.Status == UsageStatus.Failed));
            await ListAsync($"tag=b:0&model={other.ModelId}&key_id={some.KeyId}", records.Where(record => record.Tags.Contains("b:0") && record.ModelId == other.ModelId && record.KeyId == some.KeyId));
            await ListAsync("tag=nobody", []);
            await ListAsync("", records);
        }

        // Page by page.
        async Task ListAsync(string query, IEnumerable<UsageRecord> calls)
        {
            var listed = new List<Guid>();
            string? cursor = null;
            do
            {
                var page = await ReadAsync<Page<UsageRequest>>(customer, $"usage/requests?{query}&limit=17{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}");
                listed.AddRange(page.Data.Select(call => call.Id));
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            Assert.Equal(calls.OrderByDescending(record => record.OccurredAt).ThenByDescending(record => record.Id).Select(record => record.Id), listed);
        }

        DateOnly DayOf(UsageRecord record) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(record.OccurredAt, zone).DateTime);

        static (long, long, decimal) Sum(IReadOnlyList<UsageRecord> records) =>
            (records.Count, records.Sum(record => record.Tokens.Input), records.Sum(record => Number(record.Cost.ToDecimalString())));

        static IReadOnlyList<string> ValuesOf(UsageRecord record, string by) => by switch
        {
            "vendor" => [record.VendorId],
            "key" => [record.KeyId.ToString()],
            "user" => [record.UserId.ToString()],
            "team" => [record.TeamId?.ToString() ?? ""],
            "tag" => record.Tags.Length == 0 ? [""] : record.Tags,
            _ => [record.ModelId],
        };
    }

    [Fact]
    public async Task Too_many_or_too_long_tags_are_refused()
    {
        var customer = await (await TestHub.SharedAsync()).RegisterAsync();

        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(customer, "hello", new string('x', 65))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(customer, "hello", string.Join(',', Enumerable.Range(0, 11)))).StatusCode);
        Assert.Empty(await customer.RequestsAsync());
    }

    [Fact]
    public async Task A_charge_adds_up_from_its_tokens_to_its_journal()
    {
        var hub = await TestHub.SharedAsync();
        var customer = await hub.RegisterAsync();
        var answer = await customer.ChatAsync("hello there", "sim/reasoning");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var id = answer.Headers.GetValues("x-request-id").Single();

        var explained = await ReadAsync<ChargeExplanation>(customer, $"usage/requests/{id}/explain");

        Assert.Equal(id, explained.Request.Id.ToString());
        Assert.Equal(explained.Request.Tokens.Total, explained.Lines.Sum(line => line.Quantity));
        Assert.All(explained.Lines, line =>
        {
            var price = explained.Prices.Single(row => row.Id == line.PriceId);
            Assert.Equal((line.Component, line.PerMillion), (price.Component, price.PerMillion));
            Assert.True(price.ValidFrom <= explained.Request.OccurredAt && !(price.ValidTo <= explained.Request.OccurredAt));
            Assert.Equal(Number(line.ExactAmount), line.Quantity * Number(line.PerMillion) / 1_000_000);
        });
        Assert.Equal(Number(explained.ExactCost), explained.Lines.Sum(line => Number(line.ExactAmount)));
        Assert.Equal(Number(explained.Cost), Number(explained.ExactCost) + Number(explained.Rounding));
        Assert.Equal(explained.Request.Cost, explained.Cost);
        Assert.InRange(Number(explained.Rounding), -0.0000000005m, 0.0000000005m);

        Assert.Equal(explained.PlanTokens, explained.PlanTokensCharged);
        Assert.EndsWith($"= {explained.PlanTokens}", explained.Weights!.Arithmetic);
        Assert.Equal(new PaymentView("allowance", explained.PlanTokens.ToString(CultureInfo.InvariantCulture), "TOK"), Assert.Single(explained.Payments));
        var lot = Assert.Single(explained.Lots);
        Assert.Equal(("allowance", "grant", explained.PlanTokens, "TOK"), (lot.Account, lot.Kind, (long)Number(lot.Drawn), lot.Unit));
        Assert.Equal(lot.Id, Assert.Single(explained.Hold!.Lots).Id);
        Assert.Empty(explained.Budgets);
        Assert.Equal("settled", explained.Hold.State);
        Assert.Equal(explained.Hold.PlanTokens, explained.Hold.Lots.Sum(lot => (long)Number(lot.Held)));
        Assert.Equal(explained.Request.JournalId, explained.Journal!.Id);
        Assert.All(explained.Journal.Entries.GroupBy(entry => entry.Unit), unit => Assert.Equal(0, unit.Sum(entry => Number(entry.Amount))));
    }

    [Fact]
    public async Task A_charge_names_every_budget_it_counted_against()
    {
        var hub = await TestHub.SharedAsync();
        var customer = await hub.RegisterAsync();
        var ofAll = await BudgetAsync(new NewBudget("1000000", "tokens", Period: "lifetime", Hard: false));
        var ofKey = await BudgetAsync(new NewBudget("5", "USD", "key", customer.Key.Id));
        await BudgetAsync(new NewBudget("5", "USD", Model: "sim/reasoning"));
        var id = (await customer.ChatAsync("hello there")).Headers.GetValues("x-request-id").Single();
        using var removed = await customer.Management.DeleteAsync($"organizations/{customer.OrganizationId}/budgets/{ofAll.Id}");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);

        var explained = await ReadAsync<ChargeExplanation>(customer, $"usage/requests/{id}/explain");

        Assert.Equal([ofAll.Id, ofKey.Id], explained.Budgets.Select(budget => budget.Id));
        var (all, key) = (explained.Budgets[0], explained.Budgets[1]);
        Assert.Equal(("organization", customer.Registered.Organization.Name, "tokens", "lifetime", false), (all.Scope, all.Subject, all.Unit, all.Period, all.Hard));
        Assert.Equal(explained.PlanTokens, Number(all.Used!));
        Assert.Equal((null, null), (all.PeriodStartsAt, all.ResetsAt));
        Assert.NotNull(all.RemovedAt);

        var counter = await ReadAsync<BudgetView>(customer, $"organizations/{customer.OrganizationId}/budgets/{ofKey.Id}");
        Assert.Equal(("key", customer.Key.Name, "USD", true), (key.Scope, key.Subject, key.Unit, key.Hard));
        Assert.Equal((explained.Cost, explained.Cost), (key.Used, counter.Used));
        Assert.True(Number(key.Held) >= Number(key.Used!));
        Assert.Equal((counter.PeriodStartsAt, counter.ResetsAt, null), (key.PeriodStartsAt, key.ResetsAt, key.RemovedAt));

        async Task<BudgetView> BudgetAsync(NewBudget budget)
        {
            using var answer = await customer.Management.PostAsJsonAsync($"organizations/{customer.OrganizationId}/budgets", budget, Json.Options);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            return (await answer.Content.ReadFromJsonAsync<BudgetView>(Json.Options))!;
        }
    }

    [Fact]
    public async Task Nobody_is_told_about_another_organizations_call()
    {
        var hub = await TestHub.SharedAsync();
        var (customer, other) = (await hub.RegisterAsync(), await hub.RegisterAsync());
        var id = (await customer.ChatAsync("hello")).Headers.GetValues("x-request-id").Single();

        Assert.Equal(HttpStatusCode.OK, (await customer.Management.GetAsync($"usage/requests/{id}/explain")).StatusCode);
        foreach (var path in new[] { $"usage/requests/{id}/explain", $"usage/requests/{id}", "usage/requests/x/explain" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await other.Management.GetAsync(path)).StatusCode);
        }
    }

    [Fact]
    public async Task The_table_has_every_call_once_and_opens_in_a_spreadsheet()
    {
        var hub = await TestHub.SharedAsync();
        var customer = await hub.RegisterAsync();
        var made = await customer.Management.PostAsJsonAsync("auth/api-keys", new NewApiKey("=cmd|' /c calc'!A1, \"x\""), Json.Options);
        var key = (await made.Content.ReadFromJsonAsync<CreatedApiKey>(Json.Options))!;
        using var api = hub.NewApiClient(key.Key);
        for (var call = 0; call < 3; call++)
        {
            Assert.Equal(HttpStatusCode.OK, (await api.PostAsJsonAsync("chat/completions", new { model = "sim/echo", messages = new[] { new { role = "user", content = "hello" } } })).StatusCode);
        }

        var answer = await customer.Management.GetAsync("usage/export");

        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        Assert.EndsWith(".csv", answer.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal(Encoding.UTF8.Preamble.ToArray(), bytes[..3]);
        var lines = Encoding.UTF8.GetString(bytes[3..]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("id,time,model,vendor,team,member,key,", lines[0]);
        Assert.Equal((await customer.RequestsAsync()).Select(request => request.Id.ToString()), lines.Skip(1).Select(line => line[..36]));
        Assert.All(lines.Skip(1), line => Assert.Contains(",\"'=cmd|' /c calc'!A1, \"\"x\"\"\",openai.chat,succeeded,", line, StringComparison.Ordinal));

        var none = await customer.Management.GetStringAsync("usage/export?model=nobody");
        Assert.Single(none.Split("\r\n", StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(HttpStatusCode.BadRequest, (await customer.Management.GetAsync("usage/export?from=2020-01-01&to=2026-01-01")).StatusCode);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData(" @SUM(A1)", "' @SUM(A1)")]
    [InlineData("-2", "'-2")]
    [InlineData("+2", "'+2")]
    [InlineData("＝1", "'＝1")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("=a,\"b\"", "\"'=a,\"\"b\"\"\"")]
    public void A_cell_is_text_and_nothing_else(string text, string cell) => Assert.Equal(cell, Csv.Text(text));

    private static Task<HttpResponseMessage> SendAsync(TestCustomer customer, string text, string? tags)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "chat/completions")
        {
            Content = JsonContent.Create(new { model = "sim/echo", messages = new[] { new { role = "user", content = text } } }),
        };
        if (tags is not null)
        {
            request.Headers.Add("x-aihub-tags", tags);
        }

        return customer.Api.SendAsync(request);
    }

    private static async Task<T> ReadAsync<T>(TestCustomer customer, string path) => (await customer.Management.GetFromJsonAsync<T>(path, Json.Options))!;

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
