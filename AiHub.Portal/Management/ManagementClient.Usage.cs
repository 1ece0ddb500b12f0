using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Usage;

namespace AiHub.Portal.Management;

public sealed partial class ManagementClient
{
    public Task<Page<UsageRequest>> UsageRequestsAsync(UsageQuery query, int limit, string? cursor, CancellationToken ct) =>
        GetAsync<Page<UsageRequest>>(Query("usage/requests", [.. query.ToApi(), ("limit", limit.ToString(CultureInfo.InvariantCulture)), ("cursor", cursor)]), ct);

    /// <summary>A call with its tokens, prices, payments and attempts.</summary>
    public Task<ChargeExplanation> ExplainAsync(Guid request, CancellationToken ct) => GetAsync<ChargeExplanation>($"usage/requests/{request}/explain", ct);

    /// <param name="by">model, key, vendor, user or team.</param>
    public Task<UsageSeries> UsageSeriesAsync(UsageQuery query, string by, CancellationToken ct) =>
        GetAsync<UsageSeries>(Query("usage/series", [.. query.WithoutStatus().ToApi(), ("by", by)]), ct);

    /// <summary>Sums by group and, if asked, those of as many days before.</summary>
    public Task<UsageCost> UsageCostAsync(UsageQuery query, string by, bool compare, CancellationToken ct) =>
        GetAsync<UsageCost>(Query("usage/cost", [.. query.WithoutStatus().ToApi(), ("by", by), ("compare", compare ? "true" : null)]), ct);

    /// <summary>The calls as a table for spreadsheets, to be passed on as it comes.</summary>
    public Task<HttpResponseMessage> ExportCallsAsync(UsageQuery query, CancellationToken ct) =>
        OpenAsync(Query("usage/export", [.. query.ToApi()]), ct);

    /// <summary>Days and groups as a table for spreadsheets.</summary>
    public Task<HttpResponseMessage> ExportSeriesAsync(UsageQuery query, string by, CancellationToken ct) =>
        OpenAsync(Query("usage/series/export", [.. query.WithoutStatus().ToApi(), ("by", by)]), ct);

    public async Task<IReadOnlyList<PublicModelView>> PublicModelsAsync(CancellationToken ct) =>
        (await GetAsync<Page<PublicModelView>>("catalog/public-models", ct)).Data;

    public Task<HealthBoard> HealthAsync(CancellationToken ct) => GetAsync<HealthBoard>("catalog/health", ct);

    public Task<Page<AlertFiringView>> AlertFiringsAsync(int limit, CancellationToken ct) =>
        GetAsync<Page<AlertFiringView>>(Query("alerts/firings", ("limit", limit.ToString(CultureInfo.InvariantCulture))), ct);

    private async Task<HttpResponseMessage> OpenAsync(string path, CancellationToken ct)
    {
        var response = await SendAsync(HttpMethod.Get, path, null, session.AccessToken, ct, completion: HttpCompletionOption.ResponseHeadersRead);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new ManagementException(response.StatusCode, await ProblemAsync(response, ct));
        }
    }
}
