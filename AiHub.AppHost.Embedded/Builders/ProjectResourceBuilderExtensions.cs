using System.Net.Sockets;
using AiHub.AppHost.Embedded.Running;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class ProjectResourceBuilderExtensions
{
    /// <summary>Adds a project with the launch profile of the AppHost's own name, else its first.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name) where TProject : IProjectMetadata, new()
    {
        var project = new TProject();
        return Add(builder, name, project, LaunchProfile.Choose(project.ProjectPath, builder.Configuration[LaunchProfile.NameVariable]));
    }

    /// <param name="launchProfileName">Null for none: no endpoints and no variables of a profile.</param>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name, string? launchProfileName) where TProject : IProjectMetadata, new()
    {
        var project = new TProject();
        return Add(builder, name, project, launchProfileName is null ? null : LaunchProfile.Get(project.ProjectPath, launchProfileName));
    }

    private static IResourceBuilder<ProjectResource> Add(IDistributedApplicationBuilder builder, string name, IProjectMetadata project, LaunchProfile? profile)
    {
        var resource = builder.AddResource(new ProjectResource(name)).WithAnnotation(project);
        if (profile is null)
        {
            return resource;
        }

        foreach (var url in profile.Urls)
        {
            resource.WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, url.Scheme, name: url.Scheme, port: url.Port));
        }

        return resource.WithAnnotation(profile).WithEnvironment(context =>
        {
            foreach (var (variable, value) in profile.EnvironmentVariables)
            {
                context.EnvironmentVariables[variable] = value;
            }

            context.EnvironmentVariables[LaunchProfile.NameVariable] = profile.Name;
        });
    }
}
