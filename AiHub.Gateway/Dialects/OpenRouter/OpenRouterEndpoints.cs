using AiHub.Gateway.Access;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Metering;

namespace AiHub.Gateway.Dialects.OpenRouter;

/// <summary>What OpenRouter's clients call, under <c>/api/v1</c> beside the management API.</summary>
public static class OpenRouterEndpoints
{
    public const string GenerationHeader = "X-Generation-Id";

    private static readonly PathString Base = "/api/v1";
    private static readonly PathString[] Own = ["/chat", "/embeddings", "/models", "/credits", "/key", "/auth/key", "/generation"];

    public static void MapOpenRouter(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/chat/completions", AnswerAsync);
        routes.MapOpenRouterEmbeddings();
        routes.MapOpenRouterModels();
        routes.MapOpenRouterAccount();
    }

    /// <summary>Whether a path is OpenRouter's, and not the management API's, which live under the same base.</summary>
    public static bool Owns(PathString path) => path.StartsWithSegments(Base, out var rest) && Own.Any(own => rest.StartsWithSegments(own));

    private static async Task<IResult> AnswerAsync(HttpContext context, ApiKeys keys, TextCalls calls, TimeProvider time)
    {
        var received = time.GetTimestamp();
        context.Response.Headers[GenerationHeader] = Generations.Name(Errors.RequestIds.RequestId(context));
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var body = await RequestBody.ReadOwnAsync(context.Request, context.RequestAborted);
        if (body.Error is { } unreadable)
        {
            return unreadable;
        }

        var (chat, request, wrong) = OpenRouterRequest.Read(body.Json);
        if (chat is null || request is null)
        {
            return wrong!;
        }

        context.Response.RegisterForDispose(request);
        return await calls.AnswerAsync(context, caller, Surfaces.OpenRouter, chat, received, call => new OpenRouterForClient(call, request));
    }
}
