using AiHub.Gateway.Access;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Limits;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Modalities;

/// <summary>The way of a chat request, for everything else: who asks, what for, who may answer, whether it is allowed and paid for, the answer, its bill.</summary>
public static class SurfaceEndpoint
{
    public static void MapSurfaces(this IEndpointRouteBuilder routes)
    {
        foreach (var surface in Surface.All)
        {
            routes.MapPost($"/{surface.Path}", (HttpContext context, ApiKeys keys, Router router, LimitGate gate, Meter meter, ProviderSet providers, TimeProvider time) =>
                AnswerAsync(surface, context, keys, router, gate, meter, providers, time));
        }
    }

    private static async Task<IResult> AnswerAsync(
        Surface surface, HttpContext context, ApiKeys keys, Router router, LimitGate gate, Meter meter, ProviderSet providers, TimeProvider time)
    {
        var received = time.GetTimestamp();
        var gone = context.RequestAborted;

        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var (request, unreadable) = await SurfaceRequest.ReadAsync(surface, context.Request, gone);
        if (request is null)
        {
            return unreadable!;
        }

        context.Response.RegisterForDispose(request);
        var (tagged, untaggable) = caller.Tagged(context.Request);
        if (tagged is null)
        {
            return untaggable!;
        }

        var (plan, nowhere) = router.Plan(request.Model, caller, context.RequestId()).For(surface.Kind);
        if (plan is null)
        {
            return Refusals.Of(nowhere!.Value, request.Model, caller);
        }

        var admission = await gate.AdmitAsync(context, caller, SurfaceCall.Expect(request, plan).Tokens.Total);
        if (admission.Refusal is { } tooFast)
        {
            return Refusals.Of(tooFast, caller);
        }

        var (call, unpaid) = await meter.HoldAsync(context.RequestId(), tagged, plan, request, received, gone);
        if (call is null)
        {
            return Refusals.Of(unpaid!, caller);
        }

        admission.Slot?.Counts(() => call.Usage?.Tokens.Total);
        context.Response.TellOf(call, time);
        return new SurfaceAnswer(call, meter.Settling(call, providers, gone));
    }
}
