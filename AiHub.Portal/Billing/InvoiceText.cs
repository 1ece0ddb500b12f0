using AiHub.Contracts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Billing;

/// <summary>The words of invoices and fapiao.</summary>
public static class InvoiceText
{
    public static string Kind(string kind) => kind switch
    {
        "top_up" => Text.Invoices_TopUp,
        "usage" => Text.Invoices_Usage,
        _ => Text.Invoices_Subscription,
    };

    public static string Status(string status) => status switch
    {
        "finalized" => Text.Invoices_Open,
        "paid" => Text.Billing_Paid,
        "overdue" => Text.Invoices_Overdue,
        "void" => Text.Invoices_Void,
        _ => Text.Invoices_Uncollectible,
    };

    public static string Tone(string status) => status switch
    {
        "paid" or "issued" => "good",
        "overdue" or "failed" or "rejected" => "bad",
        _ => "plain",
    };

    public static bool IsOpen(InvoiceView invoice) => invoice.Status is "finalized" or "overdue";

    public static string Fapiao(string status) => status switch
    {
        "submitted" => Text.Fapiao_Submitted,
        "issuing" => Text.Fapiao_Issuing,
        "issued" => Text.Fapiao_Issued,
        "rejected" => Text.Fapiao_Rejected,
        "failed" => Text.Status_Failed,
        "red_pending" => Text.Fapiao_RedPending,
        _ => Text.Fapiao_Reversed,
    };

    public static string FapiaoKind(string kind) => kind == "special" ? Text.Fapiao_Special : Text.Fapiao_General;
}
