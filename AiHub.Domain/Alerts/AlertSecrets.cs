using System.Security.Cryptography;

namespace AiHub.Domain.Alerts;

/// <summary>What webhooks are signed with.</summary>
public static class AlertSecrets
{
    public const string Prefix = "whsec_";

    public static string Generate() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
}
