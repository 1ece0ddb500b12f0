using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers;

/// <summary>How a vendor differs from the text of the dialect it speaks. Data of the vendor's row, not code.</summary>
public sealed record VendorQuirks
{
    public static readonly VendorQuirks None = new();

    /// <summary>What a vendor's row may say.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "output_limit", "stream_options", "extras", "done", "auth", "path", "api_version", "errors", "drop", "rename", "defaults", "thinking",
        "developer_role", "sampling", "system_turns", "models_endpoint", "connector", VendorBalance.Quirk,
    ];

    /// <summary>What its <c>extras</c> may be, set apart by commas.</summary>
    public static IReadOnlyList<string> ExtrasNames { get; } = Enum.GetNames<ChatExtras>();

    /// <summary>The field by which this vendor limits an answer when the client named none.</summary>
    public string OutputLimitField { get; init; } = "max_tokens";

    /// <summary>False for vendors that refuse <c>stream_options</c>.</summary>
    public bool ReportsStreamUsage { get; init; } = true;

    /// <summary>What it takes beyond the Chat Completions that every vendor understands; matters where a request is translated.</summary>
    public ChatExtras Extras { get; init; }

    /// <summary>False for vendors that just close the line after the last chunk instead of sending <c>[DONE]</c>.</summary>
    public bool SendsDone { get; init; } = true;

    /// <summary>The header that carries its key, or <c>bearer</c>; empty for the dialect's own.</summary>
    public string Auth { get; init; } = "";

    /// <summary>The path of its chat beside the base URL, where <c>{model}</c> stands for the model; empty for the dialect's own.</summary>
    public string Path { get; init; } = "";

    /// <summary>The version an Azure resource or Anthropic's API is asked for.</summary>
    public string ApiVersion { get; init; } = "";

    /// <summary>What its numbered errors mean: <c>1113=unauthorized 1302=busy</c>.</summary>
    public string Errors { get; init; } = "";

    /// <summary>Parameters it refuses, set apart by spaces. They are left out, and the caller is told.</summary>
    public string Drop { get; init; } = "";

    /// <summary>Parameters it knows by another name: <c>max_completion_tokens=max_tokens</c>.</summary>
    public string Rename { get; init; } = "";

    /// <summary>Parameters it needs unless the client sets them, as a JSON object: <c>{"enable_thinking":false}</c>.</summary>
    public string Defaults { get; init; } = "";

    /// <summary>
    /// How a model wants to be told to think. Chat Completions: <c>effort</c>, <c>enable_thinking</c>, <c>thinking</c>, <c>none</c>, or empty to pass on
    /// what the client wrote. Messages: <c>adaptive</c>, <c>budget</c>, <c>none</c>. Gemini: <c>level</c>, <c>budget</c>, <c>none</c>.
    /// </summary>
    public string Thinking { get; init; } = "";

    /// <summary>False for vendors that do not know the role <c>developer</c>; they are told <c>system</c>.</summary>
    public bool KnowsDeveloper { get; init; } = true;

    /// <summary>False for models that refuse <c>temperature</c> and its like.</summary>
    public bool TakesSampling { get; init; } = true;

    /// <summary>True for Messages models that take system messages in the midst of a conversation.</summary>
    public bool TakesSystemTurns { get; init; }

    /// <summary>Some part of a request has to be said otherwise.</summary>
    internal bool ShapesRequests => Drop.Length > 0 || Rename.Length > 0 || Defaults.Length > 0 || Thinking.Length > 0 || !KnowsDeveloper;

    /// <param name="quirks">As the vendor's row has them; <c>thinking:claude-haiku</c> speaks of models whose name begins so, and outweighs <c>thinking</c>.</param>
    public static VendorQuirks Of(IReadOnlyDictionary<string, string> quirks, string model)
    {
        return new VendorQuirks
        {
            OutputLimitField = Find("output_limit") ?? None.OutputLimitField,
            ReportsStreamUsage = Find("stream_options") != "false",
            Extras = Find("extras") is { } extras ? ExtrasOf(extras) : ChatExtras.None,
            SendsDone = Find("done") != "false",
            Auth = Find("auth") ?? "",
            Path = Find("path") ?? "",
            ApiVersion = Find("api_version") ?? "",
            Errors = Find("errors") ?? "",
            Drop = Find("drop") ?? "",
            Rename = Find("rename") ?? "",
            Defaults = Find("defaults") ?? "",
            Thinking = Find("thinking") ?? "",
            KnowsDeveloper = Find("developer_role") != "false",
            TakesSampling = Find("sampling") != "false",
            TakesSystemTurns = Find("system_turns") == "true",
        };

        string? Find(string name)
        {
            var mark = $"{name}:";
            return quirks
                .Where(quirk => quirk.Key.StartsWith(mark, StringComparison.Ordinal) && model.StartsWith(quirk.Key[mark.Length..], StringComparison.OrdinalIgnoreCase))
                .OrderByDescending(quirk => quirk.Key.Length)
                .Select(quirk => quirk.Value)
                .FirstOrDefault(quirks.GetValueOrDefault(name));
        }
    }

    internal static bool ArePairs(string pairs) =>
        pairs.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } all && all.All(pair => pair.Split('=') is [{ Length: > 0 }, { Length: > 0 }]);

    internal static bool AreErrors(string pairs) =>
        ArePairs(pairs) && pairs.Split(' ', StringSplitOptions.RemoveEmptyEntries).All(pair => Enum.TryParse<ProviderFailure>(pair.Split('=')[1], ignoreCase: true, out _));

    internal static bool AreDefaults(string json)
    {
        try
        {
            return JsonNode.Parse(json) is JsonObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    internal static bool AreExtras(string names) => Enum.TryParse<ChatExtras>(names, out _);

    /// <exception cref="InvalidOperationException">There are no such extras.</exception>
    private static ChatExtras ExtrasOf(string names) =>
        Enum.TryParse<ChatExtras>(names, out var extras) ? extras : throw new InvalidOperationException($"There are no extras '{names}'. There are: {string.Join(", ", ExtrasNames)}.");

    internal ProviderFailure? FailureOf(string? code)
    {
        if (Errors.Length == 0 || code is null)
        {
            return null;
        }

        foreach (var pair in Errors.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.Split('=') is [var named, var failure] && named == code && Enum.TryParse<ProviderFailure>(failure, ignoreCase: true, out var known))
            {
                return known;
            }
        }

        return null;
    }

    internal bool Drops(string parameter) => Drop.Split(' ').Contains(parameter);

    internal string? NewName(string parameter) =>
        Rename.Split(' ').Select(pair => pair.Split('=')).FirstOrDefault(pair => pair.Length == 2 && pair[0] == parameter)?[1];
}
