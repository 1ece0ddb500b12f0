using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <param name="Field">The form's field it came in.</param>
public sealed record SentFile(string Field, string? Name, byte[] Data);

/// <summary>A request's fields, from JSON or from a form; a form's values are read as what they look like.</summary>
public sealed record SurfaceBody(JsonElement Fields, IReadOnlyList<SentFile> Files)
{
    /// <returns>Null when the body cannot be read.</returns>
    public static async Task<SurfaceBody?> ReadAsync(Exchange exchange, CancellationToken ct)
    {
        try
        {
            return exchange.Context.Request.HasFormContentType
                ? await ReadFormAsync(exchange, ct)
                : new SurfaceBody(JsonElement.Parse(exchange.Body.Span), []);
        }
        catch (Exception failure) when (failure is JsonException or IOException or InvalidDataException)
        {
            return null;
        }
    }

    private static async Task<SurfaceBody> ReadFormAsync(Exchange exchange, CancellationToken ct)
    {
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(exchange.Context.Request.ContentType).Boundary).ToString();
        var reader = new MultipartReader(boundary, new MemoryStream(exchange.Body.ToArray()));
        var (fields, files) = (new JsonObject(), new List<SentFile>());
        while (await reader.ReadNextSectionAsync(ct) is { } section)
        {
            var disposition = section.GetContentDispositionHeader() ?? throw new InvalidDataException("A part has no name.");
            var name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
            using var data = new MemoryStream();
            await section.Body.CopyToAsync(data, ct);
            if (disposition.FileName.HasValue || disposition.FileNameStar.HasValue)
            {
                files.Add(new SentFile(name, HeaderUtilities.RemoveQuotes(disposition.FileName).ToString(), data.ToArray()));
                continue;
            }

            var text = Encoding.UTF8.GetString(data.ToArray());
            JsonNode value = name is "model" or "prompt" or "language" ? text
                : text is "true" or "false" ? text == "true"
                : decimal.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number
                : text;
            if (name.EndsWith("[]", StringComparison.Ordinal))
            {
                name = name[..^2];
                (fields[name] ??= new JsonArray()).AsArray().Add(value);
            }
            else
            {
                fields[name] = value;
            }
        }

        return new SurfaceBody(JsonSerializer.SerializeToElement(fields), files);
    }
}
