using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace AiHub.AppHost.Embedded.Processes;

/// <summary>The few system calls .NET has no method for.</summary>
[UnsupportedOSPlatform("windows")]
internal static partial class Unix
{
    /// <summary>Leaves the terminal's process group, so that Ctrl+C reaches the AppHost alone.</summary>
    public static void LeaveTerminal() => _ = SetSid();

    public static int ParentPid => GetParentPid();

    public static void Signal(int pid, int signal) => _ = Kill(pid, signal);

    /// <summary>Gives a file to another user; only root may.</summary>
    public static void GiveTo(string path, int uid, int gid)
    {
        if (Chown(path, uid, gid) != 0)
        {
            throw new IOException($"{path} cannot be given to user {uid}: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    private static partial int SetSid();

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentPid();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, int uid, int gid);
}
