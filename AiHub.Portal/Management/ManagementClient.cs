using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using AiHub.Contracts;
using AiHub.Portal.SignIn;

namespace AiHub.Portal.Management;

/// <summary>The management API of the gateway, called as the person who is signed in and in the language of the page.</summary>
public sealed partial class ManagementClient(HttpClient http, Session session)
{
    private const string LargestPage = "100";

    public Task<Answer<TokenPair>> RefreshAsync(string refreshToken, CancellationToken ct) =>
        AskAsync<TokenPair>(HttpMethod.Post, "auth/refresh", new RefreshRequest(refreshToken), ct);

    public async Task SignOutAsync(string accessToken, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Post, "auth/logout", null, accessToken, ct);
    }

    /// <returns>Null when the access token no longer opens anything.</returns>
    /// <param name="organization">The one to be spoken of; null for the personal one.</param>
    public async Task<Me?> MeAsync(string accessToken, Guid? organization, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Get, "auth/me", null, accessToken, ct, organization: organization);
        return response.StatusCode == HttpStatusCode.Unauthorized ? null : await ReadAsync<Me>(response, ct);
    }

    public Task<Page<ApiKeyView>> KeysAsync(string? cursor, CancellationToken ct) =>
        GetAsync<Page<ApiKeyView>>(Query("auth/api-keys", ("cursor", cursor)), ct);

    public Task<Answer<CreatedApiKey>> CreateKeyAsync(NewApiKey request, CancellationToken ct) =>
        AskAsync<CreatedApiKey>(HttpMethod.Post, "auth/api-keys", request, ct);

    /// <summary>A key that is already gone is as revoked as can be.</summary>
    public Task RevokeKeyAsync(Guid id, CancellationToken ct) => DeleteAsync($"auth/api-keys/{id}", ct);

    public Task<UsageCurrent> CurrentUsageAsync(CancellationToken ct) =>
        GetAsync<UsageCurrent>("usage/current", ct);

    public Task<UsageHistory> UsageHistoryAsync(DateOnly from, DateOnly to, CancellationToken ct) =>
        GetAsync<UsageHistory>(Query("usage/history", ("from", Day(from)), ("to", Day(to))), ct);

    /// <param name="by">model, key or vendor.</param>
    public Task<UsageCost> UsageCostAsync(DateOnly from, DateOnly to, string by, CancellationToken ct) =>
        GetAsync<UsageCost>(Query("usage/cost", ("from", Day(from)), ("to", Day(to)), ("by", by)), ct);

    public Task<Page<UsageRequest>> UsageRequestsAsync(int limit, string? cursor, CancellationToken ct) =>
        GetAsync<Page<UsageRequest>>(Query("usage/requests", ("limit", limit.ToString(CultureInfo.InvariantCulture)), ("cursor", cursor)), ct);

    public Task<Page<ModelView>> ModelsAsync(CancellationToken ct) =>
        GetAsync<Page<ModelView>>("catalog/models", ct);

    public Task<WalletView> WalletAsync(CancellationToken ct) => GetAsync<WalletView>("billing/wallet", ct);

    /// <param name="account">plan, granted or purchased; null for all of them.</param>
    public Task<Page<LedgerEntryView>> MovementsAsync(string? account, string? cursor, CancellationToken ct) =>
        GetAsync<Page<LedgerEntryView>>(Query("billing/ledger", ("account", account), ("cursor", cursor), ("limit", "25")), ct);

    /// <summary>The channels that can collect the organization's currency at this moment.</summary>
    public async Task<IReadOnlyList<PaymentChannelView>> PaymentChannelsAsync(CancellationToken ct) =>
        (await GetAsync<Page<PaymentChannelView>>("billing/channels", ct)).Data;

    public Task<Page<PaymentOrderView>> OrdersAsync(string? cursor, CancellationToken ct) =>
        GetAsync<Page<PaymentOrderView>>(Query("billing/orders", ("limit", "20"), ("cursor", cursor)), ct);

    public Task<PaymentOrderView> OrderAsync(Guid id, CancellationToken ct) => GetAsync<PaymentOrderView>($"billing/orders/{id}", ct);

    /// <param name="wish">However often the form arrives, one wish is one order.</param>
    public Task<Answer<PaymentOrderView>> CreateOrderAsync(NewPaymentOrder request, string wish, CancellationToken ct) =>
        AskAsync<PaymentOrderView>(HttpMethod.Post, "billing/orders", request, ct, wish);

    public async Task CheckOrderAsync(Guid id, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Post, $"billing/orders/{id}/check", null, session.AccessToken, ct);
        await ReadAsync<PaymentOrderView>(response, ct);
    }

    public async Task<IReadOnlyList<PlanView>> PlansAsync(CancellationToken ct) => (await GetAsync<Page<PlanView>>("billing/plans", ct)).Data;

    public Task<SubscriptionView> SubscriptionAsync(CancellationToken ct) => GetAsync<SubscriptionView>("billing/subscription", ct);

    public Task<Answer<PlanQuoteView>> PreviewPlanAsync(PlanChangePreview preview, CancellationToken ct) =>
        AskAsync<PlanQuoteView>(HttpMethod.Post, "billing/subscription/preview", preview, ct);

    /// <param name="wish">However often the form arrives, one wish is one change.</param>
    public Task<Answer<PlanChangeView>> ChangePlanAsync(PlanChangeRequest change, string wish, CancellationToken ct) =>
        AskAsync<PlanChangeView>(HttpMethod.Post, "billing/subscription/change", change, ct, wish);

    public async Task<ProblemView?> RenewFromBalanceAsync(CancellationToken ct) =>
        (await AskAsync<PlanChangeView>(HttpMethod.Post, "billing/subscription/renew", new RenewalRequest("balance"), ct)).Problem;

    /// <param name="action">cancel or resume.</param>
    public async Task<ProblemView?> OnSubscriptionAsync(string action, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Post, $"billing/subscription/{action}", null, session.AccessToken, ct);
        return response.IsSuccessStatusCode ? null : await ProblemAsync(response, ct);
    }

    public async Task<IReadOnlyList<BudgetView>> BudgetsAsync(CancellationToken ct) =>
        (await GetAsync<Page<BudgetView>>(OfOrganization("budgets"), ct)).Data;

    public Task<Answer<BudgetView>> CreateBudgetAsync(NewBudget request, CancellationToken ct) =>
        AskAsync<BudgetView>(HttpMethod.Post, OfOrganization("budgets"), request, ct);

    /// <summary>A budget that is already gone is as ended as can be.</summary>
    public Task EndBudgetAsync(Guid id, CancellationToken ct) => DeleteAsync(OfOrganization($"budgets/{id}"), ct);

    public Task<IReadOnlyList<TeamView>> AllTeamsAsync(CancellationToken ct) => AllAsync<TeamView>(OfOrganization("teams"), ct);

    public Task<IReadOnlyList<MemberView>> AllMembersAsync(CancellationToken ct) => AllAsync<MemberView>(OfOrganization("members"), ct);

    public Task<IReadOnlyList<ApiKeyView>> AllKeysAsync(CancellationToken ct) => AllAsync<ApiKeyView>("auth/api-keys", ct);

    private string OfOrganization(string path) => $"organizations/{session.Organization.Id}/{path}";

    private async Task<IReadOnlyList<T>> AllAsync<T>(string path, CancellationToken ct)
    {
        var all = new List<T>();
        string? cursor = null;
        do
        {
            var page = await GetAsync<Page<T>>(Query(path, ("limit", LargestPage), ("cursor", cursor)), ct);
            all.AddRange(page.Data);
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        return all;
    }

    private async Task DeleteAsync(string path, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Delete, path, null, session.AccessToken, ct);
        if (!response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.NotFound)
        {
            throw new ManagementException(response.StatusCode, await ProblemAsync(response, ct));
        }
    }

    private async Task<T> GetAsync<T>(string path, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, session.AccessToken, ct);
        return await ReadAsync<T>(response, ct);
    }

    private async Task<Answer<T>> AskAsync<T>(HttpMethod method, string path, object? body, CancellationToken ct, string? idempotencyKey = null) where T : class
    {
        using var response = await SendAsync(method, path, body, session.AccessToken, ct, idempotencyKey);
        return response.IsSuccessStatusCode
            ? new Answer<T>(await ReadAsync<T>(response, ct), null)
            : new Answer<T>(null, await ProblemAsync(response, ct));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body, string? accessToken, CancellationToken ct, string? idempotencyKey = null, Guid? organization = null, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.AcceptLanguage.Add(new StringWithQualityHeaderValue(CultureInfo.CurrentUICulture.Name));
        if (accessToken is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        }

        if ((organization ?? session.OrganizationId) is { } about)
        {
            request.Headers.Add(ApiHeaders.OrganizationId, about.ToString());
        }

        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        if (body is not null)
        {
            request.Content = JsonContent.Create(body, body.GetType(), options: Json.Options);
        }

        return await http.SendAsync(request, completion, ct);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken ct)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new ManagementException(response.StatusCode, await ProblemAsync(response, ct));
        }

        return await response.Content.ReadFromJsonAsync<T>(Json.Options, ct)
            ?? throw new ManagementException(response.StatusCode, null);
    }

    /// <summary>Reads what the visitor can act on (4xx); the rest is thrown.</summary>
    private static async Task<ProblemView> ProblemAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var isProblem = response.Content.Headers.ContentType?.MediaType is "application/problem+json";
        var problem = isProblem ? await response.Content.ReadFromJsonAsync<ProblemView>(Json.Options, ct) : null;

        return response.StatusCode < HttpStatusCode.InternalServerError && problem is not null
            ? problem
            : throw new ManagementException(response.StatusCode, problem);
    }

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Query(string path, params (string Name, string? Value)[] parameters)
    {
        var query = string.Join('&', parameters.Where(parameter => parameter.Value is not null)
            .Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value!)}"));

        return query.Length == 0 ? path : $"{path}?{query}";
    }
}
