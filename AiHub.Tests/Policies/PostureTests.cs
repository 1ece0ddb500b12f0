using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AiHub.Tests.Hub;
using AiHub.Tests.Portal;
using Xunit.Abstractions;

namespace AiHub.Tests.Policies;

/// <summary>What every door of the hub holds to, whoever stands before it.</summary>
public sealed class PostureTests(ITestOutputHelper output)
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
            Assert.DoesNotContain("unsafe-inline", policy.Split(';').First(part => part.Contains("script-src", StringComparison.Ordinal) || part.Contains("default-src", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe-eval", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("base-uri", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.False(page.Headers.Contains("Server"), path);
        }

        output.WriteLine($"{looked} pages looked at.");
    }

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
