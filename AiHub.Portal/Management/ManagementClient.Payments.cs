using AiHub.Contracts;

namespace AiHub.Portal.Management;

/// <summary>Saved cards, refills, codes and what goes back; and the operator's side of orders, invoices, disputes, codes and sellers.</summary>
public sealed partial class ManagementClient
{
    /// <returns>Null when no card is saved.</returns>
    public async Task<PaymentMethodView?> SavedMethodAsync(CancellationToken ct) =>
        (await GetAsync<Page<PaymentMethodView>>("billing/payment-methods", ct)).Data.FirstOrDefault();

    public Task<ProblemView?> RemoveMethodAsync(CancellationToken ct) => TryAsync(HttpMethod.Delete, "billing/payment-methods", null, ct);

    /// <returns>Null when the wallet does not refill itself.</returns>
    public async Task<AutoTopUpView?> AutoTopUpAsync(CancellationToken ct) =>
        (await GetAsync<Page<AutoTopUpView>>("billing/auto-top-up", ct)).Data.FirstOrDefault();

    public Task<ProblemView?> SetAutoTopUpAsync(AutoTopUpRequest request, CancellationToken ct) => TryAsync(HttpMethod.Put, "billing/auto-top-up", request, ct);

    public Task<ProblemView?> EndAutoTopUpAsync(CancellationToken ct) => TryAsync(HttpMethod.Delete, "billing/auto-top-up", null, ct);

    public async Task<IReadOnlyList<WalletLotView>> WalletLotsAsync(CancellationToken ct) => (await GetAsync<Page<WalletLotView>>("billing/wallet/lots", ct)).Data;

    public Task<Answer<RedemptionView>> RedeemAsync(string code, CancellationToken ct) =>
        AskAsync<RedemptionView>(HttpMethod.Post, "billing/redemptions", new CodeRedemption(code), ct);

    public async Task<IReadOnlyList<DisputeView>> DisputesAsync(CancellationToken ct) => (await GetAsync<Page<DisputeView>>("billing/disputes", ct)).Data;

    /// <param name="wish">However often the form arrives, one wish is one refund.</param>
    public async Task<ProblemView?> RefundAsync(Guid order, NewRefund request, string wish, CancellationToken ct) =>
        (await AskAsync<RefundView>(HttpMethod.Post, $"billing/orders/{order}/refunds", request, ct, wish)).Problem;

    public Task<Page<HubOrderView>> OrdersOfHubAsync(string? status, string? channel, string? search, string? cursor, CancellationToken ct) =>
        GetAsync<Page<HubOrderView>>(Query("admin/finance/orders", ("status", status), ("channel", channel), ("search", search), ("cursor", cursor), ("limit", "50")), ct);

    public Task<HubOrderDetail> AnyOrderAsync(Guid id, CancellationToken ct) => GetAsync<HubOrderDetail>($"admin/finance/orders/{id}", ct);

    public Task<ProblemView?> CheckAnyOrderAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Post, $"admin/finance/orders/{id}/check", null, ct);

    /// <param name="wish">However often the form arrives, one wish is one refund.</param>
    public async Task<ProblemView?> RefundAnyOrderAsync(Guid id, NewRefund request, string wish, CancellationToken ct) =>
        (await AskAsync<HubOrderDetail>(HttpMethod.Post, $"admin/finance/orders/{id}/refunds", request, ct, wish)).Problem;

    public Task<Page<HubInvoiceView>> InvoicesOfHubAsync(string? status, string? search, string? cursor, CancellationToken ct) =>
        GetAsync<Page<HubInvoiceView>>(Query("admin/finance/invoices", ("status", status), ("search", search), ("cursor", cursor), ("limit", "50")), ct);

    public Task<HubInvoiceDetail> AnyInvoiceAsync(Guid id, CancellationToken ct) => GetAsync<HubInvoiceDetail>($"admin/finance/invoices/{id}", ct);

    public Task<ProblemView?> MarkInvoicePaidAsync(Guid id, string reference, CancellationToken ct) =>
        TryAsync(HttpMethod.Post, $"admin/finance/invoices/{id}/paid", new InvoiceTransfer(reference), ct);

    /// <param name="action">void or uncollectible.</param>
    public Task<ProblemView?> EndInvoiceAsync(Guid id, string action, string reason, CancellationToken ct) =>
        TryAsync(HttpMethod.Post, $"admin/finance/invoices/{id}/{action}", new InvoiceReason(reason), ct);

    public Task<ProblemView?> CreditInvoiceAsync(Guid id, NewCreditNote request, CancellationToken ct) =>
        TryAsync(HttpMethod.Post, $"admin/finance/invoices/{id}/credit-notes", request, ct);

    public Task<Page<HubDisputeView>> DisputesOfHubAsync(string? status, string? cursor, CancellationToken ct) =>
        GetAsync<Page<HubDisputeView>>(Query("admin/finance/disputes", ("status", status), ("cursor", cursor), ("limit", "50")), ct);

    public async Task<IReadOnlyList<CodeBatchView>> CodeBatchesAsync(CancellationToken ct) => (await GetAsync<Page<CodeBatchView>>("admin/code-batches", ct)).Data;

    public Task<Answer<CreatedCodeBatch>> MakeCodesAsync(NewCodeBatch request, CancellationToken ct) => AskAsync<CreatedCodeBatch>(HttpMethod.Post, "admin/code-batches", request, ct);

    public Task<ProblemView?> RevokeCodesAsync(Guid batch, CancellationToken ct) => TryAsync(HttpMethod.Post, $"admin/code-batches/{batch}/revoke", null, ct);

    public async Task<IReadOnlyList<LegalEntityView>> SellersAsync(CancellationToken ct) => (await GetAsync<Page<LegalEntityView>>("admin/finance/legal-entities", ct)).Data;

    public Task<ProblemView?> ChangeSellerAsync(string id, LegalEntityChange request, CancellationToken ct) =>
        TryAsync(HttpMethod.Put, $"admin/finance/legal-entities/{Uri.EscapeDataString(id)}", request, ct);

    public Task<Page<ChannelBillView>> ChannelBillsAsync(DateOnly? from, DateOnly? to, string? channel, string? status, string? cursor, CancellationToken ct) =>
        GetAsync<Page<ChannelBillView>>(
            Query("admin/finance/bills", ("from", from is { } first ? Day(first) : null), ("to", to is { } last ? Day(last) : null), ("channel", channel), ("status", status), ("cursor", cursor), ("limit", "50")), ct);

    /// <param name="verdict">open: the differences nobody has accepted; null for every line.</param>
    public Task<Page<ChannelBillLineView>> ChannelBillLinesAsync(Guid bill, string? verdict, string? cursor, CancellationToken ct) =>
        GetAsync<Page<ChannelBillLineView>>(Query($"admin/finance/bills/{bill}/lines", ("verdict", verdict), ("cursor", cursor), ("limit", "50")), ct);

    public Task<ProblemView?> CompareBillAsync(Guid bill, CancellationToken ct) => TryAsync(HttpMethod.Post, $"admin/finance/bills/{bill}/again", null, ct);

    public Task<ProblemView?> AcceptDifferenceAsync(Guid bill, Guid line, string reason, CancellationToken ct) =>
        TryAsync(HttpMethod.Post, $"admin/finance/bills/{bill}/lines/{line}/accept", new BillAcceptance(reason), ct);

    public Task<HttpResponseMessage> ExportChannelBillAsync(Guid bill, CancellationToken ct) => OpenAsync($"admin/finance/bills/{bill}/export", ct);
}
