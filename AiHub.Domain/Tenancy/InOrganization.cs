using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Tenancy;

public static class InOrganization
{
    /// <summary>
    /// Runs <paramref name="work"/>, reads included, in one transaction that sees this organization's rows and no others.
    /// When the connection breaks the whole of it runs again, so the work begins from nothing but its arguments.
    /// </summary>
    public static async Task<T> InOrganizationAsync<T>(this HubDb db, Guid organizationId, Func<Task<T>> work, CancellationToken ct)
    {
        if (db.Tenant.OrganizationId is { } current)
        {
            return current == organizationId
                ? await work()
                : throw new InvalidOperationException($"Already working in organization {current}; finish there before entering {organizationId}.");
        }

        db.Tenant.OrganizationId = organizationId;
        try
        {
            var again = false;
            return await db.Database.CreateExecutionStrategy().ExecuteAsync(
                async token =>
                {
                    if (again)
                    {
                        db.ChangeTracker.Clear();
                    }

                    again = true;

                    await using var transaction = await db.Database.BeginTransactionAsync(token);
                    var result = await work();
                    await transaction.CommitAsync(token);
                    return result;
                },
                ct);
        }
        finally
        {
            db.Tenant.OrganizationId = null;
        }
    }

    /// <inheritdoc cref="InOrganizationAsync{T}"/>
    public static Task InOrganizationAsync(this HubDb db, Guid organizationId, Func<Task> work, CancellationToken ct) =>
        db.InOrganizationAsync(organizationId, async () =>
        {
            await work();
            return true;
        }, ct);
}
