using System.Runtime.CompilerServices;
using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Storage;

/// <summary>
/// What every <see cref="HubDb"/> needs beyond a connection string, added where nobody can forget it: a pooled context may not add
/// options in OnConfiguring, and whoever registers the context should not have to know.
/// </summary>
internal static class HubDbOptions
{
    private static readonly ConditionalWeakTable<DbContextOptions<HubDb>, DbContextOptions<HubDb>> Completed = [];

    public static DbContextOptions<HubDb> Complete(DbContextOptions<HubDb> options) => Completed.GetValue(options, given =>
        new DbContextOptionsBuilder<HubDb>(given)
            .UseSnakeCaseNamingConvention()
            .AddInterceptors(TenantInterceptor.Instance)
            .Options);
}
