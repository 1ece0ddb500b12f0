using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using AiHub.Contracts;
using AiHub.Tests.Hub;
using AiHub.Tests.Portal;
using Xunit.Abstractions;

namespace AiHub.Tests.Policies;

/// <summary>What every door of the hub holds to, whoever stands before it.</summary>
[Collection(PolicyHubs.Name)]
public sealed partial class PostureTests(PolicyHub own, ITestOutputHelper output)
{
    [Fact]
    public async Task A_head_or_a_body_beyond_measure_is_refused_before_it_is_read()
    {
        var hub = await TestHub.SharedAsync();
        foreach (var (path, most) in new (string, long)[] { ("/v1/chat/completions", 32L * 1024 * 1024), ("/api/v1/auth/login", 64 * 1024) })
        {
            Assert.Equal("431", await StatusAsync(hub.GatewayUrl, $"POST {path} HTTP/1.1\r\nHost: hub\r\nX-Long: {new string('x', 40_000)}\r\n\r\n"));
            Assert.Equal("431", await StatusAsync(hub.GatewayUrl, $"POST {path} HTTP/1.1\r\nHost: hub\r\n{string.Concat(Enumerable.Range(0, 200).Select(number => string.Create(CultureInfo.InvariantCulture, $"X-{number}: y\r\n")))}\r\n"));
            Assert.Equal("414", await StatusAsync(hub.GatewayUrl, $"POST {path}?{new string('q', 20_000)} HTTP/1.1\r\nHost: hub\r\n\r\n"));
            var customer = await hub.RegisterAsync();
            Assert.Equal("413", await StatusAsync(
                hub.GatewayUrl, $"POST {path} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {customer.Key.Key}\r\nContent-Type: application/json\r\nContent-Length: {most + 1}\r\n\r\n"));
        }
    }

    [Fact]
    public async Task Pages_of_the_portal_run_nothing_that_is_not_its_own()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = portal.Url };
        var looked = 0;
        foreach (var path in (string[])["/", "/sign-in", "/register", "/keys", "/models", "/nowhere", "/error"])
        {
            using var page = await http.GetAsync(path);
            looked++;
            var policy = page.Headers.GetValues("Content-Security-Policy").Single();
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("base-uri", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.False(page.Headers.Contains("Server"), path);
        }

        output.WriteLine($"{looked} pages looked at.");
    }

    [Fact]
    public async Task Whether_somebody_has_an_account_neither_the_answer_tells_nor_how_often_a_password_is_hashed()
    {
        var (known, locked, federated) = ((await own.RegisterAsync()).Email, (await own.RegisterAsync()).Email, (await own.RegisterAsync()).Email);
        await own.Hub.Database.AsAdminAsync<string>($"update users set password_hash = null where email = '{federated}' returning email");
        for (var tries = 0; tries < 5; tries++)
        {
            await KnockAsync("auth/login", new LoginRequest(locked, "not the one"));
        }

        var checks = 0;
        foreach (var (path, body) in new (string, Func<string, object>)[]
        {
            ("auth/login", email => new LoginRequest(email, "not the one")),
            ("auth/password/forgot", email => new ForgottenPassword(email)),
        })
        {
            // Once for nothing: what is made once in a process is made now.
            await KnockAsync(path, body($"first-{Guid.CreateVersion7():N}@example.com"));
            var nobody = await KnockAsync(path, body($"nobody-{Guid.CreateVersion7():N}@example.com"));
            Assert.True(path != "auth/login" || nobody.Hashes == 1, $"{nobody}");
            foreach (var email in (string[])[known, locked, federated])
            {
                checks++;
                Assert.Equal(nobody, await KnockAsync(path, body(email)));
            }
        }

        output.WriteLine($"{checks} comparisons of answer, headers and password hashes: none tells.");
    }

    private async Task<Knock> KnockAsync(string path, object body)
    {
        using var http = own.Hub.NewManagementClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, body.GetType(), options: Json.Options) };
        var before = own.Hashes;
        using var response = await http.SendAsync(request);
        var text = Ids().Replace(await response.Content.ReadAsStringAsync(), "");
        return new Knock((int)response.StatusCode, text, string.Join(' ', response.Headers.Select(header => header.Key).Order()), own.Hashes - before);
    }

    private sealed record Knock(int Status, string Text, string Headers, int Hashes);

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}")]
    private static partial Regex Ids();

    private static async Task<string> StatusAsync(Uri server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port);
        await using var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        }
        catch (IOException)
        {
            // It has stopped listening, and has said why.
        }

        using var reader = new StreamReader(stream, Encoding.ASCII);
        return (await reader.ReadLineAsync())?.Split(' ')[1] ?? "";
    }
}
