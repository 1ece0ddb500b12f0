using System.Text;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Metering;

namespace AiHub.Tests.Metering;

public sealed class ReservationTests
{
    private static readonly CallerPlan Free = new("free", "Free", 10_000);
    private static readonly CallerPlan Developer = new("developer", "Developer", 1_000_000);
    private static readonly CallerPlan Enterprise = new("enterprise", "Enterprise", null);

    [Fact]
    public void Without_a_wallet_the_longest_answer_is_the_most_or_the_answer_is_bounded()
    {
        Assert.Equal((4_000L, false), Most(Free, overage: false, modelLimit: 4_000));
        Assert.Equal((8_192L, true), Most(Free, overage: false, modelLimit: 128_000));
        Assert.Equal((100_000L, true), Most(Developer, overage: false, modelLimit: 128_000));
        Assert.Equal((500L, false), Most(Free, overage: false, modelLimit: 128_000, members: ""","max_tokens":500"""));
        Assert.Equal((1_500L, false), Most(Free, overage: false, modelLimit: 128_000, members: ""","max_completion_tokens":500,"n":3"""));
    }

    [Fact]
    public void With_a_wallet_the_most_is_what_client_and_model_allow()
    {
        Assert.Equal((128_000L, false), Most(Developer, overage: true, modelLimit: 128_000));
        Assert.Equal((64_000L, false), Most(Developer, overage: true, modelLimit: 128_000, members: ""","max_tokens":64000"""));
        Assert.Equal((128_000L, false), Most(Enterprise, overage: true, modelLimit: 128_000));
        Assert.Equal((10L, false), Most(Enterprise, overage: true, modelLimit: 128_000, members: ""","max_tokens":10"""));
    }

    [Fact]
    public void What_is_expected_is_what_the_model_s_answers_came_to_and_never_more_than_the_most()
    {
        var most = new Reservation(Prompt: 100, Output: 6_000, Bounded: true);

        Assert.Equal(most with { Output = Reservation.UnknownOutput }, most.Expected(null, choices: 1));
        Assert.Equal(most with { Output = 300 }, most.Expected(300, choices: 1));
        Assert.Equal(most with { Output = 900 }, most.Expected(300, choices: 3));
        Assert.Equal(most, most.Expected(9_000, choices: 1));
    }

    [Fact]
    public void What_fits_beside_the_prompt_is_reckoned_in_the_models_weights()
    {
        var dear = NewModel(128_000);
        dear.Weights = new Weights(Input: 2_000, CacheRead: 1_000, Output: 4_000);
        var reserved = new Reservation(Prompt: 100, Output: 4_000, Bounded: true);

        Assert.Equal(200 + 16_000, reserved.PlanTokens(dear));
        Assert.Equal(200 + 4, reserved.Least(1).PlanTokens(dear));
        Assert.Equal(75, reserved.OutputWithin(500, dear, choices: 1));
        Assert.Equal(1, reserved.OutputWithin(201, dear, choices: 1));
        Assert.Equal(4_000, reserved.OutputWithin(1_000_000, dear, choices: 1));
    }

    private static (long, bool) Most(CallerPlan plan, bool overage, int modelLimit, string members = "")
    {
        var caller = new Caller { KeyId = default, UserId = default, OrganizationId = default, Currency = Currency.USD, Plan = plan, AllowsOverage = overage };
        var request = ChatRequest.Parse(Encoding.UTF8.GetBytes($$"""{"model":"m","messages":[{"role":"user","content":"hi"}]{{members}}}""")).Request!;
        var reserved = Reservation.Most(caller, NewModel(modelLimit), request);
        Assert.Equal(request.EstimatedPromptTokens, reserved.Prompt);
        return (reserved.Output, reserved.Bounded);
    }

    private static Model NewModel(int limit) => new() { Id = "test/model", Name = "Test", MaxOutputTokens = limit, CreatedAt = default };
}
