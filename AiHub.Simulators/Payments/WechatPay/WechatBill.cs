using System.Globalization;
using System.Text;

namespace AiHub.Simulators.Payments.WechatPay;

/// <summary>WeChat Pay's trade bill: every value behind a backtick, and two lines of totals at the end.</summary>
internal static class WechatBill
{
    private const string Header = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
    private const string Totals = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
    private static readonly TimeSpan Beijing = TimeSpan.FromHours(8);
    private static readonly TimeSpan ReadyAfter = TimeSpan.FromHours(10);

    /// <returns>Null when there is none, or none yet.</returns>
    public static byte[]? Of(DateOnly day, BillBook book, PaymentOptions.WechatPayParty party, DateTimeOffset now)
    {
        var start = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), Beijing);
        if (now < start.AddDays(1) + ReadyAfter || book.Fault(Channels.WechatPay) == "late" || book.Rows(Channels.WechatPay, start, start.AddDays(1)) is not { Count: > 0 } rows)
        {
            return null;
        }

        var text = new StringBuilder("\uFEFF").Append(Header).Append("\r\n");
        foreach (var row in rows)
        {
            text.Append(Line(row, party)).Append("\r\n");
        }

        var (paid, refunded) = (rows.Where(row => row.Refund is null).Sum(row => row.Amount), rows.Where(row => row.Refund is not null).Sum(row => row.Amount));
        text.Append(Totals).Append("\r\n")
            .Append(Cells(rows.Count.ToString(CultureInfo.InvariantCulture), Yuan(paid), Yuan(refunded), "0.00", Fee(rows.Sum(FeeOf)), Yuan(paid), Yuan(refunded))).Append("\r\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Line(BillRow row, PaymentOptions.WechatPayParty party)
    {
        var isRefund = row.Refund is not null;
        return Cells(
            row.At.ToOffset(Beijing).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), party.AppId, party.MerchantId, "0", "", row.Trade.TradeNo, row.Trade.OutTradeNo,
            "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "NATIVE", isRefund ? "REFUND" : "SUCCESS", "OTHERS", "CNY", isRefund ? "0.00" : Yuan(row.Amount), "0.00", row.Refund?.Id ?? "0",
            row.Refund?.OutRefundNo ?? "0", isRefund ? Yuan(row.Amount) : "0.00", "0.00", isRefund ? "ORIGINAL" : "", isRefund ? "SUCCESS" : "", "AI Hub 账户充值, 一次", "", Fee(FeeOf(row)), "0.60%",
            isRefund ? "0.00" : Yuan(row.Amount), isRefund ? Yuan(row.Amount) : "0.00", "");
    }

    // In hundred-thousandths of a yuan; a refund gives its share back.
    private static long FeeOf(BillRow row) => row.Amount * 6 * (row.Refund is null ? 1 : -1);

    private static string Fee(long parts) => (parts / 100_000m).ToString("0.00000", CultureInfo.InvariantCulture);

    private static string Cells(params string[] cells) => string.Join(',', cells.Select(cell => "`" + cell));

    private static string Yuan(long minor) => (minor / 100m).ToString("0.00", CultureInfo.InvariantCulture);
}
