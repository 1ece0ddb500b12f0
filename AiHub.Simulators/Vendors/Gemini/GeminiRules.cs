using System.Text.Json;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Simulators.Vendors.Shared;

namespace AiHub.Simulators.Vendors.Gemini;

/// <summary>What Google checks in a request before any model sees it, in its own words.</summary>
internal static class GeminiRules
{
    // Stands for history that another model wrote and nobody signed.
    private const string Unsigned = "skip_thought_signature_validator";

    private static readonly string[] PartData = ["text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult"];

    private static readonly Shape Blob = Shape.Object(["mimeType", "data"], ("mimeType", () => Shape.Text), ("data", () => Shape.Text));

    private static readonly Shape Part = Shape.Object(
        [],
        ("text", () => Shape.Text),
        ("thought", () => Shape.Flag),
        ("thoughtSignature", () => Shape.Text),
        ("inlineData", () => Blob!),
        ("fileData", () => Shape.Object(["fileUri"], ("mimeType", () => Shape.Text), ("fileUri", () => Shape.Text))),
        ("functionCall", () => Shape.Object(["name"], ("id", () => Shape.Text), ("name", () => Shape.Text), ("args", () => Shape.Map))),
        ("functionResponse", () => Shape.Object(["name", "response"], ("id", () => Shape.Text), ("name", () => Shape.Text), ("response", () => Shape.Map))),
        ("executableCode", () => Shape.Object(["language", "code"], ("language", () => Shape.Text), ("code", () => Shape.Text), ("id", () => Shape.Text))),
        ("codeExecutionResult", () => Shape.Object(["outcome"], ("outcome", () => Shape.Text), ("output", () => Shape.Text), ("id", () => Shape.Text))),
        ("videoMetadata", () => Shape.Map));

    private static readonly Shape Content = Shape.Object(["parts"], ("role", () => Shape.Words("user", "model")), ("parts", () => Shape.List(() => Part)));

    private static readonly Shape Tool = Shape.Object(
        [],
        ("functionDeclarations", () => Shape.List(() => Shape.Object(
            ["name"], ("name", () => Shape.Text), ("description", () => Shape.Text), ("parameters", () => Shape.Map), ("parametersJsonSchema", () => Shape.Map), ("response", () => Shape.Map)))),
        ("googleSearch", () => Shape.Map),
        ("codeExecution", () => Shape.Map),
        ("urlContext", () => Shape.Map));

    private static readonly Shape Config = Shape.Object(
        [],
        ("stopSequences", () => Shape.List(() => Shape.Text)),
        ("responseMimeType", () => Shape.Words("text/plain", "application/json", "text/x.enum")),
        ("responseSchema", () => Shape.Map),
        ("responseJsonSchema", () => Shape.Map),
        ("responseModalities", () => Shape.List(() => Shape.Words("TEXT", "IMAGE", "AUDIO"))),
        ("candidateCount", () => Shape.Integer),
        ("maxOutputTokens", () => Shape.Integer),
        ("temperature", () => Shape.Number),
        ("topP", () => Shape.Number),
        ("topK", () => Shape.Integer),
        ("seed", () => Shape.Integer),
        ("presencePenalty", () => Shape.Number),
        ("frequencyPenalty", () => Shape.Number),
        ("responseLogprobs", () => Shape.Flag),
        ("logprobs", () => Shape.Integer),
        ("thinkingConfig", () => Shape.Object(
            [], ("includeThoughts", () => Shape.Flag), ("thinkingBudget", () => Shape.Integer), ("thinkingLevel", () => Shape.Words("minimal", "low", "medium", "high")))));

    private static readonly Shape Request = Shape.Object(
        ["contents"],
        ("contents", () => Shape.List(() => Content)),
        ("systemInstruction", () => Content),
        ("tools", () => Shape.List(() => Tool)),
        ("toolConfig", () => Shape.Object([], ("functionCallingConfig", () => Shape.Object(
            [], ("mode", () => Shape.Words("AUTO", "ANY", "NONE", "VALIDATED")), ("allowedFunctionNames", () => Shape.List(() => Shape.Text)))))),
        ("generationConfig", () => Config),
        ("safetySettings", () => Shape.List(() => Shape.Object(["category", "threshold"], ("category", () => Shape.Text), ("threshold", () => Shape.Text)))),
        ("cachedContent", () => Shape.Text),
        ("labels", () => Shape.Map));

    /// <returns>Null when the body is a request that Google would take.</returns>
    public static string? Check(JsonElement body) => Request.Check(body, "").Select(Say).Concat(BrokenTurns(body)).FirstOrDefault();

    private static string Say(Break broken) => broken.Kind switch
    {
        BreakKind.Unknown => broken.Path.Length > 0
            ? $"Invalid JSON payload received. Unknown name \"{broken.Name}\" at '{broken.Path}': Cannot find field."
            : $"Invalid JSON payload received. Unknown name \"{broken.Name}\": Cannot find field.",
        BreakKind.Missing => $"* GenerateContentRequest.{broken.Path}: required field is not set",
        _ => $"Invalid value at '{broken.Path}' ({broken.Expected}), {broken.Value.GetRawText()}",
    };

    private static IEnumerable<string> BrokenTurns(JsonElement body)
    {
        var contents = body.GetProperty("contents").EnumerateArray().ToArray();
        if (contents.Length == 0)
        {
            yield return "* GenerateContentRequest.contents: contents is not specified";
            yield break;
        }

        var calls = 0;
        foreach (var (number, content) in contents.Index())
        {
            var parts = GeminiVendor.PartsOf(content).ToArray();
            if (parts.Length == 0)
            {
                yield return $"* GenerateContentRequest.contents[{number}].parts: contents.parts must not be empty.";
            }

            foreach (var (position, part) in parts.Index())
            {
                if (PartData.Count(name => part.Given(name) is not null) != 1)
                {
                    yield return $"* GenerateContentRequest.contents[{number}].parts[{position}].data: required oneof field 'data' must have one initialized field";
                }
            }

            var answers = parts.Count(part => part.Given("functionResponse") is not null);
            if (answers != calls)
            {
                yield return calls == 0
                    ? "Please ensure that function response turn comes immediately after a function call turn."
                    : "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.";
            }

            foreach (var broken in BrokenSignatures(content, parts, number))
            {
                yield return broken;
            }

            calls = parts.Count(part => part.Given("functionCall") is not null);
        }
    }

    // Of several calls the first is signed; what is signed must have been signed here, for that call.
    private static IEnumerable<string> BrokenSignatures(JsonElement content, JsonElement[] parts, int number)
    {
        if (GeminiVendor.RoleOf(content) != "model")
        {
            yield break;
        }

        var isFirst = true;
        foreach (var (position, part) in parts.Index())
        {
            var signature = part.Given("thoughtSignature")?.GetString();
            if (part.Given("functionCall") is { } call)
            {
                var name = call.GetProperty("name").GetString();
                if (isFirst && signature is null)
                {
                    yield return $"Function call is missing a thought_signature in functionCall parts. Function call `default_api:{name}`, position {position + 1}.";
                }

                isFirst = false;
                if (signature is not null && signature != Unsigned && signature != GeminiVendor.Signature($"call {name}"))
                {
                    yield return $"Thought signature is not valid at contents[{number}].parts[{position}].";
                }
            }
            else if (signature is not null && signature != GeminiVendor.Signature("text"))
            {
                yield return $"Thought signature is not valid at contents[{number}].parts[{position}].";
            }
        }
    }
}
