using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AiHub.ServiceDefaults;

/// <summary>How people register: the gateway asks, and the worker, who sends the mails, must be able to.</summary>
public sealed class RegistrationOptions
{
    public const string Section = "Registration";

    /// <summary>
    /// Nothing is opened before the mailbox has answered, and nobody learns whether an address has an account. Default: true, in development false.
    /// </summary>
    public bool? VerifyFirst { get; set; }
}

public static class RegistrationServices
{
    public static OptionsBuilder<RegistrationOptions> AddRegistrationOptions(this IServiceCollection services) =>
        services.AddOptions<RegistrationOptions>().BindConfiguration(RegistrationOptions.Section)
            .PostConfigure<IHostEnvironment>((registration, environment) => registration.VerifyFirst ??= !environment.IsDevelopment());
}
