using System.Text.Json.Nodes;
using AiHub.Domain;
using AiHub.Gateway.Access;

namespace AiHub.Gateway.Billing;

/// <summary>
/// What balance tools have called since OpenAI offered it: a limit, and what has been used of it. They show the difference as the balance,
/// so both count from the beginning, whatever days they ask for. Amounts are in the organization's currency.
/// </summary>
public static class BalanceEndpoints
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    // Tools want an end; there is none.
    private static readonly DateTimeOffset NeverEnds = new(2099, 12, 31, 0, 0, 0, TimeSpan.Zero);

    public static void MapBalance(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/dashboard/billing/subscription", Methods, SubscriptionAsync);
        routes.MapMethods("/dashboard/billing/usage", Methods, UsageAsync);
    }

    private static async Task<IResult> SubscriptionAsync(HttpContext context, ApiKeys keys, HubDb db)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var limit = (await Spending.OfAsync(db, caller, context.RequestAborted)).Total;
        return TypedResults.Json(new JsonObject
        {
            ["object"] = "billing_subscription",
            ["has_payment_method"] = true,
            ["plan"] = new JsonObject { ["title"] = caller.Plan.Name, ["id"] = caller.Plan.Id },
            ["soft_limit_usd"] = Number(limit),
            ["hard_limit_usd"] = Number(limit),
            ["system_hard_limit_usd"] = Number(limit),
            ["access_until"] = (caller.ExpiresAt ?? NeverEnds).ToUnixTimeSeconds(),
        });
    }

    private static async Task<IResult> UsageAsync(HttpContext context, ApiKeys keys, HubDb db)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        // In hundredths.
        var spent = (await Spending.OfAsync(db, caller, context.RequestAborted)).Spent;
        return TypedResults.Json(new JsonObject { ["object"] = "list", ["total_usage"] = Number(new Money(checked(spent.Nanos * 100), spent.Currency)) });
    }

    /// <summary>The exact amount as a JSON number.</summary>
    private static JsonNode Number(Money money) => JsonNode.Parse(money.ToDecimalString())!;
}
