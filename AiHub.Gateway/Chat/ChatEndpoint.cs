using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Limits;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Chat;

/// <summary>One chat request from door to door: who asks, what for, who may answer, whether it is allowed and paid for, the answer, its bill.</summary>
public static class ChatEndpoint
{
    public static void MapChat(this IEndpointRouteBuilder routes) => routes.MapPost("/chat/completions", CompleteAsync);

    private static async Task<IResult> CompleteAsync(
        HttpContext context, ApiKeys keys, Router router, LimitGate gate, Meter meter, ProviderSet providers, TimeProvider time)
    {
        var received = time.GetTimestamp();
        var gone = context.RequestAborted;

        var (caller, stranger) = await keys.FindAsync(context.Request.Headers.Authorization, gone);
        if (caller is null)
        {
            return stranger!;
        }

        var (request, unreadable) = await ChatRequest.ReadAsync(context.Request, gone);
        if (request is null)
        {
            return unreadable!;
        }

        context.Response.RegisterForDispose(request);
        var (plan, nowhere) = router.Plan(request.Model, caller, context.RequestId());
        if (plan is null)
        {
            return Refusals.Of(nowhere!.Value, request.Model, caller);
        }

        var admission = await gate.AdmitAsync(caller, gone);
        admission.WriteTo(context.Response);
        if (admission.Refusal is { } tooFast)
        {
            return Refusals.Of(tooFast, caller);
        }

        var (call, unpaid) = await meter.HoldAsync(context.RequestId(), caller, plan, request, received, gone);
        if (call is null)
        {
            return Refusals.Of(unpaid!, caller);
        }

        var answer = meter.Settling(call, providers, gone);
        return request.Stream ? new ChatStream(call, answer) : new Completion(call, answer);
    }
}
