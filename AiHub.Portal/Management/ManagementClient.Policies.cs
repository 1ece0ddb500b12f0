using System.Net;
using AiHub.Contracts;

namespace AiHub.Portal.Management;

/// <summary>What an organization decides about its calls: guardrails, its own vendor keys, and what was kept of a call.</summary>
public sealed partial class ManagementClient
{
    public async Task<IReadOnlyList<GuardrailView>> GuardrailsAsync(CancellationToken ct) => (await GetAsync<Page<GuardrailView>>(OfOrganization("guardrails"), ct)).Data;

    public Task<Answer<CreatedGuardrail>> AddGuardrailAsync(NewGuardrail request, CancellationToken ct) =>
        AskAsync<CreatedGuardrail>(HttpMethod.Post, OfOrganization("guardrails"), request, ct);

    public Task<ProblemView?> ChangeGuardrailAsync(Guid id, GuardrailChange request, CancellationToken ct) => TryAsync(HttpMethod.Patch, OfOrganization($"guardrails/{id}"), request, ct);

    public Task<Answer<CreatedGuardrail>> RotateGuardrailAsync(Guid id, CancellationToken ct) =>
        AskAsync<CreatedGuardrail>(HttpMethod.Post, OfOrganization($"guardrails/{id}/rotate"), null, ct);

    public Task<ProblemView?> RemoveGuardrailAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Delete, OfOrganization($"guardrails/{id}"), null, ct);

    public Task<Answer<GuardrailTrialResult>> TryGuardrailsAsync(GuardrailTrial request, CancellationToken ct) =>
        AskAsync<GuardrailTrialResult>(HttpMethod.Post, OfOrganization("guardrails/try"), request, ct);

    public async Task<IReadOnlyList<OwnVendorKeyView>> OwnVendorKeysAsync(CancellationToken ct) => (await GetAsync<Page<OwnVendorKeyView>>(OfOrganization("vendor-keys"), ct)).Data;

    public Task<OwnVendorKeyTerms> OwnVendorKeyTermsAsync(CancellationToken ct) => GetAsync<OwnVendorKeyTerms>(OfOrganization("vendor-keys/terms"), ct);

    public Task<Answer<SavedOwnVendorKey>> AddOwnVendorKeyAsync(NewOwnVendorKey request, CancellationToken ct) =>
        AskAsync<SavedOwnVendorKey>(HttpMethod.Post, OfOrganization("vendor-keys"), request, ct);

    public Task<ProblemView?> ChangeOwnVendorKeyAsync(Guid id, OwnVendorKeyChange request, CancellationToken ct) => TryAsync(HttpMethod.Patch, OfOrganization($"vendor-keys/{id}"), request, ct);

    public Task<ProblemView?> RotateOwnVendorKeyAsync(Guid id, OwnVendorKeyRotation request, CancellationToken ct) =>
        TryAsync(HttpMethod.Post, OfOrganization($"vendor-keys/{id}/rotate"), request, ct);

    public Task<Answer<EndpointTest>> TestOwnVendorKeyAsync(Guid id, CancellationToken ct) => AskAsync<EndpointTest>(HttpMethod.Post, OfOrganization($"vendor-keys/{id}/test"), null, ct);

    public Task<ProblemView?> RemoveOwnVendorKeyAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Delete, OfOrganization($"vendor-keys/{id}"), null, ct);

    /// <returns>Null when nothing was kept, or not any more. Each reading is written to the organization's audit log.</returns>
    public async Task<CapturedContentView?> ContentAsync(Guid call, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Get, $"usage/requests/{call}/content", null, session.AccessToken, ct);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync<CapturedContentView>(response, ct);
    }
}
