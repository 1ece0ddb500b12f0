using System.Net;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Providers;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using HeaderUtilities = Microsoft.Net.Http.Headers.HeaderUtilities;
using MediaTypeHeaderValue = Microsoft.Net.Http.Headers.MediaTypeHeaderValue;

namespace AiHub.Gateway.Modalities;

/// <summary>
/// A request in <c>multipart/form-data</c>. The fields may come after the file, and another upstream may have to be sent the same again, so the body is
/// put aside first, on disk beyond a little memory; from there it goes on byte for byte, but for the few values the hub changes.
/// </summary>
internal sealed class FormRequest : SurfaceRequest
{
    private const int LongestValue = 1024 * 1024;
    private const int MostParts = 200;

    private readonly string _contentType;
    private readonly SetAside _body;
    private readonly Dictionary<string, Field> _fields = [];
    private readonly List<SentFile> _files = [];
    private readonly Dictionary<string, string> _covered = [];

    private FormRequest(Surface surface, string contentType, SetAside body) : base(surface) => (_contentType, _body) = (contentType, body);

    public override IReadOnlyList<SentFile> Files => _files;

    public static new ValueTask<SurfaceRequestOutcome> ReadAsync(Surface surface, HttpRequest request, CancellationToken ct)
    {
        // Room beyond the limit, so that who sends a little too much is told instead of cut off.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = 2 * surface.LargestForm;
        }

        return ReadAsync(surface, request.ContentType!, request.Body, ct);
    }

    public static async ValueTask<SurfaceRequestOutcome> ReadAsync(Surface surface, string contentType, Stream source, CancellationToken ct)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 and <= 256 } boundary)
        {
            return Refuse(OpenAIError.BadRequest("The multipart form names no boundary in its content type."));
        }

        var body = new SetAside();
        try
        {
            if (!await body.TakeAsync(source, surface.LargestForm!.Value, ct))
            {
                body.Dispose();
                return Refuse(OpenAIError.Of(StatusCodes.Status413PayloadTooLarge, $"Maximum content size limit ({surface.LargestForm}) exceeded.") with { Code = "request_too_large" });
            }

            var form = new FormRequest(surface, contentType, body);
            if (await form.ScanAsync(boundary.ToString(), ct) is not { } error)
            {
                return form.Checked();
            }

            form.Dispose();
            return Refuse(error);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public override string? Text(string name) => _covered.TryGetValue(name, out var covered) ? covered : _fields.TryGetValue(name, out var field) ? field.Value : null;

    public override void Cover(string name, JsonElement value) => _covered[name] = value.GetString()!;

    public override IEnumerable<string> Members => _fields.Keys;

    public override ReadOnlyMemory<byte> Json(string name) => default;

    public override Stream Open(SentFile file)
    {
        var stream = _body.OpenRead();
        stream.Position = file.Start;
        return stream;
    }

    public override void Dispose()
    {
        _body.Dispose();
        base.Dispose();
    }

    protected override HttpContent Content(WireTarget target, IEnumerable<(string Field, string Value)> changes)
    {
        var edits = changes.Prepend((Field: "model", Value: target.Model)).Concat(_covered.Select(field => (Field: field.Key, field.Value)))
            .Where(change => _fields.ContainsKey(change.Field))
            .Select(change => (_fields[change.Field], Encoding.UTF8.GetBytes(change.Value)))
            .OrderBy(edit => edit.Item1.Start);
        return new FormContent(_body, _contentType, [.. edits]);
    }

    private async Task<OpenAIError?> ScanAsync(string boundary, CancellationToken ct)
    {
        await using var stream = _body.OpenRead();
        var reader = new MultipartReader(boundary, stream);
        try
        {
            while (await reader.ReadNextSectionAsync(ct) is { } section)
            {
                if (_fields.Count + _files.Count == MostParts)
                {
                    return OpenAIError.BadRequest("The form has too many parts.");
                }

                if (section.GetContentDispositionHeader() is not { } disposition || disposition.Name.Value?.Trim('"') is not { Length: > 0 } name)
                {
                    return OpenAIError.BadRequest("A part of the form has no name.");
                }

                var start = section.BaseStreamOffset!.Value;
                if (disposition.FileName.HasValue || disposition.FileNameStar.HasValue)
                {
                    await section.Body.CopyToAsync(System.IO.Stream.Null, ct);
                    _files.Add(new SentFile(name, (disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName).Value?.Trim('"'), section.ContentType, start, section.Body.Position));
                    continue;
                }

                using var value = new MemoryStream();
                await section.Body.CopyToAsync(value, ct);
                if (value.Length > LongestValue)
                {
                    return OpenAIError.BadRequest($"'{name}' is too long.", name);
                }

                // Lists are repeated fields named with brackets; of all others there is one.
                if (!_fields.TryAdd(name, new Field(start, value.Length, Encoding.UTF8.GetString(value.GetBuffer(), 0, (int)value.Length))) && !name.EndsWith("[]", StringComparison.Ordinal))
                {
                    return OpenAIError.BadRequest($"'{name}' appears twice in the form.", name, "duplicate_parameter");
                }
            }

            return null;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            return OpenAIError.BadRequest("We could not read the multipart form of your request: it is cut short or not well formed.");
        }
    }

    private sealed record Field(long Start, long Length, string Value);

    /// <summary>The form with some values replaced, read anew each time it is sent.</summary>
    private sealed class FormContent : HttpContent
    {
        private readonly SetAside _body;
        private readonly (Field Field, byte[] Value)[] _edits;

        public FormContent(SetAside body, string contentType, (Field Field, byte[] Value)[] edits)
        {
            (_body, _edits) = (body, edits);
            Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using var body = _body.OpenRead();
            foreach (var (field, value) in _edits)
            {
                await CopyAsync(body, stream, field.Start - body.Position, cancellationToken);
                await stream.WriteAsync(value, cancellationToken);
                body.Position = field.Start + field.Length;
            }

            await CopyAsync(body, stream, body.Length - body.Position, cancellationToken);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = _body.Length + _edits.Sum(edit => edit.Value.Length - edit.Field.Length);
            return true;
        }

        private static async Task CopyAsync(Stream from, Stream to, long count, CancellationToken ct)
        {
            var buffer = new byte[(int)Math.Min(count, 64 * 1024)];
            while (count > 0)
            {
                var read = await from.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), ct);
                if (read == 0)
                {
                    throw new EndOfStreamException();
                }

                await to.WriteAsync(buffer.AsMemory(0, read), ct);
                count -= read;
            }
        }
    }
}
