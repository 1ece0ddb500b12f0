using System.Globalization;
using System.Text.Json;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Organization;

/// <summary>One field of an audited change, as it was and as it is; null where there was none.</summary>
public sealed record AuditChange(string Field, string? Before, string? After)
{
    // Amounts as the management API writes them, beside the currency or unit they are in.
    private static readonly HashSet<string> Amounts = ["amount", "raised_amount", "credit_limit", "total"];

    // The entry says itself which thing it is about, and when it happened.
    private static readonly HashSet<string> Said = ["id", "created_at", "updated_at"];

    /// <summary>The fields that differ, in the order they were written down; nested ones with dots.</summary>
    /// <param name="written">How a moment is written.</param>
    public static IReadOnlyList<AuditChange> Of(JsonElement? before, JsonElement? after, Func<DateTimeOffset, string> written)
    {
        var (old, young) = (Flat(before, written), Flat(after, written));
        return
        [
            .. old.Keys.Concat(young.Keys.Where(field => !old.ContainsKey(field)))
                .Select(field => new AuditChange(field, old.GetValueOrDefault(field), young.GetValueOrDefault(field)))
                .Where(change => change.Before != change.After && !Said.Contains(change.Field)),
        ];
    }

    private static Dictionary<string, string> Flat(JsonElement? element, Func<DateTimeOffset, string> written)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        if (element is { } root)
        {
            Add(root, string.Empty);
        }

        return fields;

        void Add(JsonElement value, string path)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (var member in value.EnumerateObject())
                    {
                        var at = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
                        if (Amounts.Contains(member.Name) && Amount(member.Value, value) is { } amount)
                        {
                            fields[at] = amount;
                        }
                        else
                        {
                            Add(member.Value, at);
                        }
                    }

                    break;
                case JsonValueKind.Null or JsonValueKind.Undefined:
                case JsonValueKind.String when value.ValueEquals(""):
                case JsonValueKind.Array when value.GetArrayLength() == 0:
                    break;
                case JsonValueKind.Array when value.EnumerateArray().Any(item => item.ValueKind is JsonValueKind.Object or JsonValueKind.Array):
                    var index = 0;
                    foreach (var item in value.EnumerateArray())
                    {
                        Add(item, $"{path}[{index++}]");
                    }

                    break;
                case JsonValueKind.Array:
                    fields[path] = string.Join(", ", value.EnumerateArray().Select(item => item.ToString()));
                    break;
                case JsonValueKind.True or JsonValueKind.False:
                    fields[path] = value.GetBoolean() ? Text.Yes : Text.No;
                    break;
                case JsonValueKind.String when path.EndsWith("_at", StringComparison.Ordinal) && value.TryGetDateTimeOffset(out var moment):
                    fields[path] = written(moment);
                    break;
                default:
                    fields[path] = value.ToString();
                    break;
            }
        }
    }

    /// <returns>Null where nobody says of what it is an amount.</returns>
    private static string? Amount(JsonElement value, JsonElement beside)
    {
        if (value.ValueKind != JsonValueKind.String
            || !decimal.TryParse(value.GetString(), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        return (Word("currency") ?? Word("unit")) switch
        {
            "tokens" => number.ToString("N0", CultureInfo.CurrentCulture),
            { } currency and ("USD" or "CNY") => AmountText.Rounded(value.GetString()!, currency).Exact,
            _ => null,
        };

        string? Word(string name) => beside.TryGetProperty(name, out var word) && word.ValueKind == JsonValueKind.String ? word.GetString() : null;
    }
}
