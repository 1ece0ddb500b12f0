using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Billing;

/// <summary>The card that is kept for what comes, and the wallet that refills itself from it.</summary>
public sealed partial class CardPage
{
    public const string Path = "/billing/card";

    private static readonly string[] Fields = ["below", "amount", "monthly_cap"];

    // One form, one order, however often it arrives.
    private string _wish = string.Empty;
    private PaymentMethodView? _method;
    private AutoTopUpView? _refill;
    private SubscriptionView _subscription = null!;
    private PaymentChannelView? _card;

    private bool MayWrite => Session.May("billing.write");

    private string Currency => Session.Organization.Currency;

    private string? DoneText => Done switch
    {
        "removed" => Text.Card_Removed,
        "set" => Text.AutoTopUp_Set,
        "ended" => Text.AutoTopUp_Ended,
        _ => null,
    };

    private string UsedFor => (_subscription.Collection == "automatic", _refill is { StoppedAt: null }) switch
    {
        (true, true) => Text.Card_ForBoth,
        (true, false) => Text.Card_ForPlan,
        (false, true) => Text.Card_ForRefill,
        _ => Text.Card_ForNothing,
    };

    protected override async Task OnInitializedAsync()
    {
        _wish = Guid.CreateVersion7().ToString("N");
        var (method, refill, subscription, channels) = (Management.SavedMethodAsync(Ct), Management.AutoTopUpAsync(Ct), Management.SubscriptionAsync(Ct), Management.PaymentChannelsAsync(Ct));
        await Task.WhenAll(method, refill, subscription, channels);
        (_method, _refill, _card) = (await method, await refill, (await channels).FirstOrDefault(channel => channel.Channel == "stripe"));
        _subscription = await subscription;
    }

    private async Task AddAsync()
    {
        var scene = HttpContext.Request.Headers["Sec-CH-UA-Mobile"] == "?1" ? "mobile" : "desktop";
        var request = new NewPaymentOrder("top_up", "stripe", Posted.Text("preset"), Currency, scene, SaveMethod: true);
        if (await AskAsync("add-card", Management.CreateOrderAsync(request, Posted.Text("wish"), Ct)) is { } order)
        {
            Navigation.NavigateTo(OrderState.Path(order.Id));
        }
    }

    private Task SetAsync() => DoAsync(
        "refill", Management.SetAutoTopUpAsync(new AutoTopUpRequest(Posted.Text("below"), Posted.Text("amount"), Posted.Text("monthly_cap")), Ct), $"{Path}?done=set");

    private Task RemoveAsync() => DoAsync("remove-card", Management.RemoveMethodAsync(Ct), $"{Path}?done=removed");

    private static string Why(string? reason) => reason switch
    {
        "declined" => Text.AutoTopUp_Declined,
        "cap_reached" => Text.AutoTopUp_CapReached,
        _ => Text.AutoTopUp_CardRemoved,
    };

    /// <summary>As it stands on the card: channels write brands in small letters.</summary>
    private static string Brand(string brand) => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(brand);
}
