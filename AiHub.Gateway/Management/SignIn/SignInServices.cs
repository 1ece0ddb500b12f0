using AiHub.Domain.Access;
using AiHub.Gateway.Management.SingleSignOn;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management.SignIn;

public static class SignInServices
{
    /// <summary>Mails with links, second factors and passkeys.</summary>
    public static IServiceCollection AddSignInParts(this IServiceCollection services)
    {
        services.AddOptions<BreachListOptions>().BindConfiguration(BreachListOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BreachListOptions>, BreachListOptionsValidator>();
        services.AddSingleton<AccountMails>();
        services.AddSingleton<IBreachList>(provider => provider.GetRequiredService<IOptions<BreachListOptions>>().Value.Url is null
            ? new NoBreachList()
            : ActivatorUtilities.CreateInstance<PwnedRanges>(provider));
        services.AddSingleton<ForgottenPasswords>();
        services.AddHostedService(provider => provider.GetRequiredService<ForgottenPasswords>());
        services.AddScoped<SecondFactor>();

        services.AddOptions<DomainProofOptions>().BindConfiguration(DomainProofOptions.Section);
        services.AddSingleton<DomainProofs>();
        services.AddSingleton<OidcProviders>();
        services.AddScoped<Newcomers>();

        services.AddScoped<UserManager<User>>(provider => provider.GetRequiredService<People>());
        services.AddScoped<IPasskeyHandler<User>, PasskeyHandler<User>>();
        services.AddOptions<IdentityPasskeyOptions>().Configure<IOptions<AccountOptions>>((passkeys, accounts) =>
        {
            // Passkeys are made on the portal's pages and brought here by the portal, so it is the portal's origin they must name.
            passkeys.ServerDomain = accounts.Value.PortalUrl.Host;
            passkeys.ValidateOrigin = context => ValueTask.FromResult(!context.CrossOrigin && context.Origin == accounts.Value.Origin);
            // They stand for both factors, so the authenticator must know its person; and they are found without a name.
            passkeys.UserVerificationRequirement = "required";
            passkeys.ResidentKeyRequirement = "required";
            passkeys.AuthenticatorTimeout = Passkeys.CeremonyLifetime;
        });

        return services;
    }
}
