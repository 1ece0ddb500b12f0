using System.Net;
using System.Text.RegularExpressions;
using AiHub.Portal;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Portal;

/// <summary>Staying signed in, over HTTP as a browser does it.</summary>
public sealed partial class SessionTests
{
    private static readonly TimeSpan AccessTokenLife = TimeSpan.FromMinutes(15);

    [Fact]
    public async Task Parallel_requests_of_one_browser_on_two_replicas_renew_the_session_once()
    {
        var clock = new TestClock();
        await using var hub = await PortalHost.StartHubAsync(clock);
        await using var one = await PortalHost.StartAsync(hub, clock);
        await using var two = await PortalHost.StartAsync(hub, clock);
        using var browser = new Client(one.Url);
        await browser.RegisterAsync();

        // Several times, because a refresh token that was used twice would only be noticed at its successor.
        for (var round = 0; round < 3; round++)
        {
            clock.Advance(AccessTokenLife);
            var cookies = browser.Cookies.GetCookieHeader(one.Url);
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(number => GetAsync(number % 2 == 0 ? one : two, "/usage", cookies)));
            Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer));

            Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/overview")).StatusCode);
        }
    }

    [Fact]
    public async Task A_month_of_absence_ends_the_session()
    {
        var clock = new TestClock();
        await using var hub = await PortalHost.StartHubAsync(clock);
        await using var portal = await PortalHost.StartAsync(hub, clock);
        using var browser = new Client(portal.Url);
        await browser.RegisterAsync();

        clock.Advance(TimeSpan.FromDays(31));

        Assert.Equal("/sign-in?returnUrl=%2Foverview", (await browser.GetAsync("/overview")).Headers.Location?.PathAndQuery);
    }

    [Fact]
    public async Task After_signing_out_a_kept_cookie_opens_nothing()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        using var browser = new Client(portal.Url);
        await browser.RegisterAsync();
        var kept = browser.Cookies.GetCookieHeader(portal.Url);

        var page = await (await browser.GetAsync("/overview")).Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.Redirect, (await browser.PostAsync("/sign-out", page, [])).StatusCode);

        Assert.Equal("/sign-in?returnUrl=%2Foverview", (await browser.GetAsync("/overview")).Headers.Location?.PathAndQuery);
        Assert.Equal(HttpStatusCode.Redirect, await GetAsync(portal, "/overview", kept));
    }

    [Fact]
    public async Task A_wrong_password_keeps_the_address_and_names_the_problem()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        using var browser = new Client(portal.Url);

        var form = await (await browser.GetAsync("/sign-in")).Content.ReadAsStringAsync();
        var answer = await browser.PostAsync("/sign-in", form, new() { ["_handler"] = "sign-in", ["Input.Email"] = "nobody@example.com", ["Input.Password"] = "not this one" });

        var page = await answer.Content.ReadAsStringAsync();
        Assert.Contains("value=\"nobody@example.com\"", page, StringComparison.Ordinal);
        Assert.Contains("role=\"alert\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("not this one", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_post_without_the_forms_token_is_refused()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        using var browser = new Client(portal.Url);
        await browser.RegisterAsync();

        foreach (var path in new[] { "/sign-out", "/keys/new", "/preferences/theme", "/preferences/language", $"/keys/{Guid.CreateVersion7()}/revoke" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(path, page: "", new() { ["_handler"] = "new-key", ["theme"] = "dark", ["language"] = "en", ["Input.Name"] = "stolen" })).StatusCode);
        }

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/overview")).StatusCode);
        Assert.DoesNotContain("stolen", await (await browser.GetAsync("/keys")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_in_never_leads_to_another_site()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        var customer = await hub.RegisterAsync();
        using var browser = new Client(portal.Url);
        var address = "/sign-in?returnUrl=" + Uri.EscapeDataString("//evil.example/");

        var form = await (await browser.GetAsync(address)).Content.ReadAsStringAsync();
        var answer = await browser.PostAsync(address, form, new() { ["_handler"] = "sign-in", ["Input.Email"] = customer.Email, ["Input.Password"] = TestCustomer.Password });

        Assert.Equal(new Uri(portal.Url, "/overview"), new Uri(portal.Url, answer.Headers.Location!));
    }

    [Fact]
    public async Task A_key_is_in_the_answer_to_its_form_and_nowhere_else()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        using var browser = new Client(portal.Url);
        await browser.RegisterAsync();

        var form = await (await browser.GetAsync("/keys/new")).Content.ReadAsStringAsync();
        var answer = await browser.PostAsync("/keys/new", form, new() { ["_handler"] = "new-key", ["Input.Name"] = "once", ["Input.Model"] = "sim/echo" });

        var key = Key().Match(await answer.Content.ReadAsStringAsync()).Value;
        Assert.Equal(51, key.Length);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        foreach (var path in new[] { "/keys", "/keys/new", "/overview", "/usage" })
        {
            Assert.DoesNotContain(key, await (await browser.GetAsync(path)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_the_gateway_a_page_says_so_and_names_the_request()
    {
        await using var portal = PortalHost.Start(new Uri("http://127.0.0.1:9/"), await TestServers.CacheAsync());
        using var browser = new Client(portal.Url);

        var form = await (await browser.GetAsync("/sign-in")).Content.ReadAsStringAsync();
        var answer = await browser.PostAsync("/sign-in", form, new() { ["_handler"] = "sign-in", ["Input.Email"] = "a@example.com", ["Input.Password"] = "whatever it is" });

        var page = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Matches("<code id=\"request-id\"[^>]*>[0-9a-f]{32}</code>", page);
        Assert.DoesNotContain("Exception", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> GetAsync(ServiceHost<PortalOptions> portal, string path, string cookies)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(portal.Url, path));
        request.Headers.Add("Cookie", cookies);
        using var response = await http.SendAsync(request);
        return response.StatusCode;
    }

    [GeneratedRegex("ai-hub-[0-9A-Za-z]{44}")]
    private static partial Regex Key();

    /// <summary>Cookies and forms, without a browser around them.</summary>
    private sealed partial class Client : IDisposable
    {
        private readonly HttpClient _http;

        public Client(Uri portal) =>
            _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies }) { BaseAddress = portal };

        public CookieContainer Cookies { get; } = new();

        public Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(path);

        /// <param name="page">The page the form stands on.</param>
        public Task<HttpResponseMessage> PostAsync(string path, string page, Dictionary<string, string> fields)
        {
            if (Token().Match(page) is { Success: true } token)
            {
                fields["__RequestVerificationToken"] = token.Groups[1].Value;
            }

            return _http.PostAsync(path, new FormUrlEncodedContent(fields));
        }

        public async Task RegisterAsync()
        {
            var form = await (await GetAsync("/register")).Content.ReadAsStringAsync();
            var answer = await PostAsync("/register", form, new()
            {
                ["_handler"] = "register",
                ["Input.Email"] = $"client-{Guid.CreateVersion7():N}@example.com",
                ["Input.Password"] = Visitor.Password,
                ["Input.Currency"] = "USD",
            });
            Assert.True(answer.Headers.Location?.ToString().EndsWith("overview", StringComparison.Ordinal), await answer.Content.ReadAsStringAsync());
        }

        public void Dispose() => _http.Dispose();

        [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
        private static partial Regex Token();
    }
}
