using System.Text;
using System.Text.Json;
using AiHub.Gateway.Dialects;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Modalities;

/// <summary>A request that is one JSON object.</summary>
internal sealed class JsonRequest : SurfaceRequest
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 256 };

    private ReadOnlyMemory<byte> _json;
    private readonly Dictionary<string, JsonRange> _members = [];
    private int _firstMember;

    private JsonRequest(Surface surface, ReadOnlyMemory<byte> json) : base(surface) => _json = json;

    public static new async ValueTask<SurfaceRequestOutcome> ReadAsync(Surface surface, HttpRequest request, CancellationToken ct)
    {
        // The length is the client's claim: enough for nearly every request, and a lie costs nothing.
        using var body = new MemoryStream((int)Math.Min(request.ContentLength ?? 4096, 1024 * 1024));
        await request.Body.CopyToAsync(body, ct);
        var json = body.GetBuffer().AsMemory(0, (int)body.Length);
        return Parse(surface, json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json);
    }

    public static SurfaceRequestOutcome Parse(Surface surface, ReadOnlyMemory<byte> json)
    {
        var request = new JsonRequest(surface, json);
        try
        {
            return request.Scan(json.Span) is { } error ? Refuse(error) : request.Checked();
        }
        catch (JsonException failure)
        {
            return Refuse(OpenAIError.BadRequest(
                $"We could not parse the JSON body of your request (line {failure.LineNumber + 1}, byte {failure.BytePositionInLine + 1}). It must be one JSON object."));
        }
    }

    public override string? Text(string name)
    {
        var reader = new Utf8JsonReader(Json(name).Span);
        if (Json(name).IsEmpty || !reader.Read())
        {
            return null;
        }

        return reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Null => null,
            _ => Encoding.UTF8.GetString(Json(name).Span),
        };
    }

    public override IEnumerable<string> Members => _members.Keys;

    public override ReadOnlyMemory<byte> Json(string name) => _members.TryGetValue(name, out var range) ? range.Of(_json) : default;

    public override void Cover(string name, JsonElement value)
    {
        var edits = new JsonEdits(_json);
        edits.Replace(_members[name], JsonSerializer.SerializeToUtf8Bytes(value));
        _json = edits.ToArray();
        _members.Clear();
        Scan(_json.Span);
    }

    protected override HttpContent Content(WireTarget target, IEnumerable<(string Field, string Value)> changes)
    {
        var edits = new JsonEdits(_json);
        Change("model", target.EncodedModel);
        foreach (var (field, value) in changes)
        {
            Change(field, JsonSerializer.SerializeToUtf8Bytes(value));
        }

        return new PiecesContent(edits, "application/json");

        void Change(string field, ReadOnlyMemory<byte> value)
        {
            if (_members.TryGetValue(field, out var range))
            {
                edits.Replace(range, value);
            }
            else
            {
                edits.Insert(_firstMember, (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(field), (byte)':', .. value.Span, .. _members.Count > 0 ? ","u8 : []]);
            }
        }
    }

    private OpenAIError? Scan(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, Options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return OpenAIError.BadRequest("The body of your request must be a JSON object.");
        }

        _firstMember = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();

            // Two members of one name mean different things to different parsers; the one we checked must be the one the vendor obeys.
            if (!_members.TryAdd(name, new JsonRange(start, (int)reader.BytesConsumed - start)))
            {
                return OpenAIError.BadRequest($"'{name}' appears twice in the body.", name, "duplicate_parameter");
            }
        }

        // One more read makes the reader complain about anything after the closing brace.
        reader.Read();
        return null;
    }
}
