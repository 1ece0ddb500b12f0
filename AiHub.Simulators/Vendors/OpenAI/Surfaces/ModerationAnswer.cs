using System.Text.Json;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <summary>Minds texts that speak of killing, and no others. Like OpenAI it says nothing about usage.</summary>
public static class ModerationAnswer
{
    public const string Path = "moderations";
    private static readonly string[] Categories =
    [
        "harassment", "harassment/threatening", "sexual", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm/intent", "self-harm/instructions", "self-harm",
        "sexual/minors", "violence", "violence/graphic",
    ];

    public static OpenAIError? Check(SurfaceBody body, bool refuseUnknown) =>
        Rules.Unknown(body.Fields, refuseUnknown, "model", "input")
        ?? Rules.Needs(body.Fields, "input")
        ?? (body.Fields.Given("input") is { ValueKind: JsonValueKind.String or JsonValueKind.Array } ? null : Rules.WrongType("input", "a string or an array"));

    public static Answer Of(SurfaceModel model, SurfaceBody body, DateTimeOffset now)
    {
        var input = body.Fields.Given("input")!.Value;
        List<string> texts = input.ValueKind == JsonValueKind.String ? [input.GetString()!]
            : input.EnumerateArray().First().ValueKind == JsonValueKind.String ? [.. input.EnumerateArray().Select(one => one.GetString()!)]
            // Parts of one thing: words and pictures.
            : [string.Join(' ', input.EnumerateArray().Select(part => part.Given("text")?.GetString()))];

        return new Answer(texts.Sum(Tokens.Count), 0)
        {
            Document = new JsonObject
            {
                ["id"] = $"modr-{Guid.CreateVersion7(now):N}",
                ["model"] = model.Name,
                ["results"] = new JsonArray([.. texts.Select(text => (JsonNode)Result(text.Contains("kill", StringComparison.OrdinalIgnoreCase)))]),
            },
        };
    }

    private static JsonObject Result(bool violent) => new()
    {
        ["flagged"] = violent,
        ["categories"] = Each(category => violent && category == "violence"),
        ["category_scores"] = Each(category => violent && category == "violence" ? 0.98 : 0.001),
        ["category_applied_input_types"] = Each(_ => new JsonArray("text")),
    };

    private static JsonObject Each(Func<string, JsonNode> value) => new(Categories.Select(category => KeyValuePair.Create(category, (JsonNode?)value(category))));
}
