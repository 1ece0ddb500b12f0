namespace AiHub.Gateway.Dialects.Responses;

/// <summary>Why an answer could not be finished, in the words and with the code the caller sees.</summary>
/// <param name="Code">
/// Agents act on it: Codex retries all but <c>context_length_exceeded</c>, <c>insufficient_quota</c> and <c>usage_not_included</c>.
/// </param>
public sealed record ResponseFailure(string Code, string Message)
{
    public static readonly ResponseFailure Truncated = new("server_error", "The model's answer broke off before its end.");
    public static readonly ResponseFailure Malformed = new("server_error", "The model's answer was not well-formed.");
}
