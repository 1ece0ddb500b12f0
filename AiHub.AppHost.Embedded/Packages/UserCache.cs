using AiHub.AppHost.Embedded.Servers;

namespace AiHub.AppHost.Embedded.Packages;

/// <summary>Where fetched programs are kept, once for all repositories of the user.</summary>
internal static class UserCache
{
    public static string Folder { get; } = Find();

    private static string Find()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var cache = OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(home, ".cache");
        var folder = Path.Combine(cache, "aihub");

        // The home of root is closed to the account that PostgreSQL then runs as.
        return ServerAccount.Current.CanReach(Path.Combine(folder, "npm")) ? folder : "/var/cache/aihub";
    }
}
