using System.Globalization;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Domain.Quotas;
using AiHub.Portal.Usage;

namespace AiHub.Tests.Portal;

/// <summary>The figures of the pages are the figures of the ledger.</summary>
public sealed class UsagePageTests
{
    private const int Filters = 20;

    [BrowserFact]
    public async Task Totals_charts_tables_and_downloads_are_the_sums_of_the_calls_whatever_they_are_narrowed_down_to()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Scripts: false));
        var email = await visitor.RegisterAsync();
        using var first = hub.NewApiClient(await visitor.CreateKeyAsync("first"));
        using var second = hub.NewApiClient(await visitor.CreateKeyAsync("second"));
        await hub.MoveToPlanAsync(email, PlanIds.Developer);
        for (var call = 0; call < 23; call++)
        {
            await (call % 3 == 0 ? first : second).ChatAsync($"lorem 5 call {call}", call % 2 == 0 ? "sim/echo" : "sim/lorem");
        }

        using (await second.PostAsJsonAsync("chat/completions", new { model = "sim/busy", messages = new[] { new { role = "user", content = "x" } } }))
        {
        }

        var ledger = await hub.CallsOfAsync(email);
        Assert.Equal(24, ledger.Count);
        var keys = ledger.Select(call => call.KeyId).Distinct().ToArray();
        var random = new Random(20260731);
        for (var round = 0; round < Filters; round++)
        {
            var query = new UsageQuery(
                Model: Maybe("sim/echo", "sim/lorem", "sim/busy"),
                Vendor: Maybe("sim", "nobody"),
                Key: random.Next(2) == 0 ? null : keys[random.Next(keys.Length)],
                Member: random.Next(3) == 0 ? ledger[0].UserId : null,
                Tag: random.Next(8) == 0 ? "nothing" : null);
            var by = UsageBy.All[random.Next(UsageBy.All.Count)];
            var expected = ledger.Where(call =>
                (query.Model is null || call.Model == query.Model) && (query.Vendor is null || call.Vendor == query.Vendor)
                && (query.Key is null || call.KeyId == query.Key) && (query.Tag is null || call.Tags.Contains(query.Tag))).ToList();
            var sum = Figures.Of(expected);

            await visitor.GoAsync(query.Address("/usage", ("by", by), ("metric", "cost"), ("compare", random.Next(2) == 0 ? "true" : null)));

            Assert.Equal((query, sum), (query, await FiguresAsync(visitor)));
            var rows = await RowsAsync(visitor);
            if (expected.Count > 0)
            {
                Assert.Equal((query, sum), (query, rows[^1]));
                Assert.Equal((query, sum), (query, Figures.Sum(rows[..^1])));
                var chart = await visitor.Page.Locator(".chart-day").EvaluateAllAsync<string[]>("days => days.map(day => day.dataset.total)");
                Assert.Equal((query, sum.Cost), (query, chart.Sum(Number)));
            }
            else
            {
                Assert.Empty(rows);
            }

            Assert.Equal((query, sum), (query, await DownloadAsync(visitor, query.Address("/usage/export", ("by", by)))));
        }

        string? Maybe(params string[] choices) => random.Next(2) == 0 ? null : choices[random.Next(choices.Length)];
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task The_chart_is_counted_grouped_compared_narrowed_down_and_read_as_a_table(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        await visitor.RegisterAsync();
        using var api = hub.NewApiClient(await visitor.CreateKeyAsync("charted"));
        await api.ChatAsync("hello", "sim/echo");
        await api.ChatAsync("lorem 5", "sim/lorem");

        await visitor.GoAsync("/overview");
        await visitor.CountIsAsync(2, "[data-call]");
        await visitor.GoAsync("/usage");
        await visitor.ClickAsync(".toolbar a[href*='days=7']");
        await visitor.Page.WaitForSelectorAsync(".toolbar a[aria-current][href*='days=7']");
        await visitor.ClickAsync(".card-tools a[href*='metric=cost']");
        await visitor.Page.WaitForSelectorAsync(".card-tools a[aria-current][href*='metric=cost']");
        await visitor.ClickAsync(".card-tools a[href*='by=key']");
        await visitor.Page.WaitForSelectorAsync(".card-tools a[aria-current][href*='by=key']");
        await visitor.CountIsAsync(2, "#usage-groups tbody tr, #usage-groups tfoot tr");
        await visitor.ClickAsync("a.more[href*='compare=true']");
        await visitor.CountIsAsync(4, "#usage-figures .figure-change");
        await visitor.ClickAsync(".filters > summary");
        await visitor.SelectOptionAsync("#filter-model", "sim/echo");
        await visitor.ClickAsync(".filter-form .primary");
        await visitor.Page.WaitForSelectorAsync(".chip");
        Assert.Equal("1", await visitor.TextAsync("[data-figure=requests]"));
        Assert.Contains("days=7", visitor.Page.Url, StringComparison.Ordinal);
        await visitor.ClickAsync("#chart-table > summary");
        await visitor.CountIsAsync(1, "#chart-table tbody tr");
        Assert.True(await visitor.Page.IsVisibleAsync("#chart-table tbody tr"));
        var file = await visitor.Page.RunAndWaitForDownloadAsync(() => visitor.ClickAsync("a[download]"));
        Assert.EndsWith(".csv", file.SuggestedFilename, StringComparison.Ordinal);
        await visitor.ClickAsync(".chip");
        await visitor.CountIsAsync(0, ".chip");
        Assert.Equal("2", await visitor.TextAsync("[data-figure=requests]"));
    }

    [BrowserFact]
    public async Task The_log_pages_through_every_call_once()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Scripts: false));
        var email = await visitor.RegisterAsync();
        using var api = hub.NewApiClient(await visitor.CreateKeyAsync("only"));
        await hub.MoveToPlanAsync(email, PlanIds.Developer);
        for (var call = 0; call < 28; call++)
        {
            await api.ChatAsync($"call {call}");
        }

        await visitor.GoAsync("/logs");
        var seen = await visitor.Page.Locator("[data-call]").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.call)");
        await visitor.ClickAsync(".pager a");
        var more = await visitor.Page.Locator("[data-call]").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.call)");

        Assert.Equal((await hub.CallsOfAsync(email)).Select(call => call.Id.ToString()), seen.Concat(more));
    }

    [BrowserTheory]
    [InlineData("en", "28 rows saved")]
    [InlineData("zh-CN", "已保存 28 行")]
    public async Task A_download_says_how_far_it_is_and_saves_every_row(string language, string saved)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language));
        var email = await visitor.RegisterAsync();
        using var api = hub.NewApiClient(await visitor.CreateKeyAsync("only"));
        await hub.MoveToPlanAsync(email, PlanIds.Developer);
        for (var call = 0; call < 28; call++)
        {
            await api.ChatAsync($"call {call}");
        }

        using (await api.PostAsJsonAsync("chat/completions", new { model = "sim/busy", messages = new[] { new { role = "user", content = "x" } } }))
        {
        }

        foreach (var (path, rows) in new[] { ("/logs", 29), ("/logs?status=succeeded", 28), ("/logs?status=failed", 1), ("/logs?tag=none", 0), ("/organization/audit-log", -1) })
        {
            await visitor.GoAsync(path);
            var href = (await visitor.Page.GetAttributeAsync("a[data-download]", "href"))!;
            var plain = await visitor.Page.Context.APIRequest.GetAsync(href);
            var lines = (await plain.TextAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length - 1;
            Assert.Equal((path, lines.ToString(CultureInfo.InvariantCulture)), (path, plain.Headers["x-aihub-rows"]));
            Assert.True(rows < 0 ? lines > 0 : rows == lines, path);
        }

        await visitor.GoAsync("/logs?status=succeeded");
        var file = await visitor.Page.RunAndWaitForDownloadAsync(() => visitor.Page.ClickAsync("a[data-download]"));
        Assert.EndsWith(".csv", file.SuggestedFilename, StringComparison.Ordinal);
        Assert.Equal(29, (await File.ReadAllLinesAsync(await file.PathAsync())).Length);
        Assert.Equal(saved, await visitor.TextAsync("[data-download-text]"));
        Assert.Equal(28, await visitor.Page.Locator(".download progress").EvaluateAsync<int>("bar => bar.value"));

        // While it runs: how far it is, and a way to stop it, after which nothing is saved.
        await visitor.Page.RouteAsync("**/logs/export**", _ => Task.CompletedTask);
        await visitor.Page.ClickAsync("a[data-download]");
        await visitor.Page.WaitForSelectorAsync("[data-download-stop]:visible");
        Assert.Equal("true", await visitor.Page.GetAttributeAsync("a[data-download]", "aria-disabled"));
        await visitor.Page.ClickAsync("[data-download-stop]");
        await visitor.Page.WaitForSelectorAsync("a[data-download]:not([aria-disabled])");
        Assert.Equal(0, await visitor.Page.Locator("[data-download-stop]:visible").CountAsync());
    }

    private sealed record Figures(long Requests, long Input, long Output, decimal Cost)
    {
        public static Figures Of(IReadOnlyList<UsageRequest> calls) =>
            new(calls.Count, calls.Sum(call => call.Tokens.Input), calls.Sum(call => call.Tokens.Output), calls.Sum(call => Number(call.Cost)));

        public static Figures Sum(IReadOnlyList<Figures> rows) =>
            new(rows.Sum(row => row.Requests), rows.Sum(row => row.Input), rows.Sum(row => row.Output), rows.Sum(row => row.Cost));
    }

    private static async Task<Figures> FiguresAsync(Visitor visitor)
    {
        var (requests, input, output) = (await visitor.TextAsync("[data-figure=requests]"), await visitor.TextAsync("[data-figure=input]"), await visitor.TextAsync("[data-figure=output]"));
        var cost = await visitor.Page.Locator("[data-figure=cost]").GetAttributeAsync("title");
        return new Figures((long)Number(requests), (long)Number(input), (long)Number(output), Number(cost!));
    }

    private static async Task<List<Figures>> RowsAsync(Visitor visitor)
    {
        var rows = await visitor.Page.Locator("#usage-groups tr:has(td)").EvaluateAllAsync<string[][]>(
            "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => (cell.querySelector('span') ?? cell).firstChild.textContent.trim() + (cell.querySelector('.amount-tail')?.textContent ?? '')))");
        return [.. rows.Select(row => new Figures((long)Number(row[0]), (long)Number(row[1]), (long)Number(row[2]), Number(row[4])))];
    }

    /// <summary>The last row of a table, after the sum of those before it was found to be the same.</summary>
    private static async Task<Figures> DownloadAsync(Visitor visitor, string path)
    {
        var response = await visitor.Page.Context.APIRequest.GetAsync(path);
        Assert.Equal("text/csv; charset=utf-8", response.Headers["content-type"]);
        var rows = (await response.TextAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(row => row.Split(','))
            .Select(cells => (cells[0], Sum: new Figures(long.Parse(cells[3], CultureInfo.InvariantCulture), long.Parse(cells[5], CultureInfo.InvariantCulture), long.Parse(cells[6], CultureInfo.InvariantCulture), Number(cells[10])))).ToList();

        Assert.Equal("total", rows[^1].Item1);
        Assert.Equal(rows[^1].Sum, Figures.Sum([.. rows[..^1].Select(row => row.Sum)]));
        return rows[^1].Sum;
    }

    private static decimal Number(string text) => decimal.Parse(text.TrimStart('$'), NumberStyles.Number, CultureInfo.InvariantCulture);
}
