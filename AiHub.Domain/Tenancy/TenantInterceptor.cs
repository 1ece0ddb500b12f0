using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace AiHub.Domain.Tenancy;

/// <summary>
/// Tells PostgreSQL the organization at the start of each transaction. Transaction-local, so a pooled connection never carries a tenant on,
/// not even behind a transaction-mode pooler.
/// </summary>
internal sealed class TenantInterceptor : DbTransactionInterceptor
{
    public static readonly TenantInterceptor Instance = new();

    public override DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        using var command = SetTenant(connection, eventData, result);
        command?.ExecuteNonQuery();
        return result;
    }

    public override async ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        await using var command = SetTenant(connection, eventData, result);
        if (command is not null)
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return result;
    }

    private static DbCommand? SetTenant(DbConnection connection, TransactionEndEventData eventData, DbTransaction transaction)
    {
        if (eventData.Context is not HubDb { Tenant.OrganizationId: { } organizationId })
        {
            return null;
        }

        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"select set_config('{CurrentTenant.Setting}', $1, true)";
        var value = command.CreateParameter();
        value.Value = organizationId.ToString();
        command.Parameters.Add(value);
        return command;
    }
}
