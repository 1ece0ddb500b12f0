using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.Chat;

/// <summary>A hub to which a test adds models served by vendors it scripts.</summary>
public class VendorHub : IAsyncLifetime
{
    private const int MostVendors = 400;
    private int _vendors;
    private TestCustomer _prober = null!;

    public TestHub Hub { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Hub = await TestHub.StartAsync(new TestHubOptions(Settings: Settings().Concat(More).ToDictionary(), GatewayServices: Services));
        _prober = await Hub.RegisterAsync();
    }

    /// <summary>Settings on top.</summary>
    protected virtual IEnumerable<KeyValuePair<string, string?>> More => [];

    protected virtual void Services(IServiceCollection services)
    {
    }

    public virtual async Task DisposeAsync() => await Hub.DisposeAsync();

    public static Dictionary<string, string?> Settings() =>
        Enumerable.Range(0, MostVendors).Select(number => KeyValuePair.Create($"Vendors:scripted{number}:AllowPrivateNetwork", (string?)"true"))
            // Callers who leave are not waited for long.
            .Append(KeyValuePair.Create("Metering:DrainLimit", (string?)"00:00:04"))
            .ToDictionary();

    /// <summary>A new model of this price, served by these vendors in this order.</summary>
    public async Task<string> ServeAsync(params ScriptedVendor[] vendors) => await ServeAsync(_ => { }, vendors);

    public Task<string> ServeAsync(Action<Model> change, params ScriptedVendor[] vendors) => ServeAsync(change, "openai", vendors);

    /// <param name="dialect">What the vendors speak.</param>
    public async Task<string> ServeAsync(Action<Model> change, string dialect, params ScriptedVendor[] vendors)
    {
        var model = new Model { Id = $"test/{Guid.CreateVersion7():N}", Name = "Scripted", MaxOutputTokens = 4_000, CreatedAt = DateTimeOffset.UnixEpoch };
        change(model);
        await using var db = Hub.Database.OpenAsAdmin();
        db.Models.Add(model);
        foreach (var (priority, vendor) in vendors.Index())
        {
            var id = $"scripted{Interlocked.Increment(ref _vendors) - 1}";
            var upstream = new Upstream { Id = Guid.CreateVersion7(), ModelId = model.Id, VendorId = id, VendorModel = "vendor-model", Priority = priority };
            db.Vendors.Add(new Vendor { Id = id, Name = id, BaseUrl = new Uri(vendor.Url, "/v1").ToString(), Dialect = dialect, Source = "test" });
            db.Upstreams.Add(upstream);
            // 1 USD per million in, 3 out, a tenth of a dollar for what was cached.
            db.Prices.AddRange(Price(upstream, PriceComponent.Input, 1_000_000_000), Price(upstream, PriceComponent.Output, 3_000_000_000), Price(upstream, PriceComponent.CacheRead, 100_000_000));
        }

        await db.SaveChangesAsync();
        await Hub.OnceServedAsync(_prober, model.Id);
        return model.Id;
    }

    public static PriceRow Price(Upstream upstream, PriceComponent component, long nanosPerMillion) => new()
    {
        Id = Guid.CreateVersion7(),
        UpstreamId = upstream.Id,
        Component = component,
        Currency = Currency.USD,
        NanosPerMillion = nanosPerMillion,
        ValidFrom = DateTimeOffset.UnixEpoch,
        Source = "test",
    };
}
