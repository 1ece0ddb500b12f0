using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Caching;
using AiHub.Gateway.Capture;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Limits;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Chat;

/// <summary>The way every text request goes once it has been read, whatever dialect it came in: who may answer, whether it is allowed and paid for, the answer, its bill.</summary>
public sealed class TextCalls(Router router, LimitGate gate, AnswerCache cache, InputGuard input, OutputGuard output, ContentCapture capture, Meter meter, ProviderSet providers, TimeProvider time)
{
    /// <param name="request">Is disposed of with the response.</param>
    /// <param name="received">When the request came in, on the monotonic clock.</param>
    /// <param name="client">Says the answer in the client's dialect.</param>
    internal async Task<IResult> AnswerAsync(HttpContext context, Caller caller, string surface, ChatRequest request, long received, Func<Call, ClientAnswer> client)
    {
        var gone = context.RequestAborted;
        context.Response.RegisterForDispose(request);

        var (tagged, untaggable) = caller.Tagged(context.Request);
        if (tagged is null)
        {
            return untaggable!;
        }

        request = DefaultParameters.Fill(request, caller.Policy);
        var (plan, nowhere) = router.Plan(request.Model, caller, context.RequestId(), request.Preferences, request.Json).For(ModelKind.Chat);
        if (plan is null)
        {
            return Refusals.Of(nowhere!.Value, request.Model, caller);
        }

        var admission = await gate.AdmitAsync(context, caller, Admitted.Guess(request.EstimatedPromptTokens, request.MaxOutputTokens, request.Choices));
        if (context.ErrorShape() == ErrorShape.Anthropic)
        {
            admission.WriteAnthropicTo(context.Response, time.GetUtcNow());
        }

        if (admission.Refusal is { } tooFast)
        {
            return Refusals.Of(tooFast, caller);
        }

        var log = new GuardrailLog();
        var (seen, unjudgeable) = await input.LookAsync(caller, request, context.RequestId(), log, gone);
        if (seen is null)
        {
            return unjudgeable!;
        }

        request = seen;
        plan = log.Blocked is not null ? plan : await cache.LookAsync(plan, request, surface, caller, context.Request.Headers, gone);
        var (call, unpaid) = await meter.HoldAsync(context.RequestId(), tagged, surface, plan, request, received, gone);
        if (call is null)
        {
            return Refusals.Of(unpaid!, caller);
        }

        call.Guarded = log;
        if (log.Blocked is not null)
        {
            await meter.TurnAwayAsync(call, CancellationToken.None);
            return InputGuard.Refusal(log);
        }

        admission.Slot?.Counts(() => call.Usage?.Tokens.Total);
        context.Response.TellOf(call, time);
        var answer = capture.Keeping(call, output.Guarding(call, meter.Settling(call, providers, gone), gone), gone);
        return request.Stream ? new ChatStream(call, answer, client(call)) : new Completion(call, answer, client(call));
    }
}
