using System.Net.Http.Json;
using AiHub.Contracts;

namespace AiHub.Tests.Portal;

/// <summary>The catalogue and the status page, read by somebody who never signed in.</summary>
public sealed class CataloguePageTests
{
    [BrowserFact]
    public async Task Anybody_finds_narrows_down_and_compares_models_at_the_prices_calls_are_charged()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Scripts: false, Keyboard: true));
        await visitor.GoAsync("/models");
        Assert.True(await visitor.Page.Locator("tbody tr").CountAsync() > 3);

        await visitor.FillAsync("#search", "sim/echo");
        await visitor.ClickAsync(".model-filter .primary");
        await visitor.Page.WaitForURLAsync("**q=sim%2Fecho*");
        Assert.Equal(1, await visitor.Page.Locator("tbody tr").CountAsync());
        await visitor.ClickAsync(".model-name");
        await visitor.Page.WaitForURLAsync("**/models/sim/echo");
        using var management = hub.NewManagementClient();
        var listed = (await management.GetFromJsonAsync<Page<PublicModelView>>("catalog/public-models", Json.Options))!.Data.Single(model => model.Id == "sim/echo");
        Assert.Equal(["CNY", "USD"], listed.Prices.Select(price => price.Currency).Order());
        var customer = await hub.RegisterAsync("CNY");
        var own = (await customer.Management.GetFromJsonAsync<Page<ModelView>>("catalog/models", Json.Options))!.Data.Single(model => model.Id == "sim/echo");
        Assert.Equal(own.Price, listed.Prices.Single(price => price.Currency == "CNY"));

        await visitor.GoAsync("/models?sort=input&q=sim");
        await visitor.CheckAsync(visitor.Page.Locator(".pick input").First);
        await visitor.CheckAsync(visitor.Page.Locator(".pick input").Nth(1));
        await visitor.ClickAsync(".after-table .button");
        await visitor.CountIsAsync(2, ".compare thead th");
        await visitor.GoAsync("/models/compare?" + string.Join('&', Enumerable.Repeat("model=", 1).Concat(["model=sim/echo", "model=sim/lorem", "model=sim/busy", "model=sim/slow", "model=sim/dies"])));
        Assert.InRange(await visitor.Page.Locator(".compare thead th").CountAsync(), 1, 4);
    }

    [BrowserFact]
    public async Task A_model_that_does_not_exist_is_not_found()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url);
        visitor.Expected = complaint => complaint.Contains("404", StringComparison.Ordinal);

        var response = await visitor.Page.GotoAsync("/models/no/such-model");

        Assert.Equal(404, response!.Status);
        Assert.Equal(1, await visitor.Page.Locator(".problem").CountAsync());
    }
}
