using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using AiHub.AppHost.Embedded.Packages;
using Aspire.Hosting;

namespace AiHub.AppHost.Embedded.Dashboard;

/// <summary>The Aspire dashboard of the Aspire command line, which npm carries; unpacked once into the user's cache.</summary>
internal static class DashboardProgram
{
    private const string Version = "13.5.4";

    public static string Folder { get; } = Path.Combine(UserCache.Folder, "aspire", Version);

    /// <summary>The programs write their own settings into a home; it must not be the user's.</summary>
    public static string Home { get; } = Path.Combine(UserCache.Folder, "aspire", "home");

    /// <exception cref="DistributedApplicationException">It is not there and could not be fetched.</exception>
    public static async Task<string> EnsureAsync(Action<string> say, CancellationToken ct)
    {
        var program = Path.Combine(Folder, OperatingSystem.IsWindows() ? "aspire-managed.exe" : "aspire-managed");
        if (!File.Exists(program))
        {
            var package = new NpmPackage($"@microsoft/aspire-cli-{Platform}", Version, "the Aspire dashboard");
            var cli = Path.Combine(await package.EnsureAsync(say, ct), "bin", OperatingSystem.IsWindows() ? "aspire.exe" : "aspire");
            await UnpackAsync(cli, ct);

            // 150 MB that nobody needs any more.
            Directory.Delete(package.Folder, recursive: true);
        }

        return program;
    }

    private static string Platform =>
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>The command line carries a bundle: <c>setup</c> writes it to <c>versions/{version}/{dcp,managed}</c>, of which we keep <c>managed</c>.</summary>
    private static async Task UnpackAsync(string cli, CancellationToken ct)
    {
        var aside = $"{Folder}.{Environment.ProcessId}";
        Directory.CreateDirectory(aside);
        try
        {
            var start = new ProcessStartInfo(cli, ["setup", "--install-path", Path.Combine(aside, ".aspire")]) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["HOME"] = start.Environment["USERPROFILE"] = aside;
            start.Environment["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true";
            start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "true";
            await RunAsync(start, ct);

            // It may complain about the layout of its own files; whether they are there is what counts.
            var versions = new DirectoryInfo(Path.Combine(aside, ".aspire", "versions"));
            var managed = (versions.Exists ? versions.EnumerateDirectories() : []).Select(version => Path.Combine(version.FullName, "managed")).FirstOrDefault(Directory.Exists)
                ?? throw new DistributedApplicationException("The Aspire dashboard could not be unpacked; the hub runs without it.");
            Directory.Move(managed, Folder);
        }
        catch (IOException) when (Directory.Exists(Folder))
        {
            // Another AppHost was faster.
        }
        catch (Win32Exception failure)
        {
            throw new DistributedApplicationException($"The Aspire dashboard does not run on this system ({failure.Message}); the hub runs without it.", failure);
        }
        finally
        {
            Directory.Delete(aside, recursive: true);
        }
    }

    private static async Task RunAsync(ProcessStartInfo start, CancellationToken ct)
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        try
        {
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        await Task.WhenAll(output, errors);
    }
}
