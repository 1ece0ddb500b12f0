using System.Globalization;
using System.IO.Compression;
using AiHub.Domain;
using AiHub.Domain.Payments;

namespace AiHub.Worker.Payments;

/// <summary>What the two Chinese channels' bills have in common: columns by name, yuan in decimals, Beijing's time.</summary>
internal static class BillText
{
    /// <summary>No bill of a day is larger, and nobody fills the memory with one.</summary>
    public const int LargestBill = 256 * 1024 * 1024;

    private const long NanosPerMinor = Money.NanosPerUnit / 100;
    private static readonly TimeSpan Beijing = TimeSpan.FromHours(8);

    /// <summary>Where the named columns are.</summary>
    /// <exception cref="PaymentChannelException">One of them is not there: the layout has changed, and guessing would cost money.</exception>
    public static IReadOnlyDictionary<string, int> Columns(string[] header, params ReadOnlySpan<string> names)
    {
        var columns = new Dictionary<string, int>();
        foreach (var name in names)
        {
            // Both kinds of brackets are about, on bills of one and the same kind.
            var wanted = name;
            var at = Array.FindIndex(header, cell => cell.Replace('(', '（').Replace(')', '）') == wanted);
            columns[name] = at >= 0 ? at : throw Malformed($"it has no column {name}");
        }

        return columns;
    }

    public static string Cell(string[] cells, IReadOnlyDictionary<string, int> columns, string name) =>
        columns[name] < cells.Length ? cells[columns[name]] : throw Malformed("a line is too short");

    /// <summary>Yuan with up to five decimals, as fees are written.</summary>
    public static long Nanos(string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var yuan) && Math.Abs(yuan) < 1_000_000_000m
            ? (long)(yuan * Money.NanosPerUnit)
            : throw Malformed($"“{text}” is no amount");

    public static long Minor(string text) => Nanos(text) is var nanos && nanos % NanosPerMinor == 0 ? nanos / NanosPerMinor : throw Malformed($"“{text}” is no whole number of fen");

    public static DateTimeOffset Instant(string text) =>
        DateTime.TryParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment)
            ? new DateTimeOffset(moment, Beijing)
            : throw Malformed($"“{text}” is no time");

    public static string? Word(string text) => text.Length is 0 || text == "0" ? null : text;

    public static PaymentChannelException Malformed(string what) => new(PaymentChannelFailure.Untrusted, $"The bill cannot be read: {what}.");

    /// <summary>Unpacks all of it, unless it is larger than any bill.</summary>
    public static async Task<byte[]> UnzippedAsync(byte[] zipped, CancellationToken ct)
    {
        try
        {
            await using var stream = new GZipStream(new MemoryStream(zipped), CompressionMode.Decompress);
            return await BytesAsync(stream, ct);
        }
        catch (InvalidDataException malformed)
        {
            throw new PaymentChannelException(PaymentChannelFailure.Untrusted, "The bill cannot be read: it is not packed as was asked for.", malformed);
        }
    }

    /// <summary>Reads all of it, unless it is larger than any bill.</summary>
    public static async Task<byte[]> BytesAsync(Stream stream, CancellationToken ct)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, ct)) > 0;)
        {
            if (kept.Length + read > LargestBill)
            {
                throw Malformed("it is too large");
            }

            kept.Write(buffer, 0, read);
        }

        return kept.ToArray();
    }

    /// <summary>References are one of a kind on a bill, whatever the channel repeats.</summary>
    public static IReadOnlyList<BillLine> Distinct(IEnumerable<BillLine> lines)
    {
        var seen = new Dictionary<string, int>();
        return
        [
            .. lines.Select(line =>
            {
                var times = seen[line.Reference] = seen.GetValueOrDefault(line.Reference) + 1;
                return times == 1 ? line : line with { Reference = $"{line.Reference}#{times}" };
            }),
        ];
    }
}
