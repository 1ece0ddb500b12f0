using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Management;

public sealed class ModelCatalogTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task Only_models_that_can_be_called_are_listed_at_the_price_that_is_charged()
    {
        var free = await VendorAsync(keyVariable: null);
        var off = await VendorAsync(keyVariable: "NO_SUCH_KEY_IS_SET");
        var model = await ModelAsync("whole", new Weights(500, 100, 2500), (free, 0, [
            (PriceComponent.Input, Currency.USD, 2_800_000), (PriceComponent.Output, Currency.USD, 600_000_000), (PriceComponent.CacheRead, Currency.USD, 1),
            (PriceComponent.Input, Currency.CNY, 20_000_000_000), (PriceComponent.Output, Currency.CNY, 40_000_000_000),
        ]));
        var dollarsOnly = await ModelAsync("dollars", Weights.One, (free, 0, [(PriceComponent.Input, Currency.USD, 1), (PriceComponent.Output, Currency.USD, 1)]));
        var halfPriced = await ModelAsync("half", Weights.One, (free, 0, [(PriceComponent.Input, Currency.USD, 1)]));
        var switchedOff = await ModelAsync("off", Weights.One, (off, 0, [(PriceComponent.Input, Currency.USD, 1), (PriceComponent.Output, Currency.USD, 1)]));
        var twice = await ModelAsync("twice", Weights.One,
            (free, 2, [(PriceComponent.Input, Currency.USD, 2_000_000_000), (PriceComponent.Output, Currency.USD, 2_000_000_000)]),
            (free, 1, [(PriceComponent.Input, Currency.USD, 3_000_000_000), (PriceComponent.Output, Currency.USD, 3_000_000_000)]));

        var dollars = await ListedAsync(await hub.RegisterAsync("USD"), model);
        var yuan = await (await hub.RegisterAsync("CNY")).ReadAsync<Page<ModelView>>("catalog/models");

        var listed = Assert.Single(dollars.Data, view => view.Id == model);
        Assert.Equal(
            new ModelView(model, "whole", free, 128_000, 8_000, listed.InputModalities, listed.OutputModalities, new PriceView("USD", "0.0028", "0.6", "0.000000001"), 0.5m, 2.5m),
            listed);
        Assert.Equal(["text"], listed.InputModalities);
        Assert.Equal(["text"], listed.OutputModalities);
        Assert.Equal(new PriceView("CNY", "20", "40", null), Assert.Single(yuan.Data, view => view.Id == model).Price);
        Assert.Equal("3", Assert.Single(dollars.Data, view => view.Id == twice).Price!.Input);
        Assert.Contains(dollarsOnly, dollars.Data.Select(view => view.Id));
        Assert.DoesNotContain(dollarsOnly, yuan.Data.Select(view => view.Id));
        Assert.DoesNotContain(halfPriced, dollars.Data.Select(view => view.Id));
        Assert.DoesNotContain(switchedOff, dollars.Data.Select(view => view.Id));
        Assert.Equal(dollars.Data.Select(view => view.Id).Order(StringComparer.Ordinal), dollars.Data.Select(view => view.Id));
    }

    [Fact]
    public async Task A_model_that_is_switched_off_leaves_the_list()
    {
        var vendor = await VendorAsync(keyVariable: null);
        var model = await ModelAsync("leaving", Weights.One, (vendor, 0, [(PriceComponent.Input, Currency.USD, 1), (PriceComponent.Output, Currency.USD, 1)]));
        var person = await hub.RegisterAsync("USD");
        await ListedAsync(person, model);

        await using (var db = hub.Database.OpenAsAdmin())
        {
            await db.Models.Where(row => row.Id == model).ExecuteUpdateAsync(set => set.SetProperty(row => row.Enabled, false));
        }

        for (var tries = 0; (await person.ReadAsync<Page<ModelView>>("catalog/models")).Data.Any(view => view.Id == model); tries++)
        {
            Assert.True(tries < 200, "The model is still listed.");
            await Task.Delay(50);
        }
    }

    /// <summary>The list once this model is in it: the catalogue hears of changes a moment later.</summary>
    private static async Task<Page<ModelView>> ListedAsync(Visitor person, string model)
    {
        for (var tries = 0; ; tries++)
        {
            var page = await person.ReadAsync<Page<ModelView>>("catalog/models");
            if (page.Data.Any(view => view.Id == model) && page.Data.Any(view => view.Name is "twice" or "leaving"))
            {
                return page;
            }

            Assert.True(tries < 200, "The model is not listed.");
            await Task.Delay(50);
        }
    }

    private async Task<string> VendorAsync(string? keyVariable)
    {
        var id = $"vendor-{Guid.CreateVersion7():N}";
        await using var db = hub.Database.OpenAsAdmin();
        db.Vendors.Add(new Vendor { Id = id, Name = id, BaseUrl = "https://vendor.example.com/v1", Dialect = "openai", KeyVariable = keyVariable, Source = "test" });
        await db.SaveChangesAsync();
        return id;
    }

    private async Task<string> ModelAsync(string name, Weights weights, params (string Vendor, int Priority, (PriceComponent, Currency, long)[] Prices)[] servings)
    {
        var id = $"test/{name}-{Guid.CreateVersion7():N}";
        await using var db = hub.Database.OpenAsAdmin();
        db.Models.Add(new Model { Id = id, Name = name, Weights = weights, ContextLength = 128_000, MaxOutputTokens = 8_000, CreatedAt = hub.Clock.GetUtcNow() });
        foreach (var (vendor, priority, prices) in servings)
        {
            var upstream = new Upstream { Id = Guid.CreateVersion7(), ModelId = id, VendorId = vendor, VendorModel = $"{name}-{priority}", Priority = priority };
            db.Upstreams.Add(upstream);
            db.Prices.AddRange(prices.Select(price => new PriceRow
            {
                Id = Guid.CreateVersion7(),
                UpstreamId = upstream.Id,
                Component = price.Item1,
                Currency = price.Item2,
                NanosPerMillion = price.Item3,
                ValidFrom = hub.Clock.GetUtcNow().AddDays(-1),
                Source = "test",
            }));
        }

        await db.SaveChangesAsync();
        return id;
    }
}
