namespace AiHub.Worker.Subscriptions;

public static class SubscriptionServices
{
    public static IServiceCollection AddSubscriptions(this IServiceCollection services)
    {
        services.AddHostedService<RenewalRun>();
        services.AddHostedService<DunningRun>();
        services.AddHostedService<RefillRun>();
        services.AddHostedService<SavedMethodRun>();
        services.AddHostedService<BillingMailRun>();

        return services;
    }
}
