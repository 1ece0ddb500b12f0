using System.Reflection;
using AiHub.AppHost.Embedded.Dashboard;
using AiHub.AppHost.Embedded.Running;
using AiHub.AppHost.Embedded.Testing;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Collects the resources and the services of the AppHost.</summary>
public sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    /// <summary>Under this key the build writes the AppHost's folder into its assembly.</summary>
    internal const string DirectoryMetadata = "apphostprojectpath";

    private readonly HostApplicationBuilder _host;
    private readonly EntryPointHook? _hook = EntryPointHook.Current;
    private readonly HostSettings _settings;

    public DistributedApplicationBuilder(string[] args) : this(new DistributedApplicationOptions { Args = args })
    {
    }

    public DistributedApplicationBuilder(DistributedApplicationOptions options) : this(options, new HostApplicationBuilderSettings())
    {
    }

    internal DistributedApplicationBuilder(DistributedApplicationOptions options, HostApplicationBuilderSettings hostSettings)
    {
        _hook?.Configure(options, hostSettings);

        AppHostAssembly = options.AssemblyName is { } name ? Assembly.Load(name) : _hook?.AppHostAssembly ?? Assembly.GetEntryAssembly();
        AppHostDirectory = options.ProjectDirectory
            ?? AppHostAssembly?.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(metadata => metadata.Key == DirectoryMetadata)?.Value
            ?? Directory.GetCurrentDirectory();

        var arguments = HostArguments.Parse([.. hostSettings.Args ?? [], .. options.Args ?? []]);
        if (arguments.Help)
        {
            Console.WriteLine(HostArguments.HelpText);
            System.Environment.Exit(0);
        }

        hostSettings.Args = arguments.Configuration;
        hostSettings.ApplicationName ??= AppHostAssembly?.GetName().Name;
        hostSettings.ContentRootPath ??= AppHostDirectory;
        _host = new HostApplicationBuilder(hostSettings);
        _settings = HostSettings.Read(Configuration, options, arguments, Environment, AppHostDirectory);

        // The state of a resource tells what an unhealthy report of a starting service would, line after line.
        _host.Logging.AddFilter(typeof(HealthCheckService).Namespace, LogLevel.None);

        Services.AddSingleton(_settings);
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton(ExecutionContext);
        Services.AddSingleton(Resources);
        Services.AddSingleton(services => new ResourceLoggerService(_settings, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>()));
        Services.AddSingleton(new ResourceNotificationService(_settings));
        Services.AddSingleton<ResourceCommandService>();
        Services.AddSingleton<Orchestrator>();
        Services.AddSingleton<DashboardHost>();
        Services.AddHealthChecks();
        Services.AddHttpClient();
    }

    public ConfigurationManager Configuration => _host.Configuration;
    public string AppHostDirectory { get; }
    public Assembly? AppHostAssembly { get; }
    public IHostEnvironment Environment => _host.Environment;
    public IServiceCollection Services => _host.Services;
    public DistributedApplicationExecutionContext ExecutionContext { get; } = new(DistributedApplicationOperation.Run);
    public IResourceCollection Resources { get; } = new ResourceCollection();

    public IResourceBuilder<T> AddResource<T>(T resource) where T : IResource
    {
        Resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource) where T : IResource => new DistributedApplicationResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        _hook?.WaitUntilWanted(this);
        var application = new DistributedApplication(_host.Build(), _hook);
        _hook?.Deliver(application);

        return application;
    }
}

internal sealed class DistributedApplicationResourceBuilder<T>(IDistributedApplicationBuilder builder, T resource) : IResourceBuilder<T> where T : IResource
{
    public IDistributedApplicationBuilder ApplicationBuilder { get; } = builder;
    public T Resource { get; } = resource;

    public IResourceBuilder<T> WithAnnotation<TAnnotation>(TAnnotation annotation, ResourceAnnotationMutationBehavior behavior = ResourceAnnotationMutationBehavior.Append)
        where TAnnotation : IResourceAnnotation
    {
        if (behavior == ResourceAnnotationMutationBehavior.Replace)
        {
            foreach (var former in Resource.Annotations.OfType<TAnnotation>().ToList())
            {
                Resource.Annotations.Remove(former);
            }
        }

        Resource.Annotations.Add(annotation);
        return this;
    }
}
