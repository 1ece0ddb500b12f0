using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using AiHub.Contracts;
using AiHub.Domain.Usage;
using AiHub.Outbound;
using AiHub.Tests.Chat;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AiHub.Tests.Policies;

/// <summary>A hub whose customers may enter addresses of this machine, for what organizations decide about their calls.</summary>
public class PolicyHub : VendorHub
{
    /// <summary>Everything the gateway logged, with all it says about failures.</summary>
    public ConcurrentQueue<string> Log { get; } = [];

    protected override IEnumerable<KeyValuePair<string, string?>> More => [KeyValuePair.Create(GuardedHttp.AllowPrivateNetwork, (string?)"true")];

    protected override void Services(IServiceCollection services) => services.AddSingleton<ILoggerProvider>(new KeptLog(Log));

    /// <summary>A customer whose plan lets them ask often.</summary>
    /// <param name="wallet">Nano-dollars to pay with instead of the plan's tokens.</param>
    public async Task<TestCustomer> RegisterAsync(long wallet = 0)
    {
        var customer = await Hub.RegisterAsync();
        await Hub.Database.AsAdminAsync<object>(
            $"update subscriptions set plan_id = '{(wallet > 0 ? "enterprise" : "pro")}' where organization_id = '{customer.OrganizationId}' returning plan_id");
        if (wallet > 0)
        {
            await Hub.Database.AsAdminAsync<object>(
                $"select ledger_reverse(gen_random_uuid(), organization_id, id, null, booked_at)::text from journals where organization_id = '{customer.OrganizationId}' and kind = 'grant'");
            await Hub.Database.AsAdminAsync<bool>(
                $"select ledger_post(gen_random_uuid(), '{customer.OrganizationId}', 'top-up', 'top_up', 'payments', 'wallet_purchased', 'USD', {wallet}, now(), now())");
        }

        return customer;
    }

    public async Task<T> SendAsync<T>(TestCustomer customer, HttpMethod method, string path, object? body = null)
    {
        var (status, text) = await SendAsync(customer, method, path, body);
        Assert.True((int)status is >= 200 and < 300, $"{(int)status} {text}");
        return System.Text.Json.JsonSerializer.Deserialize<T>(text, Json.Options)!;
    }

    public async Task<(HttpStatusCode Status, string Text)> SendAsync(TestCustomer customer, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body, body.GetType(), options: Json.Options) };
        request.Headers.TryAddWithoutValidation("X-Organization-Id", customer.OrganizationId.ToString());
        using var response = await customer.Management.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public static StringContent Body(string json) => new(json, Encoding.UTF8, "application/json");

    public async Task<UsageRecord> RecordAsync(HttpResponseMessage response)
    {
        var id = Guid.Parse(response.Headers.GetValues("x-request-id").Single());
        await using var db = Hub.Database.OpenAsAdmin();
        return await db.UsageRecords.SingleAsync(record => record.Id == id);
    }

    /// <summary>Calls until the gateway has heard of what was decided a moment ago.</summary>
    public Task<HttpResponseMessage> OnceAsync(Func<Task<HttpResponseMessage>> call, Func<HttpResponseMessage, bool> heard) =>
        OnceAsync(call, response => Task.FromResult(heard(response)));

    /// <inheritdoc cref="OnceAsync(Func{Task{HttpResponseMessage}}, Func{HttpResponseMessage, bool})"/>
    public async Task<HttpResponseMessage> OnceAsync(Func<Task<HttpResponseMessage>> call, Func<HttpResponseMessage, Task<bool>> heard)
    {
        for (var tries = 0; ; tries++)
        {
            var response = await call();
            if (await heard(response))
            {
                return response;
            }

            Assert.True(tries < 200, $"The gateway does not hear of it: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()} {Log.LastOrDefault(line => line.StartsWith("Error", StringComparison.Ordinal))}");
            response.Dispose();
            await Task.Delay(50);
        }
    }

    private sealed class KeptLog(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}

/// <summary>The same for a hub that charges a twentieth for calls with customers' own keys.</summary>
public sealed class FeeHub : PolicyHub
{
    protected override IEnumerable<KeyValuePair<string, string?>> More => [.. base.More, KeyValuePair.Create("OwnVendorKeys:FeeBasisPoints", (string?)"500")];
}

[CollectionDefinition(Name)]
public sealed class PolicyHubs : ICollectionFixture<PolicyHub>
{
    public const string Name = "Policies";
}
