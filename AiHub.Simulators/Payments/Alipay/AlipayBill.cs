using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace AiHub.Simulators.Payments.Alipay;

/// <summary>Alipay's bills, of trades and of the account's funds: each a zip of two files in GBK, their names too.</summary>
internal static class AlipayBill
{
    private const string Header = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注";
    private const string FundsHeader = "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注";
    private static readonly TimeSpan Beijing = TimeSpan.FromHours(8);
    private static readonly TimeSpan ReadyAfter = TimeSpan.FromHours(9);
    private static readonly Encoding Gbk = CodePagesEncodingProvider.Instance.GetEncoding("GBK")!;

    /// <returns>Null when there is none, or none yet.</returns>
    public static byte[]? Of(DateOnly day, BillBook book, string seller, DateTimeOffset now)
    {
        var start = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), Beijing);
        var fault = book.Fault(Channels.Alipay);
        if (now < start.AddDays(1) + ReadyAfter || fault == "late" || book.Rows(Channels.Alipay, start, start.AddDays(1)) is not { Count: > 0 } rows)
        {
            return null;
        }

        var (paid, refunded) = (rows.Where(row => row.Refund is null).ToList(), rows.Where(row => row.Refund is not null).ToList());
        var text = new StringBuilder()
            .Append("#支付宝业务明细查询\r\n")
            .Append(CultureInfo.InvariantCulture, $"#账号：[{seller}0156]\r\n")
            .Append(CultureInfo.InvariantCulture, $"#起始日期：[{day:yyyy年MM月dd日} 00:00:00]   终止日期：[{day.AddDays(1):yyyy年MM月dd日} 00:00:00]\r\n")
            .Append("#-----------------------------------------业务明细列表----------------------------------------\r\n")
            .Append(Header).Append("\r\n");
        foreach (var row in fault == "short" ? rows.SkipLast(1) : rows)
        {
            text.Append(Line(row)).Append("\r\n");
        }

        text.Append("#-----------------------------------------业务明细列表结束------------------------------------\r\n")
            .Append(CultureInfo.InvariantCulture, $"#交易合计：{paid.Count}笔，商家实收共{Yuan(paid.Sum(row => row.Amount))}元，商家优惠共0.00元\r\n")
            .Append(CultureInfo.InvariantCulture, $"#退款合计：{refunded.Count}笔，商家实收退款共{Yuan(-refunded.Sum(row => row.Amount))}元，商家优惠退款共0.00元\r\n")
            .Append(CultureInfo.InvariantCulture, $"#导出时间：[{now.ToOffset(Beijing):yyyy年MM月dd日 HH:mm:ss}]\r\n");

        return Zip(seller, day, "业务明细", "#支付宝业务汇总查询\r\n", text);
    }

    /// <returns>Null when there is none, or none yet.</returns>
    public static byte[]? FundsOf(DateOnly day, BillBook book, string seller, DateTimeOffset now)
    {
        var start = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), Beijing);
        if (now < start.AddDays(1) + ReadyAfter || book.Fault(Channels.Alipay) is "late" or "late-funds" || book.Funds(Channels.Alipay, start, start.AddDays(1), FeeOf) is not { Count: > 0 } rows)
        {
            return null;
        }

        var text = new StringBuilder()
            .Append("#支付宝账务明细查询\r\n")
            .Append(CultureInfo.InvariantCulture, $"#账号：[{seller}0156]\r\n")
            .Append(CultureInfo.InvariantCulture, $"#起始日期：[{day:yyyy年MM月dd日} 00:00:00]   终止日期：[{day.AddDays(1):yyyy年MM月dd日} 00:00:00]\r\n")
            .Append("#-----------------------------------------账务明细列表----------------------------------------\r\n")
            .Append(FundsHeader).Append("\r\n");
        foreach (var row in rows)
        {
            var kind = row.Kind switch { FundsKind.Payment => "在线支付", FundsKind.Fee => "收费", FundsKind.Refund => "交易退款", FundsKind.FeeReturned => "退费", _ => "提现" };
            text.AppendJoin(',', $"{row.Number}\t", $"{row.Row?.Trade.TradeNo ?? row.Number}\t", $"{row.Row?.Trade.OutTradeNo}\t", "AI Hub 账户充值", Text(row.At), "**明(bu***@example.com)\t",
                Yuan(Math.Max(row.Amount, 0)), Yuan(Math.Min(row.Amount, 0)), Yuan(row.Balance), "支付宝", kind, "").Append("\r\n");
        }

        var (income, spent) = (rows.Where(row => row.Amount > 0).ToList(), rows.Where(row => row.Amount < 0).ToList());
        text.Append("#-----------------------------------------账务明细列表结束------------------------------------\r\n")
            .Append(CultureInfo.InvariantCulture, $"#支出合计：{spent.Count}笔，共{Yuan(spent.Sum(row => row.Amount))}元\r\n")
            .Append(CultureInfo.InvariantCulture, $"#收入合计：{income.Count}笔，共{Yuan(income.Sum(row => row.Amount))}元\r\n")
            .Append(CultureInfo.InvariantCulture, $"#导出时间：[{now.ToOffset(Beijing):yyyy年MM月dd日 HH:mm:ss}]\r\n");
        return Zip(seller, day, "账务明细", "#支付宝账务汇总查询\r\n", text);
    }

    private static byte[] Zip(string seller, DateOnly day, string name, string summary, StringBuilder lines)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true, Gbk))
        {
            Write(zip, $"{seller}0156_{day:yyyyMMdd}_{name}(汇总).csv", summary);
            Write(zip, $"{seller}0156_{day:yyyyMMdd}_{name}.csv", lines.ToString());
        }

        return file.ToArray();
    }

    // Sixty points in ten thousand, to the fen; a refund gives none of it back.
    private static long FeeOf(BillRow row) => row.Refund is null ? ((row.Amount * 60) + 5000) / 10000 : 0;

    private static void Write(ZipArchive zip, string name, string text)
    {
        using var entry = zip.CreateEntry(name).Open();
        entry.Write(Gbk.GetBytes(text));
    }

    private static string Line(BillRow row)
    {
        var amount = Yuan(row.Refund is null ? row.Amount : -row.Amount);
        var fee = Yuan(-FeeOf(row));
        return string.Join(',', $"{row.Trade.TradeNo}\t", $"{row.Trade.OutTradeNo}\t", row.Refund is null ? "交易" : "退款", "AI Hub 账户充值", Text(row.Trade.CreatedAt), Text(row.At), "\t", "\t", "\t", "\t",
            "**明(bu***@example.com)\t", amount, amount, "0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00\t", "0.00", $"{row.Refund?.OutRefundNo}\t", fee, "0.00", "");
    }

    private static string Text(DateTimeOffset at) => at.ToOffset(Beijing).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Yuan(long minor) => (minor / 100m).ToString("0.00", CultureInfo.InvariantCulture);
}
