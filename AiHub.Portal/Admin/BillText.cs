using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Admin;

/// <summary>The words of channels' bills.</summary>
public static class BillText
{
    public static string Key(ChannelBillView bill) => string.Create(CultureInfo.InvariantCulture, $"{bill.Channel}/{bill.Day:yyyy-MM-dd}");

    public static string Path(ChannelBillView bill) => $"{FinanceTabs.Bills}/{Key(bill)}";

    public static string Status(string status) => status switch
    {
        "matched" => Text.Bills_Matched,
        "differs" => Text.Bills_Differs,
        _ => Text.Bills_Waiting,
    };

    public static string Tone(string status) => status switch { "matched" => "good", "differs" => "bad", _ => "plain" };

    public static string Kind(string kind) => kind switch
    {
        "payment" => Text.Bills_Payment,
        "refund" => Text.Bills_Refund,
        "refund_failed" => Text.Bills_RefundFailed,
        "dispute" => Text.Bills_Dispute,
        "dispute_won" => Text.Bills_DisputeWon,
        "payout" => Text.Bills_Payout,
        "funds" => Text.Bills_Funds,
        _ => Text.Bills_Other,
    };

    public static string Verdict(string verdict) => verdict switch
    {
        "matched" => Text.Bills_LineMatched,
        "missing_here" => Text.Bills_MissingHere,
        "missing_there" => Text.Bills_MissingThere,
        "amount_differs" => Text.Bills_AmountDiffers,
        _ => Text.Bills_NothingToCompare,
    };

    public static bool Differs(ChannelBillLineView line) => line.Verdict is "missing_here" or "missing_there" or "amount_differs";
}
