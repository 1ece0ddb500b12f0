using System.Net;
using AiHub.Contracts;

namespace AiHub.Portal.Management;

/// <summary>Single sign-on, and the directory behind it.</summary>
public sealed partial class ManagementClient
{
    public Task<Answer<SignOnBegun>> BeginSignOnAsync(string email, CancellationToken ct) =>
        AskAsync<SignOnBegun>(HttpMethod.Post, "auth/sign-on/begin", new SignOnBegin(email), ct);

    public Task<SignInStep> CompleteSignOnAsync(SignOnAnswer answer, CancellationToken ct) => StepAsync("auth/sign-on/complete", answer, ct);

    /// <returns>Null when it is not set up.</returns>
    public async Task<SignOnView?> SignOnAsync(CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Get, OfOrganization("sign-on"), null, session.AccessToken, ct);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync<SignOnView>(response, ct);
    }

    public Task<Answer<SignOnView>> PutSignOnAsync(SignOnChange change, CancellationToken ct) => AskAsync<SignOnView>(HttpMethod.Put, OfOrganization("sign-on"), change, ct);

    public Task<Answer<SignOnView>> VerifySignOnDomainAsync(CancellationToken ct) => AskAsync<SignOnView>(HttpMethod.Post, OfOrganization("sign-on/verify-domain"), null, ct);

    /// <summary>What is already gone is as ended as can be.</summary>
    public Task DeleteSignOnAsync(CancellationToken ct) => DeleteAsync(OfOrganization("sign-on"), ct);

    public async Task<IReadOnlyList<ScimTokenView>> ScimTokensAsync(CancellationToken ct) => (await GetAsync<Page<ScimTokenView>>(OfOrganization("scim-tokens"), ct)).Data;

    public Task<Answer<CreatedScimToken>> CreateScimTokenAsync(string name, CancellationToken ct) =>
        AskAsync<CreatedScimToken>(HttpMethod.Post, OfOrganization("scim-tokens"), new NewScimToken(name), ct);

    /// <inheritdoc cref="DeleteSignOnAsync"/>
    public Task RevokeScimTokenAsync(Guid id, CancellationToken ct) => DeleteAsync(OfOrganization($"scim-tokens/{id}"), ct);
}
