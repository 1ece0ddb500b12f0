using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using AiHub.Contracts;
using AiHub.Domain.Access;
using AiHub.Domain.Usage;
using AiHub.Outbound;
using AiHub.Tests.Chat;
using AiHub.Tests.Hub;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AiHub.Tests.Policies;

/// <summary>A hub whose customers may enter addresses of this machine, for what organizations decide about their calls.</summary>
public class PolicyHub : VendorHub
{
    private readonly List<LogWatch> _watches = [];
    private int _hashes;

    /// <summary>What the gateway warned of.</summary>
    public ConcurrentQueue<string> Log { get; } = [];

    /// <summary>From now on looks for these in every line the gateway logs, at every level.</summary>
    public LogWatch Watch(IEnumerable<string> canaries)
    {
        var watch = new LogWatch([.. canaries], ended => { lock (_watches) { _watches.Remove(ended); } });
        lock (_watches)
        {
            _watches.Add(watch);
        }

        return watch;
    }

    protected override IEnumerable<KeyValuePair<string, string?>> More => [KeyValuePair.Create(GuardedHttp.AllowPrivateNetwork, (string?)"true")];

    protected override void Services(IServiceCollection services)
    {
        Listen(services);
        services.AddScoped<IPasswordHasher<User>, CountedHasher>();
        services.AddSingleton(this);
    }

    /// <summary>How often a password was hashed or checked: the dear part of a sign-in.</summary>
    public int Hashes => Volatile.Read(ref _hashes);

    /// <summary>Has a service tell what it logs.</summary>
    public void Listen(IServiceCollection services)
    {
        services.AddSingleton<ILoggerProvider>(new KeptLog(this));
        services.Configure<LoggerFilterOptions>(options => options.Rules.Add(new LoggerFilterRule(typeof(KeptLog).FullName, null, LogLevel.Trace, null)));
    }

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

    private LogWatch[] Watches()
    {
        lock (_watches)
        {
            return [.. _watches];
        }
    }

    private sealed class CountedHasher(PolicyHub hub, IOptions<PasswordHasherOptions> options) : PasswordHasher<User>(options)
    {
        public override string HashPassword(User user, string password)
        {
            Interlocked.Increment(ref hub._hashes);
            return base.HashPassword(user, password);
        }

        public override PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword)
        {
            Interlocked.Increment(ref hub._hashes);
            return base.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }

    private sealed class KeptLog(PolicyHub hub) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning || hub.Watches().Length > 0;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var line = $"{logLevel} {formatter(state, exception)} {exception}";
            foreach (var watch in hub.Watches())
            {
                watch.Look(line);
            }

            if (logLevel >= LogLevel.Warning)
            {
                hub.Log.Enqueue(line);
            }
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>Looks for secrets in log lines.</summary>
public sealed class LogWatch(string[] canaries, Action<LogWatch> end) : IDisposable
{
    private long _lines;

    public long Lines => Interlocked.Read(ref _lines);

    public ConcurrentQueue<string> Hits { get; } = [];

    public void Look(string line)
    {
        Interlocked.Increment(ref _lines);
        if (Array.Exists(canaries, canary => line.Contains(canary, StringComparison.Ordinal)))
        {
            Hits.Enqueue(line);
        }
    }

    public void Dispose() => end(this);
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
