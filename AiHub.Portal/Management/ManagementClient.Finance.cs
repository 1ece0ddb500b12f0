using AiHub.Contracts;

namespace AiHub.Portal.Management;

public sealed partial class ManagementClient
{
    /// <param name="by">day, plan or organization.</param>
    public async Task<IReadOnlyList<RevenueRow>> RevenueAsync(DateOnly from, DateOnly to, string by, CancellationToken ct) =>
        (await GetAsync<Page<RevenueRow>>(Query("admin/finance/revenue", ("from", Day(from)), ("to", Day(to)), ("by", by)), ct)).Data;

    public async Task<IReadOnlyList<ChannelTotals>> PaymentTotalsAsync(DateOnly from, DateOnly to, CancellationToken ct) =>
        (await GetAsync<Page<ChannelTotals>>(Query("admin/finance/payments", ("from", Day(from)), ("to", Day(to))), ct)).Data;

    public async Task<IReadOnlyList<Receivable>> ReceivablesAsync(CancellationToken ct) =>
        (await GetAsync<Page<Receivable>>("admin/finance/receivables", ct)).Data;

    public async Task<IReadOnlyList<ModelMargin>> ModelMarginsAsync(DateOnly from, DateOnly to, CancellationToken ct) =>
        (await GetAsync<Page<ModelMargin>>(Query("admin/finance/models", ("from", Day(from)), ("to", Day(to))), ct)).Data;

    public async Task<IReadOnlyList<HubOrderView>> LatestOrdersAsync(CancellationToken ct) =>
        (await GetAsync<Page<HubOrderView>>(Query("admin/finance/orders", ("limit", "20")), ct)).Data;

    public async Task<IReadOnlyList<HubFapiaoView>> FapiaoOfHubAsync(string status, CancellationToken ct) =>
        (await GetAsync<Page<HubFapiaoView>>(Query("admin/finance/fapiao", ("status", status)), ct)).Data;

    /// <param name="progress">The id <see cref="ImportProgressAsync"/> asks by how far it is.</param>
    public Task<Answer<FapiaoImported>> ImportFapiaoAsync(FapiaoImport request, Guid? progress, CancellationToken ct) =>
        AskAsync<FapiaoImported>(HttpMethod.Post, Query("admin/finance/fapiao/import", ("progress", progress?.ToString())), request, ct);

    /// <param name="report">revenue, payments, receivables, models or fapiao.</param>
    public Task<HttpResponseMessage> ExportFinanceAsync(string report, string? from, string? to, CancellationToken ct) =>
        OpenAsync(report == "fapiao" ? "admin/finance/fapiao/export" : Query("admin/finance/export", ("report", report), ("from", from), ("to", to)), ct);
}
