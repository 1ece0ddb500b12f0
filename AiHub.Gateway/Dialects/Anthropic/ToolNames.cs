using System.Security.Cryptography;
using System.Text;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>
/// Anthropic lets a tool's name be 128 characters long, Chat Completions 64; names that agents give to remote tools are often in between.
/// Longer names are shortened on the way out and restored on the way back.
/// </summary>
public sealed class ToolNames
{
    private const int Longest = 64;
    private const int Digest = 8;

    private readonly Dictionary<string, string> _originals = [];

    /// <summary>Always the same for the same name, so that earlier turns agree with the tools of this one.</summary>
    public string Shorten(string name)
    {
        if (name.Length <= Longest)
        {
            return name;
        }

        var shortened = $"{name.AsSpan(0, Longest - Digest - 1)}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name))).AsSpan(0, Digest)}";
        _originals[shortened] = name;
        return shortened;
    }

    public string Restore(string name) => _originals.GetValueOrDefault(name, name);

    public bool Any => _originals.Count > 0;
}
