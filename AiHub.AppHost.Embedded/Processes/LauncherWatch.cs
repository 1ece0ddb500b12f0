using System.Diagnostics;

namespace AiHub.AppHost.Embedded.Processes;

/// <summary>
/// <c>dotnet run</c> passes signals on to the AppHost, but when it is killed the AppHost lives on without anybody knowing.
/// So an AppHost started by <c>dotnet</c> stops when that process has gone.
/// </summary>
internal static class LauncherWatch
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public static IDisposable? Start(CancellationTokenSource stopping)
    {
        if (OperatingSystem.IsWindows() || !IsDotNet(Unix.ParentPid))
        {
            return null;
        }

        var launcher = Unix.ParentPid;

        return new Timer(
            _ =>
            {
                if (!OperatingSystem.IsWindows() && Unix.ParentPid != launcher)
                {
                    stopping.Cancel();
                }
            },
            null, Period, Period);
    }

    private static bool IsDotNet(int pid)
    {
        try
        {
            using var parent = Process.GetProcessById(pid);
            return parent.ProcessName == "dotnet";
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
