using AiHub.Portal.Resources;

namespace AiHub.Portal.Billing;

/// <summary>The words of payments.</summary>
public static class BillingText
{
    public static string Channel(string channel) => channel switch
    {
        "alipay" => Text.Billing_Alipay,
        "wechat_pay" => Text.Billing_WechatPay,
        "stripe" => Text.Billing_Card,
        "balance" => Text.Plan_FromBalance,
        _ => channel,
    };

    public static string Status(string status) => status switch
    {
        "created" => Text.Billing_Opening,
        "pending" => Text.Billing_Pending,
        "paid" => Text.Billing_Paid,
        "closed" => Text.Billing_Closed,
        _ => Text.Status_Failed,
    };

    public static string Tone(string status) => status switch
    {
        "paid" or "succeeded" => "good",
        "failed" => "bad",
        _ => "plain",
    };

    public static string Refund(string status) => status switch
    {
        "succeeded" => Text.Billing_RefundSucceeded,
        "failed" => Text.Billing_RefundFailed,
        _ => Text.Billing_RefundUnderWay,
    };
}
