using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Simulators;

namespace AiHub.Tests.Simulators;

/// <summary>How an answer on the wire came to its end.</summary>
public enum WireEnd
{
    /// <summary>The last chunk says so.</summary>
    Complete,

    /// <summary>The connection was closed before that.</summary>
    Closed,

    /// <summary>The connection was reset.</summary>
    Reset,

    /// <summary>The line was still open, and nothing more came or it came too slowly to wait for.</summary>
    Open,
}

/// <summary>An answer byte for byte, in the chunks in which it was sent.</summary>
public sealed record WireAnswer(string Head, IReadOnlyList<byte[]> Chunks, WireEnd End)
{
    public string Body => Encoding.UTF8.GetString([.. Chunks.SelectMany(chunk => chunk)]);
}

/// <summary>Asks over a bare socket, because HTTP clients hide what faults are made of.</summary>
public static class WireTap
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <param name="patience">How long to listen to an answer that is not expected to end.</param>
    public static async Task<WireAnswer> AskAsync(Uri url, JsonObject body, TimeSpan? patience = null, string path = "/vendors/openai/v1/chat/completions")
    {
        var content = Encoding.UTF8.GetBytes(body.ToJsonString());
        var head = $"POST {path} HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: Bearer {SimulatorOptions.DevelopmentKey}\r\nanthropic-version: 2023-06-01\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {content.Length}\r\n\r\n";

        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(url.Host, url.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(head));
        await socket.SendAsync(content);

        using var received = new MemoryStream();
        var end = await ReceiveAsync(socket, received, patience ?? Patience);

        return Parse(received.ToArray(), end);
    }

    private static async Task<WireEnd> ReceiveAsync(Socket socket, MemoryStream received, TimeSpan time)
    {
        var buffer = new byte[64 * 1024];
        using var patience = new CancellationTokenSource(time);
        while (true)
        {
            try
            {
                var read = await socket.ReceiveAsync(buffer, patience.Token);
                if (read == 0)
                {
                    return WireEnd.Closed;
                }

                received.Write(buffer, 0, read);
                if (Parse(received.ToArray(), WireEnd.Open).End == WireEnd.Complete)
                {
                    return WireEnd.Complete;
                }
            }
            catch (OperationCanceledException)
            {
                return WireEnd.Open;
            }
            catch (SocketException)
            {
                return WireEnd.Reset;
            }
        }
    }

    // Head, empty line, then "1f\r\n<31 bytes>\r\n" … "0\r\n\r\n".
    private static WireAnswer Parse(byte[] bytes, WireEnd end)
    {
        var text = Encoding.Latin1.GetString(bytes);
        var at = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (at < 0)
        {
            return new WireAnswer(text, [], end);
        }

        List<byte[]> chunks = [];
        var head = text[..at];
        for (at += 4; text.IndexOf("\r\n", at, StringComparison.Ordinal) is >= 0 and var line;)
        {
            var length = int.Parse(text.AsSpan(at, line - at), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0)
            {
                return new WireAnswer(head, chunks, WireEnd.Complete);
            }

            if (bytes.Length < line + 2 + length + 2)
            {
                break;
            }

            chunks.Add(bytes[(line + 2)..(line + 2 + length)]);
            at = line + 2 + length + 2;
        }

        return new WireAnswer(head, chunks, end);
    }
}
