using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <summary>Pictures of one colour, which the prompt decides; made new or from others.</summary>
public static class ImageAnswer
{
    public const string Path = "images";
    private const int TokensOfAPicture = 100;
    private static readonly string[] Known =
    [
        "model", "prompt", "n", "size", "quality", "background", "moderation", "output_compression", "output_format", "partial_images", "response_format", "stream", "style", "user",
        "input_fidelity", "images", "image", "mask",
    ];

    public static OpenAIError? Check(SurfaceBody body, bool refuseUnknown, bool edits)
    {
        var fields = body.Fields;
        return Rules.Unknown(fields, refuseUnknown, Known)
            ?? Rules.Needs(fields, "prompt")
            ?? Rules.IsText(fields, "prompt", 32_000)
            ?? Rules.IsWhole(fields, "n", 1, 10)
            ?? Rules.IsOneOf(fields, "size", "auto", "256x256", "512x512", "1024x1024", "1536x1024", "1024x1536", "1792x1024", "1024x1792")
            ?? Rules.IsOneOf(fields, "quality", "auto", "low", "medium", "high", "standard", "hd")
            ?? Rules.IsOneOf(fields, "output_format", "png", "jpeg", "webp")
            ?? Rules.IsOneOf(fields, "response_format", "url", "b64_json")
            ?? Rules.IsWhole(fields, "partial_images", 0, 3)
            ?? Rules.IsFlag(fields, "stream")
            ?? (edits && !body.Files.Any(file => file.Field is "image" or "image[]") && fields.Given("images") is null
                ? OpenAIError.Invalid("Missing required parameter: 'image'.", "image", "missing_required_parameter")
                : null);
    }

    public static Answer Of(SurfaceBody body, HttpRequest http, DateTimeOffset now, bool edits)
    {
        var fields = body.Fields;
        var prompt = fields.Given("prompt")!.Value.GetString()!;
        var count = fields.Given("n")?.GetInt32() ?? 1;
        var shown = body.Files.Count(file => file.Field is "image" or "image[]") + (fields.Given("images")?.GetArrayLength() ?? 0);
        var (words, pictures) = (Tokens.Count(prompt), shown * TokensOfAPicture);
        var quality = fields.Given("quality")?.GetString() ?? "auto";
        var each = quality switch { "low" => 272, "high" or "hd" => 4_160, _ => 1_056 };
        var asUrl = fields.Given("response_format")?.GetString() == "url";

        if (fields.Given("stream") is { ValueKind: System.Text.Json.JsonValueKind.True })
        {
            var kind = edits ? "image_edit" : "image_generation";
            var previews = fields.Given("partial_images")?.GetInt32() ?? 0;
            var usage = Usage(words, pictures, each + (TokensOfAPicture * previews));
            return new Answer(words + pictures, each + (TokensOfAPicture * previews))
            {
                ContentType = ChatEndpoint.EventStream,
                Pieces =
                [
                    .. Enumerable.Range(0, previews).Select(index => new Step.Event(Event($"{kind}.partial_image", $"{prompt} {index}", quality, now, ("partial_image_index", index)))),
                    new Step.Event(Event($"{kind}.completed", prompt, quality, now, ("usage", usage))),
                ],
            };
        }

        return new Answer(words + pictures, each * count)
        {
            Document = new JsonObject
            {
                ["created"] = now.ToUnixTimeSeconds(),
                ["background"] = "opaque",
                ["data"] = new JsonArray([.. Enumerable.Range(0, count).Select(index => (JsonNode)(asUrl
                    ? new JsonObject { ["url"] = $"{http.Scheme}://{http.Host}/vendors/openai/pictures/{Colour($"{prompt} {index}")}.png" }
                    : new JsonObject { ["b64_json"] = Convert.ToBase64String(Picture.Of(Colour($"{prompt} {index}"))) }))]),
                ["output_format"] = "png",
                ["quality"] = quality,
                ["size"] = fields.Given("size")?.GetString() ?? "1024x1024",
                ["usage"] = Usage(words, pictures, each * count),
            },
        };
    }

    private static JsonObject Event(string type, string picture, string quality, DateTimeOffset now, (string Name, JsonNode Value) own) => new()
    {
        ["type"] = type,
        ["b64_json"] = Convert.ToBase64String(Picture.Of(Colour(picture))),
        ["created_at"] = now.ToUnixTimeSeconds(),
        ["size"] = "1024x1024",
        ["quality"] = quality,
        ["background"] = "opaque",
        ["output_format"] = "png",
        [own.Name] = own.Value,
    };

    private static JsonObject Usage(int words, int pictures, int made) => new()
    {
        ["total_tokens"] = words + pictures + made,
        ["input_tokens"] = words + pictures,
        ["output_tokens"] = made,
        ["input_tokens_details"] = new JsonObject { ["text_tokens"] = words, ["image_tokens"] = pictures },
    };

    private static string Colour(string words) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(words)))[..6];
}
