using AiHub.AppHost.Embedded.Processes;
using Aspire.Hosting;

namespace AiHub.AppHost.Embedded.Servers;

/// <summary>
/// Whom PostgreSQL runs as. It refuses root; so when we are root it runs as <c>postgres</c> or <c>nobody</c>, and its files must lie
/// where that account can reach them.
/// </summary>
public sealed class ServerAccount
{
    private readonly int _uid;
    private readonly int _gid;

    private ServerAccount(string? userName, int uid, int gid) => (UserName, _uid, _gid) = (userName, uid, gid);

    /// <summary>Null when our own account will do.</summary>
    public string? UserName { get; }

    public static ServerAccount Current { get; } = Find();

    /// <summary>The folder wished for, or one under <c>/var/lib/aihub</c> when the account could not reach that (a repository below <c>/root</c>).</summary>
    public string ReachableFolder(string wished) =>
        CanReach(wished) ? wished : Path.Combine("/var/lib/aihub", FolderNameOf(wished));

    /// <summary>A new empty folder among the temporary files that the account owns.</summary>
    public string CreateScratchFolder()
    {
        var folder = Directory.CreateTempSubdirectory("aihub-").FullName;
        Own(folder);
        LetPass(folder);

        return folder;
    }

    /// <summary>Hands a file or folder (not what is in it) to the account.</summary>
    internal void Own(string path)
    {
        if (UserName is not null && !OperatingSystem.IsWindows())
        {
            Unix.GiveTo(path, _uid, _gid);
        }
    }

    /// <summary>Lets everybody pass through a folder of ours.</summary>
    internal void LetPass(string folder)
    {
        if (UserName is not null && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }

    internal bool CanReach(string path)
    {
        if (UserName is null || OperatingSystem.IsWindows())
        {
            return true;
        }

        // What does not exist yet will be made by us, and readable.
        for (var folder = Directory.GetParent(path); folder is not null; folder = folder.Parent)
        {
            if (folder.Exists && (File.GetUnixFileMode(folder.FullName) & UnixFileMode.OtherExecute) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static ServerAccount Find()
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            return new ServerAccount(null, 0, 0);
        }

        var accounts = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3).ToList();
        var account = accounts.Find(fields => fields[0] == "postgres") ?? accounts.Find(fields => fields[0] == "nobody")
            ?? throw new DistributedApplicationException(
                "PostgreSQL refuses to run as root and there is neither a user postgres nor nobody to run it as: start AI Hub as an ordinary user.");

        return new ServerAccount(account[0], int.Parse(account[2]), int.Parse(account[3]));
    }

    /// <summary><c>/srv/hub/.data</c> becomes <c>srv-hub-.data</c>: readable, and one folder for each repository.</summary>
    private static string FolderNameOf(string path) => Path.GetFullPath(path).Trim(Path.DirectorySeparatorChar).Replace(Path.DirectorySeparatorChar, '-');
}
