using System.Reflection;
using AiHub.AppHost.Embedded.Running;
using AiHub.AppHost.Embedded.Servers;
using AiHub.AppHost.Embedded.Testing;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>An AppHost's own application, for a test to change before it is built.</summary>
public interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder, IAsyncDisposable, IDisposable
{
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}

/// <summary>Runs the Program.cs of an AppHost inside a test: on free ports, without a dashboard, and with data of its own that goes when the test does.</summary>
public static class DistributedApplicationTestingBuilder
{
    /// <typeparam name="TEntryPoint"><c>Projects.X_AppHost</c>, which the build puts into the AppHost's assembly.</typeparam>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default) where TEntryPoint : class =>
        CreateAsync(typeof(TEntryPoint), [], (_, _) => { }, cancellationToken);

    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(string[] args, CancellationToken cancellationToken = default) where TEntryPoint : class =>
        CreateAsync(typeof(TEntryPoint), args, (_, _) => { }, cancellationToken);

    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(
        string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder, CancellationToken cancellationToken = default) =>
        CreateAsync(typeof(TEntryPoint), args, configureBuilder, cancellationToken);

    public static async Task<IDistributedApplicationTestingBuilder> CreateAsync(
        Type entryPoint, string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configureBuilder, CancellationToken cancellationToken = default)
    {
        var data = ServerAccount.Current.CreateScratchFolder();
        var hook = new EntryPointHook(entryPoint.Assembly, (options, settings) =>
        {
            SetDefaults(options, settings, entryPoint.Assembly, data);
            configureBuilder(options, settings);
        });

        return new TestingBuilder(await hook.DescribeAsync(args).WaitAsync(cancellationToken), hook, data);
    }

    /// <summary>An empty application with the same defaults.</summary>
    public static IDistributedApplicationTestingBuilder Create(params string[] args)
    {
        var data = ServerAccount.Current.CreateScratchFolder();
        var options = new DistributedApplicationOptions { Args = args };
        var settings = new HostApplicationBuilderSettings();
        SetDefaults(options, settings, typeof(DistributedApplicationTestingBuilder).Assembly, data);

        return new TestingBuilder(new DistributedApplicationBuilder(options, settings), null, data);
    }

    private static void SetDefaults(DistributedApplicationOptions options, HostApplicationBuilderSettings settings, Assembly appHost, string data)
    {
        options.DisableDashboard = true;
        options.EnableResourceLogging = true;
        settings.EnvironmentName = Environments.Development;
        settings.Configuration ??= new ConfigurationManager();
        var directory = appHost.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(metadata => metadata.Key == DistributedApplicationBuilder.DirectoryMetadata)?.Value;
        if (directory is not null && LaunchProfile.Choose(Path.Combine(directory, "AppHost.csproj"), null) is { } profile)
        {
            settings.Configuration.AddInMemoryCollection(profile.EnvironmentVariables!);
            settings.EnvironmentName = profile.EnvironmentVariables.GetValueOrDefault("DOTNET_ENVIRONMENT", settings.EnvironmentName);
        }

        settings.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            [HostSettings.DataFolderKey] = data,
            [HostSettings.TemporaryDataKey] = "true",
            [HostSettings.RandomizePortsKey] = "true",
        });
    }

    private sealed class TestingBuilder(DistributedApplicationBuilder builder, EntryPointHook? hook, string data) : IDistributedApplicationTestingBuilder
    {
        private DistributedApplication? _built;

        public ConfigurationManager Configuration => builder.Configuration;
        public string AppHostDirectory => builder.AppHostDirectory;
        public Assembly? AppHostAssembly => builder.AppHostAssembly;
        public IHostEnvironment Environment => builder.Environment;
        public IServiceCollection Services => builder.Services;
        public DistributedApplicationExecutionContext ExecutionContext => builder.ExecutionContext;
        public IResourceCollection Resources => builder.Resources;

        public IResourceBuilder<T> AddResource<T>(T resource) where T : IResource => builder.AddResource(resource);

        public IResourceBuilder<T> CreateResourceBuilder<T>(T resource) where T : IResource => builder.CreateResourceBuilder(resource);

        public DistributedApplication Build() => BuildAsync().GetAwaiter().GetResult();

        public async Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default)
        {
            _built = hook is null ? builder.Build() : await hook.BuildAsync().WaitAsync(cancellationToken);
            _built.Disposed += () => Directory.Delete(data, recursive: true);

            return _built;
        }

        public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

        public async ValueTask DisposeAsync()
        {
            if (_built is not null)
            {
                await _built.DisposeAsync();
                return;
            }

            hook?.Finish();
            Directory.Delete(data, recursive: true);
        }
    }
}

public static class DistributedApplicationHostingTestingExtensions
{
    /// <summary>A client for the resource's https endpoint, else its http one.</summary>
    public static HttpClient CreateHttpClient(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        var client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        client.BaseAddress = app.GetEndpoint(resourceName, endpointName);

        return client;
    }

    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        if (Find(app, resourceName) is not IResourceWithEndpoints resource)
        {
            throw new ArgumentException($"The resource '{resourceName}' has no endpoints.", nameof(resourceName));
        }

        var endpoint = endpointName is not null
            ? resource.GetEndpoint(endpointName)
            : resource.GetEndpoints().OrderByDescending(candidate => candidate.EndpointName == "https").FirstOrDefault(candidate => candidate.EndpointName is "http" or "https");

        return endpoint is { Exists: true }
            ? new Uri(endpoint.Url)
            : throw new ArgumentException($"The resource '{resourceName}' has no endpoint '{endpointName ?? "http"}'.", nameof(endpointName));
    }

    public static ValueTask<string?> GetConnectionStringAsync(this DistributedApplication app, string resourceName, CancellationToken cancellationToken = default) =>
        Find(app, resourceName) is IResourceWithConnectionString resource
            ? resource.GetConnectionStringAsync(cancellationToken)
            : throw new ArgumentException($"The resource '{resourceName}' has no connection string.", nameof(resourceName));

    private static IResource Find(DistributedApplication app, string resourceName) =>
        app.Resources.FirstOrDefault(resource => string.Equals(resource.Name, resourceName, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no resource '{resourceName}'.", nameof(resourceName));
}
