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

    public static string Purpose(string purpose) => purpose switch
    {
        "top_up" => Text.Invoices_TopUp,
        "auto_top_up" => Text.AutoTopUp_Title,
        "subscription" => Text.Invoices_Subscription,
        _ => Text.Billing_InvoicePayment,
    };

    /// <summary>Where granted money came from.</summary>
    public static string Origin(string kind) => kind switch
    {
        "redemption" => Text.Granted_FromCode,
        "credit" => Text.Granted_FromOperator,
        "reverse" => Text.Granted_FromReversal,
        _ => Text.Granted_FromElse,
    };

    public static string Dispute(string status) => status switch
    {
        "open" => Text.Disputes_Open,
        "won" => Text.Disputes_Won,
        _ => Text.Disputes_Lost,
    };

    public static string DisputeTone(string status) => status switch { "open" => "warn", "won" => "good", _ => "bad" };

    /// <summary>What banks give as a reason, in Stripe's words; one that is not known stands as it came.</summary>
    public static string DisputeReason(string reason) => reason switch
    {
        "fraudulent" => Text.Disputes_Fraudulent,
        "duplicate" => Text.Disputes_Duplicate,
        "product_not_received" => Text.Disputes_NotReceived,
        "product_unacceptable" => Text.Disputes_Unacceptable,
        "subscription_canceled" => Text.Disputes_Canceled,
        "unrecognized" => Text.Disputes_Unrecognized,
        "credit_not_processed" => Text.Disputes_NotCredited,
        "general" or "disputed" => Text.Disputes_General,
        _ => reason,
    };

    public static string Refund(string status) => status switch
    {
        "succeeded" => Text.Billing_RefundSucceeded,
        "failed" => Text.Billing_RefundFailed,
        _ => Text.Billing_RefundUnderWay,
    };
}
