using System.Text;

namespace AiHub.Gateway.Management;

/// <summary>Lines a spreadsheet reads as text, whatever is in them.</summary>
public static class CsvLine
{
    public static string Of(params ReadOnlySpan<string?> cells)
    {
        var line = new StringBuilder();
        for (var i = 0; i < cells.Length; i++)
        {
            if (i > 0)
            {
                line.Append(',');
            }

            Append(line, cells[i] ?? "");
        }

        return line.Append("\r\n").ToString();
    }

    private static void Append(StringBuilder line, string cell)
    {
        // A cell that begins like a formula is one to a spreadsheet; an apostrophe makes it text.
        var text = cell.Length > 0 && cell[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" + cell : cell;
        if (text.AsSpan().ContainsAny(",\"\r\n"))
        {
            line.Append('"').Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
        }
        else
        {
            line.Append(text);
        }
    }
}
