using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Simulators;
using AiHub.Tests.Hub;
using AiHub.Tests.Invoices;
using AiHub.Tests.Payments;

namespace AiHub.Tests.Portal;

/// <summary>An organization with something on every page: made through the management API, paid at the simulated channels, called with a key of its own.</summary>
public sealed class FilledOrganization
{
    private const string Name = "蓝海 Studio";

    private readonly PaymentHub _fixture;
    private readonly HttpClient _api;
    private readonly Dictionary<string, string> _ids = [];

    private FilledOrganization(PaymentHub fixture, HttpClient api, string ownerEmail) => (_fixture, _api, OwnerEmail) = (fixture, api, ownerEmail);

    public TestHub Hub => _fixture.Hub;

    public Guid Id { get; private set; }

    public string OwnerEmail { get; }

    public string ViewerEmail { get; private set; } = "";

    /// <summary>The path with the ids of this organization's things.</summary>
    public string Fill(string path)
    {
        foreach (var (name, id) in _ids)
        {
            path = path.Replace($"{{{name}}}", id, StringComparison.Ordinal);
        }

        return path;
    }

    public static async Task<FilledOrganization> CreateAsync(PaymentHub fixture)
    {
        var (email, _, api) = await RegisterAsync(fixture.Hub);
        var filled = new FilledOrganization(fixture, api, email);
        filled.Id = await filled.PostAsync("organization", "organizations", new NewOrganization(Name, "CNY"));
        api.DefaultRequestHeaders.Add("X-Organization-Id", filled.Id.ToString());

        await filled.PayAsync();
        await filled.PeopleAsync();
        await filled.CallsAsync();
        await filled.RulesAsync();
        await filled.TroubleAsync();
        await filled.PapersAsync();
        return filled;
    }

    private async Task PeopleAsync()
    {
        var (email, viewer, _) = await RegisterAsync(Hub);
        ViewerEmail = email;
        await Hub.Database.AsAdminAsync<Guid>($"insert into memberships (organization_id, user_id, role, created_at) values ('{Id}', '{viewer}', 'viewer', now()) returning user_id");
        var team = await PostAsync("team", $"organizations/{Id}/teams", new NewTeam("Search and recommendations 搜索推荐"));
        var robot = (Guid)(await SendAsync(HttpMethod.Post, $"organizations/{Id}/service-accounts", new NewServiceAccount("night-batch", "developer", team)))["user_id"]!;
        await SendAsync(HttpMethod.Put, $"organizations/{Id}/teams/{team}/members/{robot}", new TeamRoleChange("lead"));
        var invitation = await SendAsync(HttpMethod.Post, $"organizations/{Id}/invitations", new NewInvitation($"somebody-with-a-long-address-{Guid.CreateVersion7():N}@example.com", "developer", team));
        _ids["invitation"] = (string)invitation["token"]!;

        await using var db = Hub.Database.OpenAsAdmin();
        var now = Hub.Clock.GetUtcNow();
        db.SignOns.Add(new SignOn
        {
            OrganizationId = Id,
            Issuer = "https://login.example.com",
            ClientId = "ai-hub",
            Domain = $"{Id:N}.example.com",
            DomainProof = "aihub-domain=7q3m5w9x",
            DefaultRole = Role.Developer,
            Enabled = true,
            Required = false,
            CreatedAt = now,
            UpdatedAt = now,
        });
        await db.SaveChangesAsync();
    }

    private async Task CallsAsync()
    {
        var key = await SendAsync(HttpMethod.Post, "auth/api-keys", new NewApiKey("Support bot, production"));
        _ids["key"] = (string)key["id"]!;
        using var calls = Hub.NewApiClient((string)key["key"]!);
        await calls.ChatAsync("a");
        await calls.ChatAsync("a longer question about something");
        await calls.ChatAsync("lorem 5", "sim/lorem");
        using var busy = await calls.PostAsJsonAsync("chat/completions", new { model = "sim/busy", messages = new[] { new { role = "user", content = "hello" } } });
        Assert.False(busy.IsSuccessStatusCode);
        var called = (await _api.GetFromJsonAsync<Page<UsageRequest>>("usage/requests?limit=100", Json.Options))!.Data;
        _ids["failed_call"] = called.Single(call => call.Status == "failed").Id.ToString();
        _ids["call"] = called.First(call => call.Status == "succeeded").Id.ToString();
    }

    private async Task RulesAsync()
    {
        await SendAsync(HttpMethod.Put, "limits/organization", new KeyLimits(8, 100_000, 5));
        await SendAsync(HttpMethod.Put, $"limits/teams/{_ids["team"]}", new KeyLimits(5));
        await SendAsync(HttpMethod.Put, $"organizations/{Id}/policy", new PolicyRules(DeniedVendors: ["openai"], AllowedModels: ["sim/echo", "sim/lorem"], ZeroRetention: true, RequiredTags: ["project"]));
        await PostAsync("budget", $"organizations/{Id}/budgets", new NewBudget("250.50", "CNY", "team", Guid.Parse(_ids["team"])));
        await PostAsync("budget_of_all", $"organizations/{Id}/budgets", new NewBudget("5000", "tokens", Hard: false));
        await PostAsync("ended", $"organizations/{Id}/budgets", new NewBudget("20", "CNY", Model: "sim/echo", Period: "day"));
        await SendAsync(HttpMethod.Delete, $"organizations/{Id}/budgets/{_ids["ended"]}");
        var guardrail = await SendAsync(HttpMethod.Post, $"organizations/{Id}/guardrails", new NewGuardrail("Personal data 个人信息", "pii", "mask", Terms: ["cn_mobile", "email"]));
        _ids["guardrail"] = (string)guardrail["guardrail"]!["id"]!;
        var ownKey = await SendAsync(HttpMethod.Post, $"organizations/{Id}/vendor-keys", new NewOwnVendorKey("sim", "Our contract 公司合约", SimulatorOptions.DevelopmentKey, Use: "fallback", Model: "sim/echo"));
        _ids["own_key"] = (string)ownKey["key"]!["id"]!;
        var channel = await PostAsync("channel", "alerts/channels", new NewAlertChannel("email", "finance", "finance@example.com"));
        await SendAsync(HttpMethod.Post, $"alerts/channels/{channel}/test");
        await PostAsync("rule", "alerts/rules", new NewAlertRule("quota", "Quota", [80, 100]));
    }

    private async Task PayAsync()
    {
        await SendAsync(HttpMethod.Put, "billing/profile", new BillingProfileView("杭州蓝海科技有限公司", "杭州市西湖区", "91350100M000100Y43", null, "zh-CN"));
        var paid = await PostAsync("paid_order", "billing/orders", new NewPaymentOrder("top_up", "wechat_pay", "29.90", "CNY"));
        var number = (string)(await SendAsync(HttpMethod.Get, $"billing/orders/{paid}"))["out_trade_no"]!;
        var answer = await _fixture.Sim.PostAsJsonAsync("wechat-pay/pay", new { out_trade_no = number, notice = "sent", copies = 1 });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await PostAsync("order", "billing/orders", new NewPaymentOrder("top_up", "wechat_pay", "50.00", "CNY"));

        var now = Hub.Clock.GetUtcNow();
        await Hub.Database.AsAdminAsync<Guid>(
            $"""
             insert into payment_methods (id, organization_id, user_id, channel, customer_reference, method_reference, brand, last_four, created_at)
             select '{Guid.CreateVersion7(now)}', '{Id}', id, 'stripe', 'cus_1', 'pm_1', 'visa', '4242', '{now:O}' from users where email = '{OwnerEmail}' returning id
             """);
        await SendAsync(HttpMethod.Put, "billing/auto-top-up", new AutoTopUpRequest("5", "20", "200"));
        await Hub.Database.AsAdminAsync<bool>(
            $"select ledger_post('{Guid.CreateVersion7(now)}', '{Id}', 'credit:sorry', 'credit', 'promotion', 'wallet_granted', 'CNY', 12500000000, '{now:O}', '{now:O}', 'Sorry for the outage of January', '{now.AddDays(20):O}')");
        await Hub.Database.AsAdminAsync<Guid>(
            $"""
             insert into disputes (id, organization_id, order_id, reference, status, amount_minor, taken_nanos, reason, opened_at, evidence_due_at)
             values ('{Guid.CreateVersion7(now)}', '{Id}', '{paid}', 'dp_{paid:N}', 'open', 500, 0, 'fraudulent', '{now:O}', '{now.AddDays(2):O}') returning id
             """);
    }

    /// <summary>What the worker writes for the payment, and what comes of it: last, because that takes it some seconds.</summary>
    private async Task PapersAsync()
    {
        _ids["open_invoice"] = (await InvoiceSetup.OpenAsync(Hub.Database, Id, Hub.Clock.GetUtcNow())).ToString();
        await PaymentHub.PollAsync(async () =>
        {
            var receipt = (await SendAsync(HttpMethod.Get, "billing/invoices"))["data"]!.AsArray().FirstOrDefault(invoice => (string)invoice!["id"]! != _ids["open_invoice"]);
            _ids["invoice"] = (string?)receipt?["id"] ?? "";
            return receipt is not null;
        });
        await SendAsync(HttpMethod.Post, $"billing/orders/{_ids["paid_order"]}/refunds", new NewRefund("5.00", "Paid twice"));
        // Only what was paid and used can be on a fapiao; the calls above were the plan's.
        await Hub.Database.AsAdminAsync<bool>(
            $"select ledger_post(gen_random_uuid(), '{Id}', 'use', 'test', 'wallet_purchased', 'usage_revenue', 'CNY', 3000000000, now(), now())");
        var title = await PostAsync("title", "billing/fapiao/titles", new NewFapiaoTitle("company", "杭州蓝海科技有限公司", "91350100M000100Y43", "finance@example.com"));
        await PostAsync("fapiao", "billing/fapiao", new NewFapiao(title, "general", "1.00"));
    }

    private async Task TroubleAsync()
    {
        await Hub.Database.AsAdminAsync<Guid>(
            """
            insert into inbound_notices (id, channel, event_id, kind, received_at, body, attempts, last_error, parked_at)
            values (gen_random_uuid(), 'stripe', gen_random_uuid()::text, 'paid', now(), '', 10, 'No worker at hand serves Stripe.', now()) returning id
            """);
        await Hub.Database.AddBillAsync("stripe", new DateOnly(2025, 1, 1));
    }

    private static async Task<(string Email, Guid Id, HttpClient Api)> RegisterAsync(TestHub hub)
    {
        var email = $"visitor-{Guid.CreateVersion7():N}@example.com";
        var api = hub.NewManagementClient();
        var registered = await (await api.PostAsJsonAsync("auth/register", new RegisterRequest(email, Visitor.Password, Currency: "CNY"), Json.Options)).Content.ReadFromJsonAsync<Registered>(Json.Options);
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", registered!.AccessToken);
        return (email, registered.User.Id, api);
    }

    /// <summary>Makes something and remembers its id by this name.</summary>
    private async Task<Guid> PostAsync(string name, string path, object body)
    {
        var id = (string)(await SendAsync(HttpMethod.Post, path, body))["id"]!;
        _ids[name] = id;
        return Guid.Parse(id);
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body, options: Json.Options) };
        if (method == HttpMethod.Post)
        {
            request.Headers.Add("Idempotency-Key", Guid.CreateVersion7().ToString());
        }

        using var answer = await _api.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }
}
