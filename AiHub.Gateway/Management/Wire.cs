using System.Text.Json;

namespace AiHub.Gateway.Management;

/// <summary>How values are spelled on the wire.</summary>
public static class Wire
{
    public static string Instant(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    public static string Name(string member) => JsonNamingPolicy.SnakeCaseLower.ConvertName(member);

    public static string Name<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
