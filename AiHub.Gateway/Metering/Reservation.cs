using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Metering;

/// <summary>How many tokens to set aside for a call before it is made.</summary>
/// <param name="Prompt">Of the prompt.</param>
/// <param name="Output">Of all choices together.</param>
/// <param name="Bounded">False when the answer may grow beyond <paramref name="Output"/>, because somebody pays for it then.</param>
public readonly record struct Reservation(long Prompt, long Output, bool Bounded)
{
    /// <summary>What an answer of a model about which nothing is known yet is expected to need.</summary>
    public const long UnknownOutput = 2_048;

    private const long UnknownModelLimit = 16_384;

    // Without a wallet the hold is all there is, so it must cover the longest answer; but one call should not take a whole month's tokens hostage.
    private const int LargestShare = 10;
    private const long SmallestShare = 8_192;

    /// <summary>The most a call can come to: the longest answer the client, the model and the plan allow.</summary>
    public static Reservation Most(Caller caller, Model model, ChatRequest request)
    {
        var longest = Math.Min(request.MaxOutputTokens ?? long.MaxValue, model.MaxOutputTokens ?? UnknownModelLimit);
        var most = caller.AllowsOverage || caller.Plan.MonthlyTokens is not { } monthly
            ? longest
            : Math.Min(longest, Math.Max(SmallestShare, monthly / LargestShare));

        return new Reservation(request.EstimatedPromptTokens, most * request.Choices, Bounded: most < longest);
    }

    /// <summary>What it is expected to come to, by the answers its model has given.</summary>
    public Reservation Expected(long? usualOutput, int choices) => this with { Output = Math.Min(Output, (usualOutput ?? UnknownOutput) * choices) };

    /// <summary>The same call with its prompt and one token per choice: below this it makes no sense.</summary>
    public Reservation Least(int choices) => this with { Output = Math.Min(Output, choices) };

    public TokenUsage Tokens => new(InputUncached: Prompt, OutputText: Output);

    public long PlanTokens(Model model) => model.Weights.PlanTokens(Tokens);

    /// <summary>At the dearest upstream that may answer.</summary>
    public Money Cost(RoutePlan plan) => Dearest(plan, Tokens);

    /// <summary>The same, should the vendor also charge for putting the prompt into its cache.</summary>
    public Money DearestCost(RoutePlan plan)
    {
        var uncached = Cost(plan);
        var cached = Dearest(plan, new TokenUsage(InputUncached: 0, CacheWrite1h: Prompt, OutputText: Output));
        return cached > uncached ? cached : uncached;
    }

    /// <summary>The output tokens that fit into plan tokens beside the prompt, at least one per choice.</summary>
    public long OutputWithin(long planTokens, Model model, int choices)
    {
        if (model.Weights.Output == 0)
        {
            return Output;
        }

        var left = (Int128)planTokens * Weights.Scale - (Int128)Prompt * model.Weights.Input;
        return (long)Int128.Clamp(left / model.Weights.Output, choices, Output);
    }

    /// <summary>The output tokens that fit into an amount of money beside the prompt, at least one per choice.</summary>
    public long OutputWithin(Money cost, RoutePlan plan, int choices)
    {
        var (fits, tooMany) = ((long)choices, Output + 1);
        while (tooMany - fits > 1)
        {
            var tried = fits + ((tooMany - fits) / 2);
            if ((this with { Output = tried }).DearestCost(plan) <= cost)
            {
                fits = tried;
            }
            else
            {
                tooMany = tried;
            }
        }

        return Math.Min(fits, Output);
    }

    private static Money Dearest(RoutePlan plan, TokenUsage tokens)
    {
        var cost = plan.Upstreams[0].CostOf(new Consumption(tokens));
        foreach (var upstream in plan.Upstreams.Skip(1))
        {
            var other = upstream.CostOf(new Consumption(tokens));
            cost = other > cost ? other : cost;
        }

        return cost;
    }
}
