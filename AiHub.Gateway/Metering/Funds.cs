using AiHub.Domain.Accounts;
using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Metering;

/// <summary>What has been set aside for a chat call, and what that means for it; or why nothing was.</summary>
/// <param name="Plan">Without the vendors whose budgets are used up.</param>
/// <param name="Reserved">What an estimated settlement never goes beyond.</param>
/// <param name="OutputCap">The most tokens one choice may have; null when the client's own limit, or the model's, is enough.</param>
public readonly record struct Funding(Hold? Hold, HoldRefusal? Refusal, RoutePlan Plan, Reservation Reserved, long? OutputCap);

/// <summary>
/// Asks the ledger for what a call needs: what it is expected to cost where there is plenty, all it can cost where there is not. Waits a moment for
/// what other calls hold, and passes over vendors whose own budget is used up.
/// </summary>
public sealed class Funds(Ledger ledger, OutputLengths lengths, TokenCounter counter, TimeProvider time)
{
    private readonly WaitingLines _lines = new(time);

    public async Task<Funding> HoldAsync(Guid id, Caller caller, RoutePlan plan, ChatRequest request, DateTimeOffset now, CancellationToken ct)
    {
        var model = plan.Model;
        // Whichever of the models answers, what is held covers it: by the one whose tokens weigh most.
        var heaviest = plan.Upstreams.Select(upstream => upstream.Model).MaxBy(answering => (answering.Weights.Output, answering.Weights.Input))!;
        var most = Reservation.Most(caller, model, request);
        var isExact = false;
        while (true)
        {
            var expected = most.Expected(lengths.Usual(model.Id), request.Choices);
            var outcome = await HoldAsync(Ask(most, expected), ct);
            if (outcome.Hold is { } hold)
            {
                return Held(hold, expected);
            }

            var refusal = outcome.Refusal!;
            if (!plan.IsOwn && plan.Upstreams.Any(upstream => upstream.Own is not null))
            {
                // With its own keys an organization goes on when nothing is left for the hub's.
                plan = plan with { Upstreams = [.. plan.Upstreams.Where(upstream => upstream.Own is not null)] };
            }
            else if (refusal.Budget?.VendorId is { } vendor && plan.Upstreams.Any(upstream => upstream.VendorId != vendor))
            {
                plan = plan with { Upstreams = [.. plan.Upstreams.Where(upstream => upstream.VendorId != vendor)] };
            }
            else if (!isExact && refusal.Reason == HoldRefusalReason.QuotaExhausted && Exactly(most) is var counted
                && PlanTokens(counted.Least(request.Choices)) <= refusal.Limit - refusal.Used - refusal.Held)
            {
                // The quick guess was too high for the little that is left; the exact count fits.
                (most, isExact) = (counted, true);
            }
            else
            {
                return new Funding(null, refusal, plan, most, null);
            }
        }

        // What the vendor is paid by the organization itself takes nothing from its plan.
        long PlanTokens(Reservation reserved) => plan.IsOwn ? 0 : reserved.PlanTokens(heaviest);

        HoldRequest Ask(Reservation most, Reservation expected)
        {
            var least = most.Least(request.Choices);
            var longer = Math.Max(most.Prompt, request.MostPromptTokens);
            var (sureLeast, sureMost) = (least with { Prompt = longer }, most with { Prompt = longer });
            var (marginOfLeast, marginOfMost) = (sureLeast.DearestCost(plan) - least.Cost(plan), sureMost.DearestCost(plan) - most.Cost(plan));
            return new HoldRequest(
                id, caller.OrganizationId, caller.TeamId, caller.UserId, caller.KeyId,
                PlanTokens(expected), PlanTokens(least), expected.Cost(plan), now, Leases.Length)
            {
                MinimumCost = least.Cost(plan),
                MostPlanTokens = PlanTokens(most),
                MostCost = most.Cost(plan),
                // One more for rounding up twice.
                MarginPlanTokens = PlanTokens(sureLeast) - PlanTokens(least) + (plan.IsOwn ? 0 : 1),
                MarginCost = marginOfMost > marginOfLeast ? marginOfMost : marginOfLeast,
                Models = [.. plan.Upstreams.Select(upstream => upstream.Model.Id).Distinct()],
                Vendors = [.. plan.Upstreams.Select(upstream => upstream.VendorId).Distinct()],
            };
        }

        Funding Held(Hold hold, Reservation expected)
        {
            var own = most.Bounded ? most.Output / request.Choices : (long?)null;
            if (hold.Covers is not { } covers)
            {
                return new Funding(hold, null, plan, expected, own);
            }

            if (covers.PlanTokens >= PlanTokens(most) && covers.Cost >= most.Cost(plan))
            {
                // Where not a token too many may be paid, the vendor is told what is the longest answer, even if that is the model's own limit.
                return new Funding(hold, null, plan, most, covers.IsHard ? most.Output / request.Choices : own);
            }

            // Less is covered than the answer could come to: it must fit into what there is.
            var counted = isExact || covers.IsHard ? most : Exactly(most);
            var output = Math.Min(plan.IsOwn ? counted.Output : counted.OutputWithin(covers.PlanTokens, heaviest, request.Choices), counted.OutputWithin(covers.Cost, plan, request.Choices));
            return new Funding(hold, null, plan, counted with { Output = output, Bounded = true }, output / request.Choices);
        }

        Reservation Exactly(Reservation estimated) => estimated with { Prompt = counter.CountPrompt(model.Id, request) };
    }

    /// <summary>Holds, waiting a moment if there is enough but other calls hold it.</summary>
    public async Task<HoldOutcome> HoldAsync(HoldRequest request, CancellationToken ct)
    {
        var outcome = await ledger.HoldAsync(request, ct);
        if (outcome.Refusal is not { MayPass: true })
        {
            return outcome;
        }

        using var place = await _lines.JoinAsync(request.OrganizationId, ct);
        do
        {
            outcome = await ledger.HoldAsync(request, ct);
        }
        while (outcome.Refusal is { MayPass: true } && place is not null && await place.PauseAsync(ct));

        return outcome;
    }
}
