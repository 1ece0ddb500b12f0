using AiHub.ServiceDefaults;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.StackExchangeRedis;
using StackExchange.Redis;

namespace AiHub.Portal.SignIn;

public static class SignInRegistration
{
    public const string SignInPath = "/sign-in";
    public const string RegisterPath = "/register";
    public const string ConfirmPath = "/register/confirm";
    public const string ForgotPath = "/forgot-password";
    public const string SingleSignOnPath = "/sign-in/sso";
    public const string OverviewPath = "/overview";
    public const string ReturnParameter = "returnUrl";

    public static IServiceCollection AddSignIn(this IServiceCollection services, IConfiguration configuration)
    {
        // One key ring for all replicas, so that any of them reads any cookie, also after a restart.
        services.AddDataProtection().SetApplicationName("AiHub.Portal").SealKeys(configuration);
        services.AddOptions<KeyManagementOptions>().Configure<IConnectionMultiplexer>((options, redis) =>
            options.XmlRepository = new RedisXmlRepository(() => redis.GetDatabase(), "portal:data-protection-keys"));

        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(options =>
        {
            options.Cookie.Name = "aihub.session";
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Lax;
            options.ExpireTimeSpan = TimeSpan.FromDays(30);
            options.LoginPath = SignInPath;
            options.ReturnUrlParameter = ReturnParameter;
            options.Events.OnRedirectToAccessDenied = context =>
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return Task.CompletedTask;
            };
        });
        services.AddAuthorization();
        services.AddCascadingAuthenticationState();
        services.AddAntiforgery(options => options.Cookie.Name = "aihub.forms");

        services.AddScoped<Session>();
        services.AddScoped<SessionRenewal>();
        return services;
    }

    public static IApplicationBuilder UseSessionGate(this IApplicationBuilder app) => app.UseMiddleware<SessionGate>();
}
