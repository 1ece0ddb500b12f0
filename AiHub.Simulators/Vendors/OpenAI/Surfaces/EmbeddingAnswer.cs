using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <summary>Vectors that are the same for the same text, of length one.</summary>
public static class EmbeddingAnswer
{
    public const string Path = "embeddings";
    private const int UsualDimensions = 1_536;
    private const int MostTokens = 8_192;

    public static OpenAIError? Check(SurfaceBody body, bool refuseUnknown)
    {
        var fields = body.Fields;
        return Rules.Unknown(fields, refuseUnknown, "model", "input", "dimensions", "encoding_format", "user")
            ?? Rules.Needs(fields, "input")
            ?? Rules.IsOneOf(fields, "encoding_format", "float", "base64")
            ?? Rules.IsWhole(fields, "dimensions", 1, 3_072)
            ?? Rules.IsText(fields, "user")
            ?? CheckInput(fields.Given("input")!.Value);
    }

    public static Answer Of(SurfaceModel model, SurfaceBody body)
    {
        var fields = body.Fields;
        var inputs = Inputs(fields.Given("input")!.Value).ToList();
        var dimensions = fields.Given("dimensions")?.GetInt32() ?? UsualDimensions;
        var asBase64 = fields.Given("encoding_format")?.GetString() == "base64";
        var tokens = inputs.Sum(TokensOf);

        return new Answer(tokens, 0)
        {
            Document = new JsonObject
            {
                ["object"] = "list",
                ["data"] = new JsonArray([.. inputs.Select((input, index) => (JsonNode)new JsonObject
                {
                    ["object"] = "embedding",
                    ["index"] = index,
                    ["embedding"] = asBase64 ? Base64(Vector(input, dimensions)) : new JsonArray([.. Vector(input, dimensions).Select(value => (JsonNode)value)]),
                })]),
                ["model"] = model.Name,
                ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
            },
        };
    }

    /// <summary>From the text alone; a list of tokens counts as the text of its JSON.</summary>
    public static float[] Vector(string text, int dimensions)
    {
        var vector = new float[dimensions];
        for (var block = 0; block * 8 < dimensions; block++)
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{block}:{text}"));
            for (var index = 0; index < 8 && (block * 8) + index < dimensions; index++)
            {
                vector[(block * 8) + index] = (float)BinaryPrimitives.ReadInt32LittleEndian(hash.AsSpan(index * 4)) / int.MaxValue;
            }
        }

        var length = MathF.Sqrt(vector.Sum(value => value * value));
        return [.. vector.Select(value => value / length)];
    }

    private static OpenAIError? CheckInput(JsonElement input)
    {
        var many = input.ValueKind == JsonValueKind.Array;
        if (!many && input.ValueKind != JsonValueKind.String)
        {
            return Rules.WrongType("input", "a string or an array");
        }

        if (many && input.GetArrayLength() is 0 or > 2_048)
        {
            return OpenAIError.Invalid("Invalid 'input': the array must have between 1 and 2048 elements.", "input", "invalid_value");
        }

        if (many && !input.EnumerateArray().All(one => one.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.Array))
        {
            return Rules.WrongType("input", "strings or lists of tokens");
        }

        return Inputs(input).Any(text => text.Length == 0) ? OpenAIError.Invalid("'input' cannot be an empty string.", "input", "invalid_value")
            : Inputs(input).Any(text => TokensOf(text) > MostTokens)
                ? OpenAIError.Invalid($"This model's maximum context length is {MostTokens} tokens.", "input", "context_length_exceeded")
                : null;
    }

    private static IEnumerable<string> Inputs(JsonElement input) =>
        input.ValueKind == JsonValueKind.String ? [input.GetString()!]
        : input.EnumerateArray().First().ValueKind == JsonValueKind.Number ? [input.GetRawText()]
        : input.EnumerateArray().Select(one => one.ValueKind == JsonValueKind.String ? one.GetString()! : one.GetRawText());

    private static int TokensOf(string input) => input.StartsWith('[') && input.EndsWith(']') ? input.Count(character => character == ',') + 1 : Tokens.Count(input);

    private static string Base64(float[] vector)
    {
        var bytes = new byte[vector.Length * 4];
        for (var index = 0; index < vector.Length; index++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(index * 4), vector[index]);
        }

        return Convert.ToBase64String(bytes);
    }
}
