using Microsoft.Extensions.Configuration;

namespace AiHub.AppHost;

/// <summary>What the AppHost's own configuration changes.</summary>
internal static class Configured
{
    /// <summary><c>Ports:{resource}</c>, where a resource shall not listen on its usual port.</summary>
    public static int? Port(this IDistributedApplicationBuilder builder, string resource) => builder.Configuration.GetValue<int?>($"Ports:{resource}");

    public static bool HasConnectionString(this IDistributedApplicationBuilder builder, string name) => builder.Configuration.GetConnectionString(name) is not null;

    public static IResourceBuilder<ProjectResource> WithConfiguredPort(this IResourceBuilder<ProjectResource> project) =>
        project.ApplicationBuilder.Port(project.Resource.Name) is { } port ? project.WithEndpoint("http", endpoint => endpoint.Port = port) : project;

    /// <summary>Passes on what the section <c>Vendors</c> says, so that one place configures every service that asks vendors for something.</summary>
    public static IResourceBuilder<ProjectResource> WithVendors(this IResourceBuilder<ProjectResource> project)
    {
        var isPublished = project.ApplicationBuilder.ExecutionContext.IsPublishMode;
        foreach (var (key, value) in project.ApplicationBuilder.Configuration.GetSection("Vendors").AsEnumerable())
        {
            // What is published is text that people pass on: a key is given to the service where it runs.
            if (value is not null && !(isPublished && key.EndsWith(":ApiKey", StringComparison.OrdinalIgnoreCase)))
            {
                project.WithEnvironment(key.Replace(":", "__"), value);
            }
        }

        return project;
    }
}
