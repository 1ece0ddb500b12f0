using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace AiHub.Contracts;

/// <param name="Purpose">top_up.</param>
/// <param name="Channel">stripe, alipay or wechat_pay; GET billing/channels says which are open.</param>
/// <param name="Amount">Decimal string with at most two decimals, in the organization's currency.</param>
/// <param name="Currency">The organization's currency, stated so that nobody pays ten of the wrong one.</param>
/// <param name="Scene">desktop (default), mobile, or wechat: within WeChat itself, where the page asks WeChat to pay.</param>
/// <param name="OpenId">Who pays, as WeChat knows them in the hub's app; of the scene wechat only.</param>
/// <param name="WechatCode">Instead of open_id: the code WeChat's sign-in brought, for which the hub learns who pays.</param>
/// <param name="SaveMethod">With stripe: keeps the card, in place of the one before.</param>
public sealed record NewPaymentOrder(
    [property: Required, AllowedValues("top_up")] string Purpose,
    [property: Required, AllowedValues("stripe", "alipay", "wechat_pay")] string Channel,
    [property: Required, StringLength(20, MinimumLength = 1)] string Amount,
    [property: Required, AllowedValues("USD", "CNY")] string Currency,
    [property: AllowedValues("desktop", "mobile", "wechat", null)] string? Scene = null,
    [property: StringLength(128, MinimumLength = 1)] string? OpenId = null,
    bool SaveMethod = false,
    [property: StringLength(128, MinimumLength = 1)] string? WechatCode = null);

/// <param name="Status">created, pending, paid, closed or failed.</param>
/// <param name="RedirectUrl">Where to send the customer's browser, while the order can be paid.</param>
/// <param name="QrCode">What to show as a QR code, while the order can be paid.</param>
/// <param name="Refunded">What has gone back or is on its way.</param>
/// <param name="Wechat">What to ask WeChat with, in the scene wechat while the order can be paid.</param>
/// <param name="Failure">What the channel said when it would not open the order.</param>
/// <param name="FrameUrl">A page of the channel's with nothing but a QR code, to show in a frame; null where there is none. The other address is always good.</param>
public sealed record PaymentOrderView(
    Guid Id,
    string Purpose,
    string Channel,
    string Status,
    string Amount,
    string Currency,
    string OutTradeNo,
    string? RedirectUrl,
    string? QrCode,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? PaidAt,
    string Refunded,
    string? Failure,
    IReadOnlyList<RefundView> Refunds,
    WechatPayCall? Wechat = null,
    string? FrameUrl = null);

/// <summary>What a page within WeChat hands to <c>WeixinJSBridge.invoke("getBrandWCPayRequest", …)</c>, named and signed as WeChat wants it.</summary>
public sealed record WechatPayCall(
    [property: JsonPropertyName("appId")] string AppId,
    [property: JsonPropertyName("timeStamp")] string TimeStamp,
    [property: JsonPropertyName("nonceStr")] string NonceStr,
    [property: JsonPropertyName("package")] string Package,
    [property: JsonPropertyName("signType")] string SignType,
    [property: JsonPropertyName("paySign")] string PaySign);

/// <param name="Amount">Decimal string with at most two decimals; no more than was paid and is not yet refunded or spent.</param>
public sealed record NewRefund(
    [property: Required, StringLength(20, MinimumLength = 1)] string Amount,
    [property: Required, StringLength(80, MinimumLength = 1)] string Reason);

/// <param name="Status">requested, processing, succeeded or failed.</param>
public sealed record RefundView(Guid Id, string Status, string Amount, string Currency, string Reason, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt);

/// <summary>Granted money that came at once and expires at once. Purchased money has no lots: it does not expire.</summary>
/// <param name="Origin">redemption, credit and the like: what kind of booking it came from.</param>
/// <param name="Remaining">What is left of it, what calls have set aside included.</param>
/// <param name="ExpiresAt">Null for ever.</param>
/// <param name="ExpiredAt">When its rest expired.</param>
public sealed record WalletLotView(
    Guid Id, string Origin, string? Memo, string Currency, string Amount, string Remaining, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? ExpiredAt);

/// <summary>One movement on one of an organization's accounts.</summary>
/// <param name="Id">Later entries have larger ids.</param>
/// <param name="JournalId">What was booked together.</param>
/// <param name="Kind">settle, grant, expire, top_up, refund and the like.</param>
/// <param name="Account">plan, granted or purchased.</param>
/// <param name="Unit">tokens, or the organization's currency.</param>
/// <param name="Amount">Whole tokens or a decimal amount; with a minus sign where it went out.</param>
/// <param name="EffectiveAt">When it counts, for a call when it began.</param>
/// <param name="RequestId">The call that was charged, if it was one.</param>
public sealed record LedgerEntryView(
    string Id, Guid JournalId, string Kind, string Account, string Unit, string Amount, DateTimeOffset EffectiveAt, DateTimeOffset BookedAt, string? Memo, Guid? RequestId);

/// <param name="Presets">Amounts people usually choose, as decimal strings.</param>
/// <param name="PayerUrl">Within WeChat: where browsers go for the code that says who pays. Takes redirect_uri, response_type=code, scope=snsapi_base and state. Null where the hub cannot ask.</param>
public sealed record PaymentChannelView(string Channel, string Currency, string Minimum, string Maximum, IReadOnlyList<string> Presets, string? PayerUrl = null);
