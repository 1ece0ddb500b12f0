using AiHub.Gateway.Access;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;

namespace AiHub.Gateway.Dialects.Completions;

/// <summary>The text completions of the time before chat, answered by chat models.</summary>
public static class CompletionsEndpoint
{
    public static void MapCompletions(this IEndpointRouteBuilder routes) => routes.MapPost("/completions", AnswerAsync);

    private static async Task<IResult> AnswerAsync(HttpContext context, ApiKeys keys, TextCalls calls, TokenCounter counter, TimeProvider time)
    {
        var received = time.GetTimestamp();
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

        if (!CompletionsRequest.TryRead(body.Json, out var request, out var wrong))
        {
            return wrong;
        }

        if (request.Prompts.Count > 1)
        {
            // Each is a call of its own, with its own hold and its own record; a client asks for them one by one.
            request.Dispose();
            return OpenAIError.BadRequest("Send one prompt a request: every answer is metered by itself.", "prompt", "too_many_prompts");
        }

        var asked = new CompletionsCall(body.Json, request, counter);
        context.Response.RegisterForDispose(asked);
        var (chat, refusal) = ChatRequest.Of(asked);
        return chat is null
            ? refusal!
            : await calls.AnswerAsync(context, caller, Surfaces.Completions, chat, received, call => new CompletionsForClient(call, asked));
    }
}
