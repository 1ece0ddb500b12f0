using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace AiHub.Tests.Node;

/// <summary>A fact about what a Node SDK does; skipped where Node or the pinned packages cannot be had.</summary>
public sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = NodeClients.Missing;
}

/// <inheritdoc cref="NodeFactAttribute"/>
public sealed class NodeTheoryAttribute : TheoryAttribute
{
    public NodeTheoryAttribute() => Skip = NodeClients.Missing;
}

/// <summary>Runs the scripts beside this file with the SDKs of the lock file.</summary>
internal static class NodeClients
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Node");
    private static readonly Lazy<string?> Installed = new(Install);

    /// <summary>Why no script can run; null when they can.</summary>
    public static string? Missing => Installed.Value;

    /// <returns>What the script printed.</returns>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        using var node = Start("node", [script, .. arguments]);
        var output = node.StandardOutput.ReadToEndAsync();
        var errors = node.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await node.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill(entireProcessTree: true);
            }
        }

        Assert.True(node.ExitCode == 0, $"{script} {string.Join(' ', arguments)}\n{await output}\n{await errors}");
        return await output;
    }

    private static string? Install()
    {
        try
        {
            using var version = Start("node", ["--version"]);
            version.WaitForExit();
        }
        catch (Win32Exception)
        {
            return "Node is not installed on this machine.";
        }

        // One test run at a time installs; the lock file says whether what is there is what should be.
        using var turn = new Mutex(false, "aihub-node-clients");
        turn.WaitOne();
        try
        {
            var wanted = File.ReadAllText(Path.Combine(Folder, "package-lock.json"));
            var stamp = Path.Combine(Folder, "node_modules", ".installed");
            if (File.Exists(stamp) && File.ReadAllText(stamp) == wanted)
            {
                return null;
            }

            using var npm = Start(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["ci", "--ignore-scripts"]);
            var said = new StringBuilder();
            npm.ErrorDataReceived += (_, line) => said.AppendLine(line.Data);
            npm.OutputDataReceived += (_, _) => { };
            npm.BeginErrorReadLine();
            npm.BeginOutputReadLine();
            npm.WaitForExit();
            if (npm.ExitCode != 0)
            {
                return $"The pinned Node packages could not be installed: {said.ToString().Trim()}";
            }

            File.WriteAllText(stamp, wanted);
            return null;
        }
        catch (Win32Exception)
        {
            return "npm is not installed on this machine.";
        }
        finally
        {
            turn.ReleaseMutex();
        }
    }

    private static Process Start(string program, IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
