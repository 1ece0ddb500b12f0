using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AiHub.Tests.SignIn;

/// <summary>Answers questions for TXT records (RFC 1035): <c>header, question, one answer</c>.</summary>
public sealed class TxtServer : IAsyncDisposable
{
    private const int HeaderLength = 12;

    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly CancellationTokenSource _over = new();
    private readonly Task _serving;

    public TxtServer() => _serving = ServeAsync();

    public int Port => ((IPEndPoint)_socket.Client.LocalEndPoint!).Port;

    public ConcurrentDictionary<string, string> Records { get; } = new(StringComparer.OrdinalIgnoreCase);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _serving;
        _socket.Dispose();
        _over.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var question = await _socket.ReceiveAsync(_over.Token);
                await _socket.SendAsync(Answer(question.Buffer), question.RemoteEndPoint, _over.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The tests are over.
        }
    }

    private byte[] Answer(byte[] question)
    {
        var name = new List<string>();
        var at = HeaderLength;
        for (; question[at] != 0; at += question[at] + 1)
        {
            name.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
        }

        var asked = question.AsSpan(HeaderLength, at + 5 - HeaderLength).ToArray();
        var known = Records.TryGetValue(string.Join('.', name), out var text);
        var answer = new List<byte>(question[..2]);
        answer.AddRange([0x81, (byte)(known ? 0x80 : 0x83), 0, 1, 0, (byte)(known ? 1 : 0), 0, 0, 0, 0]);
        answer.AddRange(asked);
        if (known)
        {
            var bytes = Encoding.ASCII.GetBytes(text!);
            var length = new byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(bytes.Length + 1));
            answer.AddRange([0xC0, HeaderLength, 0, 16, 0, 1, 0, 0, 0, 0, .. length, (byte)bytes.Length, .. bytes]);
        }

        return [.. answer];
    }
}
