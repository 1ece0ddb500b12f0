using System.Text.Json.Nodes;
using AiHub.Gateway.Management.Refusals;
using Microsoft.OpenApi;

namespace AiHub.Gateway.Management.Docs;

/// <summary>
/// The description of <c>/v1</c>. The data plane reads and writes bytes, so there are no types to derive it from;
/// it is written in data-plane.json, where a text is an object of its two languages.
/// </summary>
public static class DataPlaneReference
{
    private const string File = "AiHub.Gateway.Management.Docs.data-plane.json";

    public static void AddTo(OpenApiDocument document, Language language)
    {
        using var stream = typeof(DataPlaneReference).Assembly.GetManifestResourceStream(File)
            ?? throw new InvalidOperationException($"{File} is not embedded in this build.");
        var json = In(JsonNode.Parse(stream), language)!.ToJsonString();

        var read = OpenApiDocument.Parse(json, OpenApiConstants.Json);
        if (read.Document is not { } dataPlane || read.Diagnostic?.Errors is { Count: > 0 })
        {
            throw new InvalidOperationException($"{File} is not an OpenAPI document: {string.Join("; ", read.Diagnostic?.Errors.Select(error => error.Message) ?? [])}");
        }

        // First, because calling models is what the hub is for.
        var paths = new OpenApiPaths();
        foreach (var path in dataPlane.Paths.Concat(document.Paths))
        {
            paths.Add(path.Key, path.Value);
        }

        document.Paths = paths;
        foreach (var schema in dataPlane.Components?.Schemas ?? new Dictionary<string, IOpenApiSchema>())
        {
            document.AddComponent(schema.Key, schema.Value);
        }
    }

    private static JsonNode? In(JsonNode? node, Language language) => node switch
    {
        JsonObject text when text.Count == 2 && text["en"] is JsonValue en && text["zh"] is JsonValue zh => (language == Language.Zh ? zh : en).DeepClone(),
        JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, In(member.Value, language)))),
        JsonArray items => new JsonArray([.. items.Select(item => In(item, language))]),
        _ => node?.DeepClone(),
    };
}
