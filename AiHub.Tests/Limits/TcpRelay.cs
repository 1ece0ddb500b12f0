using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace AiHub.Tests.Limits;

/// <summary>A line to a server that a test can make silent, or cut, without touching the server.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<TcpClient, byte> _lines = [];
    private readonly TcpListener _listener;
    private readonly EndPoint _server;
    private readonly Task _accepting;
    private volatile TaskCompletionSource _flowing = Open();
    private volatile bool _isCut;

    public TcpRelay(EndPoint server)
    {
        _server = server;
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections stay open and nothing passes.</summary>
    public void Pause() => _flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Drops all connections and refuses new ones.</summary>
    public void Cut()
    {
        _isCut = true;
        foreach (var (line, _) in _lines)
        {
            line.Dispose();
        }
    }

    public void Resume()
    {
        _isCut = false;
        _flowing.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        Cut();
        Resume();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> carrying = [];
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                if (_isCut)
                {
                    client.Dispose();
                    continue;
                }

                carrying.Add(CarryAsync(client));
            }
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(carrying);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using var own = client;
        _lines[client] = 0;
        try
        {
            await server.ConnectAsync((IPEndPoint)_server, _stopping.Token);
            await Task.WhenAny(CopyAsync(client.GetStream(), server.GetStream()), CopyAsync(server.GetStream(), client.GetStream()));
        }
        catch (Exception gone) when (gone is SocketException or OperationCanceledException or InvalidOperationException)
        {
            // The other side sees a closed connection.
        }
        finally
        {
            _lines.TryRemove(client, out _);
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, _stopping.Token) is > 0 and var read)
            {
                await _flowing.Task.WaitAsync(_stopping.Token);
                await to.WriteAsync(buffer.AsMemory(0, read), _stopping.Token);
            }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut.
        }
    }

    private static TaskCompletionSource Open()
    {
        var open = new TaskCompletionSource();
        open.SetResult();

        return open;
    }
}
