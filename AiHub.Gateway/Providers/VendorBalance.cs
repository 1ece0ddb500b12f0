using System.Globalization;
using System.Text.Json;

namespace AiHub.Gateway.Providers;

/// <summary>
/// How a vendor tells what is left in its account. Data of the vendor's row: <c>path amount currency</c>, where the amount is a field of the answer
/// (<c>data.balance</c>, <c>infos.0.total</c>) or the difference of two (<c>data.bought-data.used</c>), and the currency one of its fields or its name.
/// </summary>
/// <param name="Path">Beside the vendor's base URL.</param>
public sealed record VendorBalance(string Path, string Amount, string Currency)
{
    public const string Quirk = "balance";

    public static VendorBalance? Of(IReadOnlyDictionary<string, string> quirks) =>
        quirks.GetValueOrDefault(Quirk) is { } told ? Parse(told) : null;

    /// <returns>Null when that is not how to say it.</returns>
    public static VendorBalance? Parse(string told) => told.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [['/', ..] path, var amount, var currency] ? new(path, amount, currency) : null;

    /// <returns>Null when the answer does not tell.</returns>
    public (decimal Amount, string Currency)? Read(JsonElement answer)
    {
        decimal? left = null;
        foreach (var field in Amount.Split('-'))
        {
            if (Number(Find(answer, field)) is not { } number)
            {
                return null;
            }

            left = left is { } before ? before - number : number;
        }

        var currency = Currency.All(char.IsAsciiLetterUpper) ? Currency : Find(answer, Currency) is { ValueKind: JsonValueKind.String } said ? said.GetString() : null;
        return left is { } amount && currency is not null ? (amount, currency) : null;
    }

    private static JsonElement? Find(JsonElement answer, string path)
    {
        var here = answer;
        foreach (var step in path.Split('.'))
        {
            if (here.ValueKind == JsonValueKind.Object && here.TryGetProperty(step, out var member))
            {
                here = member;
            }
            else if (here.ValueKind == JsonValueKind.Array && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < here.GetArrayLength())
            {
                here = here[index];
            }
            else
            {
                return null;
            }
        }

        return here;
    }

    // Some vendors write money as numbers, others as text.
    private static decimal? Number(JsonElement? value) => value switch
    {
        { ValueKind: JsonValueKind.Number } number when number.TryGetDecimal(out var read) => read,
        { ValueKind: JsonValueKind.String } text when decimal.TryParse(text.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var read) => read,
        _ => null,
    };
}
