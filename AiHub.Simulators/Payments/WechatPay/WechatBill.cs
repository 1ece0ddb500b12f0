using System.Globalization;
using System.Text;

namespace AiHub.Simulators.Payments.WechatPay;

/// <summary>WeChat Pay's bills, of trades and of the account's funds: every value behind a backtick, and two lines of totals at the end.</summary>
internal static class WechatBill
{
    private const string Header = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
    private const string Totals = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
    private const string FundsHeader = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号";
    private const string FundsTotals = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";
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

    /// <returns>Null when there is none, or none yet.</returns>
    public static byte[]? FundsOf(DateOnly day, BillBook book, DateTimeOffset now)
    {
        var start = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), Beijing);
        if (now < start.AddDays(1) + ReadyAfter || book.Fault(Channels.WechatPay) is "late" or "late-funds" || book.Funds(Channels.WechatPay, start, start.AddDays(1), FenOf) is not { Count: > 0 } rows)
        {
            return null;
        }

        var text = new StringBuilder("\uFEFF").Append(FundsHeader).Append("\r\n");
        foreach (var row in rows)
        {
            var (name, kind) = row.Kind switch
            {
                FundsKind.Payment => ("交易", "交易"),
                FundsKind.Fee => ("交易", "扣除交易手续费"),
                FundsKind.Refund => ("退款", "退款"),
                FundsKind.FeeReturned => ("退款", "退还交易手续费"),
                _ => ("提现", "提现"),
            };
            text.Append(Cells(
                row.At.ToOffset(Beijing).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), row.Row?.Refund?.Id ?? row.Row?.Trade.TradeNo ?? row.Number, row.Number, name, kind,
                row.Amount < 0 ? "支出" : "收入", Yuan(Math.Abs(row.Amount)), Yuan(row.Balance), "system", "", row.Row?.Refund?.OutRefundNo ?? row.Row?.Trade.OutTradeNo ?? row.Number)).Append("\r\n");
        }

        var (income, spent) = (rows.Where(row => row.Amount > 0).ToList(), rows.Where(row => row.Amount < 0).ToList());
        text.Append(FundsTotals).Append("\r\n")
            .Append(Cells(
                rows.Count.ToString(CultureInfo.InvariantCulture), income.Count.ToString(CultureInfo.InvariantCulture), Yuan(income.Sum(row => row.Amount)),
                spent.Count.ToString(CultureInfo.InvariantCulture), Yuan(-spent.Sum(row => row.Amount)))).Append("\r\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // The account moves whole fen.
    private static long FenOf(BillRow row) => ((row.Amount * 6) + 500) / 1000;

    private static string Line(BillRow row, PaymentOptions.WechatPayParty party)
    {
        var isRefund = row.Refund is not null;
        return Cells(
            row.At.ToOffset(Beijing).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), party.AppId, party.MerchantId, "0", "", row.Trade.TradeNo, row.Trade.OutTradeNo,
            WechatSignIn.OpenId, "NATIVE", isRefund ? "REFUND" : "SUCCESS", "OTHERS", "CNY", isRefund ? "0.00" : Yuan(row.Amount), "0.00", row.Refund?.Id ?? "0",
            row.Refund?.OutRefundNo ?? "0", isRefund ? Yuan(row.Amount) : "0.00", "0.00", isRefund ? "ORIGINAL" : "", isRefund ? "SUCCESS" : "", "AI Hub 账户充值, 一次", "", Fee(FeeOf(row)), "0.60%",
            isRefund ? "0.00" : Yuan(row.Amount), isRefund ? Yuan(row.Amount) : "0.00", "");
    }

    // In hundred-thousandths of a yuan; a refund gives its share back.
    private static long FeeOf(BillRow row) => row.Amount * 6 * (row.Refund is null ? 1 : -1);

    private static string Fee(long parts) => (parts / 100_000m).ToString("0.00000", CultureInfo.InvariantCulture);

    private static string Cells(params string[] cells) => string.Join(',', cells.Select(cell => "`" + cell));

    private static string Yuan(long minor) => (minor / 100m).ToString("0.00", CultureInfo.InvariantCulture);
}
