using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AiHub.Tests.Alerts;

/// <summary>As much of RFC 5321 as messages take. The first ones it may be told to refuse.</summary>
internal sealed class SmtpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private int _toRefuse;
    private int _refused;

    public SmtpServer(int refusals = 0)
    {
        _toRefuse = refusals;
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Whole conversations that ended with a message, in the client's words.</summary>
    public ConcurrentQueue<string> Kept { get; } = new();

    /// <summary>The message within a conversation.</summary>
    public static string MessageIn(string conversation)
    {
        var lines = conversation.Split('\n').SkipWhile(line => line != "DATA").Skip(1).TakeWhile(line => line != ".");
        // A leading full stop is doubled on the way.
        return string.Join("\r\n", lines.Select(line => line.StartsWith("..", StringComparison.Ordinal) ? line[1..] : line));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await TalkAsync(client);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody writes any more.
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        await using var writer = new StreamWriter(client.GetStream(), new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
        var heard = new StringBuilder();
        var isKept = false;
        await writer.WriteLineAsync("220 test");
        for (var inData = false; await reader.ReadLineAsync(_stop.Token) is { } line;)
        {
            heard.Append(line).Append('\n');
            if (inData && line != ".")
            {
                continue;
            }

            if (line == ".")
            {
                isKept = Interlocked.Decrement(ref _toRefuse) < 0;
                await writer.WriteLineAsync(isKept ? "250 kept" : "451 come again");
            }
            else
            {
                await writer.WriteLineAsync(line switch { "DATA" => "354 go on", "QUIT" => "221 bye", _ => "250 ok" });
            }

            inData = line == "DATA";
        }

        if (isKept)
        {
            Kept.Enqueue(heard.ToString());
        }
        else
        {
            Interlocked.Increment(ref _refused);
        }
    }
}
