using System.Security.Cryptography;
using System.Text;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary>
/// Signs thinking as Anthropic does: whoever sends a thought back must send it as it was made. Redacted thinking is the thought itself,
/// readable for the vendor alone.
/// </summary>
public static class ThoughtSeal
{
    // No secret: it proves that nobody changed a thought by accident on the way, which is what the simulator is for.
    private static readonly byte[] Key = SHA256.HashData("simulated thoughts"u8);

    public static string Sign(string thought) => Convert.ToBase64String([.. "sim-sig:"u8, .. HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(thought))]);

    public static bool IsSigned(string thought, string signature) => signature == Sign(thought);

    public static string Redact(string thought)
    {
        var text = Encoding.UTF8.GetBytes(thought);
        return Convert.ToBase64String([.. "sim-red:"u8, .. HMACSHA256.HashData(Key, text), .. text]);
    }

    public static bool IsRedacted(string data)
    {
        var bytes = new byte[data.Length];
        return Convert.TryFromBase64String(data, bytes, out var length) && length > 40
            && bytes.AsSpan(0, 8).SequenceEqual("sim-red:"u8)
            && bytes.AsSpan(8, 32).SequenceEqual(HMACSHA256.HashData(Key, bytes.AsSpan(40, length - 40)));
    }
}
