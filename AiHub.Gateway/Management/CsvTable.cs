using System.Globalization;
using System.Text;
using AiHub.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiHub.Gateway.Management;

/// <summary>A table for spreadsheets (UTF-8 with a byte order mark) that says beforehand how many rows it has.</summary>
internal static class CsvTable
{
    /// <param name="titles">The first line, as <see cref="CsvLine"/> writes it; so are the rows.</param>
    public static ContentHttpResult Of(HttpContext http, string name, string titles, IReadOnlyCollection<string> rows)
    {
        Announce(http, rows.Count);
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        return TypedResults.Text("\uFEFF" + titles + string.Concat(rows), "text/csv", Encoding.UTF8);
    }

    public static void Announce(HttpContext http, long rows) => http.Response.Headers[ExportRows.Header] = rows.ToString(CultureInfo.InvariantCulture);
}
