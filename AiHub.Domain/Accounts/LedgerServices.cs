using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AiHub.Domain.Accounts;

public static class LedgerServices
{
    /// <summary>Adds the process's one <see cref="Ledger"/>, on the database <c>ConnectionStrings:hub</c>.</summary>
    public static IServiceCollection AddLedger(this IServiceCollection services) => services.AddSingleton(provider => new Ledger(
        provider.GetRequiredService<IConfiguration>().GetConnectionString("hub")
            ?? throw new InvalidOperationException("No database is named. Set ConnectionStrings__hub."),
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<ILogger<Ledger>>()));
}
