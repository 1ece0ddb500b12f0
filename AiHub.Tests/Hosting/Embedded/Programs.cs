using AiHub.AppHost.Embedded.Servers;
using Aspire.Hosting;

namespace AiHub.Tests.Hosting.Embedded;

/// <summary>A service that is healthy soon after its start.</summary>
public sealed class HealthyService : IProjectMetadata
{
    public string ProjectPath => new Projects.AiHub_Simulators().ProjectPath;
    public string ProgramPath => new Projects.AiHub_Simulators().ProgramPath;
}

/// <summary>A program that complains on its error stream and ends with exit code 2.</summary>
public sealed class FailingProgram : IProjectMetadata
{
    public string ProjectPath => new Projects.AiHub_Simulators().ProjectPath;
    public string ProgramPath => typeof(PostgresServer).Assembly.Location;
}
