using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using AiHub.AppHost.Embedded.Running;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <param name="Content">Begins with the time it was written, as RFC 3339.</param>
public readonly record struct LogLine(int LineNumber, string Content, bool IsErrorMessage);

/// <summary>What the resources write to their consoles: the last lines of each in memory, all of them in <c>logs/{name}.log</c> of the data folder.</summary>
public sealed class ResourceLoggerService : IDisposable
{
    private readonly ConcurrentDictionary<string, ResourceLog> _logs = new(StringComparer.OrdinalIgnoreCase);
    private readonly HostSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;

    internal ResourceLoggerService(HostSettings settings, TimeProvider time, ILoggerFactory loggers) => (_settings, _time, _loggers) = (settings, time, loggers);

    /// <summary>Writes into the resource's log.</summary>
    public ILogger GetLogger(IResource resource) => GetLogger(resource.Name);

    public ILogger GetLogger(string resourceName) => new LineLogger(LogOf(resourceName));

    /// <summary>The lines so far, then each new one, until cancelled.</summary>
    public async IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(string resourceName, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var lines in LogOf(resourceName).WatchAsync(follow: true, cancellationToken))
        {
            yield return lines;
        }
    }

    /// <summary>The lines so far.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(string resourceName) => LogOf(resourceName).WatchAsync(follow: false, CancellationToken.None);

    internal string FileOf(string resourceName) => Path.Combine(_settings.DataFolder, "logs", $"{resourceName}.log");

    internal void Write(IResource resource, string line, bool isError) => LogOf(resource.Name).Write(line, isError);

    internal string? Find(IResource resource, params ReadOnlySpan<string> parts) => LogOf(resource.Name).LastLines.Find(parts);

    internal string? LastLineOf(IResource resource) => LogOf(resource.Name).LastLines.Last;

    public void Dispose()
    {
        foreach (var log in _logs.Values)
        {
            log.Dispose();
        }
    }

    private ResourceLog LogOf(string resourceName) => _logs.GetOrAdd(resourceName, name => new ResourceLog(
        FileOf(name),
        _time,
        _settings.EnableResourceLogging ? _loggers.CreateLogger($"{_settings.ApplicationName}.Resources.{name}") : null));

    private sealed class LineLogger(ResourceLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Write(formatter(state, exception), logLevel >= LogLevel.Error);
            }
        }
    }
}

internal sealed class ResourceLog : IDisposable
{
    private const int Kept = 10_000;

    private readonly Lock _lock = new();
    private readonly Queue<LogLine> _lines = new();
    private readonly List<Channel<LogLine>> _watchers = [];
    private readonly string _fileName;
    private readonly TimeProvider _time;
    private readonly ILogger? _forward;
    private StreamWriter? _file;
    private int _lastNumber;

    public ResourceLog(string fileName, TimeProvider time, ILogger? forward) => (_fileName, _time, _forward) = (fileName, time, forward);

    public AiHub.AppHost.Embedded.Servers.LastLines LastLines { get; } = new(40);

    public void Write(string text, bool isError)
    {
        LastLines.Add(text);
        lock (_lock)
        {
            var time = _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            var line = new LogLine(++_lastNumber, $"{time} {text}", isError);
            _lines.Enqueue(line);
            if (_lines.Count > Kept)
            {
                _lines.Dequeue();
            }

            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryWrite(line);
            }

            if (_file is null)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(_fileName)!);
                _file = new StreamWriter(_fileName) { AutoFlush = true };
            }

            _file.WriteLine(line.Content);
        }

        _forward?.Log(isError ? LogLevel.Error : LogLevel.Information, "{Line}", text);
    }

    public async IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(bool follow, [EnumeratorCancellation] CancellationToken ct)
    {
        var news = Channel.CreateUnbounded<LogLine>(new UnboundedChannelOptions { SingleReader = true });
        LogLine[] soFar;
        lock (_lock)
        {
            soFar = [.. _lines];
            if (follow)
            {
                _watchers.Add(news);
            }
        }

        try
        {
            // A message of a few hundred lines stays far below the size a gRPC client accepts.
            foreach (var lines in soFar.Chunk(500))
            {
                yield return lines;
            }

            while (follow && await news.Reader.WaitToReadAsync(ct))
            {
                var lines = new List<LogLine>();
                while (lines.Count < 500 && news.Reader.TryRead(out var line))
                {
                    lines.Add(line);
                }

                yield return lines;
            }
        }
        finally
        {
            lock (_lock)
            {
                _watchers.Remove(news);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _file?.Dispose();
            _file = null;
        }
    }
}
