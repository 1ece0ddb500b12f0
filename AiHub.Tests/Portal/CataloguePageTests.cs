using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Portal;

/// <summary>The catalogue and the status page, read by somebody who never signed in.</summary>
public sealed class CataloguePageTests
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Anybody_finds_narrows_down_sorts_and_compares_models_at_the_prices_calls_are_charged(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false, Keyboard: language == "en"));
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

        var models = (await management.GetFromJsonAsync<Page<PublicModelView>>("catalog/public-models", Json.Options))!.Data.ToDictionary(model => model.Id);
        var currency = language == "en" ? "USD" : "CNY";
        Assert.Equal((await ShownAsync("/models?kind=chat&context=128000")).Order(), models.Values.Where(model => model.Kind == "chat" && model.ContextLength >= 128_000).Select(model => model.Id).Order());
        var prices = (await ShownAsync("/models?sort=input")).Select(id => models[id].Prices.SingleOrDefault(price => price.Currency == currency)?.Input).OfType<string>().Select(Number).ToList();
        Assert.True(prices.Distinct().Count() > 1);
        Assert.Equal(prices.Order(), prices);
        var vendor = models["sim/azure-echo"].Vendors[0].Id;
        Assert.Equal((await ShownAsync($"/models?vendor={vendor}")).Order(), models.Values.Where(model => model.Vendors.Any(one => one.Id == vendor)).Select(model => model.Id).Order());
        var longest = await ShownAsync("/models?sort=context&input=image");
        Assert.Equal(longest.Select(id => models[id].ContextLength ?? 0).OrderDescending(), longest.Select(id => models[id].ContextLength ?? 0));
        Assert.All(longest, id => Assert.Contains("image", models[id].InputModalities));

        await visitor.GoAsync("/models?sort=input&q=sim");
        await visitor.CheckAsync(visitor.Page.Locator(".pick input").First);
        await visitor.CheckAsync(visitor.Page.Locator(".pick input").Nth(1));
        await visitor.ClickAsync(".after-table .button");
        await visitor.CountIsAsync(2, ".compare thead th");
        await visitor.GoAsync("/models/compare?" + string.Join('&', Enumerable.Repeat("model=", 1).Concat(["model=sim/echo", "model=sim/lorem", "model=sim/busy", "model=sim/slow", "model=sim/dies"])));
        Assert.InRange(await visitor.Page.Locator(".compare thead th").CountAsync(), 1, 4);

        async Task<string[]> ShownAsync(string path)
        {
            await visitor.GoAsync(path);
            return await visitor.Page.Locator(".pick input").EvaluateAllAsync<string[]>("boxes => boxes.map(box => box.value)");
        }
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Anybody_sees_how_each_model_has_been_answering_and_at_whose_hands(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        var customer = await hub.RegisterAsync();
        Assert.Equal(HttpStatusCode.OK, (await customer.ChatAsync("hello", "sim/tools")).StatusCode);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false, Keyboard: language == "en"));
        await Eventually.HappensAsync(async () =>
        {
            await visitor.GoAsync("/status");
            return await visitor.Page.Locator(".status-row a[href='/models/sim/tools']").CountAsync() == 1;
        }, "the call counts");

        var row = await visitor.Page.Locator(".status-row", new() { Has = visitor.Page.Locator("a[href='/models/sim/tools']") }).InnerTextAsync();
        Assert.Contains(language == "en" ? "Operational" : "正常", row, StringComparison.Ordinal);
        Assert.Contains("100", row, StringComparison.Ordinal);
        await visitor.ClickAsync(".status-row a[href='/models/sim/tools']");
        await visitor.Page.WaitForURLAsync("**/models/sim/tools");
        using var management = hub.NewManagementClient();
        var vendor = (await management.GetFromJsonAsync<Page<PublicModelView>>("catalog/public-models", Json.Options))!.Data.Single(model => model.Id == "sim/tools").Vendors.Single();
        Assert.NotEqual(vendor.Id, vendor.Name);
        Assert.StartsWith(vendor.Name, await visitor.TextAsync("section[aria-labelledby=health] tbody th"), StringComparison.Ordinal);
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

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
