using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Metering;

namespace AiHub.Gateway.Chat;

/// <summary>One chat request from door to door: who asks, what for, and then the way of all text, <see cref="TextCalls"/>.</summary>
public static class ChatEndpoint
{
    public static void MapChat(this IEndpointRouteBuilder routes) => routes.MapPost("/chat/completions", CompleteAsync);

    private static async Task<IResult> CompleteAsync(HttpContext context, ApiKeys keys, TextCalls calls, TimeProvider time)
    {
        var received = time.GetTimestamp();
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var (request, unreadable) = await ChatRequest.ReadAsync(context.Request, context.RequestAborted);
        if (request is { HasRoutingFields: true })
        {
            (request, unreadable) = request.WithoutRoutingFields();
        }

        return request is null
            ? unreadable!
            : await calls.AnswerAsync(context, caller, Surfaces.Chat, request, received, call => new ChatForClient(call));
    }
}
