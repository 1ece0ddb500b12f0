using Aspire.StackExchange.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace Aspire.StackExchange.Redis
{
    /// <summary>The settings of Aspire's package of the same name. Tracing of Redis commands needs that package and is not part of the stand-in.</summary>
    public sealed class StackExchangeRedisSettings
    {
        public string? ConnectionString { get; set; }
        public bool DisableHealthChecks { get; set; }
        public bool DisableTracing { get; set; }
        public bool DisableAutoActivation { get; set; } = true;
    }
}

namespace Microsoft.Extensions.Hosting
{
    public static class AspireRedisExtensions
    {
        private const string Section = "Aspire:StackExchange:Redis";

        /// <summary>Registers one lazily connected <see cref="IConnectionMultiplexer"/> on <c>ConnectionStrings:{connectionName}</c> with a health check.</summary>
        public static void AddRedisClient(
            this IHostApplicationBuilder builder,
            string connectionName,
            Action<StackExchangeRedisSettings>? configureSettings = null,
            Action<ConfigurationOptions>? configureOptions = null)
        {
            var settings = new StackExchangeRedisSettings();
            builder.Configuration.GetSection(Section).Bind(settings);
            builder.Configuration.GetSection($"{Section}:{connectionName}").Bind(settings);
            if (builder.Configuration.GetConnectionString(connectionName) is { Length: > 0 } connectionString)
            {
                settings.ConnectionString = connectionString;
            }

            configureSettings?.Invoke(settings);

            var options = ConfigurationOptions.Parse(settings.ConnectionString ?? string.Empty);
            options.AbortOnConnectFail = false;
            builder.Configuration.GetSection($"{Section}:ConfigurationOptions").Bind(options);
            builder.Configuration.GetSection($"{Section}:{connectionName}:ConfigurationOptions").Bind(options);
            configureOptions?.Invoke(options);

            builder.Services.TryAddSingleton<IConnectionMultiplexer>(_ => options.EndPoints.Count > 0
                ? ConnectionMultiplexer.Connect(options)
                : throw new InvalidOperationException(
                    $"No endpoints specified. Ensure a valid connection string was provided in 'ConnectionStrings:{connectionName}' or under the '{Section}' or '{Section}:{connectionName}' configuration section."));

            if (!settings.DisableHealthChecks)
            {
                builder.Services.AddHealthChecks().AddCheck<PingCheck>("StackExchange.Redis");
            }
        }

        private sealed class PingCheck(IServiceProvider services) : IHealthCheck
        {
            public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default)
            {
                try
                {
                    await services.GetRequiredService<IConnectionMultiplexer>().GetDatabase().PingAsync().WaitAsync(ct);
                    return HealthCheckResult.Healthy();
                }
                catch (RedisException failure)
                {
                    return new HealthCheckResult(context.Registration.FailureStatus, exception: failure);
                }
            }
        }
    }
}
