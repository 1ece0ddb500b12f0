namespace AiHub.Portal.Management;

public static class ManagementRegistration
{
    public static IServiceCollection AddManagement(this IServiceCollection services)
    {
        services.AddHttpContextAccessor();
        services.AddTransient<VisitorAddress>();
        services.AddHttpClient<ManagementClient>(http => http.BaseAddress = new Uri("https+http://gateway/api/v1/"))
            .AddHttpMessageHandler<VisitorAddress>();
        return services;
    }
}
