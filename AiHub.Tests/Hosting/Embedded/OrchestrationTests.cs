using System.Diagnostics;
using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace AiHub.Tests.Hosting.Embedded;

public sealed class OrchestrationTests
{
    private static CancellationToken Patience => new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;

    [Fact]
    public async Task A_service_answers_where_its_endpoint_says_and_is_healthy()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();
        builder.AddProject<HealthyService>("service").WithHttpHealthCheck("/health");
        await using var app = await builder.BuildAsync();

        await app.StartAsync();
        var healthy = await app.ResourceNotifications.WaitForResourceHealthyAsync("service", Patience);
        using var http = app.CreateHttpClient("service");

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/alive", UriKind.Relative))).StatusCode);
        Assert.Equal(KnownResourceStates.Running, healthy.Snapshot.State?.Text);
        Assert.Equal("service_http_/health_200_check", Assert.Single(healthy.Snapshot.HealthReports).Name);
        Assert.NotEqual(5083, app.GetEndpoint("service").Port);
    }

    [Fact]
    public async Task What_waits_for_a_job_starts_when_the_job_has_ended_well_and_not_before()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();
        var job = builder.AddProject<FailingProgram>("job", launchProfileName: null);
        builder.AddProject<HealthyService>("service").WaitForCompletion(job, exitCode: 2);
        await using var app = await builder.BuildAsync();

        await app.StartAsync();
        var service = await app.ResourceNotifications.WaitForResourceAsync("service", change => change.Snapshot.StartTimeStamp is not null, Patience);

        Assert.True(app.ResourceNotifications.TryGetCurrentState("job", out var ended));
        Assert.Equal(KnownResourceStates.Finished, ended.Snapshot.State?.Text);
        Assert.Equal(2, ended.Snapshot.ExitCode);
        Assert.True(ended.Snapshot.StopTimeStamp <= service.Snapshot.StartTimeStamp);
    }

    [Fact]
    public async Task What_waits_for_a_job_that_ended_badly_fails_to_start_and_says_why()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();
        var job = builder.AddProject<FailingProgram>("job", launchProfileName: null);
        builder.AddProject<HealthyService>("service").WaitForCompletion(job);
        await using var app = await builder.BuildAsync();

        await app.StartAsync();
        await app.ResourceNotifications.WaitForResourceAsync("service", KnownResourceStates.FailedToStart, Patience);

        Assert.Contains("'service' waits for 'job' to end with exit code 0, but it is in the state 'Finished' with exit code 2.", await LogAsync(app, "service"), StringComparison.Ordinal);
        Assert.Contains("This program is part of AI Hub's AppHost", await LogAsync(app, "job"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_waits_for_a_service_that_is_not_there_fails_when_nobody_could_start_it_again()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();
        var broken = builder.AddProject<FailingProgram>("broken").WithHttpHealthCheck("/health");
        builder.AddProject<HealthyService>("service").WaitFor(broken);
        await using var app = await builder.BuildAsync();

        await app.StartAsync();
        await app.ResourceNotifications.WaitForResourceAsync("service", KnownResourceStates.FailedToStart, Patience);

        var failure = await Assert.ThrowsAsync<DistributedApplicationException>(() => app.ResourceNotifications.WaitForResourceHealthyAsync("broken", Patience));
        Assert.Equal("'broken' is not available: it is in the state 'Finished' with exit code 2.", failure.Message);
    }

    [Fact]
    public async Task A_restarted_service_is_another_process_at_the_same_address()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();
        builder.AddProject<HealthyService>("service").WithHttpHealthCheck("/health").WithExplicitStart();
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        Assert.True(app.ResourceNotifications.TryGetCurrentState("service", out var before));
        Assert.Equal(KnownResourceStates.NotStarted, before.Snapshot.State?.Text);

        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("service", "start")).Success);
        var first = await app.ResourceNotifications.WaitForResourceHealthyAsync("service", Patience);
        var address = app.GetEndpoint("service");
        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("service", "restart")).Success);
        var second = await app.ResourceNotifications.WaitForResourceHealthyAsync("service", Patience);
        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("service", "stop")).Success);
        Assert.True(app.ResourceNotifications.TryGetCurrentState("service", out var after));

        Assert.NotEqual(PidOf(first), PidOf(second));
        Assert.Equal(first.ResourceId, second.ResourceId);
        Assert.Equal(address, app.GetEndpoint("service"));
        Assert.Equal(KnownResourceStates.Finished, after.Snapshot.State?.Text);
        Assert.Null(after.Snapshot.HealthStatus);
        Assert.False(IsAlive(PidOf(second)));
    }

    [Fact]
    public async Task A_database_comes_with_its_server_and_comes_back_with_it()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();
        builder.AddPostgres("postgres").WithDataVolume().AddDatabase("orders");
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        await app.ResourceNotifications.WaitForResourceHealthyAsync("orders", Patience);
        var connectionString = (await app.GetConnectionStringAsync("orders"))!;
        await ExecuteAsync(connectionString, "create table kept (id int)");

        await app.ResourceCommands.ExecuteCommandAsync("postgres", "stop");
        await app.ResourceNotifications.WaitForResourceAsync("orders", change => change.Snapshot.State?.Text == KnownResourceStates.Starting, Patience);
        await app.ResourceCommands.ExecuteCommandAsync("postgres", "start");
        await app.ResourceNotifications.WaitForResourceHealthyAsync("orders", WaitBehavior.WaitOnResourceUnavailable, Patience);

        await ExecuteAsync(connectionString, "select * from kept");
        Assert.Matches("^Host=127.0.0.1;Port=[0-9]+;Username=postgres;Password=[A-Za-z0-9]{22};Database=orders$", connectionString);
    }

    [Fact]
    public async Task Stopping_leaves_no_process()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();
        var postgres = builder.AddPostgres("postgres");
        builder.AddProject<HealthyService>("service").WithHttpHealthCheck("/health").WaitFor(postgres);
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        var service = await app.ResourceNotifications.WaitForResourceHealthyAsync("service", Patience);
        var server = await app.ResourceNotifications.WaitForResourceHealthyAsync("postgres", Patience);
        Assert.True(IsAlive(PidOf(service)) && IsAlive(PidOf(server)));

        await app.StopAsync();

        Assert.False(IsAlive(PidOf(service)));
        Assert.False(IsAlive(PidOf(server)));
        Assert.True(app.ResourceNotifications.TryGetCurrentState("service", out var serviceAfter));
        Assert.True(app.ResourceNotifications.TryGetCurrentState("postgres", out var serverAfter));
        Assert.True(serviceAfter.Snapshot.StopTimeStamp <= serverAfter.Snapshot.StopTimeStamp, "What waited for the server stops before it.");
    }

    private static int PidOf(ResourceEvent resource) => (int)resource.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value!;

    private static bool IsAlive(int pid) => Process.GetProcesses().Any(process => process.Id == pid);

    private static async Task<string> LogAsync(DistributedApplication app, string resource)
    {
        var text = string.Empty;
        await foreach (var lines in ((ResourceLoggerService)app.Services.GetService(typeof(ResourceLoggerService))!).GetAllAsync(resource))
        {
            text += string.Join('\n', lines.Select(line => line.Content));
        }

        return text;
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create($"{connectionString};Pooling=false");
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
