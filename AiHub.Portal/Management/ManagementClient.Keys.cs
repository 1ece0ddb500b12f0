using AiHub.Contracts;

namespace AiHub.Portal.Management;

public sealed partial class ManagementClient
{
    public Task<ApiKeyView> KeyAsync(Guid id, CancellationToken ct) => GetAsync<ApiKeyView>($"auth/api-keys/{id}", ct);

    public Task<Answer<ApiKeyView>> ChangeKeyAsync(Guid id, ApiKeyChange change, CancellationToken ct) =>
        AskAsync<ApiKeyView>(HttpMethod.Patch, $"auth/api-keys/{id}", change, ct);

    public Task<Answer<CreatedApiKey>> RotateKeyAsync(Guid id, int overlapSeconds, CancellationToken ct) =>
        AskAsync<CreatedApiKey>(HttpMethod.Post, $"auth/api-keys/{id}/rotate", new KeyRotation(overlapSeconds), ct);
}
