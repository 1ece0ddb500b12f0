using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Gateway.Access;
using AiHub.Simulators;
using AiHub.Worker.Quotas;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.Hub;

/// <param name="Clock">Moves the time of gateway, worker and simulators; null for real time.</param>
/// <param name="Settings">Configuration of gateway and worker on top of the usual.</param>
/// <param name="GatewayServices">Changes to the gateway's services, after its own.</param>
public sealed record TestHubOptions(
    TestClock? Clock = null,
    IReadOnlyDictionary<string, string?>? Settings = null,
    Action<IServiceCollection>? GatewayServices = null);

/// <summary>
/// The whole hub in this process, each service on its own socket, over a database of its own. <see cref="SharedAsync"/> is for tests that
/// only need a customer of their own; whoever moves the clock or changes settings starts one.
/// </summary>
public sealed class TestHub : IAsyncDisposable
{
    private static readonly Lazy<Task<TestHub>> Shared = new(() => StartAsync());

    private readonly ServiceHost<SimulatorOptions> _simulators;
    private readonly Dictionary<string, string?> _settings;
    private readonly TestHubOptions _options;
    private readonly List<ServiceHost<Caller>> _gateways = [];
    private readonly List<ServiceHost<PeriodRun>> _workers = [];

    private TestHub(TestDatabase database, ServiceHost<SimulatorOptions> simulators, Dictionary<string, string?> settings, TestHubOptions options)
    {
        (Database, _simulators, _settings, _options) = (database, simulators, settings, options);
        Gateway = AddGateway();
    }

    public TestDatabase Database { get; }
    public TimeProvider Clock => _options.Clock ?? TimeProvider.System;

    /// <summary>The first gateway; <see cref="AddGateway"/> starts replicas.</summary>
    public ServiceHost<Caller> Gateway { get; }
    public Uri GatewayUrl => Gateway.Url;
    public Uri SimulatorsUrl => _simulators.Url;

    public static Task<TestHub> SharedAsync() => Shared.Value;

    public static async Task<TestHub> StartAsync(TestHubOptions? options = null)
    {
        options ??= new TestHubOptions();
        var database = await TestDatabase.CreateAsync();
        var simulators = new ServiceHost<SimulatorOptions>(new Dictionary<string, string?>(), options.Clock);
        var settings = new Dictionary<string, string?>
        {
            ["ConnectionStrings:hub"] = database.AppConnectionString,
            ["ConnectionStrings:cache"] = await TestServers.CacheAsync(),
            ["Vendors:sim:BaseUrl"] = new Uri(simulators.Url, "/vendors/openai/v1").ToString(),
            ["Vendors:sim:ApiKey"] = SimulatorOptions.DevelopmentKey,
            // A machine busy with other tests answers late; that is not an outage, and must not cost a customer requests.
            ["Limits:CommandTimeout"] = "00:00:10",
            // Every customer of every test comes from this machine.
            ["Management:Attempts:RegistrationsPerAddressPerHour"] = "1000000",
            ["Management:Attempts:SignInsPerAddressPerMinute"] = "1000000",
        };
        foreach (var (key, value) in options.Settings ?? new Dictionary<string, string?>())
        {
            settings[key] = value;
        }

        return new TestHub(database, simulators, settings, options);
    }

    /// <summary>One more replica over the same database and cache.</summary>
    public ServiceHost<Caller> AddGateway()
    {
        var gateway = new ServiceHost<Caller>(_settings, _options.Clock, _options.GatewayServices);
        _gateways.Add(gateway);
        return gateway;
    }

    /// <summary>Starts the worker, whose runs begin at once; on a port of the test's choice where others have to know it beforehand.</summary>
    /// <param name="more">Settings on top of the hub's.</param>
    public ServiceHost<PeriodRun> AddWorker(int port = 0, IReadOnlyDictionary<string, string?>? more = null, Action<IServiceCollection>? services = null)
    {
        var settings = new Dictionary<string, string?>(_settings) { [WebHostDefaults.ServerUrlsKey] = $"http://127.0.0.1:{port}" };
        foreach (var (key, value) in more ?? new Dictionary<string, string?>())
        {
            settings[key] = value;
        }

        var worker = new ServiceHost<PeriodRun>(settings, _options.Clock, services);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>A new customer with an organization and a key of their own.</summary>
    public async Task<TestCustomer> RegisterAsync(string currency = "USD")
    {
        var management = NewManagementClient();
        var email = $"user-{Guid.CreateVersion7():N}@example.com";
        var response = await management.PostAsJsonAsync("auth/register", new RegisterRequest(email, TestCustomer.Password, Currency: currency), Json.Options);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var registered = (await response.Content.ReadFromJsonAsync<Registered>(Json.Options))!;
        management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", registered.AccessToken);

        var key = await management.PostAsJsonAsync("auth/api-keys", new NewApiKey("test"), Json.Options);
        Assert.True(key.IsSuccessStatusCode, await key.Content.ReadAsStringAsync());

        return new TestCustomer(this, email, registered, (await key.Content.ReadFromJsonAsync<CreatedApiKey>(Json.Options))!, management);
    }

    /// <summary>Waits until the first gateway has heard of a model that was added to its catalogue.</summary>
    public async Task OnceServedAsync(TestCustomer prober, string model)
    {
        for (var tries = 0; (await prober.Api.GetAsync($"models/{model}")).StatusCode != HttpStatusCode.OK; tries++)
        {
            Assert.True(tries < 600, "The gateway does not hear of its catalogue's changes.");
            await Task.Delay(50);
        }
    }

    /// <summary>A client of the management API that has not signed in.</summary>
    public HttpClient NewManagementClient() => new() { BaseAddress = new Uri(GatewayUrl, "/api/v1/") };

    /// <summary>A client of the data plane with this key.</summary>
    public HttpClient NewApiClient(string key, ServiceHost<Caller>? gateway = null) => new()
    {
        BaseAddress = new Uri((gateway ?? Gateway).Url, "/v1/"),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
        {
            await gateway.DisposeAsync();
        }

        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }

        await _simulators.DisposeAsync();
        await Database.DisposeAsync();
    }
}
