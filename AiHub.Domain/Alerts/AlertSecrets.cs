using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AiHub.Domain.Alerts;

/// <summary>What webhooks are signed with, and how channels keep it.</summary>
public static class AlertSecrets
{
    public const string Prefix = "whsec_";

    /// <summary>What a channel's secret and address are sealed for: no row of another organization opens them.</summary>
    public static string[] Purposes(Guid organization) => ["alert-channels", organization.ToString()];

    /// <summary>As Standard Webhooks signs: <c>id.timestamp.body</c> with the secret's bytes.</summary>
    public static string Sign(string secret, string id, long timestamp, string body)
    {
        var signature = HMACSHA256.HashData(
            Convert.FromBase64String(secret[Prefix.Length..]), Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.{body}")));

        return $"v1,{Convert.ToBase64String(signature)}";
    }

    public static string Generate() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
}
