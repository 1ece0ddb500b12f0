using System.Text.Json;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>The plainest value that a JSON schema allows: every property, the first of every choice.</summary>
public static class SchemaSample
{
    private const int Deepest = 6;

    public static JsonNode? Of(JsonElement schema) => Of(schema, schema, 0);

    private static JsonNode? Of(JsonElement schema, JsonElement root, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return new JsonObject();
        }

        if (schema.Given("$ref") is { ValueKind: JsonValueKind.String } reference)
        {
            return depth > Deepest ? null : Of(Find(root, reference.GetString()!), root, depth + 1);
        }

        if (schema.TryGetProperty("const", out var only))
        {
            return JsonNode.Parse(only.GetRawText());
        }

        if (schema.Given("enum") is { ValueKind: JsonValueKind.Array } values && values.GetArrayLength() > 0)
        {
            return JsonNode.Parse(values[0].GetRawText());
        }

        foreach (var choice in (string[])["anyOf", "oneOf"])
        {
            if (schema.Given(choice) is { ValueKind: JsonValueKind.Array } options && options.GetArrayLength() > 0)
            {
                return Of(options[0], root, depth + 1);
            }
        }

        if (schema.Given("allOf") is { ValueKind: JsonValueKind.Array } all)
        {
            return Merged(all, root, depth);
        }

        return TypeOf(schema) switch
        {
            "string" => Text(schema),
            "integer" or "number" => Number(schema),
            "boolean" => true,
            "null" => null,
            "array" => Items(schema, root, depth),
            _ => Properties(schema, root, depth),
        };
    }

    private static string? TypeOf(JsonElement schema) => schema.Given("type") switch
    {
        { ValueKind: JsonValueKind.String } one => one.GetString(),
        { ValueKind: JsonValueKind.Array } several when several.GetArrayLength() > 0 => several[0].GetString(),
        _ => schema.Given("items") is null ? "object" : "array",
    };

    private static JsonNode Text(JsonElement schema)
    {
        var text = schema.Given("format")?.GetString() switch
        {
            "date" => "2026-01-02",
            "date-time" => "2026-01-02T03:04:05Z",
            "time" => "03:04:05Z",
            "email" => "someone@example.com",
            "uri" => "https://example.com/",
            "uuid" => "00000000-0000-4000-8000-000000000000",
            "ipv4" => "192.0.2.1",
            _ => "text",
        };

        var shortest = schema.Given("minLength")?.GetInt32() ?? 0;
        var longest = schema.Given("maxLength")?.GetInt32() ?? int.MaxValue;

        return text.PadRight(shortest, 'x') is var padded && padded.Length > longest ? padded[..longest] : padded;
    }

    private static JsonNode Number(JsonElement schema)
    {
        var least = schema.Given("minimum")?.GetDouble() ?? (schema.Given("exclusiveMinimum")?.GetDouble() + 1);
        var most = schema.Given("maximum")?.GetDouble() ?? (schema.Given("exclusiveMaximum")?.GetDouble() - 1);
        var value = Math.Min(Math.Max(1, least ?? 1), most ?? double.MaxValue);
        if (schema.Given("multipleOf")?.GetDouble() is { } step and > 0)
        {
            value = Math.Ceiling(value / step) * step;
        }

        return value == Math.Floor(value) && Math.Abs(value) < long.MaxValue ? JsonValue.Create((long)value) : JsonValue.Create(value);
    }

    private static JsonArray Items(JsonElement schema, JsonElement root, int depth)
    {
        var items = new JsonArray();
        var count = depth > Deepest ? 0 : schema.Given("minItems")?.GetInt32() ?? 1;
        for (var index = 0; index < count; index++)
        {
            items.Add(schema.Given("items") is { } item ? Of(item, root, depth + 1) : "text");
        }

        return items;
    }

    private static JsonObject Properties(JsonElement schema, JsonElement root, int depth)
    {
        var sample = new JsonObject();
        if (schema.Given("properties") is not { ValueKind: JsonValueKind.Object } properties)
        {
            return sample;
        }

        var required = schema.Given("required") is { ValueKind: JsonValueKind.Array } names ? names.EnumerateArray().Select(name => name.GetString()).ToHashSet() : [];
        foreach (var property in properties.EnumerateObject().Where(property => depth <= Deepest || required.Contains(property.Name)))
        {
            sample[property.Name] = Of(property.Value, root, depth + 1);
        }

        return sample;
    }

    private static JsonNode? Merged(JsonElement all, JsonElement root, int depth)
    {
        var merged = new JsonObject();
        foreach (var part in all.EnumerateArray())
        {
            if (Of(part, root, depth + 1) is not JsonObject sample)
            {
                return Of(part, root, depth + 1);
            }

            foreach (var (name, value) in sample)
            {
                merged[name] = value?.DeepClone();
            }
        }

        return merged;
    }

    // "#/$defs/Address": the only references that OpenAI takes.
    private static JsonElement Find(JsonElement root, string reference) =>
        reference.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries).Aggregate(root, (at, name) => at.Given(name) ?? default);
}
