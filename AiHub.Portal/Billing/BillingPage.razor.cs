using AiHub.Contracts;
using AiHub.Portal.Management;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Billing;

public sealed partial class BillingPage
{
    private WalletView _wallet = null!;
    private SubscriptionView _subscription = null!;
    private IReadOnlyList<PaymentChannelView> _channels = [];
    private Page<PaymentOrderView> _orders = null!;
    private IReadOnlyList<DisputeView> _disputes = [];
    private ProblemView? _problem;

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    [SupplyParameterFromForm]
    public TopUpInput Input { get; set; } = null!;

    [CascadingParameter]
    public required HttpContext HttpContext { get; set; }

    private (string Id, string Name, string Value)[] Figures =>
    [
        ("available", Text.Billing_Available, _wallet.Available),
        ("purchased", Text.Overview_Purchased, _wallet.Purchased),
        ("granted", Text.Overview_Granted, _wallet.Granted),
        ("held", Text.Budgets_Held, _wallet.Held),
    ];

    private string AmountHint => string.Format(
        System.Globalization.CultureInfo.CurrentCulture, Text.Billing_AmountHint,
        AmountText.Rounded(_channels[0].Minimum, _wallet.Currency).Exact, AmountText.Rounded(_channels[0].Maximum, _wallet.Currency).Exact);

    protected override async Task OnInitializedAsync()
    {
        Input ??= new TopUpInput { Wish = Guid.CreateVersion7().ToString("N") };
        var ct = HttpContext.RequestAborted;
        var (wallet, channels, orders, subscription) = (Management.WalletAsync(ct), Management.PaymentChannelsAsync(ct), Management.OrdersAsync(Cursor, ct), Management.SubscriptionAsync(ct));
        var disputes = Management.DisputesAsync(ct);
        await Task.WhenAll(wallet, channels, orders, subscription, disputes);
        _disputes = await disputes;
        (_wallet, _channels, _subscription, _orders) = (await wallet, await channels, await subscription, await orders);
        if (_channels.Count > 0)
        {
            Input.Channel ??= _channels[0].Channel;
            Input.Preset ??= _channels[0].Presets[1];
        }
    }

    private async Task CreateAsync()
    {
        var amount = string.IsNullOrWhiteSpace(Input.Amount) ? Input.Preset ?? string.Empty : Input.Amount.Trim();
        if (WechatWish.Asks(HttpContext, Input.Channel, _channels))
        {
            Navigation.NavigateTo(new WechatWish(Input.Wish ?? string.Empty, Amount: amount).Address);
            return;
        }

        var scene = HttpContext.Request.Headers["Sec-CH-UA-Mobile"] == "?1" ? "mobile" : "desktop";
        var request = new NewPaymentOrder("top_up", Input.Channel ?? string.Empty, amount, Session.Organization.Currency, scene);

        (var order, _problem) = await Management.CreateOrderAsync(request, Input.Wish ?? string.Empty, HttpContext.RequestAborted);
        if (order is not null)
        {
            Navigation.NavigateTo(OrderState.Path(order.Id));
        }
    }
}

/// <summary>The form as it was filled in.</summary>
public sealed class TopUpInput
{
    /// <summary>Drawn with the form, so that one form is one order however often it is sent.</summary>
    public string? Wish { get; set; }

    public string? Channel { get; set; }
    public string? Preset { get; set; }

    /// <summary>Instead of the preset, where it is filled in.</summary>
    public string? Amount { get; set; }
}
