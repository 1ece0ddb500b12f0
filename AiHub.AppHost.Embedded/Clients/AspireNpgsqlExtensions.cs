using Aspire.Npgsql.EntityFrameworkCore.PostgreSQL;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Aspire.Npgsql.EntityFrameworkCore.PostgreSQL
{
    /// <summary>The settings of Aspire's package of the same name.</summary>
    public sealed class NpgsqlEntityFrameworkCorePostgreSQLSettings
    {
        public string? ConnectionString { get; set; }
        public bool DisableRetry { get; set; }
        public bool DisableHealthChecks { get; set; }
        public bool DisableTracing { get; set; }
        public bool DisableMetrics { get; set; }
        public int? CommandTimeout { get; set; }
    }
}

namespace Microsoft.Extensions.Hosting
{
    public static class AspireEFPostgreSqlExtensions
    {
        private const string Section = "Aspire:Npgsql:EntityFrameworkCore:PostgreSQL";

        /// <summary>Registers a pooled <typeparamref name="TContext"/> on <c>ConnectionStrings:{connectionName}</c> with retries, health check, traces and metrics.</summary>
        public static void AddNpgsqlDbContext<TContext>(
            this IHostApplicationBuilder builder,
            string connectionName,
            Action<NpgsqlEntityFrameworkCorePostgreSQLSettings>? configureSettings = null,
            Action<DbContextOptionsBuilder>? configureDbContextOptions = null) where TContext : DbContext
        {
            var settings = new NpgsqlEntityFrameworkCorePostgreSQLSettings();
            builder.Configuration.GetSection(Section).Bind(settings);
            builder.Configuration.GetSection($"{Section}:{connectionName}").Bind(settings);
            builder.Configuration.GetSection($"{Section}:{typeof(TContext).Name}").Bind(settings);
            if (builder.Configuration.GetConnectionString(connectionName) is { Length: > 0 } connectionString)
            {
                settings.ConnectionString = connectionString;
            }

            configureSettings?.Invoke(settings);

            builder.Services.AddDbContextPool<TContext>(options =>
            {
                if (string.IsNullOrEmpty(settings.ConnectionString))
                {
                    throw new InvalidOperationException(
                        $"ConnectionString is missing. It should be provided in 'ConnectionStrings:{connectionName}' or under the 'ConnectionString' key in '{Section}' or '{Section}:{typeof(TContext).Name}' configuration section.");
                }

                options.UseNpgsql(settings.ConnectionString, npgsql =>
                {
                    if (!settings.DisableRetry)
                    {
                        npgsql.EnableRetryOnFailure();
                    }

                    if (settings.CommandTimeout is { } seconds)
                    {
                        npgsql.CommandTimeout(seconds);
                    }
                });
                configureDbContextOptions?.Invoke(options);
            });

            if (!settings.DisableHealthChecks)
            {
                builder.Services.AddHealthChecks().AddCheck<ConnectCheck<TContext>>(typeof(TContext).Name);
            }

            if (!settings.DisableTracing)
            {
                builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddNpgsql());
            }

            if (!settings.DisableMetrics)
            {
                builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Npgsql"));
            }
        }

        /// <summary>Healthy when the database answers; what <c>AddDbContextCheck</c> does.</summary>
        private sealed class ConnectCheck<TContext>(IServiceScopeFactory scopes) : IHealthCheck where TContext : DbContext
        {
            public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken ct = default)
            {
                await using var scope = scopes.CreateAsyncScope();
                return await scope.ServiceProvider.GetRequiredService<TContext>().Database.CanConnectAsync(ct)
                    ? HealthCheckResult.Healthy()
                    : new HealthCheckResult(context.Registration.FailureStatus);
            }
        }
    }
}
