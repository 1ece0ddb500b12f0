using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the API reference shows of payments.</summary>
public static class PaymentExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 31, 8, 30, 0, TimeSpan.Zero);

    public static readonly NewPaymentOrder NewOrder = new("top_up", "wechat_pay", "100.00", "CNY");
    public static readonly NewRefund NewRefund = new("20.00", "not needed");
    public static readonly RefundView Refund = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120011"), "requested", "20", "CNY", "not needed", Moment, null);
    public static readonly PaymentChannelView Channel = new("wechat_pay", "CNY", "1", "50000", ["10", "50", "100", "500"]);
    public static readonly PaymentOrderView Order = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120010"), "top_up", "wechat_pay", "pending", "100", "CNY", "4q8x0m1d7c5v2n9b6k3j0h8g5f2d9s6a", null,
        "weixin://wxpay/bizpayurl?pr=…", Moment, Moment.AddMinutes(15), null, "0", null, []);

    public static readonly WalletLotView Lot = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120025"), "redemption", "Spring campaign", "CNY", "50", "12.5", Moment, Moment.AddDays(90), null);

    public static readonly LedgerEntryView Entry = new(
        "184467", Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120026"), "settle", "purchased", "CNY", "-0.00129125", Moment, Moment.AddSeconds(2), null, Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120027"));

    internal static readonly Text Scene = new("desktop (default) or mobile: which kind of payment page the channel is asked for; wechat: within WeChat itself.", "desktop（默认）或 mobile：请求渠道提供的支付页面类型；wechat：在微信内支付（JSAPI）。");
    internal static readonly Text OpenId = new("Who pays, as WeChat knows them in the hub's app; needed in the scene wechat, unless there is a wechat_code.", "付款人在本应用下的微信 openid；wechat 场景下未提供 wechat_code 时必填。");
    internal static readonly Text WechatCode = new("Instead of open_id: the code that the channel's payer_url brought; the hub learns for it who pays. Good once.", "可代替 open_id：由渠道 payer_url 返回的 code，平台据此查询付款人；仅可使用一次。");

    public static readonly IReadOnlyDictionary<(Type, string), Text> Fields = new Dictionary<(Type, string), Text>
    {
        [(typeof(NewPaymentOrder), "purpose")] = new("top_up: the balance of the wallet grows by what is paid.", "top_up：支付金额计入钱包余额。"),
        [(typeof(NewPaymentOrder), "channel")] = new("stripe, alipay or wechat_pay; “channels” says which are open.", "stripe、alipay 或 wechat_pay；可用渠道请查询“channels”。"),
        [(typeof(NewPaymentOrder), "amount")] = new("Decimal string with at most two decimals.", "十进制字符串，最多两位小数。"),
        [(typeof(NewPaymentOrder), "currency")] = new("The organization's currency, stated so that nobody pays ten of the wrong one.", "组织的结算货币；须明确填写以避免误付。"),
        [(typeof(NewPaymentOrder), "scene")] = Scene,
        [(typeof(NewPaymentOrder), "open_id")] = OpenId,
        [(typeof(NewPaymentOrder), "wechat_code")] = WechatCode,
        [(typeof(NewPaymentOrder), "save_method")] = new("With stripe: keeps the card for renewals and automatic top-ups, in place of the one before.", "使用 stripe 时：保存该卡用于续费与自动充值，并替换之前的卡。"),
        [(typeof(PaymentOrderView), "purpose")] = new("What is paid for.", "支付用途。"),
        [(typeof(PaymentOrderView), "channel")] = new("Who collects the money.", "收款渠道。"),
        [(typeof(PaymentOrderView), "status")] = new("created, pending, paid, closed or failed.", "created、pending、paid、closed 或 failed。"),
        [(typeof(PaymentOrderView), "amount")] = new("What is to be paid.", "应付金额。"),
        [(typeof(PaymentOrderView), "out_trade_no")] = new("The order's number at the channel.", "订单在支付渠道的商户订单号。"),
        [(typeof(PaymentOrderView), "redirect_url")] = new("Where to send the customer's browser; null once it cannot be paid any more.", "用户浏览器应跳转的地址；订单不可支付后为 null。"),
        [(typeof(PaymentOrderView), "qr_code")] = new("What to show as a QR code; null once it cannot be paid any more.", "应展示为二维码的内容；订单不可支付后为 null。"),
        [(typeof(PaymentOrderView), "frame_url")] = new("A page of the channel's with nothing but a QR code, 200 pixels wide, to show in a frame; null where there is none and once it cannot be paid any more.", "渠道提供的仅含二维码的页面（宽 200 像素），可嵌入 iframe；渠道不提供或订单不可支付时为 null。"),
        [(typeof(PaymentOrderView), "expires_at")] = new("Until when it can be paid.", "支付截止时间。"),
        [(typeof(PaymentOrderView), "paid_at")] = new("When it was paid; null until then.", "支付时间；未支付时为 null。"),
        [(typeof(PaymentOrderView), "refunded")] = new("What has gone back or is on its way.", "已退款及退款中的金额。"),
        [(typeof(PaymentOrderView), "failure")] = new("What the channel said when it would not open the order; null otherwise.", "渠道拒绝创建订单时返回的原因；其他情况为 null。"),
        [(typeof(PaymentOrderView), "wechat")] = new("What a page within WeChat asks for the payment with; null elsewhere, and once it cannot be paid any more.", "微信内页面调起支付的参数；其他场景及订单不可支付后为 null。"),
        [(typeof(WechatPayCall), "appId")] = new("The hub's app at WeChat.", "微信应用编号。"),
        [(typeof(WechatPayCall), "timeStamp")] = new("Seconds since 1970, as text.", "秒级时间戳（字符串）。"),
        [(typeof(WechatPayCall), "nonceStr")] = new("A random text.", "随机字符串。"),
        [(typeof(WechatPayCall), "package")] = new("The prepayment, as prepay_id=….", "预支付标识，形如 prepay_id=…。"),
        [(typeof(WechatPayCall), "signType")] = new("Always RSA.", "固定为 RSA。"),
        [(typeof(WechatPayCall), "paySign")] = new("The signature of the four before.", "前四项的签名。"),
        [(typeof(PaymentOrderView), "refunds")] = new("Each refund of the order.", "该订单的各笔退款。"),
        [(typeof(NewRefund), "amount")] = new("Decimal string; no more than was paid and is neither refunded nor spent.", "十进制字符串；不得超过已支付且未退款、未消费的金额。"),
        [(typeof(NewRefund), "reason")] = new("Why; the channel may show it to whoever paid.", "退款原因；渠道可能向付款人展示。"),
        [(typeof(RefundView), "status")] = new("requested, processing, succeeded or failed.", "requested、processing、succeeded 或 failed。"),
        [(typeof(RefundView), "amount")] = new("What goes back.", "退款金额。"),
        [(typeof(RefundView), "reason")] = new("Why.", "退款原因。"),
        [(typeof(RefundView), "completed_at")] = new("When it ended; null until then.", "完成时间；未完成时为 null。"),
        [(typeof(WalletLotView), "origin")] = new("What kind of booking it came from: redemption, credit and the like.", "来源的记账类型，如 redemption（兑换码）、credit（平台赠送）。"),
        [(typeof(WalletLotView), "memo")] = new("What was noted when it was booked; null for nothing.", "记账时的备注；没有时为 null。"),
        [(typeof(WalletLotView), "amount")] = new("What was granted.", "赠送金额。"),
        [(typeof(WalletLotView), "remaining")] = new("What is left of it, what calls under way have set aside included.", "剩余金额，含进行中调用的预留。"),
        [(typeof(WalletLotView), "expires_at")] = new("When its rest expires; null is never.", "剩余金额的到期时间；null 表示永不过期。"),
        [(typeof(WalletLotView), "expired_at")] = new("When its rest expired; null while it has not.", "剩余金额的过期时间；未过期时为 null。"),
        [(typeof(LedgerEntryView), "journal_id")] = new("What was booked together.", "同一笔日记账的编号。"),
        [(typeof(LedgerEntryView), "kind")] = new("settle, grant, expire, top_up, refund and the like.", "记账类型，如 settle、grant、expire、top_up、refund。"),
        [(typeof(LedgerEntryView), "account")] = new("plan, granted or purchased.", "plan、granted 或 purchased。"),
        [(typeof(LedgerEntryView), "unit")] = new("tokens, or the organization's currency.", "tokens，或组织的结算货币。"),
        [(typeof(LedgerEntryView), "amount")] = new("Whole tokens or a decimal amount; with a minus sign where it went out.", "整数 token 或十进制金额；支出带负号。"),
        [(typeof(LedgerEntryView), "effective_at")] = new("When it counts; for a call, when it began.", "生效时间；调用为其开始时间。"),
        [(typeof(LedgerEntryView), "booked_at")] = new("When it was written.", "入账时间。"),
        [(typeof(LedgerEntryView), "memo")] = new("What was noted when it was booked; null for nothing.", "记账时的备注；没有时为 null。"),
        [(typeof(LedgerEntryView), "request_id")] = new("The call that was charged; null for anything else.", "所计费的调用；其他记账为 null。"),
        [(typeof(PaymentChannelView), "channel")] = new("stripe, alipay or wechat_pay.", "stripe、alipay 或 wechat_pay。"),
        [(typeof(PaymentChannelView), "minimum")] = new("The least that can be paid at once.", "单笔最低金额。"),
        [(typeof(PaymentChannelView), "maximum")] = new("The most that can be paid at once.", "单笔最高金额。"),
        [(typeof(PaymentChannelView), "presets")] = new("Amounts people usually choose.", "常用金额。"),
        [(typeof(PaymentChannelView), "payer_url")] = new("Within WeChat: where the browser goes for the wechat_code, with redirect_uri, response_type=code, scope=snsapi_base and state added; null where the hub cannot ask.", "微信内支付：浏览器获取 wechat_code 的地址，需附加 redirect_uri、response_type=code、scope=snsapi_base 与 state；平台未启用时为 null。"),
    };
}
