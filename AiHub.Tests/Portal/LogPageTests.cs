using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Domain.Quotas;
using AiHub.Portal.Usage;

namespace AiHub.Tests.Portal;

/// <summary>The request log: what was called, narrowed down in the address, and why a call cost what it cost.</summary>
public sealed class LogPageTests
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_call_appears_by_itself_and_its_page_adds_up_all_without_reloading(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        var email = await visitor.RegisterAsync();
        using var api = hub.NewApiClient(await visitor.CreateKeyAsync("worker", "sim/echo"));
        await visitor.GoAsync("/logs");
        await visitor.Page.WaitForSelectorAsync(".live.on");

        // Within two seconds of its answer; the quickest of a few, as the machine may have other things to do.
        var waits = new List<TimeSpan>();
        for (var calls = 1; calls <= 4; calls++)
        {
            await api.ChatAsync("one two three");
            var clock = Stopwatch.StartNew();
            await visitor.Page.WaitForFunctionAsync("calls => document.querySelectorAll('[data-call]').length === calls", calls);
            waits.Add(clock.Elapsed);
        }

        Assert.InRange(waits.Min(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        await visitor.ClickAsync(".call-link");
        await visitor.Page.WaitForSelectorAsync("[data-figure=tokens]");
        var call = (await hub.CallsOfAsync(email))[0];
        Assert.Equal(call.Tokens.Total.ToString("N0", CultureInfo.InvariantCulture), await visitor.TextAsync("[data-figure=tokens]"));
        var lines = await visitor.Page.Locator(".explain tbody td:last-child .amount").AllTextContentsAsync();
        Assert.Equal(Number(call.Cost), lines.Sum(Number));
        Assert.Equal(Number(call.Cost), Number((await visitor.Page.Locator(".explain tfoot .amount").TextContentAsync())!));
        var attempt = Assert.Single(call.Attempts!);
        Assert.Equal(("sim", 200, null), (attempt.Vendor, attempt.HttpStatus, attempt.Error));
        Assert.InRange(attempt.StartedMs + attempt.DurationMs, 0, call.LatencyMs + 1);
        Assert.Equal(1, await visitor.Page.Locator(".fall").CountAsync());
        using var management = hub.NewManagementClient();
        var vendor = (await management.GetFromJsonAsync<Page<PublicModelView>>("catalog/public-models", Json.Options))!.Data.SelectMany(model => model.Vendors).First(one => one.Id == "sim");
        Assert.StartsWith(vendor.Name, await visitor.TextAsync(".fall-name"), StringComparison.Ordinal);
        Assert.Equal(call.Id.ToString(), await visitor.TextAsync("#request-id"));
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task The_address_holds_the_filter_and_a_failure_says_which_vendor_failed_how(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false, Keyboard: language == "en"));
        var email = await visitor.RegisterAsync();
        using var first = hub.NewApiClient(await visitor.CreateKeyAsync("first", "sim/echo"));
        using var second = hub.NewApiClient(await visitor.CreateKeyAsync("second", "sim/echo"));
        await first.ChatAsync("hello");
        await second.ChatAsync("hello");
        using var busy = await second.PostAsJsonAsync("chat/completions", new { model = "sim/busy", messages = new[] { new { role = "user", content = "hello" } } });
        Assert.False(busy.IsSuccessStatusCode);

        await visitor.GoAsync("/logs?filter=true");
        await visitor.SelectOptionAsync("#filter-key", new Microsoft.Playwright.SelectOptionValue { Label = "second" });
        await visitor.SelectOptionAsync("#filter-status", "failed");
        await visitor.ClickAsync(".filter-form .primary");

        await visitor.Page.WaitForURLAsync("**status=failed*");
        var failed = Assert.Single(await hub.CallsOfAsync(email), call => call.Status == "failed");
        Assert.Equal([failed.Id.ToString()], await visitor.Page.Locator("[data-call]").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.call)"));
        await visitor.ClickAsync(".call-link");
        Assert.Contains(language == "en" ? "The vendor was busy" : "厂商繁忙", await visitor.TextAsync(".fall"), StringComparison.Ordinal);
        Assert.All(failed.Attempts!, attempt => Assert.Equal("upstream_busy", attempt.Error));
        await visitor.GoAsync("/logs?status=failed");
        await visitor.ClickAsync(".chip");
        await visitor.CountIsAsync(3, "[data-call]");
        await visitor.FillAsync("#request", failed.Id.ToString());
        await visitor.ClickAsync(".search .button");
        await visitor.Page.WaitForURLAsync($"**/logs/{failed.Id}");
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Every_filter_narrows_the_log_and_its_table_to_the_same_calls_at_the_organizations_time(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false));
        var email = await visitor.RegisterAsync();
        await hub.MoveToPlanAsync(email, PlanIds.Developer);
        await visitor.GoAsync("/organization/settings");
        await visitor.SelectOptionAsync("#time-zone", "Pacific/Auckland");
        await visitor.LeaveAsync("form.form button.primary");
        using var first = hub.NewApiClient(await visitor.CreateKeyAsync("first"));
        using var second = hub.NewApiClient(await visitor.CreateKeyAsync("second"));
        second.DefaultRequestHeaders.Add("x-aihub-tags", "project:search");
        for (var call = 0; call < 12; call++)
        {
            await (call % 3 == 0 ? first : second).ChatAsync($"lorem 2 call {call}", call % 2 == 0 ? "sim/echo" : "sim/lorem");
        }

        using (await second.PostAsJsonAsync("chat/completions", new { model = "sim/busy", messages = new[] { new { role = "user", content = "x" } } }))
        {
        }

        var calls = await hub.CallsOfAsync(email);
        Assert.Equal(13, calls.Count);
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Pacific/Auckland");
        var random = new Random(7);
        for (var round = 0; round < 15; round++)
        {
            var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(calls[0].OccurredAt, zone).DateTime).AddDays(random.Next(-1, 2));
            var query = new UsageQuery(
                random.Next(3) == 0 ? day : null,
                random.Next(3) == 0 ? day : null,
                random.Next(3) == 0 ? "sim/echo" : null,
                random.Next(3) == 0 ? (random.Next(2) == 0 ? "sim" : "nobody") : null,
                random.Next(3) == 0 ? calls[random.Next(calls.Count)].KeyId : null,
                random.Next(3) == 0 ? calls[0].UserId : null,
                random.Next(6) == 0 ? Guid.CreateVersion7() : null,
                random.Next(3) == 0 ? "project:search" : null,
                random.Next(3) == 0 ? UsageQuery.Statuses[random.Next(3)] : null);
            var expected = calls.Where(call =>
                (query.From is null || DayOf(call) >= query.From) && (query.To is null || DayOf(call) <= query.To) && (query.Model is null || call.Model == query.Model)
                && (query.Vendor is null || call.Vendor == query.Vendor) && (query.Key is null || call.KeyId == query.Key) && (query.Member is null || call.UserId == query.Member)
                && query.Team is null && (query.Tag is null || call.Tags.Contains(query.Tag)) && (query.Status is null || call.Status == query.Status)).Select(call => call.Id.ToString()).ToList();

            await visitor.GoAsync(query.Address("/logs"));
            Assert.Equal((query, string.Join(' ', expected)), (query, string.Join(' ', await visitor.Page.Locator("[data-call]").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.call)"))));
            Assert.Equal((query, expected.Count == 0), (query, await visitor.Page.Locator(".empty").CountAsync() == 1));
            var table = await (await visitor.Page.Context.APIRequest.GetAsync((await visitor.Page.GetAttributeAsync("a[data-download]", "href"))!)).TextAsync();
            Assert.Equal((query, expected.Count), (query, table.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length - 1));
        }

        await visitor.GoAsync("/logs");
        var written = TimeZoneInfo.ConvertTime(calls[0].OccurredAt, zone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        Assert.Contains(written, (await visitor.TextAsync(".call-time")) + await visitor.Page.GetAttributeAsync(".call-time time", "title"), StringComparison.Ordinal);

        DateOnly DayOf(UsageRequest call) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(call.OccurredAt, zone).DateTime);
    }

    private static decimal Number(string text) => decimal.Parse(text.TrimStart('$', '¥').Replace('−', '-'), NumberStyles.Number, CultureInfo.InvariantCulture);
}
