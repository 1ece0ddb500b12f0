using System.Collections;
using AiHub.AppHost.Embedded.Processes;
using AiHub.AppHost.Embedded.Servers;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AiHub.AppHost.Embedded.Running;

/// <summary>A parameter or a connection string: it runs when it has its value.</summary>
internal sealed class ValueStarter(IValueProvider value) : IStarter
{
    public async Task<IRunning> StartAsync(Stage stage, CancellationToken ct)
    {
        var text = await value.GetValueAsync(ct);
        stage.Show(value is ParameterResource parameter
            ? new ResourcePropertySnapshot("Value", text) { IsSensitive = parameter.Secret }
            : new ResourcePropertySnapshot("resource.connectionString", text) { IsSensitive = true });

        return new Still();
    }

    private sealed class Still : IRunning
    {
        private readonly TaskCompletionSource<int?> _ended = new();

        public Task<int?> Ended => _ended.Task;

        public Task StopAsync(TimeSpan grace)
        {
            _ended.TrySetResult(null);
            return Task.CompletedTask;
        }
    }
}

internal sealed class PostgresStarter(PostgresServerResource server) : IStarter
{
    public async Task<IRunning> StartAsync(Stage stage, CancellationToken ct)
    {
        var isKept = server.Annotations.OfType<DataVolumeAnnotation>().Any();
        var folder = isKept ? Path.Combine(stage.Settings.DataFolder, server.Name) : Path.Combine(ServerAccount.Current.CreateScratchFolder(), server.Name);
        var options = new PostgresOptions(folder, (await server.PasswordParameter.GetValueAsync(ct))!)
        {
            UserName = (await server.UserName.GetValueAsync(ct))!,
            Port = server.PrimaryEndpoint.Port,
            Durable = isKept && !stage.Settings.TemporaryData,
        };

        var running = await PostgresServer.StartAsync(options, stage.Guard, ownsGuard: false, stage.Say, line => stage.Log(line, isError: false), ct);
        stage.Show(
            new ResourcePropertySnapshot("executable.path", running.Program),
            new ResourcePropertySnapshot("executable.workDir", folder),
            new ResourcePropertySnapshot("executable.args", running.Arguments),
            new ResourcePropertySnapshot("executable.pid", running.Pid),
            new ResourcePropertySnapshot("resource.connectionString", running.ConnectionString) { IsSensitive = true });

        return new Running(running, isKept ? null : Path.GetDirectoryName(folder));
    }

    private sealed class Running(PostgresServer server, string? scratchFolder) : IRunning
    {
        public Task<int?> Ended { get; } = EndedAsync(server);

        public async Task StopAsync(TimeSpan grace)
        {
            await server.StopAsync(grace);
            if (scratchFolder is not null)
            {
                Directory.Delete(scratchFolder, recursive: true);
            }
        }

        private static async Task<int?> EndedAsync(PostgresServer server) => await server.Exited;
    }
}

/// <summary>A database begins when its server is healthy, which is also when it is made, and ends with it.</summary>
internal sealed class DatabaseStarter(PostgresDatabaseResource database) : IStarter
{
    public async Task<IRunning> StartAsync(Stage stage, CancellationToken ct)
    {
        await stage.Orchestrator.Notifications.WaitForResourceHealthyAsync(database.Parent.Name, WaitBehavior.WaitOnResourceUnavailable, ct);
        await CreateAsync(ct);
        stage.Show(new ResourcePropertySnapshot("resource.connectionString", await database.ConnectionStringExpression.GetValueAsync(ct)) { IsSensitive = true });

        return new Running(stage.Orchestrator.Notifications, database.Parent);
    }

    private async Task CreateAsync(CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create($"{await database.Parent.ConnectionStringExpression.GetValueAsync(ct)};Database=postgres;Pooling=false");
        await using var create = source.CreateCommand($"create database \"{database.DatabaseName.Replace("\"", "\"\"")}\"");
        try
        {
            await create.ExecuteNonQueryAsync(ct);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
        }
    }

    private sealed class Running(ResourceNotificationService notifications, IResource server) : IRunning
    {
        private readonly CancellationTokenSource _stopping = new();
        private Task<int?>? _ended;

        public Task<int?> Ended => _ended ??= EndedAsync();

        public Task StopAsync(TimeSpan grace) => _stopping.CancelAsync();

        private async Task<int?> EndedAsync()
        {
            try
            {
                await notifications.WaitForResourceAsync(server.Name, change => change.Snapshot.State?.Text != KnownResourceStates.Running, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
            }

            return null;
        }
    }
}

internal sealed class CacheStarter(RedisResource cache) : IStarter
{
    public async Task<IRunning> StartAsync(Stage stage, CancellationToken ct)
    {
        var isKept = cache.Annotations.OfType<DataVolumeAnnotation>().Any();
        var options = new GarnetOptions(isKept ? Path.Combine(stage.Settings.DataFolder, cache.Name) : null, (await cache.PasswordParameter.GetValueAsync(ct))!)
        {
            Port = cache.PrimaryEndpoint.Port,
        };

        stage.Log($"Starting Garnet inside the AppHost on 127.0.0.1:{options.Port}, data in {options.DataDirectory ?? "memory"}", isError: false);
        var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning).AddProvider(new ResourceLogProvider(stage.Orchestrator.Logs.GetLogger(cache))));
        var running = await GarnetCache.StartAsync(options, loggers, ct);
        stage.Show(
            new ResourcePropertySnapshot("resource.source", "Garnet, inside the AppHost"),
            new ResourcePropertySnapshot("resource.connectionString", running.ConnectionString) { IsSensitive = true });

        return new Running(running, loggers);
    }

    private sealed class Running(GarnetCache cache, ILoggerFactory loggers) : IRunning
    {
        private readonly TaskCompletionSource<int?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<int?> Ended => _ended.Task;

        public async Task StopAsync(TimeSpan grace)
        {
            await cache.DisposeAsync();
            loggers.Dispose();
            _ended.TrySetResult(null);
        }
    }

    /// <summary>Everything Garnet has to say goes to the log of the resource.</summary>
    private sealed class ResourceLogProvider(ILogger log) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void Dispose()
        {
        }
    }
}

/// <summary>A project runs as a process with the variables that Aspire would give it, in its own folder.</summary>
internal sealed class ProjectStarter(ProjectResource project, DistributedApplicationExecutionContext executionContext) : IStarter
{
    /// <summary>Ours, not the services': each has its own.</summary>
    private static readonly string[] NotInherited = ["ASPNETCORE_URLS", "DOTNET_LAUNCH_PROFILE", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "ASPIRE_LOGLEVEL"];

    public async Task<IRunning> StartAsync(Stage stage, CancellationToken ct)
    {
        var metadata = project.Annotations.OfType<IProjectMetadata>().Single();
        var program = metadata.ProgramPath;
        if (program is null || !File.Exists(program))
        {
            throw new DistributedApplicationException($"'{project.Name}' is not built ({program ?? metadata.ProjectPath}): build the AppHost again.");
        }

        var arguments = new List<string> { program };
        arguments.AddRange(await ArgumentsAsync(ct));
        var own = await VariablesAsync(stage, ct);
        var plan = new ProcessPlan(ProcessGuard.DotNet, arguments, Path.GetDirectoryName(metadata.ProjectPath)!, Inherited().Concat(own).GroupBy(variable => variable.Key).ToDictionary(
            variables => variables.Key, variables => variables.Last().Value));
        var process = await stage.Guard.StartAsync(plan, stage.Log, ct);

        stage.Show(
            new ResourcePropertySnapshot("project.path", metadata.ProjectPath),
            new ResourcePropertySnapshot("project.launchProfile", project.TryGetLastAnnotation<LaunchProfile>(out var profile) ? profile.Name : null),
            new ResourcePropertySnapshot("executable.path", plan.File),
            new ResourcePropertySnapshot("executable.workDir", plan.WorkingDirectory),
            new ResourcePropertySnapshot("executable.args", arguments),
            new ResourcePropertySnapshot("executable.pid", process.Pid));
        stage.Life.Publish(snapshot => snapshot with
        {
            EnvironmentVariables = [.. own.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => new EnvironmentVariableSnapshot(variable.Key, variable.Value, IsFromSpec: true))],
        });

        return new Running(process);
    }

    private async Task<List<string>> ArgumentsAsync(CancellationToken ct)
    {
        var context = new CommandLineArgsCallbackContext(new List<object>(), ct);
        foreach (var annotation in project.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
        {
            await annotation.Callback(context);
        }

        var arguments = new List<string>();
        foreach (var argument in context.Args)
        {
            if (await TextOfAsync(argument, ct) is { } text)
            {
                arguments.Add(text);
            }
        }

        return arguments;
    }

    private async Task<Dictionary<string, string>> VariablesAsync(Stage stage, CancellationToken ct)
    {
        var context = new EnvironmentCallbackContext(executionContext, project, ct);
        foreach (var (name, value) in ConsoleVariables.Concat(TelemetryVariables(stage)))
        {
            context.EnvironmentVariables[name] = value;
        }

        if (project.GetEndpoints().ToList() is { Count: > 0 } endpoints)
        {
            context.EnvironmentVariables["ASPNETCORE_URLS"] = string.Join(';', endpoints.Select(endpoint => endpoint.Url));
        }

        foreach (var annotation in project.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await annotation.Callback(context);
        }

        var variables = new Dictionary<string, string>();
        foreach (var (name, value) in context.EnvironmentVariables)
        {
            if (await TextOfAsync(value, ct) is { } text)
            {
                variables[name] = text;
            }
        }

        return variables;
    }

    private static async ValueTask<string?> TextOfAsync(object value, CancellationToken ct) =>
        value is IValueProvider provider ? await provider.GetValueAsync(ct) : value.ToString();

    private static Dictionary<string, string> ConsoleVariables => new()
    {
        ["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true",
        ["LOGGING__CONSOLE__FORMATTERNAME"] = "simple",
    };

    private static Dictionary<string, string> TelemetryVariables(Stage stage)
    {
        if (stage.Settings.Dashboard is not { } dashboard)
        {
            return [];
        }

        var variables = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = dashboard.OtlpUrl.GetLeftPart(UriPartial.Authority),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={dashboard.OtlpApiKey}",
            ["OTEL_SERVICE_NAME"] = stage.Life.Resource.Name,
            ["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={stage.Life.Suffix}",
            ["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory",
        };
        if (stage.Settings.IsDevelopment)
        {
            // Everything at once, and nothing left out.
            variables["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
            variables["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
            variables["OTEL_TRACES_SAMPLER"] = "always_on";
            variables["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
            variables["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true";
            variables["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"] = "true";
            variables["OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION"] = "true";
        }

        return variables;
    }

    private static IEnumerable<KeyValuePair<string, string>> Inherited() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .Where(variable => !NotInherited.Contains((string)variable.Key, StringComparer.OrdinalIgnoreCase))
        .Select(variable => KeyValuePair.Create((string)variable.Key, (string)variable.Value!));

    private sealed class Running(GuardedProcess process) : IRunning
    {
        public Task<int?> Ended { get; } = EndedAsync(process);

        public Task StopAsync(TimeSpan grace) => process.StopAsync(grace);

        private static async Task<int?> EndedAsync(GuardedProcess process) => await process.Exited;
    }
}
