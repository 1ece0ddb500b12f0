using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>
/// The tokens of a session: a prefix that says which of the two it is and 256 random bits. Only their SHA-256 is kept.
/// A refresh token also names its session, so that one used up long ago is still known for what it is: a copy.
/// </summary>
public static class SignInTokens
{
    public const string AccessPrefix = "ait_";
    public const string RefreshPrefix = "air_";
    public const string InvitationPrefix = "ain_";
    public const string TicketPrefix = "aik_";
    public const string ScimPrefix = "aic_";

    public static readonly TimeSpan AccessLifetime = TimeSpan.FromMinutes(15);
    public static readonly TimeSpan RefreshLifetime = TimeSpan.FromDays(30);

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    // 43 characters of 62 are 256 bits, 22 are 128.
    private const int RandomLength = 43;
    private const int IdLength = 22;

    public static string NewAccess() => AccessPrefix + Random();

    public static string NewRefresh(Guid sessionId) => RefreshPrefix + Spell(sessionId) + Random();

    public static string NewInvitation() => InvitationPrefix + Random();

    public static string NewTicket() => TicketPrefix + Random();

    public static string NewScim() => ScimPrefix + Random();

    /// <returns>What is stored and looked up, or null for what cannot be a ticket's token.</returns>
    public static byte[]? ReadTicket(string token) => IsWellFormed(token, TicketPrefix, RandomLength) ? Hash(token) : null;

    /// <returns>What is stored and looked up, or null for what cannot be a SCIM token.</returns>
    public static byte[]? ReadScim(string token) => IsWellFormed(token, ScimPrefix, RandomLength) ? Hash(token) : null;

    /// <returns>What is stored and looked up, or null for what cannot be an invitation's token.</returns>
    public static byte[]? ReadInvitation(string token) => IsWellFormed(token, InvitationPrefix, RandomLength) ? Hash(token) : null;

    /// <returns>What is stored and looked up, or null for what cannot be an access token.</returns>
    public static byte[]? ReadAccess(string token) => IsWellFormed(token, AccessPrefix, RandomLength) ? Hash(token) : null;

    /// <returns>Which session it is of and what its hash should be, or null for what cannot be a refresh token.</returns>
    public static (Guid SessionId, byte[] Hash)? ReadRefresh(string token) =>
        IsWellFormed(token, RefreshPrefix, IdLength + RandomLength) && Read(token.AsSpan(RefreshPrefix.Length, IdLength)) is { } id ? (id, Hash(token)) : null;

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.ASCII.GetBytes(token));

    private static string Random() => RandomNumberGenerator.GetString(Alphabet, RandomLength);

    private static bool IsWellFormed(string token, string prefix, int length) =>
        token.Length == prefix.Length + length && token.StartsWith(prefix, StringComparison.Ordinal) && !token.AsSpan(prefix.Length).ContainsAnyExcept(Alphabet);

    private static string Spell(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var number = BinaryPrimitives.ReadUInt128BigEndian(bytes);

        Span<char> text = stackalloc char[IdLength];
        for (var i = IdLength - 1; i >= 0; i--, number /= 62)
        {
            text[i] = Alphabet[(int)(number % 62)];
        }

        return new string(text);
    }

    private static Guid? Read(ReadOnlySpan<char> text)
    {
        UInt128 number = 0;
        foreach (var character in text)
        {
            var digit = (UInt128)Alphabet.IndexOf(character);
            if (number > (UInt128.MaxValue - digit) / 62)
            {
                return null;
            }

            number = number * 62 + digit;
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new Guid(bytes, bigEndian: true);
    }
}
