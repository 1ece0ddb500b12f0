using AiHub.AppHost.Embedded.Servers;
using Aspire.Hosting;

namespace AiHub.AppHost.Embedded.Running;

/// <summary>
/// One AppHost at a time per data folder. The guard holds a second file until it has ended everything, so a run that follows
/// a kill -9 waits for the ports and the database instead of stumbling over them.
/// </summary>
internal sealed class RunLock : IDisposable
{
    private static readonly TimeSpan LeftoverPatience = TimeSpan.FromSeconds(20);

    private readonly string _folder;
    private readonly FileStream _held;

    private RunLock(string folder, FileStream held) => (_folder, _held) = (folder, held);

    public string GuardFile => Path.Combine(_folder, "guard.lock");

    /// <exception cref="DistributedApplicationException">Another AppHost works in the folder.</exception>
    public static async Task<RunLock> TakeAsync(string folder, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        ServerAccount.Current.LetPass(folder);
        var held = TryHold(Path.Combine(folder, "apphost.lock"))
            ?? throw new DistributedApplicationException($"AI Hub already runs with the data in {folder}: stop that run first, or choose another folder with DataDirectory=<folder>.");
        var taken = new RunLock(folder, held);

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(LeftoverPatience);
        while (!IsFree(taken.GuardFile))
        {
            if (patience.IsCancellationRequested)
            {
                held.Dispose();
                ct.ThrowIfCancellationRequested();
                throw new DistributedApplicationException($"What an earlier run started in {folder} has still not ended: end it by hand and start again.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), CancellationToken.None);
        }

        return taken;
    }

    /// <summary>Removes everything but the locks.</summary>
    public void Empty()
    {
        foreach (var entry in new DirectoryInfo(_folder).EnumerateFileSystemInfos().Where(entry => entry.Extension != ".lock"))
        {
            if (entry is DirectoryInfo folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }

    public void Dispose() => _held.Dispose();

    private static bool IsFree(string file)
    {
        using var held = TryHold(file);
        return held is not null;
    }

    private static FileStream? TryHold(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
