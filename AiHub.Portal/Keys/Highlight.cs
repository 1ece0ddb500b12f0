using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Keys;

/// <summary>Colours the few things a snippet has: comments, strings, keywords. The text itself stays as it is, for copying.</summary>
public static partial class Highlight
{
    /// <param name="model">Is wrapped wherever it occurs, so that a script can exchange it.</param>
    public static MarkupString Of(string code, string model)
    {
        var html = new StringBuilder();
        var end = 0;
        foreach (Match match in Words().Matches(code))
        {
            Append(html, code[end..match.Index], model);
            var kind = match.Groups.Cast<Group>().Last(group => group.Success && !char.IsDigit(group.Name[0])).Name;
            html.Append("<span class=\"code-").Append(kind).Append("\">");
            Append(html, match.Value, model);
            html.Append("</span>");
            end = match.Index + match.Length;
        }

        Append(html, code[end..], model);
        return new MarkupString(html.ToString());
    }

    private static void Append(StringBuilder html, string code, string model)
    {
        var encoded = HtmlEncoder.Default.Encode(code);
        html.Append(encoded.Replace(HtmlEncoder.Default.Encode(model), $"<span data-model>{HtmlEncoder.Default.Encode(model)}</span>", StringComparison.Ordinal));
    }

    [GeneratedRegex("""(?<comment>(?m:^(?:\#|//)[^\n]*$))|(?<string>"[^"\n]*")|(?<word>\b(?:from|import|for|in|if|or|with|as|const|await|new|using|var|foreach|of)\b)""")]
    private static partial Regex Words();
}
