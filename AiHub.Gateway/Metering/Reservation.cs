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
    /// <summary>What an answer is expected to need at most where a wallet stands behind it; holding a model's whole limit would block other calls for nothing.</summary>
    private const long ExpectedOutput = 8_192;

    private const long UnknownModelLimit = 16_384;

    // Without a wallet the hold is all there is, so it must cover the longest answer; but one call should not take a whole month's tokens hostage.
    private const int LargestShare = 10;

    public static Reservation For(Caller caller, Model model, ChatRequest request)
    {
        var longest = Math.Min(request.MaxOutputTokens ?? long.MaxValue, model.MaxOutputTokens ?? UnknownModelLimit);
        if (caller.AllowsOverage || caller.Plan.MonthlyTokens is not { } monthly)
        {
            return new Reservation(request.EstimatedPromptTokens, Math.Min(longest, ExpectedOutput) * request.Choices, Bounded: false);
        }

        var reserved = Math.Min(longest, Math.Max(ExpectedOutput, monthly / LargestShare));
        return new Reservation(request.EstimatedPromptTokens, reserved * request.Choices, Bounded: reserved < longest);
    }

    /// <summary>The same call with its prompt and one token per choice: below this it makes no sense.</summary>
    public Reservation Least(int choices) => this with { Output = Math.Min(Output, choices) };

    public TokenUsage Tokens => new(InputUncached: Prompt, OutputText: Output);

    public long PlanTokens(Model model) => model.Weights.PlanTokens(Tokens);

    /// <summary>At the dearest upstream that may answer.</summary>
    public Money Cost(RoutePlan plan)
    {
        var cost = plan.Upstreams[0].Prices.Price(Tokens).Cost;
        foreach (var upstream in plan.Upstreams.Skip(1))
        {
            var other = upstream.Prices.Price(Tokens).Cost;
            cost = other > cost ? other : cost;
        }

        return cost;
    }

    /// <summary>The output tokens that fit into granted plan tokens beside the prompt, at least one per choice.</summary>
    public long OutputWithin(long planTokens, Model model, int choices)
    {
        if (model.Weights.Output == 0)
        {
            return Output;
        }

        var left = (Int128)planTokens * Weights.Scale - (Int128)Prompt * model.Weights.Input;
        return (long)Int128.Clamp(left / model.Weights.Output, choices, Output);
    }
}
