using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway;

/// <summary>What this process is allowed to be asked for.</summary>
public sealed class GatewayOptions
{
    public const string Section = "Gateway";

    [Range(1024, int.MaxValue)]
    public int MaxRequestBytes { get; init; } = 32 * 1024 * 1024;
}

[OptionsValidator]
public sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;

public static class GatewayHosting
{
    public static TBuilder AddGatewayHosting<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        var services = builder.Services;

        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<GatewayOptions>>((kestrel, gateway) =>
            kestrel.Limits.MaxRequestBodySize = gateway.Value.MaxRequestBytes);

        return builder;
    }
}
