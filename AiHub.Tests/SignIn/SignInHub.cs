using System.Net;
using System.Net.Sockets;
using AiHub.Portal;
using AiHub.Tests.Hub;
using Microsoft.AspNetCore.Hosting;
using MimeKit;

namespace AiHub.Tests.SignIn;

/// <summary>A hub whose portal has a name instead of a number, as passkeys want it. Shared by the tests of its collection.</summary>
public class SignInHub : IAsyncLifetime
{
    private readonly string _mails = Directory.CreateTempSubdirectory("mail").FullName;
    private readonly TxtServer _dns = new();
    private ServiceHost<PortalOptions>? _portal;

    public TestHub Hub { get; private set; } = null!;

    public TestClock Clock { get; } = new();

    public Uri PortalUrl { get; private set; } = null!;

    protected virtual IEnumerable<KeyValuePair<string, string?>> More => [];

    public async Task InitializeAsync()
    {
        var port = FreePort();
        PortalUrl = new Uri($"http://localhost:{port}");
        Hub = await TestHub.StartAsync(new TestHubOptions(Clock, new Dictionary<string, string?>(More)
        {
            ["Accounts:PortalUrl"] = PortalUrl.ToString(),
            ["Mail:Folder"] = _mails,
            ["Outbound:AllowPrivateNetwork"] = "true",
            ["SignOn:NameServers:0"] = $"127.0.0.1:{_dns.Port}",
        }));
        Hub.AddWorker();
        _portal = new ServiceHost<PortalOptions>(
            new Dictionary<string, string?>
            {
                ["ConnectionStrings:cache"] = await TestServers.CacheAsync(),
                ["services:gateway:http:0"] = Hub.GatewayUrl.GetLeftPart(UriPartial.Authority),
                ["ReloadStaticAssetsAtRuntime"] = "false",
                ["Portal:ApiBaseUrl"] = new Uri(Hub.GatewayUrl, "/v1").ToString(),
                [WebHostDefaults.ServerUrlsKey] = $"http://127.0.0.1:{port}",
            },
            Clock);
    }

    public async Task DisposeAsync()
    {
        await _portal!.DisposeAsync();
        await Hub.DisposeAsync();
        await _dns.DisposeAsync();
        Directory.Delete(_mails, recursive: true);
    }

    /// <summary>The path and query of the link of a kind in the mail that was sent to somebody.</summary>
    public async Task<string> LinkAsync(string email, string page)
    {
        for (var attempt = 0; ; attempt++)
        {
            foreach (var file in Directory.GetFiles(_mails, "*.eml"))
            {
                using var mail = await MimeMessage.LoadAsync(file);
                if (mail.To.ToString() == email
                    && (mail.TextBody ?? "").Split('\n').FirstOrDefault(line => line.StartsWith(new Uri(PortalUrl, page).ToString(), StringComparison.Ordinal)) is { } link)
                {
                    return new Uri(link.Trim()).PathAndQuery;
                }
            }

            Assert.True(attempt < 600, $"No link to {page} for {email}.");
            await Task.Delay(100);
        }
    }

    /// <summary>Puts a TXT record where the hub looks for it.</summary>
    public void Say(string name, string text) => _dns.Records[name] = text;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
