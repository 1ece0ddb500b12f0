using AiHub.Contracts;

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
}
