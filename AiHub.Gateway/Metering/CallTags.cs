using AiHub.Gateway.Access;
using AiHub.Gateway.Errors;

namespace AiHub.Gateway.Metering;

/// <summary>What a call is filed under, beside what its key is: <c>x-aihub-tags: project:search, nightly</c>.</summary>
public static class CallTags
{
    public const string Header = "x-aihub-tags";
    public const int Most = 10;
    public const int Longest = 64;

    /// <summary>The caller with the tags of this request, or why it cannot have them.</summary>
    public static (Caller? Caller, OpenAIError? Error) Tagged(this Caller caller, HttpRequest request)
    {
        if (!request.Headers.TryGetValue(Header, out var values))
        {
            return (caller, null);
        }

        var tags = values.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (tags.Length > Most || Array.Exists(tags, tag => tag.Length > Longest || tag.Any(char.IsControl)))
        {
            return (null, OpenAIError.Of(StatusCodes.Status400BadRequest, $"The header {Header} takes at most {Most} tags, separated by commas, of at most {Longest} characters each."));
        }

        // Sorted and each once, so that the same tags are the same wherever they are compared.
        return (caller with { FiledUnder = [.. caller.FiledUnder.Concat(tags).Distinct().Order(StringComparer.Ordinal)] }, null);
    }
}
