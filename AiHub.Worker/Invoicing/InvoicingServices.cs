namespace AiHub.Worker.Invoicing;

public static class InvoicingServices
{
    public static IServiceCollection AddInvoicing(this IServiceCollection services)
    {
        services.AddHostedService<InvoiceRun>();
        services.AddHostedService<InvoiceMailRun>();
        return services;
    }
}
