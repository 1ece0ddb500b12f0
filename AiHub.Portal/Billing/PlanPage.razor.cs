using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Management;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Billing;

public sealed partial class PlanPage
{
    private const string Balance = "balance";

    private IReadOnlyList<PlanView> _plans = null!;
    private IReadOnlyList<PaymentChannelView> _channels = [];
    private SubscriptionView _subscription = null!;
    private PlanQuoteView? _quote;
    private ProblemView? _problem;

    /// <summary>The plan that is looked at.</summary>
    [SupplyParameterFromQuery]
    public string? Plan { get; set; }

    [SupplyParameterFromQuery]
    public string? Interval { get; set; }

    /// <summary>The code of what one of the buttons was refused for.</summary>
    [SupplyParameterFromQuery]
    public string? Refused { get; set; }

    [SupplyParameterFromForm]
    public PlanInput Input { get; set; } = null!;

    [CascadingParameter]
    public required HttpContext HttpContext { get; set; }

    private bool ByYear => Interval == "year";

    private IEnumerable<string> Ways => [.. _channels.Select(channel => channel.Channel), Balance];

    private string Asked => ByYear ? "year" : "month";

    protected override async Task OnInitializedAsync()
    {
        Input ??= new PlanInput { Wish = Guid.CreateVersion7().ToString("N") };
        var ct = HttpContext.RequestAborted;
        var (plans, subscription, channels) = (Management.PlansAsync(ct), Management.SubscriptionAsync(ct), Management.PaymentChannelsAsync(ct));
        await Task.WhenAll(plans, subscription, channels);
        (_subscription, _channels) = (await subscription, await channels);
        Input.Channel ??= Ways.First();
        if (Plan is not null)
        {
            (_quote, _problem) = await Management.PreviewPlanAsync(new PlanChangePreview(Plan, Asked, MomentOf(Input.At)), ct);
        }

        _plans = await plans;
    }

    private async Task ChangeAsync()
    {
        if (_quote is { Timing: "at_once", Due: not "0" } && WechatWish.Asks(HttpContext, Input.Channel, _channels))
        {
            Navigation.NavigateTo(new WechatWish(Input.Wish ?? string.Empty, Plan: Plan, Interval: Asked, At: Input.At).Address);
            return;
        }

        var scene = HttpContext.Request.Headers["Sec-CH-UA-Mobile"] == "?1" ? "mobile" : "desktop";
        var (change, problem) = await Management.ChangePlanAsync(
            new PlanChangeRequest(Plan ?? string.Empty, Asked, Input.Channel, ProrationAt: MomentOf(Input.At), Scene: scene), Input.Wish ?? string.Empty, HttpContext.RequestAborted);
        _problem = problem;
        if (change is not null)
        {
            Navigation.NavigateTo(change.Order is { } order ? OrderState.Path(order.Id) : "/billing/plan");
        }
    }

    /// <summary>Whether choosing it would change nothing.</summary>
    private bool IsHeld(PlanView plan) => plan.Id == _subscription.Plan.Id && (plan.MonthlyPrice == "0" || Asked == _subscription.Interval) && _subscription.NextPlanId is null
        || plan.Id == _subscription.NextPlanId;

    private string Href(PlanView plan) => $"/billing/plan?plan={Uri.EscapeDataString(plan.Id)}&interval={Asked}";

    // What was shown is what is charged, while it is fresh.
    internal static DateTimeOffset? MomentOf(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var at) ? at : null;
}

/// <summary>The form as it was filled in.</summary>
public sealed class PlanInput
{
    /// <summary>Drawn with the form, so that one form is one change however often it is sent.</summary>
    public string? Wish { get; set; }

    public string? Channel { get; set; }

    /// <summary>The moment of the preview.</summary>
    public string? At { get; set; }
}
