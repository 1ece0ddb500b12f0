using System.Security.Cryptography;
using System.Text;

namespace AiHub.Domain.Access;

/// <summary>
/// The text of an API key: <c>ai-hub-</c>, 38 random base62 characters (226 bits) and 6 base62 characters of their CRC32.
/// The checksum lets a typo or a made-up key be refused without asking the database; only the SHA-256 is stored.
/// </summary>
public static class ApiKeySecret
{
    public const string Prefix = "ai-hub-";
    private const int RandomLength = 38;
    private const int ChecksumLength = 6;
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static string Generate()
    {
        var random = RandomNumberGenerator.GetString(Alphabet, RandomLength);
        return Prefix + random + Checksum(random);
    }

    public static bool IsWellFormed(ReadOnlySpan<char> key)
    {
        if (key.Length != Prefix.Length + RandomLength + ChecksumLength || !key.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var random = key.Slice(Prefix.Length, RandomLength);
        return random.IndexOfAnyExcept(Alphabet) < 0 && key[^ChecksumLength..].SequenceEqual(Checksum(random));
    }

    /// <summary>What is stored and looked up.</summary>
    public static byte[] Hash(ReadOnlySpan<char> key)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(key.Length)];
        return SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(key, bytes)]);
    }

    /// <summary>What lists show: the prefix with the first four random characters, and the last four of the whole key.</summary>
    public static (string Prefix, string LastFour) Display(string key) => (key[..(Prefix.Length + 4)], key[^4..]);

    private static string Checksum(ReadOnlySpan<char> random)
    {
        var crc = Crc32(random);

        Span<char> text = stackalloc char[ChecksumLength];
        for (var i = ChecksumLength - 1; i >= 0; i--, crc /= 62)
        {
            text[i] = Alphabet[(int)(crc % 62)];
        }

        return new string(text);
    }

    // IEEE CRC32 bit by bit: 38 characters do not earn a table or a package.
    private static uint Crc32(ReadOnlySpan<char> ascii)
    {
        var crc = uint.MaxValue;
        foreach (var character in ascii)
        {
            crc ^= character;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }
}
