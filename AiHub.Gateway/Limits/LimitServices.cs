using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Limits;

public static class LimitServices
{
    public static IServiceCollection AddLimits(this IServiceCollection services)
    {
        services.AddOptions<LimitOptions>().BindConfiguration(LimitOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<LimitOptions>, LimitOptionsValidator>();
        services.AddSingleton<Replicas>();
        services.AddHostedService(provider => provider.GetRequiredService<Replicas>());
        services.AddSingleton<LimitGate>();
        services.AddHostedService<CallLeases>();

        return services;
    }
}
