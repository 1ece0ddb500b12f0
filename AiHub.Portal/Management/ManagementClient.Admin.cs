using AiHub.Contracts;

namespace AiHub.Portal.Management;

/// <summary>The operator's desk.</summary>
public sealed partial class ManagementClient
{
    public async Task<IReadOnlyList<VendorView>> VendorsAsync(CancellationToken ct) => (await GetAsync<Page<VendorView>>("admin/vendors", ct)).Data;

    public Task<Answer<VendorView>> AddVendorAsync(NewVendor request, CancellationToken ct) => AskAsync<VendorView>(HttpMethod.Post, "admin/vendors", request, ct);

    public Task<ProblemView?> ChangeVendorAsync(string id, VendorChange request, CancellationToken ct) => TryAsync(HttpMethod.Patch, $"admin/vendors/{Uri.EscapeDataString(id)}", request, ct);

    public Task<ProblemView?> AddVendorKeyAsync(NewVendorKey request, CancellationToken ct) => TryAsync(HttpMethod.Post, "admin/vendor-keys", request, ct);

    public Task<ProblemView?> SwitchVendorKeyAsync(Guid id, bool enabled, CancellationToken ct) => TryAsync(HttpMethod.Patch, $"admin/vendor-keys/{id}", new VendorKeyChange(enabled), ct);

    public Task<ProblemView?> RemoveVendorKeyAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Delete, $"admin/vendor-keys/{id}", null, ct);

    public Task<VendorBalanceView> VendorBalanceAsync(Guid key, CancellationToken ct) => GetAsync<VendorBalanceView>($"admin/vendor-keys/{key}/balance", ct);

    /// <param name="model">Null: those of all models.</param>
    public async Task<IReadOnlyList<EndpointView>> EndpointsAsync(string? model, CancellationToken ct) =>
        (await GetAsync<Page<EndpointView>>(Query("admin/endpoints", ("model_id", model)), ct)).Data;

    public Task<ProblemView?> AddEndpointAsync(NewEndpoint request, CancellationToken ct) => TryAsync(HttpMethod.Post, "admin/endpoints", request, ct);

    public Task<ProblemView?> ChangeEndpointAsync(Guid id, EndpointChange request, CancellationToken ct) => TryAsync(HttpMethod.Patch, $"admin/endpoints/{id}", request, ct);

    public Task<Answer<EndpointTest>> TestEndpointAsync(Guid id, CancellationToken ct) => AskAsync<EndpointTest>(HttpMethod.Post, $"admin/endpoints/{id}/test", null, ct);

    public async Task<IReadOnlyList<ModelAdminView>> AllModelsAsync(CancellationToken ct) => (await GetAsync<Page<ModelAdminView>>("admin/models", ct)).Data;

    public Task<Answer<ModelAdminView>> AddModelAsync(NewModel request, CancellationToken ct) => AskAsync<ModelAdminView>(HttpMethod.Post, "admin/models", request, ct);

    public Task<ProblemView?> ChangeModelAsync(ModelChange request, CancellationToken ct) => TryAsync(HttpMethod.Patch, "admin/models", request, ct);

    public async Task<IReadOnlyList<PriceRowView>> PricesAsync(Guid endpoint, CancellationToken ct) =>
        (await GetAsync<Page<PriceRowView>>(Query("admin/prices", ("endpoint_id", endpoint.ToString())), ct)).Data;

    public Task<ProblemView?> AddPriceAsync(NewPrice request, CancellationToken ct) => TryAsync(HttpMethod.Post, "admin/prices", request, ct);

    public Task<ProblemView?> EndPriceAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Post, $"admin/prices/{id}/end", new PriceEnd(), ct);

    public async Task<IReadOnlyList<PriceProposalView>> PriceProposalsAsync(CancellationToken ct) => (await GetAsync<Page<PriceProposalView>>("admin/price-proposals", ct)).Data;

    public Task<ProblemView?> DecideProposalAsync(Guid id, bool approve, CancellationToken ct) =>
        TryAsync(HttpMethod.Post, $"admin/price-proposals/{id}/{(approve ? "approve" : "reject")}", null, ct);

    /// <param name="progress">The id <see cref="ImportProgressAsync"/> asks by how far it is.</param>
    public Task<Answer<CatalogueImported>> ImportCatalogueAsync(CatalogueImport request, Guid? progress, CancellationToken ct) =>
        AskAsync<CatalogueImported>(HttpMethod.Post, Query("admin/catalogue/import", ("progress", progress?.ToString())), request, ct);

    public Task<ImportProgress> ImportProgressAsync(Guid id, CancellationToken ct) => GetAsync<ImportProgress>($"admin/imports/{id}", ct);

    public Task<Page<HubOrganizationView>> OrganizationsAsync(string? search, string? cursor, CancellationToken ct) =>
        GetAsync<Page<HubOrganizationView>>(Query("admin/organizations", ("search", search), ("cursor", cursor), ("limit", "50")), ct);

    public Task<HubOrganizationDetail> AnyOrganizationAsync(Guid id, CancellationToken ct) => GetAsync<HubOrganizationDetail>($"admin/organizations/{id}", ct);

    public Task<ProblemView?> SetOrganizationActiveAsync(Guid id, bool active, string reason, CancellationToken ct) =>
        TryAsync(HttpMethod.Post, $"admin/organizations/{id}/{(active ? "reactivate" : "suspend")}", new StatusReason(reason), ct);

    /// <param name="wish">However often the form arrives, one wish is one credit.</param>
    public async Task<ProblemView?> CreditOrganizationAsync(Guid id, NewCredit request, string wish, CancellationToken ct) =>
        (await AskAsync<WalletView>(HttpMethod.Post, $"admin/organizations/{id}/credits", request, ct, wish)).Problem;

    public Task<ProblemView?> LimitOrganizationAsync(Guid id, KeyLimits limits, CancellationToken ct) => TryAsync(HttpMethod.Put, $"admin/organizations/{id}/limits", limits, ct);

    public Task<ProblemView?> SetContractAsync(Guid id, ContractTerms terms, CancellationToken ct) => TryAsync(HttpMethod.Put, $"admin/organizations/{id}/contract", terms, ct);

    public Task<ProblemView?> EndContractAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Delete, $"admin/organizations/{id}/contract", null, ct);

    public async Task<IReadOnlyList<PriceDiscountView>> DiscountsAsync(Guid id, CancellationToken ct) => (await GetAsync<Page<PriceDiscountView>>($"admin/organizations/{id}/discounts", ct)).Data;

    public Task<ProblemView?> AddDiscountAsync(Guid id, NewPriceDiscount request, CancellationToken ct) => TryAsync(HttpMethod.Post, $"admin/organizations/{id}/discounts", request, ct);

    public Task<ProblemView?> EndDiscountAsync(Guid id, Guid discount, CancellationToken ct) =>
        TryAsync(HttpMethod.Post, $"admin/organizations/{id}/discounts/{discount}/end", new PriceEnd(), ct);

    public Task<ProblemView?> SetCreditLimitAsync(Guid id, NewCreditLimit request, CancellationToken ct) => TryAsync(HttpMethod.Put, $"admin/organizations/{id}/credit-limit", request, ct);

    public Task<HubHealthView> HubHealthAsync(CancellationToken ct) => GetAsync<HubHealthView>("admin/health", ct);

    public Task<ProblemView?> ReplayAsync(string queue, Guid id, CancellationToken ct) => TryAsync(HttpMethod.Post, $"admin/health/parked/{queue}/{id}/replay", null, ct);

    public async Task<IReadOnlyList<LedgerAuditView>> LedgerAuditsAsync(CancellationToken ct) => (await GetAsync<Page<LedgerAuditView>>("admin/finance/audits", ct)).Data;

    public Task<ProblemView?> AuditLedgerAsync(CancellationToken ct) => TryAsync(HttpMethod.Post, "admin/finance/audits", null, ct);
}
