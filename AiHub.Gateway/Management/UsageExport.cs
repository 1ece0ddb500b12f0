using System.Data;
using System.Globalization;
using System.Text;
using AiHub.Domain;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace AiHub.Gateway.Management;

/// <summary>The calls as a table for spreadsheets, however many: rows go out as they come in, so a million take no more memory than a page.</summary>
public static class UsageExport
{
    private const int FlushAt = 64 * 1024;

    private static readonly string[] Columns =
    [
        "id", "time", "model", "vendor", "team", "member", "key", "surface", "status", "error_code", "streamed", "finish_reason",
        "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "token_source", "plan_tokens", "plan_tokens_charged",
        "cost", "charged", "currency", "latency_ms", "time_to_first_token_ms", "tags",
    ];

    // Money as PostgreSQL's exact numeric; the newest first, as everywhere.
    private const string Rows = """
        select record.id, to_char(record.occurred_at at time zone @zone, 'YYYY-MM-DD HH24:MI:SS.MS'), record.model_id, record.vendor_id,
               team.name, person.display_name, key.name, record.surface, record.status, record.error_code, record.streamed, record.finish_reason,
               record.tokens_input_uncached + record.tokens_cache_read + record.tokens_cache_write5m + record.tokens_cache_write1h + record.tokens_audio_in + record.tokens_image_in,
               record.tokens_output_text + record.tokens_output_reasoning + record.tokens_audio_out + record.tokens_image_out,
               record.tokens_cache_read, record.tokens_output_reasoning, record.source, record.plan_tokens, record.plan_tokens_charged,
               record.cost_nanos, record.charged_nanos, record.currency,
               (extract(epoch from record.latency) * 1000)::bigint, (extract(epoch from record.time_to_first_token) * 1000)::bigint, array_to_string(record.tags, ' ')
        from (select * from usage_records where occurred_at >= (@from)::timestamp at time zone @zone and occurred_at < (@to + 1)::timestamp at time zone @zone{0}) record
        left join teams team on team.id = record.team_id
        left join users person on person.id = record.user_id
        left join api_keys key on key.id = record.key_id
        order by record.occurred_at desc, record.id desc
        """;

    public static void MapUsageExport(this IEndpointRouteBuilder api) => api.MapGroup("/usage").WithTags("Usage")
        .MapGet("/export", ExportAsync)
        .OfOrganization(Permission.UsageRead)
        .Produces<string>(StatusCodes.Status200OK, "text/csv")
        .Parameter("from", Texts.From, "date", "2026-01-01")
        .Parameter("to", Texts.To, "date", "2026-01-31")
        .Filtered(withStatus: true)
        .Describe("exportUsage", new("Export calls", "导出调用记录"),
            new("As CSV for spreadsheets (UTF-8 with a byte order mark), newest first, however many. Times are in the organization's time zone. At most 366 days. Cells that a spreadsheet would take for a formula begin with an apostrophe. The header `x-aihub-rows` says beforehand how many rows there are.", "以 CSV 导出（UTF-8，带 BOM），按时间从新到旧排列，条数不限。时间为组织所在时区，最多 366 天。可能被表格软件当作公式的单元格以单引号开头。响应头 `x-aihub-rows` 预先给出总行数。"),
            null, "id,time,model,…");

    private static async Task<Results<EmptyHttpResult, Refused>> ExportAsync(
        string? from, string? to, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var zone = member.Organization.TimeZone;
        var days = asked.Range(from, to, DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.Now(), TimeZoneInfo.FindSystemTimeZoneById(zone)).DateTime));
        var filter = UsageFilter.Read(http, asked, withStatus: true);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var response = http.Response;
        response.ContentType = "text/csv; charset=utf-8";
        response.Headers.ContentDisposition = $"attachment; filename=\"usage-{days.From:yyyy-MM-dd}-{days.To:yyyy-MM-dd}.csv\"";

        await db.InOrganizationAsync(member.OrganizationId, () => WriteAsync(db, days, zone, filter, response, ct), ct);

        return TypedResults.Empty;
    }

    private static async Task WriteAsync(HubDb db, Days days, string zone, UsageFilter filter, HttpResponse response, CancellationToken ct)
    {
        var parameters = new List<object> { new NpgsqlParameter("from", days.From), new NpgsqlParameter("to", days.To), new NpgsqlParameter("zone", zone) };
        var where = filter.Sql(parameters);
        var total = await CountAsync(db, days, zone, filter, ct);
        await using var command = (NpgsqlCommand)db.Database.GetDbConnection().CreateCommand();
        command.Transaction = (NpgsqlTransaction?)db.Database.CurrentTransaction?.GetDbTransaction();
        command.CommandText = string.Format(CultureInfo.InvariantCulture, Rows, where);
        command.Parameters.AddRange(parameters.ToArray());
        // A million rows take as long as the reader at the other end does.
        command.CommandTimeout = 0;

        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, ct);
        if (response.HasStarted)
        {
            // The connection to the database broke on the way and this is the second try: half a table must not look like a whole one.
            response.HttpContext.Abort();
            return;
        }

        CsvTable.Announce(response.HttpContext, total);
        var writer = response.BodyWriter;
        Write("\uFEFF" + string.Join(',', Columns) + "\r\n");
        var line = new StringBuilder();
        while (await reader.ReadAsync(ct))
        {
            line.Clear();
            for (var column = 0; column < reader.FieldCount; column++)
            {
                line.Append(column > 0 ? "," : "").Append(Cell(reader, column));
            }

            Write(line.Append("\r\n").ToString());
            if (writer.UnflushedBytes > FlushAt)
            {
                await writer.FlushAsync(ct);
            }
        }

        await writer.FlushAsync(ct);

        void Write(string text) => Encoding.UTF8.GetBytes(text, writer);
    }

    // From the sums: to count a million records takes as long as to read them.
    private static Task<long> CountAsync(HubDb db, Days days, string zone, UsageFilter filter, CancellationToken ct)
    {
        var parameters = new List<object> { new NpgsqlParameter("from", days.From), new NpgsqlParameter("to", days.To), new NpgsqlParameter("zone", zone) };
        var figures = UsageFigures.Of("day", filter with { Status = null }, by: null, parameters);
        var counted = filter.Status switch
        {
            UsageStatus.Failed => "failed",
            UsageStatus.Cancelled => "cancelled",
            UsageStatus.Succeeded => "requests - failed - cancelled",
            _ => "requests",
        };
        var sum = $"""select coalesce(sum({counted}), 0)::bigint as "Value" from {figures.Rows} figures""";
        return db.Database.SqlQueryRaw<long>(sum, [.. parameters]).SingleAsync(ct);
    }

    private static string Cell(NpgsqlDataReader reader, int column)
    {
        if (reader.IsDBNull(column))
        {
            return "";
        }

        return Columns[column] switch
        {
            "id" => reader.GetGuid(column).ToString(),
            "streamed" => reader.GetBoolean(column) ? "true" : "false",
            // Both amounts come before their currency, and all currencies have the same nine decimals.
            "cost" or "charged" => new Money(reader.GetInt64(column), default).ToDecimalString(),
            "input_tokens" or "output_tokens" or "cached_tokens" or "reasoning_tokens" or "plan_tokens" or "plan_tokens_charged" or "latency_ms" or "time_to_first_token_ms"
                => reader.GetInt64(column).ToString(CultureInfo.InvariantCulture),
            _ => Csv.Text(reader.GetString(column)),
        };
    }
}

/// <summary>Cells of a table in text.</summary>
public static class Csv
{
    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create(",\"\r\n");

    /// <summary>
    /// A cell that no spreadsheet runs: what it would take for a formula gets an apostrophe. Quoted where its content would end it.
    /// </summary>
    public static string Text(string text)
    {
        // White space before it does not make a formula harmless.
        var first = text.AsSpan().TrimStart();
        if (text.Length > 0 && (text[0] is '\t' or '\r' or '\n' || (first.Length > 0 && first[0] is '=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠')))
        {
            text = "'" + text;
        }

        return text.AsSpan().ContainsAny(Special) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
