using AiHub.Portal.Resources;

namespace AiHub.Portal.Admin;

/// <summary>How a vendor differs from its dialect, a line each: <c>output_limit = max_completion_tokens</c>.</summary>
public static class QuirkLines
{
    public const string Example = """
        output_limit = max_completion_tokens
        thinking:qwen3 = enable_thinking
        defaults = {"enable_thinking":false}
        """;

    /// <summary>What there is, what it means and an example of its value.</summary>
    public static IReadOnlyList<(string Name, string Meaning, string Example)> Known =>
    [
        ("output_limit", Text.Quirk_OutputLimit, "max_completion_tokens"),
        ("stream_options", Text.Quirk_StreamOptions, "false"),
        ("extras", Text.Quirk_Extras, "ReasoningContent"),
        ("done", Text.Quirk_Done, "false"),
        ("auth", Text.Quirk_Auth, "api-key"),
        ("path", Text.Quirk_Path, "/deployments/{model}/chat/completions"),
        ("api_version", Text.Quirk_ApiVersion, "2024-10-21"),
        ("errors", Text.Quirk_Errors, "1113=unauthorized 1302=busy"),
        ("drop", Text.Quirk_Drop, "logit_bias user"),
        ("rename", Text.Quirk_Rename, "max_completion_tokens=max_tokens"),
        ("defaults", Text.Quirk_Defaults, "{\"enable_thinking\":false}"),
        ("thinking", Text.Quirk_Thinking, "enable_thinking"),
        ("developer_role", Text.Quirk_DeveloperRole, "false"),
        ("sampling", Text.Quirk_Sampling, "false"),
        ("system_turns", Text.Quirk_SystemTurns, "true"),
        ("models_endpoint", Text.Quirk_ModelsEndpoint, "false"),
        ("connector", Text.Quirk_Connector, "wire"),
        ("balance", Text.Quirk_Balance, "/user/balance balance_infos.0.total_balance CNY"),
    ];

    public static string Write(IReadOnlyDictionary<string, string> quirks) => string.Join('\n', quirks.Select(quirk => $"{quirk.Key} = {quirk.Value}"));

    /// <param name="bad">The first line that says nothing.</param>
    public static bool TryRead(IReadOnlyList<string> lines, out Dictionary<string, string> quirks, out string bad)
    {
        quirks = [];
        foreach (var line in lines)
        {
            // A value may have such signs too.
            var parts = line.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts is not [{ Length: > 0 } name, { Length: > 0 } value] || !quirks.TryAdd(name, value))
            {
                bad = line;
                return false;
            }
        }

        bad = "";
        return true;
    }
}
