using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using AiHub.Domain.Usage;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace AiHub.Domain.Storage;

/// <summary>The attempts of a call as a column of JSON.</summary>
internal sealed class JsonAttempts() : ValueConverter<IReadOnlyList<UsageAttempt>, string>(value => ToText(value), text => FromText(text))
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static string ToText(IReadOnlyList<UsageAttempt> attempts) => Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(attempts, Options));

    private static IReadOnlyList<UsageAttempt> FromText(string text) => JsonSerializer.Deserialize<List<UsageAttempt>>(text, Options)!;
}

internal sealed class JsonAttemptsComparer() : ValueComparer<IReadOnlyList<UsageAttempt>>(
    (left, right) => left!.SequenceEqual(right!),
    value => value.Aggregate(0, (hash, attempt) => HashCode.Combine(hash, attempt)),
    value => value.ToList());
