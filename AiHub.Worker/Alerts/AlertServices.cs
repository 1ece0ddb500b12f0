using System.ComponentModel.DataAnnotations;
using AiHub.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace AiHub.Worker.Alerts;

public sealed class AlertOptions
{
    public const string Section = "Alerts";

    /// <summary>Webhooks may lead into private networks: for hubs whose customers are their own people.</summary>
    public bool AllowPrivateNetwork { get; set; }

    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);
}

public sealed class MailOptions
{
    public const string Section = "Mail";

    /// <summary>Writes mail into this folder as .eml files instead of sending it.</summary>
    public string? Folder { get; set; }

    /// <summary>The SMTP server; none: mail cannot be sent, and is parked.</summary>
    public string? Host { get; set; }

    [Range(1, 65535)]
    public int Port { get; set; } = 587;

    /// <summary>start_tls (default), tls, or none for a server on the same machine.</summary>
    [RegularExpression("^(start_tls|tls|none)$", ErrorMessage = "Mail:Security is start_tls, tls or none.")]
    public string Security { get; set; } = "start_tls";

    public string? User { get; set; }

    public string? Password { get; set; }

    [Required, EmailAddress]
    public string From { get; set; } = "ai-hub@localhost.localdomain";
}

[OptionsValidator]
public sealed partial class AlertOptionsValidator : IValidateOptions<AlertOptions>;

[OptionsValidator]
public sealed partial class MailOptionsValidator : IValidateOptions<MailOptions>;

public static class AlertServices
{
    public static IServiceCollection AddAlerts(this IServiceCollection services)
    {
        services.AddOptions<AlertOptions>().BindConfiguration(AlertOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AlertOptions>, AlertOptionsValidator>();
        services.AddOptions<MailOptions>().BindConfiguration(MailOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<MailOptions>, MailOptionsValidator>();
        // In development mail lands where a developer can open it, unless a server is named.
        services.AddOptions<MailOptions>().PostConfigure<IHostEnvironment>((mail, environment) =>
        {
            if (mail.Folder is null && mail.Host is null && environment.IsDevelopment())
            {
                mail.Folder = Path.Combine(Path.GetTempPath(), "ai-hub-mail");
            }
        });
        services.AddRegistrationOptions();
        services.AddOptions<MailOptions>().Validate<IOptions<RegistrationOptions>>(
            (mail, registration) => registration.Value.VerifyFirst is not true || mail.Host is { Length: > 0 } || mail.Folder is { Length: > 0 },
            "Whoever registers is sent a mail first, and there is no mail server. Set Mail__Host on the worker, or Registration__VerifyFirst=false on gateway and worker.");

        services.AddSingleton<Mail>();
        services.AddSingleton<WebhookPost>();
        services.AddHostedService<AlertRun>();
        services.AddHostedService<AlertDeliveryRun>();
        services.AddHostedService<MailRun>();

        return services;
    }
}
