namespace Aspire.Hosting
{
    /// <summary>A project of the solution; the build makes a class <c>Projects.{Name}</c> of each one the AppHost refers to.</summary>
    public interface IProjectMetadata : ApplicationModel.IResourceAnnotation
    {
        string ProjectPath { get; }
        bool SuppressBuild => false;

        /// <summary>The program that the build made of the project. Aspire's packages have no such property: they run <c>dotnet run</c>.</summary>
        string? ProgramPath => null;
    }
}

namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>A service of ours, run as a process.</summary>
    public sealed class ProjectResource(string name) : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport;
}
