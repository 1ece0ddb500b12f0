using System.Buffers;
using System.Text.Json;
using AiHub.Gateway.Access;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>Anthropic's Messages: an answer, and how long a prompt is.</summary>
public static class MessagesEndpoint
{
    // What a vendor of this dialect understands; the key in it is the hub's own and goes nowhere.
    private static readonly string[] VendorHeaders = [ErrorShapes.AnthropicVersion, "anthropic-beta"];

    public static void MapMessages(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/messages", AnswerAsync);
        routes.MapPost("/messages/count_tokens", CountAsync);
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, ApiKeys keys, TextCalls calls, TimeProvider time)
    {
        var received = time.GetTimestamp();
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var (request, unreadable) = await ReadAsync(context, asksForAnswer: true);
        if (request is null)
        {
            return unreadable!;
        }

        var (chat, refusal) = ChatRequest.Of(request);
        return chat is null
            ? refusal!
            : await calls.AnswerAsync(context, caller, Surfaces.Messages, chat, received, call => new MessagesForClient(call, request));
    }

    // Costs nothing and counts as no request: agents ask before every turn.
    private static async Task<IResult> CountAsync(HttpContext context, ApiKeys keys, Router router, TokenCounter counter)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var (request, unreadable) = await ReadAsync(context, asksForAnswer: false);
        if (request is null)
        {
            return unreadable!;
        }

        var (plan, nowhere) = router.Plan(request.Model, caller, context.RequestId());
        if (plan is null)
        {
            return Refusals.Of(nowhere!.Value, request.Model, caller);
        }

        var tokens = PromptSize.Count(request.Body, text => counter.Count(plan.Model.Id, text));
        return new Counted(tokens);
    }

    private static async ValueTask<(MessagesRequest? Request, OpenAIError? Error)> ReadAsync(HttpContext context, bool asksForAnswer)
    {
        var body = await RequestBody.ReadOwnAsync(context.Request, context.RequestAborted);
        if (body.Error is { } unreadable)
        {
            return (null, unreadable);
        }

        KeyValuePair<string, string>[] headers =
            [.. VendorHeaders.Where(context.Request.Headers.ContainsKey).Select(name => KeyValuePair.Create(name, context.Request.Headers[name].ToString()))];
        if (!MessagesRequest.TryRead(body.Json, asksForAnswer, headers, out var request, out var refusal))
        {
            return (null, refusal);
        }

        context.Response.RegisterForDispose(request);
        return (request, null);
    }

    private sealed class Counted(long tokens) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var body = new ArrayBufferWriter<byte>(64);
            using (var writer = new Utf8JsonWriter(body))
            {
                writer.WriteStartObject();
                writer.WriteNumber("input_tokens"u8, tokens);
                writer.WriteEndObject();
            }

            httpContext.Response.ContentType = "application/json";
            httpContext.Response.ContentLength = body.WrittenCount;
            await httpContext.Response.BodyWriter.WriteAsync(body.WrittenMemory, httpContext.RequestAborted);
        }
    }
}
