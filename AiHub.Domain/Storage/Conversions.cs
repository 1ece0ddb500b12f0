using System.Text.Json;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace AiHub.Domain.Storage;

/// <summary>Stores an enum as the words of its name (<c>wallet_granted</c>), so that SQL reads like C#.</summary>
internal sealed class Words<T>() : ValueConverter<T, string>(value => Words.Of(value.ToString()), text => Enum.Parse<T>(text.Replace("_", ""), true))
    where T : struct, Enum;

internal static class Words
{
    public static string Of(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}

/// <summary>PostgreSQL keeps instants, not offsets, and Npgsql refuses any offset but zero.</summary>
internal sealed class UtcInstant() : ValueConverter<DateTimeOffset, DateTimeOffset>(value => value.ToUniversalTime(), value => value);

internal sealed class JsonWords() : ValueConverter<Dictionary<string, string>, string>(
    value => JsonSerializer.Serialize(value, JsonSerializerOptions.Default),
    text => JsonSerializer.Deserialize<Dictionary<string, string>>(text, JsonSerializerOptions.Default)!);

internal sealed class JsonWordsComparer() : ValueComparer<Dictionary<string, string>>(
    (left, right) => left!.Count == right!.Count && !left.Except(right).Any(),
    value => value.Aggregate(0, (hash, pair) => hash ^ HashCode.Combine(pair.Key, pair.Value)),
    value => new Dictionary<string, string>(value));
