using AiHub.Portal.Resources;

namespace AiHub.Portal.Billing;

/// <summary>The words for what moves an organization's money and plan tokens.</summary>
public static class MovementText
{
    /// <summary>The unit of plan tokens in the list of movements.</summary>
    public const string Tokens = "tokens";

    public static string Account(string account) => account switch
    {
        "plan" => Text.Movements_Plan,
        "granted" => Text.Overview_Granted,
        _ => Text.Overview_Purchased,
    };

    /// <summary>What was noted, with the channel it begins with by its name.</summary>
    public static string Memo(string memo) => memo.Split(' ', 2) is [("alipay" or "wechat_pay" or "stripe") and var channel, var rest] ? $"{BillingText.Channel(channel)} {rest}" : memo;

    public static string Kind(string kind) => kind switch
    {
        "settle" => Text.Movement_Call,
        "grant" => Text.Movement_Grant,
        "expire" => Text.Movement_Expire,
        "top_up" => Text.Movement_TopUp,
        "refund" => Text.Movement_Refund,
        "refund_failed" => Text.Movement_RefundFailed,
        "subscription" => Text.Movement_Subscription,
        "redemption" => Text.Movement_Redemption,
        "credit" => Text.Movement_Credit,
        "reverse" => Text.Movement_Reverse,
        "dispute" => Text.Movement_Dispute,
        "dispute_closed" => Text.Movement_DisputeClosed,
        "invoice" => Text.Movement_Invoice,
        "invoice_paid" => Text.Movement_InvoicePaid,
        "credit_note" => Text.Movement_CreditNote,
        _ => Text.Movement_Other,
    };
}
