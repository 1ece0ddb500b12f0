using System.Globalization;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using AiHub.Gateway.Access;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Limits;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Chat;

/// <summary>Says no: which limit it was, whose, when it ends and what can be done about it.</summary>
internal static class Refusals
{
    private const string InsufficientQuota = "insufficient_quota";
    private const string InsufficientBalance = "insufficient_balance";
    private const string BudgetExceeded = "budget_exceeded";
    private static readonly TimeSpan UntilCallsEnd = TimeSpan.FromSeconds(2);

    public static OpenAIError Of(RouteRefusalReason reason, string model, Caller caller) => reason switch
    {
        RouteRefusalReason.UnknownModel => OpenAIError.ModelNotFound(model),
        RouteRefusalReason.NotAllowed => OpenAIError.Forbidden($"This API key may not call the model '{model}'. The key, its team or its organization is limited to certain models or vendors; change that in the portal, or use another key.", param: "model"),
        RouteRefusalReason.WrongKind => OpenAIError.BadRequest($"The model '{model}' is not served at this endpoint; see its kind in the model catalogue.", "model", "wrong_endpoint").Final(),
        RouteRefusalReason.NoVendor => OpenAIError.ModelNotFound(model) with
        {
            Message = $"The model '{model}' is known to this hub, but no provider that serves it is switched on.",
            Code = "model_not_available",
        },
        RouteRefusalReason.NoneFits => OpenAIError.ModelNotFound(model) with
        {
            Message = $"No provider of the model '{model}' fits what the request or its organization demands (providers, data policy, parameters or price). Demand less, or name other models to fall back on.",
            Code = "no_endpoints",
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
        var seconds = Math.Ceiling(refusal.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var whose = refusal.Scope.Owner switch
        {
            LimitOwner.Key => "this API key's own limit",
            LimitOwner.User => "the limit on its member that your organization has set",
            LimitOwner.Team => "the limit your organization has set on this team",
            LimitOwner.Organization => "the limit your organization has set itself",
            _ => $"your organization's limit on the {caller.Plan.Name} plan",
        };
        var (what, type) = refusal.Scope.Kind switch
        {
            LimitKind.Tokens => ("tokens per minute", "tokens"),
            LimitKind.Concurrency => ("calls at a time", "concurrency"),
            _ => ("requests per minute", "requests"),
        };

        return new OpenAIError(
            StatusCodes.Status429TooManyRequests,
            $"Rate limit reached: {whose} is {limit} {what}. Please try again in {seconds} s.",
            type,
            null,
            "rate_limit_exceeded");
    }

    public static OpenAIError Of(HoldRefusal refusal, Caller caller) => refusal.Reason switch
    {
        HoldRefusalReason.QuotaExhausted => OfQuota(refusal, caller),
        HoldRefusalReason.InsufficientBalance => OfBalance(refusal, caller),
        HoldRefusalReason.BudgetExhausted => OfBudget(refusal, caller),
        HoldRefusalReason.Overdue => Quota("A payment of this organization is overdue, so new calls are refused. Its owner can pay on the billing page of the portal; calls go through again at once.").Final(),
        _ => OpenAIError.Forbidden("This organization is suspended or has no subscription. Ask its owner, or the operator of this hub.", "organization_suspended"),
    };

    private static OpenAIError OfQuota(HoldRefusal refusal, Caller caller)
    {
        if (refusal.Needed == 0)
        {
            return Quota($"The {caller.Plan.Name} plan has no tokens for this model: calls to it are paid from a balance. Upgrade your plan and top up in the portal to use it.").Final();
        }

        var left = refusal.Limit - refusal.Used;
        if (refusal.MayPass)
        {
            // What is missing is only set aside; it comes back when those calls end.
            return Quota($"The {Tokens(left)} tokens left of your {caller.Plan.Name} plan are reserved by calls still running. Try again when they have ended, or ask for shorter answers with max_tokens.") with
            {
                RetryAfter = UntilCallsEnd,
            };
        }

        return Quota(
            $"You exceeded your current quota: {Tokens(refusal.Used)} of {Tokens(refusal.Limit)} tokens of the {caller.Plan.Name} plan are used this month, and this call needs at least {Tokens(refusal.Needed)}.{Reset(refusal)} Upgrade your plan in the portal to go on now.").Final();
    }

    private static OpenAIError OfBalance(HoldRefusal refusal, Caller caller)
    {
        var error = Quota($"The balance of your organization does not cover this call: it needs at least {Amount(refusal.Needed, caller.Currency)} and {Amount(Math.Max(0, refusal.Limit - refusal.Used - refusal.Held), caller.Currency)} is available.") with
        {
            Status = StatusCodes.Status402PaymentRequired,
            Code = InsufficientBalance,
        };
        return refusal.MayPass
            ? error with { Message = $"{error.Message} {Amount(refusal.Held, caller.Currency)} more is reserved by calls still running; try again when they have ended.", RetryAfter = UntilCallsEnd }
            : (error with { Message = $"{error.Message} Top up in the portal to go on." }).Final();
    }

    private static OpenAIError OfBudget(HoldRefusal refusal, Caller caller)
    {
        var budget = refusal.Budget!;
        var of = (budget.ModelId, budget.VendorId) switch
        {
            ({ } model, _) => $" for the model {model}",
            (_, { } vendor) => $" for the provider {vendor}",
            _ => "",
        };
        var whose = budget.Scope switch
        {
            "organization" => "your organization",
            "team" => $"the team '{budget.Subject}'",
            "user" => $"the user '{budget.Subject}'",
            _ => $"the API key '{budget.Subject}'",
        };
        var setBy = budget.SetBy is { } person ? $", set by {person}," : "";
        var figures = $"The {budget.Period} budget of {whose}{of}{setBy} is {In(refusal.Limit)}: {In(refusal.Used)} used, {In(refusal.Held)} reserved by calls still running, and this call needs at least {In(refusal.Needed)}.";
        var error = Quota(figures) with { Code = BudgetExceeded };
        return refusal.MayPass
            ? error with { Message = $"{figures} Try again when those calls have ended.", RetryAfter = UntilCallsEnd }
            : (error with { Message = $"{figures}{Reset(refusal)} Whoever manages budgets can raise it in the portal." }).Final();

        string In(long amount) => budget.Unit == Budget.Tokens ? $"{Tokens(amount)} tokens" : Amount(amount, caller.Currency);
    }

    private static string Reset(HoldRefusal refusal) =>
        refusal.ResetsAt is { } at ? $" It resets at {at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}." : "";

    private static OpenAIError Quota(string message) => new(StatusCodes.Status429TooManyRequests, message, InsufficientQuota, null, InsufficientQuota);

    private static string Tokens(long tokens) => tokens.ToString("N0", CultureInfo.InvariantCulture);

    private static string Amount(long nanos, Currency currency) => new Money(nanos, currency).ToString();
}
