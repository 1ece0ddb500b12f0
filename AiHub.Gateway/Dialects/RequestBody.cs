using System.Buffers;
using AiHub.Gateway.Errors;

namespace AiHub.Gateway.Dialects;

/// <summary>The JSON a client sent, in borrowed memory; or why it is not read.</summary>
/// <param name="Rented">To be given back to the shared pool when nobody reads <paramref name="Json"/> any more.</param>
public readonly record struct RequestBody(ReadOnlyMemory<byte> Json, byte[]? Rented, OpenAIError? Error)
{
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentType is { Length: > 0 } type && !request.HasJsonContentType())
        {
            return Refuse($"Unsupported content type '{type}': send application/json.");
        }

        if (request.Headers.ContentEncoding is { Count: > 0 } encoding)
        {
            return Refuse($"Unsupported content encoding '{encoding}': send the body uncompressed.");
        }

        // The length is the client's claim: enough for nearly every request, and a lie costs nothing.
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(request.ContentLength + 1 ?? 4096, 1024 * 1024));
        var length = 0;
        while (await request.Body.ReadAsync(buffer.AsMemory(length), ct) is var read and > 0)
        {
            length += read;
            if (length == buffer.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                buffer.AsSpan().CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }
        }

        var start = buffer.AsSpan(0, length).StartsWith("\uFEFF"u8) ? 3 : 0;
        return new RequestBody(buffer.AsMemory(start, length - start), buffer, null);
    }

    /// <summary>Reads into memory that is nobody else's, so that it may be kept as long as anybody likes.</summary>
    public static async ValueTask<RequestBody> ReadOwnAsync(HttpRequest request, CancellationToken ct)
    {
        var body = await ReadAsync(request, ct);
        if (body.Rented is not { } rented)
        {
            return body;
        }

        var own = body.Json.ToArray();
        ArrayPool<byte>.Shared.Return(rented);
        return new RequestBody(own, null, null);
    }

    private static RequestBody Refuse(string message) =>
        new(default, null, OpenAIError.Of(StatusCodes.Status415UnsupportedMediaType, message));
}
