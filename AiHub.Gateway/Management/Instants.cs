namespace AiHub.Gateway.Management;

/// <summary>PostgreSQL keeps microseconds. Instants are cut to that before use, so that the answer to a POST and the GET after it agree.</summary>
public static class Instants
{
    public static DateTimeOffset Now(this TimeProvider time) => time.GetUtcNow().Cut();

    public static DateTimeOffset Cut(this DateTimeOffset instant) => new(instant.UtcTicks - (instant.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}
