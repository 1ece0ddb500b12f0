using System.ComponentModel;
using System.Diagnostics;

namespace AiHub.Tests.Docs;

/// <summary>Runs what a reader would run.</summary>
internal static class Commands
{
    /// <returns>What it says. One that ends badly fails the test, with all it has said.</returns>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (code, output, errors) = await EndAsync(program, arguments);
        Assert.True(code == 0, output + errors);
        return output;
    }

    /// <returns>Null when there is no such program, or it ends badly.</returns>
    public static async Task<string?> SaysAsync(string program, params string[] arguments)
    {
        try
        {
            return await EndAsync(program, arguments) is (0, var output, _) ? output : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Runs a program of one file with the SDK it uses, in the version of these tests.</summary>
    public static async Task<string> RunDotNetAsync(string program)
    {
        var folder = Directory.CreateTempSubdirectory("aihub-snippet-");
        try
        {
            var file = Path.Combine(folder.FullName, "snippet.cs");
            var package = typeof(OpenAI.OpenAIClient).Assembly.GetName().Version!.ToString(3);
            await File.WriteAllTextAsync(file, $"#:package OpenAI@{package}\n{program}");
            return await RunAsync("dotnet", "run", file);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Python reads it, and runs it where it has the package.</summary>
    /// <returns>Null where it only read it, or where there is no Python.</returns>
    public static async Task<string?> RunPythonAsync(string program, string package)
    {
        if (await SaysAsync("python3", "-c", "print('here')") is null)
        {
            return null;
        }

        Assert.Equal("", await RunAsync("python3", "-c", "import sys; compile(sys.argv[1], 'snippet', 'exec')", program));
        return await SaysAsync("python3", "-c", $"import {package}") is null ? null : await RunAsync("python3", "-c", program);
    }

    private static async Task<(int Code, string Output, string Errors)> EndAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
