using System.Globalization;
using AiHub.Domain.Quotas;

namespace AiHub.Tests.Portal;

/// <summary>The figures of the pages are the figures of the ledger.</summary>
public sealed class UsagePageTests
{
    [BrowserFact]
    public async Task Totals_are_the_sums_of_their_rows_and_of_the_calls_on_all_pages()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url);
        var email = await visitor.RegisterAsync();
        using var first = hub.NewApiClient(await visitor.CreateKeyAsync("first"));
        using var second = hub.NewApiClient(await visitor.CreateKeyAsync("second"));
        await hub.MoveToPlanAsync(email, PlanIds.Developer);
        for (var call = 0; call < 23; call++)
        {
            await (call % 3 == 0 ? first : second).ChatAsync($"lorem 5 call {call}", call % 2 == 0 ? "sim/echo" : "sim/lorem");
        }

        await visitor.GoAsync("/usage");
        var byModel = await RowsAsync(visitor, "#by-model");
        var byKey = await RowsAsync(visitor, "#by-key");
        var calls = await CallsAsync(visitor);
        await visitor.GoAsync(await visitor.Page.EvaluateAsync<string>("() => document.querySelector('.pager a').href"));
        calls.AddRange(await CallsAsync(visitor));

        var ledger = await hub.CallsOfAsync(email);
        Assert.Equal(23, ledger.Count);
        Assert.Equal(ledger.Select(call => call.Id.ToString()), calls.Select(call => call.Id));
        var all = new Figures(ledger.Count, ledger.Sum(call => call.Tokens.Input), ledger.Sum(call => call.Tokens.Output), ledger.Sum(call => Number(call.Cost)));
        Assert.Equal(all, byModel.Total);
        Assert.Equal(all, byKey.Total);
        Assert.Equal(all, Sum(byModel.Rows));
        Assert.Equal(all, Sum(byKey.Rows));
        Assert.Equal(all.Cost, calls.Sum(call => call.Cost));
        Assert.Equal((2, 2), (byModel.Rows.Count, byKey.Rows.Count));
    }

    private sealed record Figures(long Requests, long Input, long Output, decimal Cost);

    private static Figures Sum(IReadOnlyList<Figures> rows) =>
        new(rows.Sum(row => row.Requests), rows.Sum(row => row.Input), rows.Sum(row => row.Output), rows.Sum(row => row.Cost));

    private static async Task<(List<Figures> Rows, Figures Total)> RowsAsync(Visitor visitor, string heading)
    {
        var rows = await visitor.Page.Locator($"section:has({heading}) tr:has(td)").EvaluateAllAsync<string[][]>(
            "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => (cell.querySelector('span') ?? cell).firstChild.textContent.trim() + (cell.querySelector('.amount-tail')?.textContent ?? '')))");
        var figures = rows.Select(row => new Figures((long)Number(row[0]), (long)Number(row[1]), (long)Number(row[2]), Number(row[4]))).ToList();
        return (figures[..^1], figures[^1]);
    }

    private static async Task<List<(string Id, decimal Cost)>> CallsAsync(Visitor visitor)
    {
        var rows = await visitor.Page.Locator("[data-call]").EvaluateAllAsync<string[][]>("rows => rows.map(row => [row.dataset.call, row.querySelector('.amount').textContent])");
        return [.. rows.Select(row => (row[0], Number(row[1])))];
    }

    private static decimal Number(string text) => decimal.Parse(text.TrimStart('$'), NumberStyles.Number, CultureInfo.InvariantCulture);
}
