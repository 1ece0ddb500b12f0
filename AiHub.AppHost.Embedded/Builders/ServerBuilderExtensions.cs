using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using StackExchange.Redis;

namespace Aspire.Hosting;

public static class PostgresBuilderExtensions
{
    /// <summary>Adds a PostgreSQL server with a password that is made up once and kept.</summary>
    public static IResourceBuilder<PostgresServerResource> AddPostgres(
        this IDistributedApplicationBuilder builder,
        string name,
        IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null,
        int? port = null)
    {
        var server = new PostgresServerResource(
            name, userName?.Resource, password?.Resource ?? ParameterResourceBuilderExtensions.GeneratedPassword(builder, $"{name}-password"));

        return builder.AddResource(server)
            .WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, name: PostgresServerResource.EndpointName, port: port) { TargetHost = "127.0.0.1" })
            .WithConnectionCheck(new PostgresHealthCheck(server, "postgres"));
    }

    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null)
    {
        var database = new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource);

        return builder.ApplicationBuilder.AddResource(database).WithRelationship(builder.Resource, "Parent").WithConnectionCheck(new PostgresHealthCheck(database, null));
    }

    /// <summary>Keeps the data between runs, in the AppHost's data folder.</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(this IResourceBuilder<PostgresServerResource> builder, string? name = null, bool isReadOnly = false) =>
        builder.WithAnnotation(new DataVolumeAnnotation());

    private sealed class PostgresHealthCheck(IResourceWithConnectionString resource, string? database) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var settings = new NpgsqlConnectionStringBuilder(await resource.GetConnectionStringAsync(cancellationToken)) { Pooling = false, Timeout = 5 };
            settings.Database = database ?? settings.Database;
            try
            {
                await using var connection = new NpgsqlConnection(settings.ConnectionString);
                await connection.OpenAsync(cancellationToken);
                await using var command = new NpgsqlCommand("select 1", connection);
                await command.ExecuteScalarAsync(cancellationToken);

                return HealthCheckResult.Healthy();
            }
            catch (NpgsqlException failure)
            {
                return HealthCheckResult.Unhealthy(failure.Message);
            }
        }
    }
}

public static class RedisBuilderExtensions
{
    /// <summary>Adds a cache with a password that is made up once and kept.</summary>
    public static IResourceBuilder<RedisResource> AddRedis(
        this IDistributedApplicationBuilder builder, string name, int? port = null, IResourceBuilder<ParameterResource>? password = null)
    {
        var cache = new RedisResource(name, password?.Resource ?? ParameterResourceBuilderExtensions.GeneratedPassword(builder, $"{name}-password"));

        return builder.AddResource(cache)
            .WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, name: RedisResource.EndpointName, port: port) { TargetHost = "127.0.0.1" })
            .WithConnectionCheck(new RedisHealthCheck(cache));
    }

    /// <summary>Keeps the data between runs, in the AppHost's data folder.</summary>
    public static IResourceBuilder<RedisResource> WithDataVolume(this IResourceBuilder<RedisResource> builder, string? name = null, bool isReadOnly = false) =>
        builder.WithAnnotation(new DataVolumeAnnotation());

    private sealed class RedisHealthCheck(RedisResource cache) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var settings = ConfigurationOptions.Parse((await cache.ConnectionStringExpression.GetValueAsync(cancellationToken))!);
            settings.ConnectRetry = 0;
            try
            {
                await using var connection = await ConnectionMultiplexer.ConnectAsync(settings);
                await connection.GetDatabase().PingAsync();

                return HealthCheckResult.Healthy();
            }
            catch (RedisException failure)
            {
                return HealthCheckResult.Unhealthy(failure.Message);
            }
        }
    }
}

internal static class ConnectionCheck
{
    public static IResourceBuilder<T> WithConnectionCheck<T>(this IResourceBuilder<T> builder, IHealthCheck check) where T : IResource
    {
        var key = $"{builder.Resource.Name}_check";
        builder.ApplicationBuilder.Services.AddHealthChecks().Add(new HealthCheckRegistration(key, check, failureStatus: null, tags: null));

        return builder.WithHealthCheck(key);
    }
}
