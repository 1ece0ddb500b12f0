using System.Globalization;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Gateway.Access;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Limits;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Chat;

/// <summary>Says no: which limit it was, whose, when it ends and what can be done about it.</summary>
internal static class Refusals
{
    private const string InsufficientQuota = "insufficient_quota";
    private static readonly TimeSpan UntilCallsEnd = TimeSpan.FromSeconds(2);

    public static OpenAIError Of(RouteRefusalReason reason, string model, Caller caller) => reason switch
    {
        RouteRefusalReason.UnknownModel => OpenAIError.ModelNotFound(model),
        RouteRefusalReason.NotAllowed => OpenAIError.Forbidden($"This API key may not call the model '{model}'. The key, its team or its organization is limited to certain models or vendors; change that in the portal, or use another key.", param: "model"),
        RouteRefusalReason.NoVendor => OpenAIError.ModelNotFound(model) with
        {
            Message = $"The model '{model}' is known to this hub, but no provider that serves it is switched on.",
            Code = "model_not_available",
        },
        RouteRefusalReason.Unpriced => OpenAIError.ModelNotFound(model) with
        {
            Message = $"The model '{model}' has no price in {caller.Currency} yet, so it cannot be called. Ask the operator of this hub to set one.",
            Code = "model_not_priced",
        },
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };

    public static OpenAIError Of(Refusal refusal, Caller caller)
    {
        var limit = refusal.Scope.Limit.ToString("N0", CultureInfo.InvariantCulture);
        var whose = refusal.Scope.Owner == LimitOwner.Key ? "this API key's own limit" : $"your organization's limit on the {caller.Plan.Name} plan";
        var seconds = Math.Ceiling(refusal.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);

        return new OpenAIError(
            StatusCodes.Status429TooManyRequests,
            $"Rate limit reached: {whose} is {limit} requests per minute. Please try again in {seconds} s.",
            "requests",
            null,
            "rate_limit_exceeded");
    }

    public static OpenAIError Of(HoldRefusal refusal, Caller caller) => refusal.Reason switch
    {
        HoldRefusalReason.QuotaExhausted => OfQuota(refusal, caller),
        HoldRefusalReason.InsufficientBalance => Quota(
            $"The balance of your organization does not cover this call: it may cost up to {Amount(refusal.Needed, caller.Currency)} and {Amount(Math.Max(0, refusal.Limit - refusal.Used - refusal.Held), caller.Currency)} is available. Top up in the portal, or ask for a shorter answer with max_tokens.").Final(),
        _ => OpenAIError.Forbidden("This organization is suspended or has no subscription. Ask its owner, or the operator of this hub.", "organization_suspended"),
    };

    private static OpenAIError OfQuota(HoldRefusal refusal, Caller caller)
    {
        var left = refusal.Limit - refusal.Used;
        if (refusal.Held > 0 && refusal.Needed <= left)
        {
            // What is missing is only set aside; it comes back when those calls end.
            return Quota($"The {Tokens(left)} tokens left of your {caller.Plan.Name} plan are reserved by calls still running. Try again when they have ended, or ask for shorter answers with max_tokens.") with
            {
                RetryAfter = UntilCallsEnd,
            };
        }

        var reset = refusal.ResetsAt is { } at ? $" It resets at {at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}." : "";
        return Quota(
            $"You exceeded your current quota: {Tokens(refusal.Used)} of {Tokens(refusal.Limit)} tokens of the {caller.Plan.Name} plan are used this month, and this call needs at least {Tokens(refusal.Needed)}.{reset} Upgrade your plan in the portal to go on now.").Final();
    }

    private static OpenAIError Quota(string message) => new(StatusCodes.Status429TooManyRequests, message, InsufficientQuota, null, InsufficientQuota);

    private static string Tokens(long tokens) => tokens.ToString("N0", CultureInfo.InvariantCulture);

    private static string Amount(long nanos, Currency currency) => new Money(nanos, currency).ToString();
}
