using System.Diagnostics;
using AiHub.Tests.Hosting;

namespace AiHub.Tests.Deploy;

/// <summary>Runs where PostgreSQL's client programs are installed.</summary>
public sealed class DrillFactAttribute : FactAttribute
{
    public DrillFactAttribute() => Skip = new[] { "pg_dump", "pg_restore", "pg_basebackup", "psql", "createdb", "bash" }.FirstOrDefault(program => Deployment.ProgramOf(program) is null) is { } missing
        ? $"{missing} is not installed on this machine."
        : null;
}

[Collection(WholeHubs.Name)]
public sealed class DrillTests
{
    [DrillFact]
    public async Task A_dump_and_a_moment_come_back_whole_with_the_scripts_that_operators_use()
    {
        using var drill = Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(Repository.Root, "bench", "AiHub.Bench", "bin", Deployment.Build, "net10.0", "AiHub.Bench.dll"), "drill", "2000"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = drill.StandardError.ReadToEndAsync();
        var said = await drill.StandardOutput.ReadToEndAsync();
        await drill.WaitForExitAsync();

        Assert.True(drill.ExitCode == 0, $"{said}\n{await errors}");
        Assert.Contains("audit of the copy: 0 violations", said, StringComparison.Ordinal);
        Assert.Contains("audit of the restored server: 0 violations", said, StringComparison.Ordinal);
        Assert.EndsWith("Everything came back.", said.TrimEnd(), StringComparison.Ordinal);
    }
}
