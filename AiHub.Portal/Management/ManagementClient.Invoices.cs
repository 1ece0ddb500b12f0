using System.Net;
using AiHub.Contracts;

namespace AiHub.Portal.Management;

public sealed partial class ManagementClient
{
    public Task<Page<InvoiceView>> InvoicesAsync(string? cursor, CancellationToken ct) =>
        GetAsync<Page<InvoiceView>>(Query("billing/invoices", ("limit", "20"), ("cursor", cursor)), ct);

    public Task<InvoiceView> InvoiceAsync(Guid id, CancellationToken ct) => GetAsync<InvoiceView>($"billing/invoices/{id}", ct);

    /// <returns>Null while it is being made.</returns>
    public Task<byte[]?> InvoiceFileAsync(Guid id, Guid? creditNote, string language, CancellationToken ct) =>
        FileAsync(Query(creditNote is { } note ? $"billing/invoices/{id}/credit-notes/{note}/pdf" : $"billing/invoices/{id}/pdf", ("language", language)), ct);

    public Task<Answer<PaymentOrderView>> PayInvoiceAsync(Guid id, InvoicePayment request, CancellationToken ct) =>
        AskAsync<PaymentOrderView>(HttpMethod.Post, $"billing/invoices/{id}/pay", request, ct);

    public Task<BillingProfileView> BillingProfileAsync(CancellationToken ct) => GetAsync<BillingProfileView>("billing/profile", ct);

    public Task<Answer<BillingProfileView>> SetBillingProfileAsync(BillingProfileView request, CancellationToken ct) =>
        AskAsync<BillingProfileView>(HttpMethod.Put, "billing/profile", request, ct);

    public Task<FapiaoBalance> FapiaoBalanceAsync(CancellationToken ct) => GetAsync<FapiaoBalance>("billing/fapiao/balance", ct);

    public Task<Page<FapiaoView>> FapiaosAsync(string? cursor, CancellationToken ct) =>
        GetAsync<Page<FapiaoView>>(Query("billing/fapiao", ("limit", "20"), ("cursor", cursor)), ct);

    public async Task<IReadOnlyList<FapiaoTitleView>> FapiaoTitlesAsync(CancellationToken ct) =>
        (await GetAsync<Page<FapiaoTitleView>>("billing/fapiao/titles", ct)).Data;

    public Task<Answer<FapiaoTitleView>> AddFapiaoTitleAsync(NewFapiaoTitle request, CancellationToken ct) =>
        AskAsync<FapiaoTitleView>(HttpMethod.Post, "billing/fapiao/titles", request, ct);

    /// <param name="wish">However often the form arrives, one wish is one request.</param>
    public Task<Answer<FapiaoView>> RequestFapiaoAsync(NewFapiao request, string wish, CancellationToken ct) =>
        AskAsync<FapiaoView>(HttpMethod.Post, "billing/fapiao", request, ct, wish);

    private async Task<byte[]?> FileAsync(string path, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, session.AccessToken, ct);
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            return null;
        }

        return response.IsSuccessStatusCode
            ? await response.Content.ReadAsByteArrayAsync(ct)
            : throw new ManagementException(response.StatusCode, await ProblemAsync(response, ct));
    }
}
