using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using AiHub.AppHost.Embedded.Servers;
using AiHub.Contracts;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Routing;
using AiHub.Simulators.Identity;
using AiHub.Tests.Chat;
using AiHub.Tests.Hub;
using AiHub.Tests.Portal;
using AiHub.Tests.Providers;
using AiHub.Tests.SignIn;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using StackExchange.Redis;
using Xunit.Abstractions;

namespace AiHub.Tests.Policies;

/// <summary>Secrets and what people say, planted wherever they may be: none of them is in a log, a trace, an error, the database or a page of the portal.</summary>
[Collection(PolicyHubs.Name)]
public sealed class CanaryTests(PolicyHub hub, ITestOutputHelper output)
{
    private const string OwnKey = "sk-canary-own-7f3d9a1c2b";
    private const string HubKey = "sk-canary-hub-5e8b2d4f6a";
    private const string Prompt = "canary-prompt-3c9e7a5b1d";
    private const string Reply = "canary-reply-8a6c4e2f0b";
    private const string KeptPrompt = "canary-kept-7b1f5d3a9e";
    private const string SignOnSecret = "canary-sso-secret-2b4d6f8a0c";
    private const string WrongPassword = "canary-password-1b3d5f7a9c";
    private const string SmtpPassword = "canary-smtp-4d6f8a0c2e";
    private const string StripeKey = "sk_test_canary9b7d5f3a1c";
    private const string StripeSecret = "whsec_canary2c4e6a8b0d1f3a5c7e";
    private const string WechatKey = "canaryWechatV3Key0123456789abcde";
    private const string RobotToken = "canary-robot-6e8a0c2d4f";
    private const string RobotSecret = "SECcanary0d2f4a6c8e";

    // Planted where it may be found, to see that whoever looks would find the others.
    private const string Control = "canary-control-5a7c9e1b3d";

    [Fact]
    public async Task No_planted_secret_is_in_logs_traces_errors_or_the_database()
    {
        await using var receiver = await ScriptedVendor.StartAsync(RefuseAsync);
        // Looks at everything from before the first secret is made; what they were is known later.
        using var early = hub.Watch([""]);
        using var earlyTraces = new TraceWatch([""], receiver.Url.Port);
        var customer = await hub.RegisterAsync();
        var organization = $"organizations/{customer.OrganizationId}";
        var webhook = await hub.SendAsync<CreatedGuardrail>(customer, HttpMethod.Post, $"{organization}/guardrails", new NewGuardrail("judge", "webhook", "flag", Url: "http://127.0.0.1:1/judge", OnFailure: "open", TimeoutMs: 500));
        var pager = await hub.SendAsync<CreatedAlertChannel>(customer, HttpMethod.Post, "alerts/channels", new NewAlertChannel("webhook", "pager", new Uri(receiver.Url, $"/{RobotToken}").ToString()));
        var robot = await hub.SendAsync<CreatedAlertChannel>(customer, HttpMethod.Post, "alerts/channels", new NewAlertChannel("dingtalk", "robot", new Uri(receiver.Url, $"/robot?access_token={RobotToken}").ToString(), RobotSecret));
        var company = await hub.SendAsync<OrganizationView>(customer, HttpMethod.Post, "organizations", new NewOrganization("Acme"));
        var scim = await hub.SendAsync<CreatedScimToken>(customer, HttpMethod.Post, $"organizations/{company.Id}/scim-tokens", new NewScimToken("directory"));
        var authenticator = await hub.SendAsync<NewAuthenticator>(customer, HttpMethod.Post, "auth/two-factor/begin", new CurrentPassword(TestCustomer.Password));
        var app = new AuthenticatorApp(authenticator.Secret, hub.Hub.Clock);
        app = app with { RecoveryCodes = (await hub.SendAsync<RecoveryCodes>(customer, HttpMethod.Post, "auth/two-factor/confirm", new AuthenticatorCode(app.Code(0)))).Codes };
        using var merchant = RSA.Create(2048);
        var merchantKey = Convert.ToBase64String(merchant.ExportPkcs8PrivateKey());
        var canaries = new Dictionary<string, string>
        {
            ["API key"] = customer.Key.Key,
            ["password"] = TestCustomer.Password,
            ["mistyped password"] = WrongPassword,
            ["access token"] = customer.Management.DefaultRequestHeaders.Authorization!.Parameter!,
            ["refresh token"] = customer.Registered.RefreshToken,
            ["own vendor key"] = OwnKey,
            ["hub's vendor key"] = HubKey,
            ["webhook secret"] = webhook.Secret!,
            ["alert webhook's secret"] = pager.Secret!,
            ["alert webhook's address"] = RobotToken,
            ["robot's secret"] = RobotSecret,
            ["SCIM token"] = scim.Token,
            ["authenticator's secret"] = authenticator.Secret,
            ["recovery code"] = app.RecoveryCodes[0],
            ["recovery code without dashes"] = app.RecoveryCodes[0].Replace("-", "", StringComparison.Ordinal),
            ["unused recovery code"] = app.RecoveryCodes[9],
            ["client secret of single sign-on"] = SignOnSecret,
            ["prompt that is kept"] = KeptPrompt,
            ["SMTP password"] = SmtpPassword,
            ["Stripe's key"] = StripeKey,
            ["Stripe's webhook secret"] = StripeSecret,
            ["WeChat Pay's key"] = WechatKey,
            ["merchant's private key"] = merchantKey[200..260],
            ["prompt"] = Prompt,
            ["reply"] = Reply,
        };
        early.Dispose();
        earlyTraces.Dispose();
        using var watch = hub.Watch(canaries.Values);
        using var traces = new TraceWatch(canaries.Values, receiver.Url.Port);
        await SeesAsync(customer, traces);
        var errors = new List<string>();

        await using var vendor = await ScriptedVendor.StartAsync(AnswerAsync);
        var model = await hub.ServeAsync(vendor);
        await GiveHubKeyAsync(model);
        await hub.SendAsync<CreatedGuardrail>(customer, HttpMethod.Post, $"{organization}/guardrails", new NewGuardrail("words", "keywords", "block", ["input"], ["forbidden"]));
        var vendorId = await VendorOfAsync(model);
        // The vendor that refuses a key repeats it, with all it was asked.
        errors.Add((await hub.SendAsync(customer, HttpMethod.Post, $"{organization}/vendor-keys", new NewOwnVendorKey(vendorId, "refused", $"{OwnKey}-refused"))).Text);
        await hub.SendAsync<SavedOwnVendorKey>(customer, HttpMethod.Post, $"{organization}/vendor-keys", new NewOwnVendorKey(vendorId, "ours", OwnKey, Test: false));
        var calls = 0;
        foreach (var mode in (string[])["fine", "unauthorized", "down", "garbage", "dies", "forbidden"])
        {
            foreach (var stream in (bool[])[false, true])
            {
                foreach (var path in (string[])["chat/completions", "messages", "responses"])
                {
                    var text = $"{mode} {Prompt}";
                    var response = await customer.Api.PostAsync(path, PolicyHub.Body(path == "responses"
                        ? $$"""{"model":"{{model}}","stream":{{(stream ? "true" : "false")}},"input":"{{text}}"}"""
                        : $$"""{"model":"{{model}}","max_tokens":50,"stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"{{text}}"}]}"""));
                    calls++;
                    if (!response.IsSuccessStatusCode)
                    {
                        errors.Add(await response.Content.ReadAsStringAsync());
                    }
                }
            }
        }

        using var stranger = hub.Hub.NewManagementClient();
        foreach (var (path, body) in new (string, object)[]
        {
            ("auth/login", new LoginRequest(customer.Email, WrongPassword)),
            ("auth/register", new RegisterRequest("no address", WrongPassword)),
            ("auth/register", new { email = "a@example.com", password = WrongPassword, unknown = WrongPassword }),
            ("auth/login", new { email = new { nested = WrongPassword } }),
            ("auth/refresh", new { refresh_token = $"{WrongPassword}" }),
        })
        {
            calls++;
            errors.Add(await (await stranger.PostAsJsonAsync(path, body)).Content.ReadAsStringAsync());
        }

        foreach (var body in (string[])[$$"""{"model":"{{Prompt}}",""", $$"""{"model":5,"messages":"{{Prompt}}"}""", $$"""{"messages":[{"role":"user","content":"{{Prompt}}"}]}""", $"{Prompt}"])
        {
            calls++;
            errors.Add(await (await customer.Api.PostAsync("chat/completions", PolicyHub.Body(body))).Content.ReadAsStringAsync());
        }

        using var wrong = hub.Hub.NewApiClient(customer.Key.Key[..^1] + (customer.Key.Key[^1] == 'a' ? 'b' : 'a'));
        errors.Add(await (await wrong.PostAsync("chat/completions", PolicyHub.Body(CompletionTests.Request(model)))).Content.ReadAsStringAsync());

        calls += await EnterAsync(customer, company.Id, scim.Token, app, errors);
        calls += await KeepAsync(errors);
        calls += await WorkAsync(customer, receiver, merchant, merchantKey, [pager.Id, robot.Id], errors);

        var tables = 0;
        var stored = new List<string>();
        var database = await DatabaseAsync();
        Assert.Contains(database, row => row.Row.Contains(Control, StringComparison.Ordinal));
        foreach (var (table, row) in database)
        {
            tables++;
            stored.AddRange(canaries.Where(canary => row.Contains(canary.Value, StringComparison.Ordinal)).Select(canary => $"{canary.Key} in {table}"));
        }

        var cache = await CacheAsync();
        Assert.Contains(cache, text => text.Contains(Control, StringComparison.Ordinal));
        stored.AddRange(canaries.Where(canary => cache.Exists(text => text.Contains(canary.Value, StringComparison.Ordinal))).Select(canary => $"{canary.Key} in the cache"));
        var made = canaries.Where(canary => early.Hits.Concat(earlyTraces.Hits).Any(line => line.Contains(canary.Value, StringComparison.Ordinal))).Select(canary => $"{canary.Key} where it was made").ToList();
        Assert.Equal(0, await hub.Hub.Database.AsAdminAsync<long>($"select count(*) from captured_contents where organization_id = '{customer.OrganizationId}'"));
        var told = canaries.Where(canary => errors.Exists(error => error.Contains(canary.Value, StringComparison.Ordinal))).Select(canary => $"{canary.Key} in an error").ToList();
        output.WriteLine(
            $"{canaries.Count} canaries, {calls} calls; {watch.Lines} log lines: {watch.Hits.Count} found; {traces.Spans} spans: {traces.Hits.Count} found; {errors.Count} errors: {told.Count} found; {tables} rows of the database and {cache.Count} keys of the cache: {stored.Count} found; {early.Lines} lines and {earlyTraces.Spans} spans while they were made: {made.Count} found.");
        Assert.True(watch.Lines > 100 && traces.Spans > 50 && errors.Count > 15 && tables > 50, $"Not enough was looked at: {watch.Lines}, {traces.Spans}, {errors.Count}, {tables}.");
        Assert.True(early.Lines > 20 && earlyTraces.Spans > 5, $"Not enough was looked at: {early.Lines}, {earlyTraces.Spans}.");
        Assert.Empty(made);
        Assert.Empty(watch.Hits);
        Assert.Empty(traces.Hits);
        Assert.Empty(told);
        Assert.Empty(stored);
        Assert.Contains(vendor.Requests, request => request.Body.Contains(Prompt, StringComparison.Ordinal) && request.Headers["Authorization"].Contains(OwnKey, StringComparison.Ordinal));
        Assert.Contains(vendor.Requests, request => request.Headers["Authorization"] == $"Bearer {HubKey}");
    }

    [BrowserFact]
    public async Task The_portal_shows_a_key_once_and_no_other_secret_ever()
    {
        using var portal = PortalHost.Start(hub.Hub.GatewayUrl, await TestServers.CacheAsync());
        await using var visitor = await Portal.Visitor.OpenAsync(portal.Url);
        await visitor.RegisterAsync();
        var key = await visitor.CreateKeyAsync("canary", "sim/echo");
        using var api = hub.Hub.NewApiClient(key);
        await api.ChatAsync(Prompt);

        var looked = 0;
        foreach (var path in (string[])["/overview", "/keys", "/keys/new", "/usage", "/models", "/budgets", "/billing"])
        {
            await visitor.GoAsync(path);
            var page = await visitor.Page.ContentAsync();
            looked++;
            Assert.All((string[])[key, Portal.Visitor.Password, Prompt, "ait_", "air_"], canary => Assert.DoesNotContain(canary, page, StringComparison.Ordinal));
        }

        var cookies = string.Concat((await visitor.Page.Context.CookiesAsync()).Select(cookie => cookie.Value));
        var kept = await visitor.Page.EvaluateAsync<string>("JSON.stringify({ ...localStorage, ...sessionStorage })");
        Assert.All((string[])[key, Portal.Visitor.Password, "ait_", "air_"], canary => Assert.DoesNotContain(canary, cookies + kept, StringComparison.Ordinal));
        output.WriteLine($"{looked} pages of the portal, its cookies and the browser's storage: 0 found.");
    }

    // Whoever looks is shown something first: what finds nothing there would find nothing anywhere.
    private async Task SeesAsync(TestCustomer customer, TraceWatch traces)
    {
        using (var watch = hub.Watch([Control]))
        {
            hub.Hub.Gateway.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Control").LogTrace("{Word}", Control);
            Assert.Single(watch.Hits);
        }

        using (var seen = new TraceWatch([Control], 0))
        {
            using var source = new ActivitySource("Control");
            source.StartActivity("control")!.SetTag("word", Control).Dispose();
            Assert.Single(seen.Hits);
        }

        Assert.Empty(traces.Hits);
        await hub.SendAsync<CreatedGuardrail>(customer, HttpMethod.Post, $"organizations/{customer.OrganizationId}/guardrails", new NewGuardrail(Control, "keywords", "flag", ["input"], ["nothing"]));
    }

    // By every door that takes a secret, rightly and wrongly.
    private async Task<int> EnterAsync(TestCustomer customer, Guid company, string scimToken, AuthenticatorApp app, List<string> errors)
    {
        var provider = $"c{company:N}";
        var issuer = new Uri(hub.Hub.SimulatorsUrl, $"/identity/{provider}").ToString();
        var change = new SignOnChange(issuer, "ai-hub", $"{provider}.example.com", SignOnSecret);
        using (var simulators = new HttpClient { BaseAddress = hub.Hub.SimulatorsUrl })
        {
            (await simulators.PostAsJsonAsync($"/_sim/identity/{provider}/clients", new IdentityClient("ai-hub", SignOnSecret, ["http://localhost:5081/sign-in/sso/callback"]), Json.Options)).EnsureSuccessStatusCode();
        }

        errors.Add((await hub.SendAsync(customer, HttpMethod.Put, $"organizations/{company}/sign-on", change with { Issuer = "http://127.0.0.1:1/nobody" })).Text);
        await hub.SendAsync<SignOnView>(customer, HttpMethod.Put, $"organizations/{company}/sign-on", change);
        await hub.Hub.Database.AsAdminAsync<Guid>($"update sign_ons set domain_verified_at = now() where organization_id = '{company}' returning organization_id");
        using var stranger = hub.Hub.NewManagementClient();
        var begun = (await (await stranger.PostAsJsonAsync("auth/sign-on/begin", new SignOnBegin($"wei@{provider}.example.com"), Json.Options)).Content.ReadFromJsonAsync<SignOnBegun>(Json.Options))!;
        var state = QueryHelpers.ParseQuery(new Uri(begun.AuthorizationUrl).Query)["state"].ToString();
        errors.Add(await SayAsync(stranger, "auth/sign-on/complete", new SignOnAnswer(begun.Ticket, state, "a code nobody gave out", issuer)));

        using var directory = new HttpClient { BaseAddress = new Uri(hub.Hub.GatewayUrl, "/scim/v2/"), DefaultRequestHeaders = { Authorization = new("Bearer", scimToken) } };
        Assert.Contains("Resources", await directory.GetStringAsync("Users"), StringComparison.Ordinal);
        errors.Add(await (await directory.PostAsync("Users", PolicyHub.Body($"{{\"userName\":\"{scimToken}\""))).Content.ReadAsStringAsync());
        errors.Add(await (await directory.GetAsync("Users?filter=nonsense")).Content.ReadAsStringAsync());
        directory.DefaultRequestHeaders.Authorization = new("Bearer", scimToken + "x");
        errors.Add(await (await directory.GetAsync("Users")).Content.ReadAsStringAsync());

        var needed = (await (await stranger.PostAsJsonAsync("auth/login", new LoginRequest(customer.Email, TestCustomer.Password), Json.Options)).Content.ReadFromJsonAsync<SecondFactorNeeded>(Json.Options))!;
        errors.Add(await SayAsync(stranger, "auth/two-factor/sign-in", new SecondFactorCode(needed.ChallengeToken, app.RecoveryCodes[9][..^1])));
        errors.Add(await SayAsync(stranger, "auth/two-factor/sign-in", new { challenge_token = needed.ChallengeToken, code = new { nested = app.RecoveryCodes[9] } }));
        Assert.Contains("access_token", await SayAsync(stranger, "auth/two-factor/sign-in", new SecondFactorCode(needed.ChallengeToken, app.RecoveryCodes[0])), StringComparison.Ordinal);
        errors.Add(await SayAsync(stranger, "auth/two-factor/sign-in", new SecondFactorCode(needed.ChallengeToken, app.RecoveryCodes[0])));
        return 12;

        static async Task<string> SayAsync(HttpClient http, string path, object body) => await (await http.PostAsJsonAsync(path, body, Json.Options)).Content.ReadAsStringAsync();
    }

    // What an organization wants kept is kept where it belongs, sealed, and read there alone.
    private async Task<int> KeepAsync(List<string> errors)
    {
        var keeper = await hub.RegisterAsync();
        await hub.SendAsync<PolicyView>(keeper, HttpMethod.Put, $"organizations/{keeper.OrganizationId}/policy", new PolicyRules(Content: new ContentRules(true, 7)));
        var calls = 0;
        var kept = "";
        await Payments.PaymentHub.PollAsync(async () =>
        {
            calls++;
            var call = await keeper.ChatAsync(KeptPrompt, stream: calls % 2 == 0);
            await call.Content.ReadAsStringAsync();
            kept = (await hub.SendAsync(keeper, HttpMethod.Get, $"usage/requests/{call.Headers.GetValues("x-request-id").Single()}/content")).Text;
            return kept.Contains(KeptPrompt, StringComparison.Ordinal);
        });
        errors.Add(await (await keeper.ChatAsync(KeptPrompt, "sim/busy")).Content.ReadAsStringAsync());
        Assert.True(await hub.Hub.Database.AsAdminAsync<long>($"select count(*) from captured_contents where organization_id = '{keeper.OrganizationId}'") > 0);
        return calls + 1;
    }

    // The worker's turn: mail that no server takes, receivers of alerts and payment channels that refuse and repeat what they were sent.
    private async Task<int> WorkAsync(TestCustomer customer, ScriptedVendor receiver, RSA merchant, string merchantKey, Guid[] channels, List<string> errors)
    {
        using var channel = RSA.Create(2048);
        var theirs = channel.ExportSubjectPublicKeyInfo();
        var at = new Uri(receiver.Url, "/").ToString().TrimEnd('/');
        var port = FreePort.Next();
        await using var worker = hub.Hub.AddWorker(
            port,
            new Dictionary<string, string?>
            {
                ["Alerts:AllowPrivateNetwork"] = "true",
                ["Mail:Host"] = "127.0.0.1",
                ["Mail:Port"] = "1",
                ["Mail:Security"] = "none",
                ["Mail:User"] = "hub",
                ["Mail:Password"] = SmtpPassword,
                ["Payments:PublicUrl"] = $"http://127.0.0.1:{port}",
                ["Payments:PortalUrl"] = "http://127.0.0.1:1/portal",
                ["Payments:Alipay:Gateway"] = $"{at}/gateway.do",
                ["Payments:Alipay:AppId"] = "2021000000000001",
                ["Payments:Alipay:SellerId"] = "2088000000000001",
                ["Payments:Alipay:PrivateKey"] = merchantKey,
                ["Payments:Alipay:AlipayPublicKey"] = Convert.ToBase64String(theirs),
                ["Payments:WechatPay:BaseUrl"] = at,
                ["Payments:WechatPay:MerchantId"] = "1900000001",
                ["Payments:WechatPay:AppId"] = "wx8888888888888888",
                ["Payments:WechatPay:CertificateSerial"] = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
                ["Payments:WechatPay:ApiV3Key"] = WechatKey,
                ["Payments:WechatPay:PrivateKey"] = merchant.ExportPkcs8PrivateKeyPem(),
                ["Payments:WechatPay:PlatformKeys:PUB_KEY_ID_0000000001"] = channel.ExportSubjectPublicKeyInfoPem(),
                ["Payments:Stripe:ApiBase"] = at,
                ["Payments:Stripe:SecretKey"] = StripeKey,
                ["Payments:Stripe:WebhookSecret"] = StripeSecret,
            },
            hub.Listen);
        using var outside = new HttpClient { BaseAddress = worker.Url };
        foreach (var path in (string[])["stripe", "alipay", "wechat-pay"])
        {
            errors.Add(await (await outside.PostAsync($"webhooks/{path}", PolicyHub.Body($"{{\"sign\":\"{StripeSecret}\"}}"))).Content.ReadAsStringAsync());
        }

        foreach (var id in channels)
        {
            Assert.Equal(System.Net.HttpStatusCode.NoContent, (await hub.SendAsync(customer, HttpMethod.Post, $"alerts/channels/{id}/test")).Status);
        }

        await Payments.PaymentHub.PollAsync(async () =>
        {
            await using var db = hub.Hub.Database.OpenAsAdmin();
            return await db.PaymentChannels.CountAsync() == 3 && await db.OutgoingMails.AnyAsync(mail => mail.LastError != null) && receiver.Requests.Any(request => request.Headers.ContainsKey("webhook-id"));
        });
        var chinese = await hub.Hub.RegisterAsync("CNY");
        var orders = await Task.WhenAll(((string[])["stripe", "alipay", "wechat_pay"]).Select(by => hub.SendAsync(
            by == "stripe" ? customer : chinese, HttpMethod.Post, "billing/orders", new NewPaymentOrder("top_up", by, "10.00", by == "stripe" ? "USD" : "CNY"))));
        errors.AddRange(orders.Select(order => order.Text));
        Assert.Contains(receiver.Requests, request => request.Headers.TryGetValue("Authorization", out var sent) && sent.Contains(StripeKey, StringComparison.Ordinal));
        return 3 + channels.Length + orders.Length;
    }

    // Refuses whatever it is asked, and repeats it.
    private static Task RefuseAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var echo = System.Text.Json.JsonSerializer.Serialize($"{context.Request.Path}{context.Request.QueryString} {string.Join(' ', context.Request.Headers.Select(header => $"{header.Key}: {header.Value}"))} {reader.ReadToEnd()}");
        context.Response.StatusCode = 401;
        return ScriptedVendor.WriteAsync(context, "application/json", $$$"""{"error":{"message":{{{echo}}},"type":"invalid_request_error"},"code":"SIGN_ERROR","message":{{{echo}}}}""");
    }

    // Fails in the way its prompt says, and repeats whatever it was sent.
    private static Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = reader.ReadToEnd();
        var echo = System.Text.Json.JsonSerializer.Serialize($"Incorrect API key provided: {context.Request.Headers.Authorization}; you said {body}");
        if (context.Request.Headers.Authorization.ToString().EndsWith("-refused", StringComparison.Ordinal) || body.Contains("unauthorized", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 401;
            return ScriptedVendor.WriteAsync(context, "application/json", $$$"""{"error":{"message":{{{echo}}},"code":"invalid_api_key"}}""");
        }

        if (body.Contains("down", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 500;
            return ScriptedVendor.WriteAsync(context, "application/json", $$$"""{"error":{"message":{{{echo}}}}}""");
        }

        if (body.Contains("garbage", StringComparison.Ordinal))
        {
            return ScriptedVendor.WriteAsync(context, "text/html", $"<html>{echo}</html>");
        }

        if (!body.Contains("\"stream\":true", StringComparison.Ordinal))
        {
            return ScriptedVendor.WriteAsync(context, "application/json", $$$"""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"{{{Reply}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":4}}""");
        }

        var chunk = $$$"""data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"{{{Reply}}}"},"finish_reason":null}]}""" + "\n\n";
        return ScriptedVendor.WriteAsync(context, "text/event-stream", body.Contains("dies", StringComparison.Ordinal)
            ? [chunk, "data: {\"broken\": "]
            : [chunk, """data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":4}}""" + "\n\ndata: [DONE]\n\n"]);
    }

    private async Task GiveHubKeyAsync(string model)
    {
        await using var db = hub.Hub.Database.OpenAsAdmin();
        var vendorId = await VendorOfAsync(model);
        var vendor = await db.Vendors.SingleAsync(row => row.Id == vendorId);
        db.VendorKeys.Add(hub.Hub.Gateway.Services.GetRequiredService<VendorSecrets>().Seal(vendor, VendorKey.DefaultPool, "canary", HubKey, DateTimeOffset.UnixEpoch));
        await db.SaveChangesAsync();
    }

    private async Task<string> VendorOfAsync(string model)
    {
        await using var db = hub.Hub.Database.OpenAsAdmin();
        return await db.Upstreams.Where(row => row.ModelId == model).Select(row => row.VendorId).SingleAsync();
    }

    // Every row of every table, as text.
    private async Task<List<(string Table, string Row)>> DatabaseAsync()
    {
        await using var connection = new NpgsqlConnection(hub.Hub.Database.AdminConnectionString);
        await connection.OpenAsync();
        var names = new List<string>();
        await using (var list = new NpgsqlCommand("select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'", connection))
        await using (var reader = await list.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                names.Add(reader.GetString(0));
            }
        }

        var rows = new List<(string, string)>();
        foreach (var name in names)
        {
            await using var all = new NpgsqlCommand($"select row::text from \"{name}\" row", connection);
            await using var reader = await all.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                rows.Add((name, reader.GetString(0)));
            }
        }

        return rows;
    }

    // Every key of the cache with all it holds.
    private static async Task<List<string>> CacheAsync()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(await TestServers.CacheAsync());
        var database = redis.GetDatabase();
        await database.StringSetAsync("canary-test", Control, TimeSpan.FromMinutes(5));
        var texts = new List<string>();
        foreach (var server in redis.GetServers())
        {
            await foreach (var key in server.KeysAsync(pattern: "*"))
            {
                var values = await database.KeyTypeAsync(key) switch
                {
                    RedisType.String => [await database.StringGetAsync(key)],
                    RedisType.Hash => [.. (await database.HashGetAllAsync(key)).SelectMany(entry => (RedisValue[])[entry.Name, entry.Value])],
                    RedisType.List => await database.ListRangeAsync(key),
                    RedisType.Set => await database.SetMembersAsync(key),
                    RedisType.SortedSet => await database.SortedSetRangeByRankAsync(key),
                    RedisType.None => Array.Empty<RedisValue>(),
                    var other => throw new NotSupportedException($"{key} is a {other}."),
                };
                texts.Add($"{key} {string.Join(' ', values.Select(value => Encoding.Latin1.GetString((byte[]?)value ?? [])))}");
            }
        }

        return texts;
    }

    /// <summary>Hears of every span of this process and keeps those with a canary in them.</summary>
    private sealed class TraceWatch : IDisposable
    {
        private readonly ActivityListener _listener;
        private long _spans;

        /// <param name="stranger">The port of a server that is none of the hub's: what it was asked it may know.</param>
        public TraceWatch(IEnumerable<string> canaries, int stranger)
        {
            string[] words = [.. canaries];
            _listener = new ActivityListener
            {
                ShouldListenTo = _ => true,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity =>
                {
                    if (activity.Kind == ActivityKind.Server && (activity.GetTagItem("server.port") is int port ? port == stranger : $"{activity.GetTagItem("url.path")}".StartsWith($"/{RobotToken}", StringComparison.Ordinal)))
                    {
                        return;
                    }

                    Interlocked.Increment(ref _spans);
                    var text = string.Join(
                        '\n',
                        activity.TagObjects.Select(tag => $"{tag.Key}={tag.Value}")
                            .Concat(activity.Events.SelectMany(each => each.Tags.Select(tag => $"{each.Name}.{tag.Key}={tag.Value}")))
                            .Concat(activity.Baggage.Select(item => $"{item.Key}={item.Value}"))
                            .Append(activity.DisplayName)
                            .Append(activity.StatusDescription ?? ""));
                    foreach (var word in words.Where(word => text.Contains(word, StringComparison.Ordinal)))
                    {
                        Hits.Enqueue($"{activity.DisplayName}: {word} in {text}");
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public long Spans => Interlocked.Read(ref _spans);

        public ConcurrentQueue<string> Hits { get; } = [];

        public void Dispose() => _listener.Dispose();
    }
}
