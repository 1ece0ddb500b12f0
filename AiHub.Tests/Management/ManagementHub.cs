using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Hub;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AiHub.Tests.Management;

/// <summary>A gateway over a database of its own, for tests of the management API. As a fixture it is shared by the tests of a class, each with its own people.</summary>
public class ManagementHub : IAsyncLifetime
{
    public const string Password = "a sentence only I know";

    private ServiceHost<Refused>? _gateway;

    public TestDatabase Database { get; } = new();

    public TestClock Clock { get; } = new();

    public Uri Url => _gateway!.Url;

    public IServiceProvider Services => _gateway!.Services;

    /// <summary>Everything the gateway logged.</summary>
    public ConcurrentQueue<string> Log { get; } = [];

    /// <summary>Kept low here, so that tests of other things do not wait for it; PasswordCostTests look at the real one.</summary>
    protected virtual int? HashIterations => 1000;

    protected virtual IEnumerable<KeyValuePair<string, string?>> Settings => [];

    public async Task InitializeAsync()
    {
        await Database.InitializeAsync();
        var settings = new Dictionary<string, string?>
        {
            ["ConnectionStrings:hub"] = Database.AppConnectionString,
            ["ConnectionStrings:cache"] = await TestServers.CacheAsync(),
            ["Management:Attempts:SignInsPerAddressPerMinute"] = "100000",
            ["Management:Attempts:RegistrationsPerAddressPerHour"] = "100000",
        };
        foreach (var (key, value) in Settings)
        {
            settings[key] = value;
        }

        _gateway = new ServiceHost<Refused>(settings, Clock, services =>
        {
            if (HashIterations is { } iterations)
            {
                services.Configure<PasswordHasherOptions>(options => options.IterationCount = iterations);
            }

            services.AddSingleton<ILoggerProvider>(new KeptLog(Log));
        });
    }

    public async Task DisposeAsync()
    {
        await _gateway!.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <summary>Somebody who has not signed in.</summary>
    public Visitor Visit(string? language = null) => new(this, language);

    /// <summary>Somebody with an account and an organization of their own, signed in.</summary>
    public async Task<Visitor> RegisterAsync(string? currency = null, string? timeZone = null)
    {
        var visitor = Visit();
        var answer = await visitor.PostAsync("auth/register", new RegisterRequest(NewEmail(), Password, Currency: currency, TimeZone: timeZone));
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Text);
        visitor.SignIn(answer.Read<Registered>());
        return visitor;
    }

    /// <summary>Makes the person a member of another's organization, past every rule of invitations.</summary>
    public async Task JoinAsync(Visitor person, Visitor owner, Role role)
    {
        await using var db = Database.OpenAsAdmin();
        db.Memberships.Add(new Membership { OrganizationId = owner.OrganizationId, UserId = person.UserId, Role = role, CreatedAt = Clock.GetUtcNow() });
        await db.SaveChangesAsync();
    }

    /// <summary>Whether a key opens the data plane now; 200, or the refusal's code.</summary>
    public async Task<string> TryKeyAsync(string key)
    {
        using var http = new HttpClient { BaseAddress = Url };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        var response = await http.SendAsync(request);
        return response.IsSuccessStatusCode ? "ok" : JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]!.GetValue<string>();
    }

    /// <summary>Waits until the gateways have heard of a change; it takes them a moment.</summary>
    public async Task KeyBecomesAsync(string key, string outcome)
    {
        var last = "";
        for (var attempt = 0; attempt < 600 && (last = await TryKeyAsync(key)) != outcome; attempt++)
        {
            await Task.Delay(50);
        }

        Assert.Equal(outcome, last);
    }

    public static string NewEmail() => $"user-{Guid.CreateVersion7():N}@example.com";

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

/// <summary>What came back.</summary>
public sealed record Answer(HttpStatusCode Status, HttpResponseMessage Message, string Text)
{
    public T Read<T>() => JsonSerializer.Deserialize<T>(Text, Json.Options)!;

    public ProblemView Problem
    {
        get
        {
            Assert.True(Message.Content.Headers.ContentType?.MediaType == "application/problem+json", $"{(int)Status} {Text}");
            return Read<ProblemView>();
        }
    }

    public string? Header(string name) => Message.Headers.TryGetValues(name, out var values) ? string.Join(", ", values)
        : Message.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    /// <summary>That it is this problem, whole: status, code, texts of the catalogue in this language, the headers every answer has.</summary>
    public ProblemView Is(ProblemKind kind, Language language = Language.En, params object[] values)
    {
        var problem = Problem;
        Assert.Equal(
            new ProblemView(problem.Type, kind.Title.In(language), kind.Status, kind.Detail.In(language, values), kind.Code, problem.RequestId, problem.Errors, problem.RetryAfter),
            problem);
        Assert.Equal(kind.Status, (int)Status);
        Assert.EndsWith($"/docs/errors#{kind.Code}", problem.Type);
        Assert.True(Guid.TryParse(problem.RequestId, out _));
        Assert.Equal(problem.RequestId, Header("x-request-id"));
        Assert.StartsWith("no-store", Header("Cache-Control"));
        Assert.Equal("nosniff", Header("X-Content-Type-Options"));
        Assert.Equal(language.Tag(), Header("Content-Language"));
        return problem;
    }

    public void IsInvalid(string field, Text text, params object[] values)
    {
        var problem = Is(ProblemKind.InvalidRequest);
        Assert.NotNull(problem.Errors);
        Assert.Contains(field, problem.Errors.Keys);
        Assert.Contains(text.In(Language.En, values), problem.Errors[field]);
    }
}

/// <summary>A person at the management API.</summary>
public sealed class Visitor(ManagementHub hub, string? language)
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri(hub.Url, "/api/v1/") };

    public string? AccessToken { get; set; }
    public string? RefreshToken { get; set; }
    public string? Organization { get; set; }
    public string Email { get; private set; } = "";
    public Guid UserId { get; private set; }
    public Guid OrganizationId { get; private set; }
    public Registered? Registered { get; private set; }

    public void SignIn(Registered registered)
    {
        Registered = registered;
        (AccessToken, RefreshToken) = (registered.AccessToken, registered.RefreshToken);
        (Email, UserId, OrganizationId) = (registered.User.Email, registered.User.Id, registered.Organization.Id);
    }

    public void SignIn(TokenPair tokens) => (AccessToken, RefreshToken) = (tokens.AccessToken, tokens.RefreshToken);

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<Answer> PostAsync(string path, object? body) => SendAsync(HttpMethod.Post, path, body switch
    {
        null => null,
        string raw => new StringContent(raw, System.Text.Encoding.UTF8, "application/json"),
        HttpContent content => content,
        JsonNode node => JsonContent.Create(node),
        _ => JsonContent.Create(body, body.GetType(), options: Json.Options),
    });

    public Task<Answer> PatchAsync(string path, object body) =>
        SendAsync(HttpMethod.Patch, path, JsonContent.Create(body, body.GetType(), options: Json.Options));

    public Task<Answer> PutAsync(string path, object body) =>
        SendAsync(HttpMethod.Put, path, JsonContent.Create(body, body.GetType(), options: Json.Options));

    public async Task<T> ReadAsync<T>(string path)
    {
        var answer = await GetAsync(path);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        return answer.Read<T>();
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (AccessToken is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {AccessToken}");
        }

        if (Organization is not null)
        {
            request.Headers.TryAddWithoutValidation(ApiHeaders.OrganizationId, Organization);
        }

        if (language is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept-Language", language);
        }

        change?.Invoke(request);
        var response = await _http.SendAsync(request);
        return new Answer(response.StatusCode, response, await response.Content.ReadAsStringAsync());
    }
}
