using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace AiHub.ServiceDefaults;

internal static class Hosting
{
    /// <summary>What holds everywhere unless somebody configures otherwise: no line for a request or a query that went well.</summary>
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Command"] = "Warning",
    };

    /// <summary>And outside development: JSON lines in UTC.</summary>
    private static readonly Dictionary<string, string?> ProductionDefaults = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = "Warning",
        ["Logging:LogLevel:Polly"] = "Warning",
        ["Logging:LogLevel:System.Net.Http"] = "Warning",
        ["Logging:Console:FormatterName"] = "json",
        ["Logging:Console:FormatterOptions:UseUtcTimestamp"] = "true",
        ["Logging:Console:FormatterOptions:TimestampFormat"] = "yyyy-MM-ddTHH:mm:ss.fffZ",
        ["Logging:Console:FormatterOptions:IncludeScopes"] = "true",
    };

    public static void AddServer(this IHostApplicationBuilder builder)
    {
        // In front of all other sources, so that each of them goes before it.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = builder.Environment.IsDevelopment() ? Defaults : Defaults.Concat(ProductionDefaults),
        });

        var services = builder.Services;
        services.AddOptions<ServerOptions>().BindConfiguration(ServerOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServerOptions>, ServerOptionsValidator>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServerOptions>>((kestrel, server) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = server.Value.MaxConnections;
            kestrel.Limits.MaxRequestBodySize = server.Value.MaxRequestBytes;
            kestrel.Limits.KeepAliveTimeout = server.Value.KeepAliveTimeout;
            kestrel.Limits.RequestHeadersTimeout = server.Value.RequestHeadersTimeout;
        });
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ServerOptions>>((headers, server) =>
        {
            headers.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            headers.ForwardLimit = null;
            foreach (var proxy in server.Value.TrustedProxies)
            {
                headers.KnownIPNetworks.Add(Network(proxy));
            }
        });

        services.AddSingleton<Drain>();
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddOptions<HostOptions>().Configure<Drain>((host, drain) => host.ShutdownTimeout = drain.Longest);
        services.AddHealthChecks().AddCheck<Drain>("accepting");

        services.AddSingleton<IStartupFilter, FirstInLine>();
        if (builder.Configuration.GetValue<int?>($"{ServerOptions.Section}:{nameof(ServerOptions.PrivatePort)}") is { } port)
        {
            builder.Configuration[WebHostDefaults.ServerUrlsKey] = Addresses(builder.Configuration, port);
            // The addresses hold them now; left where they were, every start would warn of them.
            builder.Configuration[WebHostDefaults.HttpPortsKey] = null;
            builder.Configuration[WebHostDefaults.HttpsPortsKey] = null;
        }
    }

    private static IPNetwork Network(string proxy)
    {
        var text = proxy.Contains('/', StringComparison.Ordinal) ? proxy : $"{proxy}/{(proxy.Contains(':', StringComparison.Ordinal) ? 128 : 32)}";
        return IPNetwork.TryParse(text, out var network)
            ? network
            : throw new OptionsValidationException(ServerOptions.Section, typeof(ServerOptions), [$"'{proxy}' in Server:TrustedProxies is neither an address nor a network such as 10.0.0.0/8."]);
    }

    /// <summary>Where the service listens anyhow, and the private port on the same addresses.</summary>
    private static string Addresses(IConfiguration configuration, int privatePort)
    {
        var urls = Split(configuration[WebHostDefaults.ServerUrlsKey]);
        if (urls.Length == 0)
        {
            urls =
            [
                .. Split(configuration[WebHostDefaults.HttpPortsKey]).Select(port => $"http://*:{port}"),
                .. Split(configuration[WebHostDefaults.HttpsPortsKey]).Select(port => $"https://*:{port}"),
            ];
        }

        if (urls.Length == 0)
        {
            urls = ["http://localhost:5000"];
        }

        return string.Join(';', urls.Concat(urls.Select(url => $"http://{BindingAddress.Parse(url).Host}:{privatePort}").Distinct()));
    }

    private static string[] Split(string? list) => list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>Before everything a service does itself: who the caller is when proxies stand in between, and the private port, which serves nothing else.</summary>
    private sealed class FirstInLine(IOptions<ServerOptions> server) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            if (server.Value.PrivatePort is { } port)
            {
                // By the port the connection came in on, which no caller can pretend; a Host header could.
                app.MapWhen(context => context.Connection.LocalPort == port, PrivatePort.Serve);
            }

            app.UseForwardedHeaders();
            next(app);
        };
    }
}
