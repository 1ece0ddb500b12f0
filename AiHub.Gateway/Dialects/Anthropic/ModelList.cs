using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>A model as a list of models shows it.</summary>
public sealed record ListedModel(string Id, string Name, DateTimeOffset CreatedAt, long? ContextLength, long? MaxOutputTokens);

/// <summary>Lists models as Anthropic does: <c>{"data":[{"type":"model","id",…}],"has_more","first_id","last_id"}</c>.</summary>
public static class ModelList
{
    /// <param name="limit">The longest page; null for one that has everything.</param>
    /// <param name="after">The id before the page's first.</param>
    /// <param name="before">The id after the page's last.</param>
    public static void Write(IReadOnlyList<ListedModel> models, int? limit, string? after, string? before, IBufferWriter<byte> body)
    {
        var first = after is null ? 0 : Position(models, after) + 1;
        var end = before is null || Position(models, before) is not (>= 0 and var stop) ? models.Count : stop;
        var count = Math.Clamp(end - first, 0, limit ?? models.Count);

        // A page before an id ends there; any other begins where it was asked to.
        var start = before is not null && after is null ? end - count : first;
        var hasMore = before is not null && after is null ? start > 0 : start + count < end;

        using var writer = new Utf8JsonWriter(body, Wire.Writer);
        writer.WriteStartObject();
        writer.WriteStartArray("data"u8);
        for (var at = start; at < start + count; at++)
        {
            Write(writer, models[at]);
        }

        writer.WriteEndArray();
        writer.WriteBoolean("has_more"u8, hasMore);
        writer.WriteString("first_id"u8, count > 0 ? models[start].Id : null);
        writer.WriteString("last_id"u8, count > 0 ? models[start + count - 1].Id : null);
        writer.WriteEndObject();
    }

    public static void Write(ListedModel model, IBufferWriter<byte> body)
    {
        using var writer = new Utf8JsonWriter(body, Wire.Writer);
        Write(writer, model);
    }

    private static void Write(Utf8JsonWriter writer, ListedModel model)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "model"u8);
        writer.WriteString("id"u8, model.Id);
        writer.WriteString("display_name"u8, model.Name);
        writer.WriteString("created_at"u8, model.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        WriteNumber(writer, "max_input_tokens"u8, model.ContextLength);
        WriteNumber(writer, "max_tokens"u8, model.MaxOutputTokens);
        writer.WriteString("lifecycle"u8, "active"u8);
        foreach (var unknown in (ReadOnlySpan<string>)["capabilities", "line", "deprecated_at", "retires_at"])
        {
            writer.WriteNull(unknown);
        }

        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, ReadOnlySpan<byte> name, long? number)
    {
        if (number is { } known)
        {
            writer.WriteNumber(name, known);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static int Position(IReadOnlyList<ListedModel> models, string id)
    {
        for (var at = 0; at < models.Count; at++)
        {
            if (models[at].Id == id)
            {
                return at;
            }
        }

        return -1;
    }
}
