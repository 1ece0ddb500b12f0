using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using AiHub.Domain;
using AiHub.Domain.Payments;

namespace AiHub.Worker.Payments.WechatPay;

/// <summary>
/// The bill of trades and the bill of the account's funds: a signed answer names an address and the hash of what is there; what is there is packed and not
/// signed itself. Every value has a backtick before it, so that spreadsheets keep numbers as text, and two lines at the end say what all of it adds up to.
/// </summary>
public sealed partial class WechatPayChannel
{
    public TimeSpan BillOffset { get; } = TimeSpan.FromHours(8);

    /// <summary>Ten in the morning of the next day.</summary>
    public TimeSpan BillReadyAfter { get; } = TimeSpan.FromHours(10);

    public async Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken ct)
    {
        var date = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var trades = await FileAsync($"/v3/bill/tradebill?bill_date={date}&bill_type=ALL", ct);
        var funds = await FileAsync($"/v3/bill/fundflowbill?bill_date={date}&account_type=BASIC", ct);
        return FundFlow.Join(
            trades is null ? null : Lines(trades), funds is null ? null : Flows(funds), line => line.Reference, new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), BillOffset));
    }

    /// <returns>Null when there is none, or none yet.</returns>
    private async Task<byte[]?> FileAsync(string path, CancellationToken ct)
    {
        var answer = await CallAsync(HttpMethod.Get, $"{path}&tar_type=GZIP", null, ct);
        if (answer.Code is "NO_STATEMENT_EXIST" or "STATEMENT_CREATING")
        {
            return null;
        }

        answer.Require();
        if ((string?)answer.Body["hash_type"] != "SHA1" || (string?)answer.Body["hash_value"] is not { } hash
            || !Uri.TryCreate((string?)answer.Body["download_url"], UriKind.Absolute, out var url)
            || !(url.Scheme == Uri.UriSchemeHttps || url.Authority == new Uri(_settings.BaseUrl).Authority))
        {
            throw BillText.Malformed("its address or hash is none");
        }

        return Checked(await BillText.UnzippedAsync(await DownloadAsync(url, ct), ct), hash);
    }

    /// <summary>The bill, which is the one with this hash. It is the hash of what was packed.</summary>
    internal static byte[] Checked(byte[] bill, string hash)
    {
        // The vendor chose SHA-1; what protects the bill is that the hash came signed.
#pragma warning disable CA5350
        var own = SHA1.HashData(bill);
#pragma warning restore CA5350
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(own)), Encoding.ASCII.GetBytes(hash.ToLowerInvariant()))
            ? bill
            : throw new PaymentChannelException(PaymentChannelFailure.Untrusted, "The bill is not the one WeChat Pay named: its hash differs.");
    }

    internal static IReadOnlyList<BillLine> Lines(byte[] bill)
    {
        var (header, rows) = Table(bill, "总交易单数");
        var columns = BillText.Columns(header, "交易时间", "微信订单号", "商户订单号", "交易状态", "货币种类", "微信退款单号", "商户退款单号", "手续费", "订单金额", "申请退款金额");
        return BillText.Distinct(rows.Select(cells => LineOf(cells, columns)));
    }

    internal static IReadOnlyList<Flow> Flows(byte[] bill)
    {
        var (header, rows) = Table(bill, "资金流水总笔数");
        var columns = BillText.Columns(header, "记账时间", "微信支付业务单号", "资金流水单号", "业务类型", "收支类型", "收支金额（元）");
        return [.. rows.Select(cells => FlowOf(cells, columns))];
    }

    private static (string[] Header, IReadOnlyList<string[]> Rows) Table(byte[] bill, string totals)
    {
        var rows = Encoding.UTF8.GetString(bill).TrimStart('\uFEFF').Split('\n').Select(row => row.TrimEnd('\r')).ToList();
        var end = rows.FindIndex(row => row.StartsWith(totals, StringComparison.Ordinal));
        if (end < 1 || end + 1 >= rows.Count)
        {
            throw BillText.Malformed("it does not end");
        }

        var lines = rows[1..end].Where(row => row.Length > 0).Select(Cells).ToList();
        return Cells(rows[end + 1])[0] is var count && count == lines.Count.ToString(CultureInfo.InvariantCulture)
            ? (rows[0].Split(','), lines)
            : throw BillText.Malformed($"it says that it has {count} lines, and has {lines.Count}");
    }

    // `2021-01-28 17:07:11,`wx81be3101902f7cb2,… A comma in a value does not begin the next one: only one before a backtick does.
    private static string[] Cells(string row) => row.TrimStart('`').Split(",`");

    private static Flow FlowOf(string[] cells, IReadOnlyDictionary<string, int> columns)
    {
        var (kind, trade) = (BillText.Cell(cells, columns, "业务类型"), BillText.Cell(cells, columns, "微信支付业务单号"));
        var minor = BillText.Minor(BillText.Cell(cells, columns, "收支金额（元）"));
        var isOut = BillText.Cell(cells, columns, "收支类型") switch { "支出" => true, "收入" => false, var other => throw BillText.Malformed($"“{other}” is neither in nor out") };
        var flow = new Flow(
            FlowKind.Other, $"flow:{BillText.Cell(cells, columns, "资金流水单号")}", $"trade:{trade}", isOut ? -minor : minor, BillText.Instant(BillText.Cell(cells, columns, "记账时间")));
        return kind switch
        {
            "交易" => flow with { Kind = FlowKind.Trade },
            "扣除交易手续费" => flow with { Kind = FlowKind.Fee },
            "退款" => flow with { Kind = FlowKind.Trade, Of = $"refund:{trade}" },
            "退还交易手续费" => flow with { Kind = FlowKind.Fee, Of = $"refund:{trade}" },
            "提现" or "自动提现" => flow with { Kind = FlowKind.Payout },
            _ => flow,
        };
    }

    private static BillLine LineOf(string[] cells, IReadOnlyDictionary<string, int> columns)
    {
        string Cell(string name) => BillText.Cell(cells, columns, name);

        var (trade, refund) = (Cell("微信订单号"), Cell("微信退款单号"));
        var line = new BillLine(
            $"trade:{trade}", BillLineKind.Other, Cell("货币种类"), BillText.Minor(Cell("订单金额")), BillText.Nanos(Cell("手续费")), nameof(Currency.CNY), BillText.Instant(Cell("交易时间")),
            BillText.Word(Cell("商户订单号")), BillText.Word(trade));
        return Cell("交易状态") switch
        {
            "SUCCESS" => line with { Kind = BillLineKind.Payment },
            "REFUND" => line with { Kind = BillLineKind.Refund, Reference = $"refund:{refund}", AmountMinor = -BillText.Minor(Cell("申请退款金额")), OutRefundNo = BillText.Word(Cell("商户退款单号")) },
            var other => line with { Reference = $"{other}:{trade}:{refund}" },
        };
    }

    // The address wants the same Authorization as any other call; its answer carries no signature.
    private async Task<byte[]> DownloadAsync(Uri url, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        Sign(request, "");
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new PaymentChannelException(PaymentChannelFailure.Unavailable, $"WeChat Pay answered {(int)response.StatusCode} for its bill.");
            }

            await using var stream = await response.Content.ReadAsStreamAsync(ct);
            return await BillText.BytesAsync(stream, ct);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is TaskCanceledException && !ct.IsCancellationRequested))
        {
            throw new PaymentChannelException(PaymentChannelFailure.Unavailable, "WeChat Pay's bill cannot be reached.", failure);
        }
    }
}
