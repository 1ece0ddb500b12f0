using System.Net;
using System.Net.Sockets;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Alerts;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Management.SingleSignOn;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using AiHub.Outbound;
using AiHub.Tests.Alerts;
using AiHub.Worker.Alerts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.SemanticKernel.ChatCompletion;
using Xunit.Abstractions;

namespace AiHub.Tests.Outbound;

/// <summary>No address that somebody entered leads into the hub's own network, however it is written and whatever its name resolves to.</summary>
public sealed class OutboundTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly TcpListener _inside = TcpListener.Create(0);
    private readonly CancellationTokenSource _over = new();
    private int _reached;
    private Task _listening = null!;

    private int Port => ((IPEndPoint)_inside.LocalEndpoint).Port;

    public Task InitializeAsync()
    {
        // On every address this machine has, IPv4 and IPv6.
        _inside.Start();
        _listening = ListenAsync();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _over.CancelAsync();
        await _listening;
        _inside.Dispose();
        _over.Dispose();
    }

    public static TheoryData<string> Fields => new(Senders.Keys);

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task No_address_leads_inside(string field)
    {
        var urls = HostileAddresses.Urls(Port);
        var outbound = new GuardedHttp(TimeProvider.System, resolve: HostileAddresses.ResolveAsync);
        using var sender = Senders[field](outbound, false);
        foreach (var url in urls)
        {
            await TryAsync(sender, url);
        }

        output.WriteLine($"{field}: {urls.Count} addresses, {_reached} reached.");
        Assert.True(urls.Count >= 200, $"Only {urls.Count} addresses.");
        Assert.Equal(0, _reached);

        // They are real: the ones of this machine are reached where somebody allowed it.
        using var allowed = Senders[field](outbound, true);
        await TryAsync(allowed, $"http://127.0.0.1:{Port}/v1");
        var first = _reached;
        await TryAsync(allowed, $"http://loopback.test:{Port}/v1");
        // What only reads is tried again when the line breaks.
        Assert.True(first > 0 && _reached > first, $"{first}, {_reached}");
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.170.2")]
    [InlineData("100.100.100.200")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd20:ce::254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("::169.254.169.254")]
    public void Metadata_is_never_reached(string address) => Assert.False(AddressGuard.Allows(IPAddress.Parse(address), allowPrivate: true));

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task Not_even_an_allowed_network_leads_to_metadata(string field)
    {
        var outbound = new GuardedHttp(TimeProvider.System, resolve: HostileAddresses.ResolveAsync);
        using var sender = Senders[field](outbound, true);
        foreach (var host in (string[])["169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "100.100.100.200", "metadata.test", "nat64.test", "[64:ff9b::a9fe:a9fe]"])
        {
            // A guardrail's webhook that is not reached is one that does not answer; the others say why. Of an issuer already its text says it.
            var refused = await Record.ExceptionAsync(() => sender.SendAsync($"http://{host}:{Port}/"));
            Assert.Matches(refused is null ? "" : "resolves to no address that may be reached|may be asked", refused is null ? "" : Everything(refused));
            Assert.Equal(field.StartsWith("a guardrail", StringComparison.Ordinal), refused is null);
        }
    }

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task Nothing_follows_a_redirect(string field)
    {
        await using var server = await Providers.ScriptedVendor.StartAsync(context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"http://localhost:{Port}/latest/meta-data";
            return Task.CompletedTask;
        });
        using var sender = Senders[field](new GuardedHttp(TimeProvider.System), true);

        await TryAsync(sender, new Uri(server.Url, "/v1").ToString());

        Assert.Single(server.Requests);
        Assert.Equal(0, _reached);
    }

    [Fact]
    public async Task A_name_is_asked_once_and_only_what_it_answered_is_connected_to()
    {
        var asked = 0;
        var outbound = new GuardedHttp(TimeProvider.System, resolve: (_, _) =>
            // First an address nobody is at, from then on this machine.
            Task.FromResult(Interlocked.Increment(ref asked) == 1 ? [IPAddress.Parse("192.0.1.1"), IPAddress.Loopback] : (IPAddress[])[IPAddress.Loopback]));
        using var http = new HttpMessageInvoker(outbound.Handler(allowPrivate: false, TimeSpan.FromMilliseconds(300)));

        await Assert.ThrowsAnyAsync<Exception>(() => http.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"http://rebinding.test:{Port}/"), default));
        Assert.Equal((1, 0), (asked, _reached));

        await Assert.ThrowsAnyAsync<Exception>(() => http.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"http://rebinding.test:{Port}/"), default));
        Assert.Equal((2, 0), (asked, _reached));
    }

    [Theory]
    [InlineData("https://api.example.com/v1", false, true)]
    [InlineData("https://api.example.com:8443/v1", false, true)]
    [InlineData("http://api.example.com/v1", false, false)]
    [InlineData("http://gpu.internal:8000/v1", true, true)]
    [InlineData("https://user:pass@api.example.com/v1", true, false)]
    [InlineData("https://api.example.com/v1#x", true, false)]
    [InlineData("https://127.0.0.1/v1", false, false)]
    [InlineData("https://0x7f.1/v1", false, false)]
    [InlineData("https://127.0.0.1./v1", false, false)]
    [InlineData("https://[::ffff:10.0.0.1]/v1", false, false)]
    [InlineData("https://localhost./v1", false, false)]
    [InlineData("https://169.254.169.254/latest", true, false)]
    [InlineData("https://api.example.com:6379/", false, false)]
    [InlineData("file:///etc/passwd", true, false)]
    [InlineData("gopher://api.example.com/", true, false)]
    [InlineData("/relative", true, false)]
    [InlineData("not an address", true, false)]
    public void What_customers_may_enter(string text, bool allowPrivate, bool expected) =>
        Assert.Equal(expected, OutboundAddress.IsForCustomers(text, allowPrivate));

    [Fact]
    public void Whoever_runs_the_hub_may_let_customers_into_private_networks()
    {
        Assert.False(new GuardedHttp(TimeProvider.System, new ConfigurationBuilder().Build()).CustomersMayGoPrivate);
        Assert.True(new GuardedHttp(TimeProvider.System, new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create(GuardedHttp.AllowPrivateNetwork, (string?)"true")]).Build()).CustomersMayGoPrivate);
    }

    private static readonly Dictionary<string, Func<GuardedHttp, bool, Sender>> Senders = new()
    {
        ["a vendor's base URL"] = (outbound, allowed) =>
        {
            var handlers = new HandlerPool(TimeProvider.System, outbound);
            var timeouts = UpstreamTimeouts.Default with { Connect = TimeSpan.FromSeconds(2), FirstToken = TimeSpan.FromSeconds(5) };
            return new Sender(handlers, url => new WireConnector(
                    new WireTarget("custom", new Uri(url), "model", new VendorSecret("sk-secret"), VendorQuirks.None, timeouts, allowed), handlers, TimeProvider.System)
                .GetChatMessageContentsAsync(new ChatHistory("Say hello.")));
        },
        ["an organization's own vendor endpoint"] = (outbound, allowed) =>
        {
            var handlers = new HandlerPool(TimeProvider.System, outbound);
            var timeouts = UpstreamTimeouts.Default with { Connect = TimeSpan.FromSeconds(2), FirstToken = TimeSpan.FromSeconds(5) };
            var vendor = new Vendor { Id = "custom", Name = "Custom", BaseUrl = "https://vendor.test/v1", Dialect = "openai", Source = "test" };
            var open = new ServedUpstream(
                new Upstream { Id = Guid.CreateVersion7(), ModelId = "m", VendorId = "custom", VendorModel = "model" },
                vendor,
                new WireTarget("custom", new Uri("https://vendor.test/v1/chat/completions"), "model", null, VendorQuirks.None, timeouts),
                "custom");
            return new Sender(handlers, url =>
            {
                var key = new OwnKey(Guid.CreateVersion7(), "custom", new Uri(url).Host, url, OwnKeyUse.Only, new VendorSecret("sk-secret"), 0) { AllowPrivateNetwork = allowed };
                return new WireConnector(key.Reach(open)!, handlers, TimeProvider.System).GetChatMessageContentsAsync(new ChatHistory("Say hello."));
            });
        },
        ["a guardrail's webhook"] = (outbound, allowed) =>
        {
            var judges = new Judges(null!, null!, null!, ForCustomers(allowed), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Judges>.Instance);
            return new Sender(judges, async url =>
            {
                var rule = new RemoteRule("judge", GuardrailKind.Webhook, GuardrailAction.Block, [], null, new Uri(url), AlertSecrets.Generate(), TimeSpan.FromSeconds(5), false);
                var log = new GuardrailLog();
                await judges.AskAsync([rule], "input", Guid.CreateVersion7(), "m", Nobody, ["text"], log, default);
                // Nobody who was not heard has approved of anything.
                Assert.Equal("judge", log.Blocked);
            });
        },
        ["an identity provider's issuer"] = (outbound, allowed) =>
        {
            var providers = new OidcProviders(ForCustomers(allowed), TimeProvider.System);
            return new Sender(providers, url => providers.DiscoverAsync(url, default));
        },
        ["an alert's webhook"] = (outbound, allowed) =>
        {
            var post = new WebhookPost(Options.Create(new AlertOptions { AllowPrivateNetwork = allowed, Timeout = TimeSpan.FromSeconds(5) }), TimeProvider.System, outbound);
            return new Sender(post, url => post.SendAsync(AlertMessageTests.ToWebhook(url), default));
        },
    };

    private static GuardedHttp ForCustomers(bool allowed) => new(
        TimeProvider.System, new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(GuardedHttp.AllowPrivateNetwork, (string?)$"{allowed}")]).Build(), HostileAddresses.ResolveAsync);

    private static Caller Nobody => new() { KeyId = Guid.CreateVersion7(), UserId = Guid.CreateVersion7(), OrganizationId = Guid.CreateVersion7(), Currency = Currency.USD, Plan = CallerPlan.None };

    private static async Task TryAsync(Sender sender, string url)
    {
        try
        {
            await sender.SendAsync(url);
        }
        catch (Exception)
        {
            // Refused, broken off, not a URL: all the same to who counts connections.
        }
    }

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _inside.AcceptTcpClientAsync(_over.Token);
                Interlocked.Increment(ref _reached);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private static string Everything(Exception failure) => failure.InnerException is { } inner ? $"{failure.Message} {Everything(inner)}" : failure.Message;

    private sealed record Sender(IDisposable Owner, Func<string, Task> SendAsync) : IDisposable
    {
        public void Dispose() => Owner.Dispose();
    }
}
