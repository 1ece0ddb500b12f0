namespace AiHub.Gateway.Errors;

/// <summary>How an error is written down.</summary>
internal enum ErrorShape
{
    OpenAI,
    Anthropic,
    OpenRouter,
}

/// <summary>An error takes the shape of the dialect whose path was asked, also where there is nothing at that path.</summary>
internal static class ErrorShapes
{
    /// <summary>A model's list is asked for at one path by both; Anthropic's clients say who they are.</summary>
    public const string AnthropicVersion = "anthropic-version";

    public static ErrorShape ErrorShape(this HttpContext context)
    {
        var path = context.Request.Path;
        if (path.StartsWithSegments("/api/v1"))
        {
            return Errors.ErrorShape.OpenRouter;
        }

        if (path.StartsWithSegments("/anthropic"))
        {
            return Errors.ErrorShape.Anthropic;
        }

        while (path.StartsWithSegments("/v1", out var rest))
        {
            path = rest;
        }

        return path.StartsWithSegments("/messages") || (path.StartsWithSegments("/models") && context.Request.Headers.ContainsKey(AnthropicVersion))
            ? Errors.ErrorShape.Anthropic
            : Errors.ErrorShape.OpenAI;
    }
}
