using System.Net;
using AiHub.AppHost;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace AiHub.Tests.Hosting;

/// <summary>The whole hub, started by its own AppHost as a developer would, on free ports and with fresh data.</summary>
public sealed class RunningHub : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private IDistributedApplicationTestingBuilder _builder = null!;

    public DistributedApplication App { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AiHub_AppHost>();
        App = await _builder.BuildAsync();
        await App.StartAsync();

        using var patience = new CancellationTokenSource(Patience);
        foreach (var service in new[] { Resources.Gateway, Resources.Worker, Resources.Portal, Resources.Simulators })
        {
            await App.ResourceNotifications.WaitForResourceHealthyAsync(service, patience.Token);
        }
    }

    public async Task DisposeAsync()
    {
        await App.DisposeAsync();
        await _builder.DisposeAsync();
    }
}

[Collection(WholeHubs.Name)]
public sealed class HubTests(RunningHub hub) : IClassFixture<RunningHub>
{
    [Theory]
    [InlineData(Resources.Gateway)]
    [InlineData(Resources.Worker)]
    [InlineData(Resources.Portal)]
    [InlineData(Resources.Simulators)]
    public async Task Every_service_is_healthy(string service)
    {
        using var http = hub.App.CreateHttpClient(service);

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/health", UriKind.Relative))).StatusCode);
        Assert.True(hub.App.ResourceNotifications.TryGetCurrentState(service, out var state));
        Assert.Equal(HealthStatus.Healthy, state.Snapshot.HealthStatus);
    }

    [Fact]
    public void The_schema_was_there_before_the_services_started()
    {
        Assert.True(hub.App.ResourceNotifications.TryGetCurrentState(Resources.Migrate, out var migrate));
        Assert.True(hub.App.ResourceNotifications.TryGetCurrentState(Resources.Gateway, out var gateway));

        Assert.Equal((KnownResourceStates.Finished, 0), (migrate.Snapshot.State?.Text, migrate.Snapshot.ExitCode));
        Assert.True(migrate.Snapshot.StopTimeStamp <= gateway.Snapshot.StartTimeStamp);
    }

    [Fact]
    public async Task The_services_sign_in_to_the_database_as_a_role_that_row_level_security_binds()
    {
        await using var source = NpgsqlDataSource.Create((await hub.App.GetConnectionStringAsync(Resources.HubApp))!);
        await using var command = source.CreateCommand("select current_user, rolsuper or rolbypassrls from pg_roles where rolname = current_user");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();

        Assert.Equal(("hub_app", false), (reader.GetString(0), reader.GetBoolean(1)));
    }

    [Fact]
    public void The_portal_knows_where_the_gateway_is_for_itself_and_for_its_visitors()
    {
        Assert.True(hub.App.ResourceNotifications.TryGetCurrentState(Resources.Portal, out var portal));
        var variables = portal.Snapshot.EnvironmentVariables.ToDictionary(variable => variable.Name, variable => variable.Value);
        var gateway = hub.App.GetEndpoint(Resources.Gateway);

        Assert.Equal(gateway, new Uri(variables["services__gateway__http__0"]!));
        Assert.Equal(new Uri(gateway, "/v1"), new Uri(variables["Portal__ApiBaseUrl"]!));
    }
}
