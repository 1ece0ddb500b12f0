using System.Reflection;
using Aspire.Hosting;
using Microsoft.Extensions.Hosting;

namespace AiHub.AppHost.Embedded.Testing;

/// <summary>
/// Lets a test run the AppHost's own Program.cs: it holds the program at <c>Build()</c> until the test has changed what it wants to,
/// hands the built application to the test, and keeps the program in <c>Run()</c> until the test is done.
/// </summary>
internal sealed class EntryPointHook(Assembly appHostAssembly, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configure)
{
    private static readonly AsyncLocal<EntryPointHook?> OfThisProgram = new();

    private readonly TaskCompletionSource<DistributedApplicationBuilder> _described = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> _built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Null when the program runs for its own sake.</summary>
    public static EntryPointHook? Current => OfThisProgram.Value;

    public Assembly AppHostAssembly { get; } = appHostAssembly;

    /// <summary>Runs the program up to its <c>Build()</c>.</summary>
    public Task<DistributedApplicationBuilder> DescribeAsync(string[] arguments)
    {
        var main = AppHostAssembly.EntryPoint ?? throw new InvalidOperationException($"{AppHostAssembly.GetName().Name} has no entry point.");
        var program = new Thread(() =>
        {
            OfThisProgram.Value = this;
            try
            {
                main.Invoke(null, main.GetParameters().Length == 0 ? [] : [arguments]);
                _described.TrySetException(new InvalidOperationException("The AppHost ended without building its application."));
            }
            catch (TargetInvocationException failure)
            {
                _described.TrySetException(failure.InnerException!);
                _built.TrySetException(failure.InnerException!);
            }
        })
        {
            IsBackground = true,
            Name = "AppHost",
        };
        program.Start();

        return _described.Task;
    }

    /// <summary>Lets the program go on from its <c>Build()</c>.</summary>
    public Task<DistributedApplication> BuildAsync()
    {
        _wanted.TrySetResult();
        return _built.Task;
    }

    public void Configure(DistributedApplicationOptions options, HostApplicationBuilderSettings settings) => configure(options, settings);

    public void WaitUntilWanted(DistributedApplicationBuilder builder)
    {
        _described.TrySetResult(builder);
        _wanted.Task.GetAwaiter().GetResult();
    }

    public void Deliver(DistributedApplication application) => _built.TrySetResult(application);

    public Task UntilDone => _done.Task;

    public void Finish()
    {
        _wanted.TrySetCanceled();
        _done.TrySetResult();
    }
}
