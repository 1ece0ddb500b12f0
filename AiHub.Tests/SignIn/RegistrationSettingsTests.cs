using AiHub.ServiceDefaults;
using AiHub.Worker.Alerts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AiHub.Tests.SignIn;

/// <summary>Where registration goes by mail there must be somebody to send it.</summary>
public sealed class RegistrationSettingsTests
{
    [Theory]
    [InlineData("Production", null, true)]
    [InlineData("Staging", null, true)]
    [InlineData("Development", null, false)]
    [InlineData("Production", "false", false)]
    [InlineData("Development", "true", true)]
    public void Outside_development_the_mailbox_is_asked_first_unless_somebody_says_otherwise(string environment, string? said, bool first)
    {
        using var worker = WorkerIn(environment, ("Registration:VerifyFirst", said));

        Assert.Equal(first, worker.Services.GetRequiredService<IOptions<RegistrationOptions>>().Value.VerifyFirst);
    }

    [Fact]
    public void A_worker_that_cannot_send_the_mails_says_so_and_does_not_start()
    {
        using var mute = WorkerIn("Production");
        using var server = WorkerIn("Production", ("Mail:Host", "smtp.example.com"));
        using var atOnce = WorkerIn("Production", ("Registration:VerifyFirst", "false"));
        using var development = WorkerIn("Development", ("Registration:VerifyFirst", "true"));

        var refused = Assert.Throws<OptionsValidationException>(() => MailOf(mute));

        Assert.Contains("Mail__Host", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Registration__VerifyFirst=false", refused.Message, StringComparison.Ordinal);
        Assert.Equal("smtp.example.com", MailOf(server).Host);
        Assert.Null(MailOf(atOnce).Host);
        Assert.NotNull(MailOf(development).Folder);
    }

    private static MailOptions MailOf(IHost worker) => worker.Services.GetRequiredService<IOptions<MailOptions>>().Value;

    private static IHost WorkerIn(string environment, params (string Name, string? Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => setting.Value));
        builder.Services.AddAlerts();
        return builder.Build();
    }
}
