using System.Security.Cryptography;
using AiHub.Worker.Payments.Alipay;
using AiHub.Worker.Payments.Stripe;
using AiHub.Worker.Payments.WechatPay;
using AiHub.Worker.Webhooks;

namespace AiHub.Worker.Payments;

/// <summary>Registers the channels that configuration names. One that is named but not whole stops the start: half a channel is worse than none.</summary>
public static class PaymentServices
{
    public static TBuilder AddPayments<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        var (services, configuration) = (builder.Services, builder.Configuration);
        var options = configuration.GetSection(PaymentOptions.Section).Get<PaymentOptions>() ?? new PaymentOptions();

        services.AddSingleton(options);
        // A client of its own: the runs ask again themselves, and the usual handlers would repeat beneath them.
        services.AddKeyedSingleton(nameof(IPaymentChannel), (_, _) => new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        { Timeout = TimeSpan.FromSeconds(15) });

        Enable("Alipay", (AlipaySettings settings) => services.AddSingleton<IPaymentChannel>(provider =>
            new AlipayChannel(settings, options, Client(provider), provider.GetRequiredService<TimeProvider>())), settings => settings.Check());
        Enable("WechatPay", (WechatPaySettings settings) => services.AddSingleton<IPaymentChannel>(provider =>
            new WechatPayChannel(settings, options, Client(provider), provider.GetRequiredService<TimeProvider>())), settings => settings.Check());
        Enable("Stripe", (StripeSettings settings) => services.AddSingleton<IPaymentChannel>(provider =>
            new StripeChannel(settings, options, Client(provider))), settings => settings.Check());

        services.AddSingleton<PaymentChannels>();
        services.AddHostedService<ChannelSign>();
        services.AddHostedService<OrderRun>();
        services.AddHostedService<RefundRun>();
        services.AddHostedService<BillRun>();
        services.AddHostedService<InboxRun>();

        return builder;

        void Enable<T>(string name, Action<T> add, Action<T> check) where T : class
        {
            var section = configuration.GetSection($"{PaymentOptions.Section}:{name}");
            if (section.Get<T>() is not { } settings || !section.AsEnumerable().Any(setting => !string.IsNullOrEmpty(setting.Value)))
            {
                return;
            }

            Address(options.PublicUrl, nameof(PaymentOptions.PublicUrl), name);
            Address(options.PortalUrl, nameof(PaymentOptions.PortalUrl), name);
            try
            {
                check(settings);
            }
            catch (CryptographicException failure)
            {
                throw new PaymentSettingsException($"A key of {PaymentOptions.Section}:{name} cannot be used: {failure.Message}", failure);
            }

            add(settings);
        }

        static void Address(string? url, string setting, string channel)
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                throw new PaymentSettingsException($"{channel} needs {PaymentOptions.Section}__{setting}, an http or https address.");
            }
        }

        static HttpClient Client(IServiceProvider provider) => provider.GetRequiredKeyedService<HttpClient>(nameof(IPaymentChannel));
    }
}
