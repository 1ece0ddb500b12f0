namespace AiHub.Gateway.Dialects.Responses;

/// <summary>Why a request cannot be served as it stands: the caller's fault, always a 400.</summary>
/// <param name="Param">The path of the member at fault, for example <c>tools[0].name</c>.</param>
public sealed record ResponsesRefusal(string Message, string? Param, string Code)
{
    public static ResponsesRefusal Wrong(string param, string expected) =>
        new($"Invalid type for '{param}': expected {expected}.", param, "invalid_type");

    public static ResponsesRefusal Missing(string param) =>
        new($"Missing required parameter: '{param}'.", param, "missing_required_parameter");

    public static ResponsesRefusal Unsupported(string param, string why) =>
        new($"Unsupported parameter: '{param}'. {why}", param, "unsupported_parameter");
}

/// <summary>Why an answer could not be finished, in the words and with the code the caller sees.</summary>
/// <param name="Code">
/// Agents act on it: Codex retries all but <c>context_length_exceeded</c>, <c>insufficient_quota</c> and <c>usage_not_included</c>.
/// </param>
public sealed record ResponseFailure(string Code, string Message)
{
    public static readonly ResponseFailure Truncated = new("server_error", "The model's answer broke off before its end.");
    public static readonly ResponseFailure Malformed = new("server_error", "The model's answer was not well-formed.");
}
