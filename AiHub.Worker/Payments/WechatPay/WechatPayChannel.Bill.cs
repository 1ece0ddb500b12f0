using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using AiHub.Domain;
using AiHub.Domain.Payments;

namespace AiHub.Worker.Payments.WechatPay;

/// <summary>
/// The trade bill: a signed answer names an address and the hash of what is there; what is there is not signed itself. Every value has a backtick before
/// it, so that spreadsheets keep numbers as text, and two lines at the end say what all of it adds up to.
/// </summary>
public sealed partial class WechatPayChannel
{
    private const string Totals = "总交易单数";

    public TimeSpan BillOffset { get; } = TimeSpan.FromHours(8);

    /// <summary>Ten in the morning of the next day.</summary>
    public TimeSpan BillReadyAfter { get; } = TimeSpan.FromHours(10);

    public async Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken ct)
    {
        var answer = await CallAsync(HttpMethod.Get, $"/v3/bill/tradebill?bill_date={day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}&bill_type=ALL", null, ct);
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

        return Lines(await DownloadAsync(url, ct), hash);
    }

    /// <summary>The lines of a bill whose hash is known.</summary>
    internal static IReadOnlyList<BillLine> Lines(byte[] bill, string hash)
    {
        // The vendor chose SHA-1; what protects the bill is that the hash came signed.
#pragma warning disable CA5350
        var own = SHA1.HashData(bill);
#pragma warning restore CA5350
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(own)), Encoding.ASCII.GetBytes(hash.ToLowerInvariant())))
        {
            throw new PaymentChannelException(PaymentChannelFailure.Untrusted, "The bill is not the one WeChat Pay named: its hash differs.");
        }

        var rows = Encoding.UTF8.GetString(bill).TrimStart('\uFEFF').Split('\n').Select(row => row.TrimEnd('\r')).ToList();
        var end = rows.FindIndex(row => row.StartsWith(Totals, StringComparison.Ordinal));
        if (end < 1 || end + 1 >= rows.Count)
        {
            throw BillText.Malformed("it does not end");
        }

        var columns = BillText.Columns(
            rows[0].Split(','), "交易时间", "微信订单号", "商户订单号", "交易状态", "货币种类", "微信退款单号", "商户退款单号", "手续费", "订单金额", "申请退款金额");
        var lines = rows[1..end].Where(row => row.Length > 0).Select(row => LineOf(Cells(row), columns)).ToList();
        if (Cells(rows[end + 1])[0] is var count && count != lines.Count.ToString(CultureInfo.InvariantCulture))
        {
            throw BillText.Malformed($"it says that it has {count} lines, and has {lines.Count}");
        }

        return BillText.Distinct(lines);
    }

    // `2021-01-28 17:07:11,`wx81be3101902f7cb2,… A comma in a value does not begin the next one: only one before a backtick does.
    private static string[] Cells(string row) => row.TrimStart('`').Split(",`");

    private static BillLine LineOf(string[] cells, IReadOnlyDictionary<string, int> columns)
    {
        string Cell(string name) => columns[name] < cells.Length ? cells[columns[name]] : throw BillText.Malformed("a line is too short");

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
