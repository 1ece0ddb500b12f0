using AiHub.Gateway.Access;
using AiHub.Gateway.Errors;

namespace AiHub.Gateway.Limits;

public static class Admitted
{
    /// <summary>What an answer is taken for when the client has not bounded it, and the most it is taken for when it has: corrected when it is known.</summary>
    private const long UnboundedOutput = 1_024;
    private const long LargestOutput = 4_096;

    /// <summary>
    /// Lets the request in or not, and tells it in the headers how much is left. Its place is given back when the response has ended, whatever
    /// becomes of it.
    /// </summary>
    public static async ValueTask<Admission> AdmitAsync(this LimitGate gate, HttpContext context, Caller caller, long tokens)
    {
        var admission = await gate.AdmitAsync(new LimitedCall(context.RequestId(), caller.OrganizationId, caller.Limits, tokens), context.RequestAborted);
        admission.WriteTo(context.Response);
        if (context.ErrorShape() == ErrorShape.OpenRouter)
        {
            admission.WriteOpenRouterTo(context.Response, context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());
        }

        if (admission.Slot is { } slot)
        {
            // Nothing used, unless somebody says otherwise: calls that are refused further on.
            slot.Counts(() => 0);
            context.Response.RegisterForDispose(slot);
        }

        return admission;
    }

    /// <summary>The tokens a call is taken for until they are known.</summary>
    public static long Guess(long prompt, long? mostOutput, int choices = 1) =>
        prompt + (choices * (mostOutput is { } most ? Math.Min(most, LargestOutput) : UnboundedOutput));
}
