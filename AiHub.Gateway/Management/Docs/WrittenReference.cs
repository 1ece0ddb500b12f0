using System.Text.Json.Nodes;
using AiHub.Gateway.Management.Refusals;
using Microsoft.OpenApi;

namespace AiHub.Gateway.Management.Docs;

/// <summary>
/// The description of what reads and writes bytes, so that there are no types to derive it from: <c>/v1</c> in data-plane.json and the
/// directory's <c>/scim/v2</c> in scim.json, where a text is an object of its two languages.
/// </summary>
public static class WrittenReference
{
    public static void AddTo(OpenApiDocument document, Language language)
    {
        var (dataPlane, directory) = (Read("data-plane.json", language), Read("scim.json", language));

        // Calling models comes first, because it is what the hub is for.
        var paths = new OpenApiPaths();
        foreach (var path in dataPlane.Paths.Concat(document.Paths).Concat(directory.Paths))
        {
            paths.Add(path.Key, path.Value);
        }

        document.Paths = paths;
        foreach (var schema in dataPlane.Components!.Schemas!.Concat(directory.Components!.Schemas!))
        {
            document.AddComponent(schema.Key, schema.Value);
        }
    }

    private static OpenApiDocument Read(string file, Language language)
    {
        using var stream = typeof(WrittenReference).Assembly.GetManifestResourceStream($"AiHub.Gateway.Management.Docs.{file}")
            ?? throw new InvalidOperationException($"{file} is not embedded in this build.");
        var read = OpenApiDocument.Parse(In(JsonNode.Parse(stream), language)!.ToJsonString(), OpenApiConstants.Json);

        return read is { Document: { } document, Diagnostic.Errors: not { Count: > 0 } }
            ? document
            : throw new InvalidOperationException($"{file} is not an OpenAPI document: {string.Join("; ", read.Diagnostic?.Errors.Select(error => error.Message) ?? [])}");
    }

    private static JsonNode? In(JsonNode? node, Language language) => node switch
    {
        JsonObject text when text.Count == 2 && text["en"] is JsonValue en && text["zh"] is JsonValue zh => (language == Language.Zh ? zh : en).DeepClone(),
        JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, In(member.Value, language)))),
        JsonArray items => new JsonArray([.. items.Select(item => In(item, language))]),
        _ => node?.DeepClone(),
    };
}
