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

            line.Append(Csv.Text(cells[i] ?? ""));
        }

        return line.Append("\r\n").ToString();
    }
}
