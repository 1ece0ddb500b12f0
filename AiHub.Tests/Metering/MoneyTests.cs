using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.AppHost.Embedded.Servers;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Tests.Chat;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;

namespace AiHub.Tests.Metering;

/// <summary>The end of the money, to the nano-unit, over the real gateway with a cache of its own.</summary>
public sealed class MoneyTests : IAsyncLifetime
{
    private const int Answer = 21;
    private GarnetCache _cache = null!;
    private TestHub _hub = null!;
    private int _vendors;
    private int _topUps;

    public async Task InitializeAsync()
    {
        _cache = await GarnetCache.StartAsync(new GarnetOptions(DataDirectory: null, Guid.CreateVersion7().ToString("N")), loggers: null, CancellationToken.None);
        _hub = await TestHub.StartAsync(new TestHubOptions(
            Settings: new Dictionary<string, string?>(VendorHub.Settings()) { ["ConnectionStrings:cache"] = _cache.ConnectionString }));
    }

    public async Task DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _cache.DisposeAsync();
    }

    [Fact]
    public async Task Invariant_28_of_500_calls_at_once_with_money_for_ten_exactly_ten_are_served_though_the_cache_is_emptied()
    {
        var customer = await PayingAsync();
        var body = """{"model":"MODEL","max_tokens":21,"messages":[{"role":"user","content":"hi"}]}""";
        var prompt = ChatRequest.Parse(Encoding.UTF8.GetBytes(body)).Request!.EstimatedPromptTokens;
        await using var vendor = await ScriptedVendor.AnsweringAsync(
            $$$"""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":{{{prompt}}},"completion_tokens":{{{Answer}}}}}""");
        body = body.Replace("MODEL", await ServeAsync(vendor), StringComparison.Ordinal);
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{_cache.ConnectionString},allowAdmin=true");

        for (var round = 1; round <= 20; round++)
        {
            await TopUpAsync(customer, 10 * ((prompt * 1_000) + (Answer * 3_000)));

            var calls = Enumerable.Range(0, 500).Select(_ => customer.Api.PostAsync("chat/completions", new StringContent(body, Encoding.UTF8, "application/json"))).ToList();
            await redis.GetDatabase().ExecuteAsync("FLUSHALL");
            var statuses = new List<HttpStatusCode>();
            foreach (var answer in await Task.WhenAll(calls))
            {
                statuses.Add(answer.StatusCode);
                answer.Dispose();
            }

            Assert.Equal((10, 490), (statuses.Count(status => status == HttpStatusCode.OK), statuses.Count(status => status == HttpStatusCode.PaymentRequired)));
            Assert.Equal(10 * round, vendor.Requests.Count);
            await using var db = _hub.Database.OpenAsAdmin();
            Assert.Equal((0L, 0L), await db.Balances.Where(row => row.OrganizationId == customer.OrganizationId && db.Accounts.Any(account => account.Id == row.AccountId && account.Unit == "USD"))
                .GroupBy(row => row.OrganizationId).Select(rows => new ValueTuple<long, long>(rows.Sum(row => row.Posted), rows.Sum(row => row.Held))).SingleAsync());
        }
    }

    [Fact]
    public async Task A_hard_budget_holds_against_a_vendor_that_counts_every_byte_and_writes_all_it_may()
    {
        var customer = await PayingAsync();
        await TopUpAsync(customer, Money.NanosPerUnit);
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            var request = (await JsonNode.ParseAsync(context.Request.Body))!;
            var counted = Encoding.UTF8.GetByteCount((string)request["messages"]![0]!["content"]!) + 7;
            await ScriptedVendor.WriteAsync(context, "application/json",
                $$$"""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"length"}],"usage":{"prompt_tokens":{{{counted}}},"completion_tokens":{{{(int)request["max_tokens"]!}}}}}""");
        });
        var model = await ServeAsync(vendor);
        var budget = await BudgetAsync(customer, 3_000);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => customer.ChatAsync(new string('7', 150), model)));

        await using var db = _hub.Database.OpenAsAdmin();
        var window = await db.BudgetWindows.SingleAsync(row => row.BudgetId == budget);
        Assert.InRange(window.Used, 1, 3_000);
        Assert.Equal(0, window.Held);
        Assert.Equal(window.Used, await db.UsageRecords.Where(record => record.OrganizationId == customer.OrganizationId).SumAsync(record => record.PlanTokens));
        Assert.Contains(answers, answer => answer.IsSuccessStatusCode);

        var refused = await customer.ChatAsync(new string('7', 3_000), model);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("false", refused.Headers.GetValues("x-should-retry").Single());
        var error = await DoorTests.ErrorAsync(refused);
        Assert.Equal(("insufficient_quota", "budget_exceeded"), ((string?)error["type"], (string?)error["code"]));
        Assert.Contains("The day budget of the user", (string?)error["message"]);
        Assert.Contains("set by", (string?)error["message"]);
        Assert.Contains("It resets at 20", (string?)error["message"]);
    }

    [Fact]
    public async Task A_vendor_whose_budget_is_used_up_is_passed_over()
    {
        var customer = await PayingAsync();
        await TopUpAsync(customer, Money.NanosPerUnit);
        await using var first = await ScriptedVendor.AnsweringAsync(Said("first"));
        await using var second = await ScriptedVendor.AnsweringAsync(Said("second"));
        var model = await ServeAsync(first, second);
        await BudgetAsync(customer, 0, vendor: $"scripted{_vendors - 2}");

        var answer = JsonNode.Parse(await (await customer.ChatAsync("hi", model)).Content.ReadAsStringAsync())!;

        Assert.Equal("second", (string?)answer["choices"]![0]!["message"]!["content"]);
        Assert.Empty(first.Requests);
    }

    [Fact]
    public async Task What_is_held_for_a_call_follows_the_answers_its_model_has_given()
    {
        var customer = await PayingAsync();
        await TopUpAsync(customer, 100 * Money.NanosPerUnit);
        await using var vendor = await ScriptedVendor.AnsweringAsync(Said("short"));
        var model = await ServeAsync(vendor);
        for (var i = 0; i < 21; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await customer.ChatAsync("hi", model)).StatusCode);
        }

        await using var db = _hub.Database.OpenAsAdmin();
        var asked = await db.Holds.Where(hold => hold.OrganizationId == customer.OrganizationId).OrderBy(hold => hold.CreatedAt).Select(hold => hold.AskedTokens).ToListAsync();
        Assert.True(asked[0] > 2_048, $"{asked[0]}");
        Assert.True(asked[^1] < 40, $"{asked[^1]}");
    }

    private static string Said(string text) =>
        $$$"""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"{{{text}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":5}}""";

    /// <summary>Somebody on the unlimited plan: every call is paid from the wallet, and a limit of the key's own keeps the cache busy.</summary>
    private async Task<TestCustomer> PayingAsync()
    {
        var customer = await _hub.RegisterAsync();
        await _hub.Database.AsAdminAsync<object>(
            $"""
             update subscriptions set plan_id = 'enterprise' where organization_id = '{customer.OrganizationId}';
             update api_keys set requests_per_minute = 1000000 where organization_id = '{customer.OrganizationId}';
             select ledger_reverse(gen_random_uuid(), organization_id, id, null, booked_at)::text from journals where organization_id = '{customer.OrganizationId}' and kind = 'grant'
             """);
        return customer;
    }

    private Task TopUpAsync(TestCustomer customer, long nanos) => _hub.Database.AsAdminAsync<bool>(
        $"select ledger_post(gen_random_uuid(), '{customer.OrganizationId}', 'top-up:{++_topUps}', 'top_up', 'payments', 'wallet_purchased', 'USD', {nanos}, now(), now())");

    private async Task<Guid> BudgetAsync(TestCustomer customer, long tokens, string? vendor = null)
    {
        var now = _hub.Clock.GetUtcNow();
        var budget = new Budget
        {
            Id = Guid.CreateVersion7(),
            OrganizationId = customer.OrganizationId,
            Scope = BudgetScope.User,
            SubjectId = customer.UserId,
            VendorId = vendor,
            Unit = Budget.Tokens,
            Amount = tokens,
            Period = BudgetPeriod.Day,
            Alignment = BudgetAlignment.Anniversary,
            Anchor = now,
            Hard = true,
            AlertAt = [],
            CreatedAt = now,
            CreatedBy = customer.UserId,
        };
        await using var db = _hub.Database.Open();
        await db.InOrganizationAsync(customer.OrganizationId, () => db.AddBudgetAsync(budget, default), default);
        return budget.Id;
    }

    /// <summary>A model of 1 USD per million tokens in and 3 out, by these vendors in this order.</summary>
    private async Task<string> ServeAsync(params ScriptedVendor[] vendors)
    {
        var prober = await _hub.RegisterAsync();
        var model = new Model { Id = $"test/{Guid.CreateVersion7():N}", Name = "Scripted", MaxOutputTokens = 4_000, CreatedAt = DateTimeOffset.UnixEpoch };
        await using var db = _hub.Database.OpenAsAdmin();
        db.Models.Add(model);
        foreach (var (priority, vendor) in vendors.Index())
        {
            var id = $"scripted{_vendors++}";
            var upstream = new Upstream { Id = Guid.CreateVersion7(), ModelId = model.Id, VendorId = id, VendorModel = "vendor-model", Priority = priority };
            db.Vendors.Add(new Vendor { Id = id, Name = id, BaseUrl = new Uri(vendor.Url, "/v1").ToString(), Dialect = "openai", Source = "test" });
            db.Upstreams.Add(upstream);
            db.Prices.AddRange(VendorHub.Price(upstream, PriceComponent.Input, 1_000_000_000), VendorHub.Price(upstream, PriceComponent.Output, 3_000_000_000));
        }

        await db.SaveChangesAsync();
        await _hub.OnceServedAsync(prober, model.Id);
        return model.Id;
    }
}
