using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Control;

/// <summary>What the simulated vendors received, newest last, within a fixed amount of memory.</summary>
public sealed class RequestLog(IOptions<SimulatorOptions> options)
{
    private static readonly string[] KeyHeaders = ["Authorization", "x-api-key", "x-goog-api-key", "api-key"];

    private readonly Lock _lock = new();
    private readonly Queue<ReceivedRequest> _requests = [];
    private long _number;
    private long _bytes;

    public ReceivedRequest Keep(string vendor, string requestId, HttpRequest request, byte[] body, DateTimeOffset at)
    {
        var headers = request.Headers.ToDictionary(
            header => header.Key.ToLowerInvariant(),
            header => KeyHeaders.Contains(header.Key, StringComparer.OrdinalIgnoreCase) ? Redacted(header.Value.ToString()) : header.Value.ToString());

        lock (_lock)
        {
            var received = new ReceivedRequest(++_number, vendor, requestId, at, request.Method, request.Path + request.QueryString, headers, body);
            _requests.Enqueue(received);
            _bytes += body.Length;

            while (_requests.Count > 1 && (_requests.Count > options.Value.KeptRequests || _bytes > options.Value.KeptBytes))
            {
                _bytes -= _requests.Dequeue().Body.Length;
            }

            return received;
        }
    }

    public IReadOnlyList<ReceivedRequest> Requests()
    {
        lock (_lock)
        {
            return [.. _requests];
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _requests.Clear();
            _bytes = 0;
        }
    }

    // The digest tells two keys apart without giving either away.
    private static string Redacted(string authorization)
    {
        var space = authorization.IndexOf(' ', StringComparison.Ordinal);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(authorization[(space + 1)..])));

        return $"{authorization[..(space + 1)]}[redacted sha256:{digest[..12]}]";
    }
}

/// <summary>One request as it arrived, and what became of it.</summary>
public sealed class ReceivedRequest(
    long number, string vendor, string requestId, DateTimeOffset at, string method, string path, IReadOnlyDictionary<string, string> headers, byte[] body)
{
    private volatile bool _clientAborted;
    private volatile bool _finished;
    private volatile int _status;
    private volatile string? _fault;

    public long Number => number;

    public string Vendor => vendor;

    public string RequestId => requestId;

    public DateTimeOffset ReceivedAt => at;

    public string Method => method;

    public string Path => path;

    public IReadOnlyDictionary<string, string> Headers => headers;

    public byte[] Body => body;

    /// <summary>0 when nothing was answered.</summary>
    public int Status { get => _status; set => _status = value; }

    public string? Fault { get => _fault; set => _fault = value; }

    /// <summary>The caller hung up before the answer was complete.</summary>
    public bool ClientAborted { get => _clientAborted; set => _clientAborted = value; }

    public bool Finished { get => _finished; set => _finished = value; }
}
