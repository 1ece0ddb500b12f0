using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiHub.Portal;

public sealed class PortalOptions
{
    public const string Section = "Portal";

    /// <summary>Where customers' programs call the gateway; the snippets show it.</summary>
    [Required(ErrorMessage = "The snippets need the gateway's public address. Set Portal__ApiBaseUrl.")]
    public Uri ApiBaseUrl { get; set; } = new("http://localhost:5080/v1");
}

[OptionsValidator]
public sealed partial class PortalOptionsValidator : IValidateOptions<PortalOptions>;

public static class PortalOptionsRegistration
{
    public static IServiceCollection AddPortalOptions(this IServiceCollection services)
    {
        services.AddOptions<PortalOptions>().BindConfiguration(PortalOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PortalOptions>, PortalOptionsValidator>();
        return services;
    }
}
