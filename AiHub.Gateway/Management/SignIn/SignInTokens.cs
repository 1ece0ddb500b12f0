using System.Security.Cryptography;
using System.Text;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>The tokens of a session: a prefix that says which of the two it is and 256 random bits. Only their SHA-256 is kept.</summary>
public static class SignInTokens
{
    public const string AccessPrefix = "ait_";
    public const string RefreshPrefix = "air_";

    public static readonly TimeSpan AccessLifetime = TimeSpan.FromMinutes(15);
    public static readonly TimeSpan RefreshLifetime = TimeSpan.FromDays(30);

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    // 43 characters of 62 are 256 bits.
    private const int RandomLength = 43;

    public static string NewAccess() => AccessPrefix + RandomNumberGenerator.GetString(Alphabet, RandomLength);

    public static string NewRefresh() => RefreshPrefix + RandomNumberGenerator.GetString(Alphabet, RandomLength);

    /// <returns>What is stored and looked up, or null for what cannot be such a token.</returns>
    public static byte[]? Hash(string token, string prefix) =>
        token.Length == prefix.Length + RandomLength && token.StartsWith(prefix, StringComparison.Ordinal) && !token.AsSpan(prefix.Length).ContainsAnyExcept(Alphabet)
            ? SHA256.HashData(Encoding.ASCII.GetBytes(token))
            : null;
}
