using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Simulators.Vendors.OpenAI.Surfaces;
using AiHub.Tests.Chat;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Modalities;

/// <summary>A hub to which a test adds models that are not for chat, served by the simulator's models, healthy or not, or by vendors it scripts.</summary>
public sealed class SurfaceHub : IAsyncLifetime
{
    private int _vendors;
    private TestCustomer _prober = null!;

    public TestHub Hub { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Hub = await TestHub.StartAsync(new TestHubOptions(Settings: VendorHub.Settings()));
        _prober = await Hub.RegisterAsync();
    }

    public async Task DisposeAsync() => await Hub.DisposeAsync();

    /// <summary>A new model whose upstreams, in this order, are these models of the simulator.</summary>
    public Task<string> ServeAsync(ModelKind kind, Weights weights, IReadOnlyList<(PriceComponent, long)> prices, params string[] upstreams) =>
        ServeAsync(kind, weights, prices, upstreams, null);

    public Task<string> ServeAsync(ModelKind kind, Weights weights, IReadOnlyList<(PriceComponent, long)> prices, Uri vendor, string vendorModel = "vendor-model") =>
        ServeAsync(kind, weights, prices, [vendorModel], vendor);

    public async Task<IReadOnlyList<JsonNode>> ReceivedAsync(string text)
    {
        using var control = new HttpClient { BaseAddress = new Uri(Hub.SimulatorsUrl, "/_sim/") };
        return [.. JsonNode.Parse(await control.GetStringAsync($"vendors/requests?contains={Uri.EscapeDataString(text)}"))!.AsArray().Select(request => request!)];
    }

    /// <summary>The customer's one call, once it is on record.</summary>
    public async Task<UsageRecord> RecordAsync(TestCustomer customer)
    {
        for (var tries = 0; ; tries++)
        {
            await using var db = Hub.Database.OpenAsAdmin();
            if (await db.UsageRecords.SingleOrDefaultAsync(record => record.OrganizationId == customer.OrganizationId) is { } record)
            {
                return record;
            }

            Assert.True(tries < 600, "The call is not on record.");
            await Task.Delay(50);
        }
    }

    public static HttpContent Json(object body) => new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");

    /// <summary>A form with a WAV of so many seconds and these fields.</summary>
    public static MultipartFormDataContent Sound(double seconds, params (string Name, string Value)[] fields) =>
        Form("file", "sound.wav", "audio/wav", SpeechAnswer.Wav((int)(24_000 * seconds)), fields);

    public static MultipartFormDataContent Form(string file, string name, string type, byte[] data, params (string Name, string Value)[] fields)
    {
        // The file first, as some clients send it: the model comes after it.
        var form = new MultipartFormDataContent { { new ByteArrayContent(data) { Headers = { ContentType = new MediaTypeHeaderValue(type) } }, file, name } };
        foreach (var (field, value) in fields)
        {
            form.Add(new StringContent(value), field);
        }

        return form;
    }

    public static long Each(string price) => (long)(decimal.Parse(price, CultureInfo.InvariantCulture) * Money.NanosPerUnit * 1_000_000);

    public static long PerMillion(string price) => (long)(decimal.Parse(price, CultureInfo.InvariantCulture) * Money.NanosPerUnit);

    private async Task<string> ServeAsync(ModelKind kind, Weights weights, IReadOnlyList<(PriceComponent, long)> prices, string[] upstreams, Uri? vendor)
    {
        var model = new Model { Id = $"test/{Guid.CreateVersion7():N}", Name = "Scripted", Kind = kind, Weights = weights, CreatedAt = DateTimeOffset.UnixEpoch };
        await using var db = Hub.Database.OpenAsAdmin();
        db.Models.Add(model);
        var vendorId = "sim";
        if (vendor is not null)
        {
            vendorId = $"scripted{Interlocked.Increment(ref _vendors) - 1}";
            db.Vendors.Add(new Vendor { Id = vendorId, Name = vendorId, BaseUrl = new Uri(vendor, "/v1").ToString(), Dialect = "openai", Source = "test" });
        }

        foreach (var (priority, name) in upstreams.Index())
        {
            var upstream = new Upstream { Id = Guid.CreateVersion7(), ModelId = model.Id, VendorId = vendorId, VendorModel = name, Priority = priority };
            db.Upstreams.Add(upstream);
            db.Prices.AddRange(prices.Select(price => new PriceRow
            {
                Id = Guid.CreateVersion7(),
                UpstreamId = upstream.Id,
                Component = price.Item1,
                Currency = Currency.USD,
                NanosPerMillion = price.Item2,
                ValidFrom = DateTimeOffset.UnixEpoch,
                Source = "test",
            }));
        }

        await db.SaveChangesAsync();
        if (kind.IsPricedBy(component => prices.Any(price => price.Item1 == component)))
        {
            await Hub.OnceServedAsync(_prober, model.Id);
        }

        return model.Id;
    }
}
