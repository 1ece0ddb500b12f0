using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiHub.Domain;
using AiHub.Domain.Payments;

namespace AiHub.Worker.Payments.Alipay;

/// <summary>
/// The bill of trades and the bill of the account's funds: each a zip of two files in GBK, the lines and a summary. The lines stand between two marks and
/// end with their own totals, which show whether all of them came.
/// </summary>
public sealed partial class AlipayChannel
{
    private const string Begin = "明细列表--";
    private const string End = "明细列表结束";
    private static readonly Encoding Gbk = CodePagesEncodingProvider.Instance.GetEncoding("GBK")!;

    public TimeSpan BillOffset => Beijing;

    /// <summary>Nine in the morning of the next day; half an hour later for clocks that differ.</summary>
    public TimeSpan BillReadyAfter { get; } = TimeSpan.FromHours(9.5);

    public async Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken ct)
    {
        var trades = await FileAsync("trade", day, ct);
        var funds = await FileAsync("signcustomer", day, ct);
        return FundFlow.Join(
            trades is null ? null : Lines(trades), funds is null ? null : Flows(funds),
            // The account does not tell one refund of a trade from another.
            line => $"{(line.Kind == BillLineKind.Refund ? "refund" : "trade")}:{line.ChannelTradeNo}", new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), Beijing));
    }

    /// <returns>Null when there is none, or none yet.</returns>
    private async Task<byte[]?> FileAsync(string kind, DateOnly day, CancellationToken ct)
    {
        var answer = await CallAsync(
            "alipay.data.dataservice.bill.downloadurl.query",
            new JsonObject { ["bill_type"] = kind, ["bill_date"] = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) },
            ct);
        if (answer.SubCode is "isp.bill_not_exist" or "BILL_NOT_EXIST")
        {
            return null;
        }

        var address = (string?)answer.Require()["bill_download_url"];
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || !(url.Scheme == Uri.UriSchemeHttps || url.Authority == new Uri(_settings.Gateway).Authority))
        {
            throw BillText.Malformed("its address is none");
        }

        return await DownloadAsync(url, ct);
    }

    /// <summary>The lines of a zipped bill of trades.</summary>
    internal static IReadOnlyList<BillLine> Lines(byte[] zipped)
    {
        var (header, rows, totals) = Table(zipped);
        var columns = BillText.Columns(header, "支付宝交易号", "商户订单号", "业务类型", "完成时间", "订单金额（元）", "商家实收（元）", "退款批次号/请求号", "服务费（元）");
        var lines = rows.Select(cells => LineOf(cells, columns)).ToList();
        AssertWhole(totals, "交易", lines.Count(line => line.Kind == BillLineKind.Payment));
        AssertWhole(totals, "退款", lines.Count(line => line.Kind == BillLineKind.Refund));
        return BillText.Distinct(lines);
    }

    /// <summary>The lines of a zipped bill of funds.</summary>
    internal static IReadOnlyList<Flow> Flows(byte[] zipped)
    {
        var (header, rows, totals) = Table(zipped);
        var columns = BillText.Columns(header, "账务流水号", "业务流水号", "发生时间", "收入金额（+元）", "支出金额（-元）", "业务类型");
        var flows = rows.Select(cells => FlowOf(cells, columns)).ToList();
        AssertWhole(totals, "收入", flows.Count(flow => flow.Minor > 0));
        AssertWhole(totals, "支出", flows.Count(flow => flow.Minor < 0));
        return flows;
    }

    private static (string[] Header, IReadOnlyList<string[]> Rows, IReadOnlyList<string> Totals) Table(byte[] zipped)
    {
        var rows = Text(zipped).Split('\n').Select(row => row.TrimEnd('\r')).ToList();
        var begin = rows.FindIndex(row => row.StartsWith('#') && row.Contains(Begin, StringComparison.Ordinal));
        var end = rows.FindIndex(row => row.StartsWith('#') && row.Contains(End, StringComparison.Ordinal));
        return begin < 0 || end < begin + 2
            ? throw BillText.Malformed("it does not end")
            : (Cells(rows[begin + 1]), [.. rows[(begin + 2)..end].Where(row => row.Length > 0).Select(Cells)], rows[(end + 1)..]);
    }

    private static string Text(byte[] zipped)
    {
        try
        {
            using var zip = new ZipArchive(new MemoryStream(zipped), ZipArchiveMode.Read, leaveOpen: false, entryNameEncoding: Gbk);
            var detail = zip.Entries.FirstOrDefault(entry => entry.Name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) && !entry.Name.Contains("汇总", StringComparison.Ordinal))
                ?? throw BillText.Malformed("it holds no lines");
            if (detail.Length > BillText.LargestBill)
            {
                throw BillText.Malformed("it is too large");
            }

            using var reader = new StreamReader(detail.Open(), Gbk);
            return reader.ReadToEnd();
        }
        catch (InvalidDataException malformed)
        {
            throw new PaymentChannelException(PaymentChannelFailure.Untrusted, "The bill cannot be read: it is no zip file.", malformed);
        }
    }

    // Numbers end with a tab, so that spreadsheets keep them as text.
    private static string[] Cells(string row) => [.. row.Split(',').Select(cell => cell.Trim())];

    private static BillLine LineOf(string[] cells, IReadOnlyDictionary<string, int> columns)
    {
        string Cell(string name) => BillText.Cell(cells, columns, name);

        var (trade, refund) = (Cell("支付宝交易号"), Cell("退款批次号/请求号"));
        // What comes in is above zero and the fee below: from where the merchant stands. Some bills write refunds without a sign.
        var fee = -BillText.Nanos(Cell("服务费（元）"));
        var line = new BillLine(
            $"trade:{trade}", BillLineKind.Other, nameof(Currency.CNY), BillText.Minor(Cell("订单金额（元）")), fee, nameof(Currency.CNY), BillText.Instant(Cell("完成时间")),
            BillText.Word(Cell("商户订单号")), BillText.Word(trade));
        return Cell("业务类型") switch
        {
            "交易" => line with { Kind = BillLineKind.Payment },
            "退款" => line with { Kind = BillLineKind.Refund, Reference = $"refund:{trade}:{refund}", AmountMinor = -Math.Abs(line.AmountMinor), OutRefundNo = BillText.Word(refund) },
            var other => line with { Reference = $"{other}:{trade}" },
        };
    }

    private static Flow FlowOf(string[] cells, IReadOnlyDictionary<string, int> columns)
    {
        var trade = BillText.Cell(cells, columns, "业务流水号");
        var (income, spent) = (Amount(BillText.Cell(cells, columns, "收入金额（+元）")), Amount(BillText.Cell(cells, columns, "支出金额（-元）")));
        var flow = new Flow(
            FlowKind.Other, $"flow:{BillText.Cell(cells, columns, "账务流水号")}", $"trade:{trade}", income - Math.Abs(spent), BillText.Instant(BillText.Cell(cells, columns, "发生时间")));
        return BillText.Cell(cells, columns, "业务类型") switch
        {
            "在线支付" or "交易付款" => flow with { Kind = FlowKind.Trade },
            "收费" => flow with { Kind = FlowKind.Fee },
            "交易退款" or "退款（交易退款）" => flow with { Kind = FlowKind.Trade, Of = $"refund:{trade}" },
            "退费" => flow with { Kind = FlowKind.Fee, Of = $"refund:{trade}" },
            "提现" => flow with { Kind = FlowKind.Payout },
            _ => flow,
        };

        static long Amount(string cell) => cell.Length == 0 ? 0 : BillText.Minor(cell);
    }

    // #交易合计：2笔，商家实收共36.80元，商家优惠共0.00元
    private static void AssertWhole(IEnumerable<string> totals, string what, int found)
    {
        foreach (var total in totals.Select(row => Total().Match(row)).Where(total => total.Success && total.Groups["what"].Value == what))
        {
            if (int.Parse(total.Groups["count"].Value, CultureInfo.InvariantCulture) is var count && count != found)
            {
                throw BillText.Malformed($"it says that it has {count} lines of {what}, and has {found}");
            }
        }
    }

    private async Task<byte[]> DownloadAsync(Uri url, CancellationToken ct)
    {
        try
        {
            using var response = await _http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, ct);
            if (!response.IsSuccessStatusCode)
            {
                throw new PaymentChannelException(PaymentChannelFailure.Unavailable, $"Alipay answered {(int)response.StatusCode} for its bill.");
            }

            await using var stream = await response.Content.ReadAsStreamAsync(ct);
            return await BillText.BytesAsync(stream, ct);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is TaskCanceledException && !ct.IsCancellationRequested))
        {
            throw new PaymentChannelException(PaymentChannelFailure.Unavailable, "Alipay's bill cannot be reached.", failure);
        }
    }

    [GeneratedRegex("^#(?<what>交易|退款|收入|支出)合计：(?<count>[0-9]+)笔")]
    private static partial Regex Total();
}
