namespace AiHub.Worker.Invoicing;

public static class InvoicingServices
{
    /// <summary>The setting that names who issues fapiao: manual (default), or simulated for development.</summary>
    public const string FapiaoProvider = "Fapiao:Provider";

    public static IServiceCollection AddInvoicing(this IServiceCollection services)
    {
        services.AddSingleton<IFapiaoProvider>(provider => provider.GetRequiredService<IConfiguration>()[FapiaoProvider] switch
        {
            null or "" or "manual" => new ManualFapiao(),
            "simulated" when !provider.GetRequiredService<IHostEnvironment>().IsProduction() => new SimulatedFapiao(),
            var name => throw new InvalidOperationException($"Fapiao__Provider is manual, or simulated outside production, not {name}."),
        });
        services.AddHostedService<FapiaoRun>();
        services.AddHostedService<InvoiceRun>();
        services.AddHostedService<InvoiceMailRun>();
        services.AddHostedService<FinanceClose>();
        return services;
    }
}
