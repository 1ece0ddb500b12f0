using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Routing;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.Routing;

/// <summary>What the status page shows is what callers met: counted at every gateway, added up in the database.</summary>
public sealed class EndpointFiguresTests
{
    [Fact]
    public async Task Calls_at_all_gateways_add_up_to_one_figure()
    {
        await using var hub = await TestHub.StartAsync();
        var second = hub.AddGateway();
        var customer = await hub.RegisterAsync();
        using var other = hub.NewApiClient(customer.Key.Key, second);

        await AskAsync(customer.Api, "sim/echo");
        await AskAsync(other, "sim/echo");
        for (var call = 0; call < 3; call++)
        {
            Assert.False((await SendAsync(customer.Api, "sim/busy")).IsSuccessStatusCode);
        }

        // A request at fault says nothing about the vendor.
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(other, "sim/echo", temperature: 9)).StatusCode);
        await SaveAsync(hub.Gateway.Services, second.Services);

        // Nobody has to sign in for it.
        using var visitor = hub.NewManagementClient();
        var board = (await visitor.GetFromJsonAsync<HealthBoard>("catalog/health", Json.Options))!;
        var echo = board.Models.Single(model => model.Id == "sim/echo");
        Assert.Equal(("operational", 1d, 1d), (echo.Status, echo.UptimeHour, echo.UptimeDay));
        Assert.True(echo.LatencyMs >= 0 && echo.TokensPerSecond > 0, $"{echo.LatencyMs} ms, {echo.TokensPerSecond}/s");
        Assert.Equal(30, echo.Days.Count);
        Assert.Equal(1d, echo.Days[^1].Uptime);
        Assert.Null(echo.Days[0].Uptime);
        Assert.Equal(("operational", 1d), (echo.Endpoints.Single().Status, echo.Endpoints.Single().UptimeDay));
        var busy = board.Models.Single(model => model.Id == "sim/busy");
        Assert.Equal(("down", 0d, "down"), (busy.Status, busy.UptimeDay, busy.Endpoints.Single().Status));
        var idle = board.Models.Single(model => model.Id == "sim/lorem");
        Assert.Equal(("unknown", null, null), (idle.Status, idle.UptimeDay, idle.LatencyMs));

        await using var db = hub.Database.OpenAsAdmin();
        var spans = await db.EndpointSpans.Where(span => span.ModelId == "sim/echo" && span.EndpointId == EndpointSpan.WholeModel).ToListAsync();
        Assert.Equal((2L, 0L), (spans.Sum(span => span.Served), spans.Sum(span => span.Failed)));

        // OpenRouter's clients read the same.
        using var router = hub.NewManagementClient();
        router.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", customer.Key.Key);
        var endpoint = (await router.GetFromJsonAsync<JsonObject>("models/sim/echo/endpoints"))!["data"]!["endpoints"]!.AsArray().Single()!;
        Assert.Equal((0, 100d, 100d), ((int)endpoint["status"]!, (double)endpoint["uptime_last_30m"]!, (double)endpoint["uptime_last_1d"]!));
        Assert.True((double)endpoint["latency_last_30m"]!["p99"]! >= (double)endpoint["latency_last_30m"]!["p50"]!);
    }

    [Fact]
    public async Task A_fallback_that_served_is_no_outage_of_the_model()
    {
        await using var hub = await TestHub.StartAsync();
        var customer = await hub.RegisterAsync();
        await using (var db = hub.Database.OpenAsAdmin())
        {
            var whole = await db.Upstreams.SingleAsync(upstream => upstream.ModelId == "sim/echo");
            var failing = new Upstream { Id = Guid.CreateVersion7(), ModelId = "sim/echo", VendorId = whole.VendorId, VendorModel = "busy", Region = "east", Priority = whole.Priority - 1 };
            db.Upstreams.Add(failing);
            db.Prices.AddRange((await db.Prices.AsNoTracking().Where(price => price.UpstreamId == whole.Id).ToListAsync()).Select(price => new PriceRow
            {
                Id = Guid.CreateVersion7(),
                UpstreamId = failing.Id,
                Component = price.Component,
                Currency = price.Currency,
                NanosPerMillion = price.NanosPerMillion,
                ValidFrom = price.ValidFrom,
                Source = "test",
            }));
            await db.SaveChangesAsync();
        }

        while (hub.Gateway.Services.GetRequiredService<Catalogue>().Current is var now && now.UpstreamsOf(now.Find("sim/echo")!).Count < 2)
        {
            await Task.Delay(20);
        }

        await AskAsync(customer.Api, "sim/echo");
        await SaveAsync(hub.Gateway.Services);

        using var visitor = hub.NewManagementClient();
        var model = (await visitor.GetFromJsonAsync<HealthBoard>("catalog/health", Json.Options))!.Models.Single(model => model.Id == "sim/echo");
        Assert.Equal(1d, model.UptimeDay);
        Assert.Equal([("", 1d), ("east", 0d)], model.Endpoints.Select(endpoint => (endpoint.Region, endpoint.UptimeDay ?? -1)).Order());
    }

    [Theory]
    [InlineData(0.2, 0)]
    [InlineData(1, 0)]
    [InlineData(420, 33)]
    [InlineData(double.MaxValue, LogScale.Steps - 1)]
    public void A_value_has_its_step(double value, int step) => Assert.Equal(step, LogScale.StepOf(value));

    [Fact]
    public void A_quantile_is_right_to_within_a_tenth()
    {
        var counts = new int[LogScale.Steps];
        for (var value = 1; value <= 1000; value++)
        {
            counts[LogScale.StepOf(value)]++;
        }

        Assert.InRange(LogScale.Median(counts)!.Value, 450, 550);
        Assert.InRange(LogScale.Quantile(counts, 0.9)!.Value, 810, 990);
        Assert.Null(LogScale.Median(new int[LogScale.Steps]));
    }

    private static async Task SaveAsync(params IServiceProvider[] gateways)
    {
        foreach (var gateway in gateways)
        {
            await gateway.GetRequiredService<EndpointFigures>().SaveAsync(CancellationToken.None);
        }
    }

    private static async Task AskAsync(HttpClient api, string model)
    {
        var response = await SendAsync(api, model);
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        await response.Content.ReadAsStringAsync();
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient api, string model, double temperature = 1) =>
        api.PostAsJsonAsync("chat/completions", new { model, temperature, messages = new[] { new { role = "user", content = "one two three four five" } } });
}
