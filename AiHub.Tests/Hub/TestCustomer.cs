using System.Net.Http.Headers;
using System.Net.Http.Json;
using AiHub.Contracts;

namespace AiHub.Tests.Hub;

/// <summary>Somebody who registered, made a key and can now call models (<see cref="Api"/>) and manage (<see cref="Management"/>).</summary>
public sealed class TestCustomer(TestHub hub, string email, Registered registered, CreatedApiKey key, HttpClient management)
{
    public const string Password = "correct horse battery staple";

    public string Email => email;
    public Guid UserId => registered.User.Id;
    public Guid OrganizationId => registered.Organization.Id;
    public Registered Registered => registered;
    public CreatedApiKey Key => key;
    public HttpClient Management => management;
    public HttpClient Api { get; } = hub.NewApiClient(key.Key);

    /// <summary>Signs in anew: access tokens last minutes, and a test may have let months pass.</summary>
    public async Task SignInAsync()
    {
        var response = await management.PostAsJsonAsync("auth/login", new LoginRequest(email, Password), Json.Options);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var tokens = (await response.Content.ReadFromJsonAsync<TokenPair>(Json.Options))!;
        management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tokens.AccessToken);
    }

    public Task<HttpResponseMessage> ChatAsync(string text, string model = "sim/echo", bool stream = false, CancellationToken ct = default) =>
        Api.PostAsJsonAsync("chat/completions", new { model, stream, messages = new[] { new { role = "user", content = text } } }, ct);

    public async Task<UsageCurrent> UsageAsync() =>
        (await Management.GetFromJsonAsync<UsageCurrent>("usage/current", Json.Options))!;

    public async Task<IReadOnlyList<UsageRequest>> RequestsAsync() =>
        (await Management.GetFromJsonAsync<Page<UsageRequest>>("usage/requests", Json.Options))!.Data;
}
