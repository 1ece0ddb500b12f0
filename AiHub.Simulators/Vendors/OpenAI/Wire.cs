using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>How OpenAI writes JSON: documents indented, events on one line, characters beyond ASCII as they are.</summary>
public static partial class Wire
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    public static byte[] Document(JsonNode json) => Encoding.UTF8.GetBytes(WithEmoji(json.ToJsonString(Indented)));

    public static string Line(JsonNode json) => WithEmoji(json.ToJsonString(Compact));

    // Even the relaxed encoder writes characters beyond the basic plane as \uD83D\uDE00.
    private static string WithEmoji(string json) => !json.Contains("\\uD", StringComparison.Ordinal) ? json : Escape().Replace(json, match =>
        match.Groups["high"].Success ? $"{Character(match.Groups["high"])}{Character(match.Groups["low"])}" : match.Value);

    private static char Character(Group hex) => (char)ushort.Parse(hex.ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\\u(?<high>D[89AB][0-9A-F]{2})\\u(?<low>D[C-F][0-9A-F]{2})|\\.")]
    private static partial Regex Escape();
}
