using AiHub.Gateway.Access;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Limits;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Modalities;

/// <summary>The way of a chat request, for everything else: who may answer, whether it is allowed and paid for, the answer, its bill.</summary>
public sealed class SurfaceCalls(Router router, LimitGate gate, InputGuard input, SurfaceGuard output, Meter meter, ProviderSet providers, TimeProvider time)
{
    /// <param name="request">Is disposed of with the response.</param>
    /// <param name="received">When the request came in, on the monotonic clock.</param>
    public async Task<IResult> AnswerAsync(HttpContext context, Caller caller, SurfaceRequest request, RoutePreferences preferences, long received)
    {
        var gone = context.RequestAborted;
        context.Response.RegisterForDispose(request);
        var (tagged, untaggable) = caller.Tagged(context.Request);
        if (tagged is null)
        {
            return untaggable!;
        }

        var (plan, nowhere) = router.Plan(request.Model, caller, context.RequestId(), preferences).For(request.Surface.Kind);
        if (plan is null)
        {
            return Refusals.Of(nowhere!.Value, request.Model, caller);
        }

        var admission = await gate.AdmitAsync(context, caller, SurfaceCall.Expect(request, plan).Tokens.Total);
        if (admission.Refusal is { } tooFast)
        {
            return Refusals.Of(tooFast, caller);
        }

        var log = new GuardrailLog();
        if (await input.LookAsync(caller, request, context.RequestId(), log, gone) is { } unjudgeable)
        {
            return unjudgeable;
        }

        var (call, unpaid) = await meter.HoldAsync(context.RequestId(), tagged, plan, request, received, gone);
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
        return new SurfaceAnswer(call, output.Guarding(call, meter.Settling(call, providers, gone), gone));
    }
}
