using System.Text.Json;

namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <summary>What OpenAI says about fields that are missing, of the wrong type or out of range. Null: nothing.</summary>
internal static class Rules
{
    public static OpenAIError? Unknown(JsonElement body, bool refuse, params string[] known) => !refuse ? null : body.EnumerateObject()
        .Where(member => !known.Contains(member.Name))
        .Select(member => OpenAIError.Invalid($"Unknown parameter: '{member.Name}'.", member.Name, "unknown_parameter"))
        .FirstOrDefault();

    public static OpenAIError? Needs(JsonElement body, string name) =>
        body.Given(name) is null ? OpenAIError.Invalid($"Missing required parameter: '{name}'.", name, "missing_required_parameter") : null;

    public static OpenAIError? IsText(JsonElement body, string name, int most = int.MaxValue) => body.Given(name) switch
    {
        null => null,
        { ValueKind: not JsonValueKind.String } => WrongType(name, "a string"),
        { } text when text.GetString()!.Length > most => OpenAIError.Invalid($"Invalid '{name}': string too long. Expected a string with maximum length {most}.", name, "string_above_max_length"),
        _ => null,
    };

    public static OpenAIError? IsFlag(JsonElement body, string name) =>
        body.Given(name) is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) } ? WrongType(name, "a boolean") : null;

    public static OpenAIError? IsWhole(JsonElement body, string name, int from, int to) => body.Given(name) is { } value
        ? value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var number) ? WrongType(name, "an integer")
            : number < from || number > to ? OpenAIError.Invalid($"Invalid '{name}': expected an integer between {from} and {to}, but got {number} instead.", name, "integer_out_of_range")
            : null
        : null;

    public static OpenAIError? IsNumber(JsonElement body, string name, double from, double to) => body.Given(name) is { } value
        ? value.ValueKind != JsonValueKind.Number ? WrongType(name, "a decimal")
            : value.GetDouble() < from || value.GetDouble() > to ? OpenAIError.Invalid($"Invalid '{name}': expected a value between {from} and {to}.", name, "decimal_out_of_range")
            : null
        : null;

    public static OpenAIError? IsOneOf(JsonElement body, string name, params string[] values) =>
        IsText(body, name) ?? (body.Given(name) is { } value && !values.Contains(value.GetString())
            ? OpenAIError.Invalid($"Invalid value: '{value.GetString()}'. Supported values are: {string.Join(", ", values.Select(one => $"'{one}'"))}.", name, "invalid_value")
            : null);

    public static OpenAIError? IsList(JsonElement body, string name, int most) => body.Given(name) switch
    {
        null => null,
        { ValueKind: not JsonValueKind.Array } => WrongType(name, "an array"),
        { } list when list.GetArrayLength() == 0 => OpenAIError.Invalid($"Invalid '{name}': empty array.", name, "empty_array"),
        { } list when list.GetArrayLength() > most => OpenAIError.Invalid($"Invalid '{name}': array too long. Expected an array with maximum length {most}.", name, "array_above_max_length"),
        _ => null,
    };

    public static OpenAIError WrongType(string name, string expected) => OpenAIError.Invalid($"Invalid type for '{name}': expected {expected}.", name, "invalid_type");
}
