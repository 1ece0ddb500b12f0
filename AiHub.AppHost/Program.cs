using AiHub.AppHost;
using Microsoft.Extensions.Hosting;

// A month of a small company to look at, beside your own data and never among it.
var demo = args.Contains("--demo");
var builder = DistributedApplication.CreateBuilder(demo ? ["DataSet=demo", .. args.Except(["--demo"])] : args);

// A server of your own where its connection string is configured; else one of ours, which keeps its data.
var postgres = builder.HasConnectionString(Resources.Hub)
    ? null
    : builder.AddPostgres(Resources.Postgres, port: builder.Port(Resources.Postgres)).WithDataVolume();
IResourceBuilder<IResourceWithConnectionString> hub = postgres is null
    ? builder.AddConnectionString(Resources.Hub)
    : postgres.AddDatabase(Resources.Hub);

IResourceBuilder<IResourceWithConnectionString> cache = builder.HasConnectionString(Resources.Cache)
    ? builder.AddConnectionString(Resources.Cache)
    : builder.AddRedis(Resources.Cache, port: builder.Port(Resources.Cache)).WithDataVolume();

// The services sign in as a role that owns nothing, so that row-level security binds them; of the owner they know nothing.
// migrate makes the role, with this password.
var appPassword = builder.AddParameter("hub-app-password", new GenerateParameterDefault { MinLength = 22, Special = false }, secret: true, persist: true);

IResourceBuilder<IResourceWithConnectionString> hubApp = builder.HasConnectionString(Resources.HubApp)
    ? builder.AddConnectionString(Resources.HubApp)
    : builder.AddConnectionString(Resources.HubApp, postgres is { Resource.PrimaryEndpoint: var server }
        ? ReferenceExpression.Create($"Host={server.Property(EndpointProperty.Host)};Port={server.Property(EndpointProperty.Port)};Username=hub_app;Password={appPassword};Database={Resources.Hub}")
        : ReferenceExpression.Create($"{hub};Username=hub_app;Password={appPassword}"));

// The worker once more, as a job: nothing starts on an old schema. "demo" migrates too, and then tells its story. Its launch profile has no address to listen on.
var migrate = builder.AddProject<Projects.AiHub_Worker>(Resources.Migrate, launchProfileName: "migrate").WithArgs(demo ? "demo" : "migrate")
    .WithReference(hub).WaitFor(hub)
    .WithEnvironment("Database__AppPassword", appPassword)
    .WithVendors();

var gateway = builder.AddProject<Projects.AiHub_Gateway>(Resources.Gateway).WithConfiguredPort()
    .WithReference(hubApp, connectionName: Resources.Hub).WaitForCompletion(migrate)
    .WithReference(cache).WaitFor(cache)
    .WithVendors()
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints();

var worker = builder.AddProject<Projects.AiHub_Worker>(Resources.Worker).WithConfiguredPort()
    .WithReference(hubApp, connectionName: Resources.Hub).WaitForCompletion(migrate)
    .WithReference(cache).WaitFor(cache)
    .WithHttpHealthCheck("/health");

var portal = builder.AddProject<Projects.AiHub_Portal>(Resources.Portal).WithConfiguredPort()
    .WithReference(gateway).WaitFor(gateway)
    .WithReference(cache).WaitFor(cache)
    .WithEnvironment("Portal__ApiBaseUrl", $"{gateway.GetEndpoint("http")}/v1")
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints()
    .WithUrlForEndpoint("http", url => url.DisplayText = "Portal");

// Links in mails, passkeys and identity providers lead to the portal.
gateway.WithEnvironment("Accounts__PortalUrl", portal.GetEndpoint("http"));

gateway
    .WithUrlForEndpoint("http", url => url.DisplayText = "Gateway")
    .WithUrl($"{gateway.GetEndpoint("http")}/v1", "API base")
    .WithUrl($"{gateway.GetEndpoint("http")}/docs", "API reference");

// Vendors that need no key and no network. The door to them stays shut everywhere but on a developer's machine.
if (builder.ExecutionContext.IsRunMode && builder.Environment.IsDevelopment())
{
    var simulators = builder.AddProject<Projects.AiHub_Simulators>(Resources.Simulators).WithConfiguredPort().WithHttpHealthCheck("/health");

    // It opens nothing but the simulators.
    const string SimulatorKey = "sk-sim-local-development-only";

    simulators.WithEnvironment("Simulators__ApiKey", SimulatorKey);
    worker.WithSimulatedPayments(simulators, portal);
    gateway.WithEnvironment("Vendors__sim__ApiKey", SimulatorKey)
        .WithEnvironment("Vendors__sim__BaseUrl", $"{simulators.GetEndpoint("http")}/vendors/openai/v1").WaitFor(simulators);
    migrate.WithEnvironment("Vendors__sim__BaseUrl", $"{simulators.GetEndpoint("http")}/vendors/openai/v1");
}

builder.Build().Run();
