using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Modalities;

/// <summary>A request is read, or the caller is told what is wrong with it.</summary>
public readonly record struct SurfaceRequestOutcome(SurfaceRequest? Request, OpenAIError? Error);

/// <summary>A request that is not chat, as the client wrote it. The few fields the hub decides by can be looked at; all of it goes on unchanged.</summary>
public abstract class SurfaceRequest(Surface surface) : IDisposable
{
    public Surface Surface => surface;

    /// <summary>The model as the client spelled it: an id or an alias.</summary>
    public string Model { get; private set; } = "";

    public bool Stream { get; private set; }

    public static async ValueTask<SurfaceRequestOutcome> ReadAsync(Surface surface, HttpRequest request, CancellationToken ct)
    {
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding)
        {
            return Refuse(OpenAIError.Of(StatusCodes.Status415UnsupportedMediaType, $"Unsupported content encoding '{encoding}': send the body uncompressed."));
        }

        var isForm = request.HasFormContentType && request.ContentType!.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase);
        if (isForm && surface.LargestForm is not null)
        {
            return await FormRequest.ReadAsync(surface, request, ct);
        }

        if (!surface.TakesJson || isForm || (request.ContentType is { Length: > 0 } && !request.HasJsonContentType()))
        {
            var accepted = (surface.TakesJson, surface.LargestForm) switch
            {
                (true, null) => "application/json",
                (false, _) => "multipart/form-data",
                _ => "multipart/form-data or application/json",
            };
            return Refuse(OpenAIError.Of(StatusCodes.Status415UnsupportedMediaType, $"Unsupported content type '{request.ContentType}': send {accepted}."));
        }

        return await JsonRequest.ReadAsync(surface, request, ct);
    }

    /// <summary>A field as text, whatever the body's format; null when it is absent or null.</summary>
    public abstract string? Text(string name);

    /// <summary>The names of all fields the client sent, files apart.</summary>
    public abstract IEnumerable<string> Members { get; }

    /// <summary>A field as JSON; empty in a form.</summary>
    public abstract ReadOnlyMemory<byte> Json(string name);

    /// <summary>Puts another value in the place of a field the client sent.</summary>
    public abstract void Cover(string name, JsonElement value);

    public virtual IReadOnlyList<SentFile> Files => [];

    /// <summary>What a file sounds like or shows, from its beginning; the stream is the caller's to dispose of.</summary>
    public virtual Stream Open(SentFile file) => throw new InvalidOperationException("This request has no files.");

    /// <summary>The body for an upstream: its own name of the model, and what the surface changes.</summary>
    public HttpContent For(WireTarget target) => Content(target, surface.Changes(this));

    public bool Has(string name) => Text(name) is not null;

    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <returns>A whole number; null for anything else, also for numbers too large to mean something.</returns>
    public static long? Whole(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole
        : decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && decimal.Truncate(number) == number && Math.Abs(number) < long.MaxValue ? (long)number
        : null;

    protected abstract HttpContent Content(WireTarget target, IEnumerable<(string Field, string Value)> changes);

    protected static SurfaceRequestOutcome Refuse(OpenAIError error) => new(null, error);

    /// <summary>Looks at what every surface has in common and lets the surface look at the rest.</summary>
    protected SurfaceRequestOutcome Checked()
    {
        var error = Text("model") is not { Length: > 0 } model && (model = surface.UsualModel) is null
            ? OpenAIError.Missing("model")
            : Text("stream") is not (null or "true" or "false") ? OpenAIError.WrongType("stream", "a boolean")
            : null;
        if (error is null)
        {
            Model = model!;
            Stream = surface.Streams(this);
            error = surface.Check(this);
        }

        if (error is null)
        {
            return new SurfaceRequestOutcome(this, null);
        }

        Dispose();
        return Refuse(error);
    }
}

/// <param name="Name">Of the form's field.</param>
/// <param name="Start">Where its bytes begin in the body.</param>
public sealed record SentFile(string Name, string? FileName, string? ContentType, long Start, long Length);

/// <summary>A body made of pieces that are already there, written without being copied together.</summary>
internal sealed class PiecesContent : HttpContent
{
    private readonly Dialects.JsonEdits _body;

    public PiecesContent(Dialects.JsonEdits body, string mediaType)
    {
        _body = body;
        Headers.ContentType = new MediaTypeHeaderValue(mediaType);
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        foreach (var piece in _body.Pieces())
        {
            await stream.WriteAsync(piece, cancellationToken);
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
