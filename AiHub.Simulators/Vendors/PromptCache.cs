using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace AiHub.Simulators.Vendors;

/// <summary>
/// Remembers the beginnings of prompts as vendors do: from 1,024 tokens on, in steps of 128. A prompt whose beginning was seen before
/// reports that much of it as cached.
/// </summary>
public sealed class PromptCache
{
    /// <summary>Shorter prompts are not cached.</summary>
    public const int Shortest = 1024;

    private const int Step = 128;
    private const int Kept = 50_000;

    private readonly Lock _lock = new();
    private readonly HashSet<UInt128> _seen = [];
    private readonly Queue<UInt128> _oldest = [];

    /// <summary>How many tokens of this prompt were cached, and caches it.</summary>
    public int Read(string model, IReadOnlyList<int> prompt)
    {
        if (prompt.Count < Shortest)
        {
            return 0;
        }

        var cached = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(model.AsSpan()));
        var tokens = prompt.ToArray();
        Span<byte> digest = stackalloc byte[32];

        for (var end = Step; end <= tokens.Length; end += Step)
        {
            hash.AppendData(MemoryMarshal.AsBytes(tokens.AsSpan(end - Step, Step)));
            if (end < Shortest)
            {
                continue;
            }

            hash.GetCurrentHash(digest);
            if (!Add(MemoryMarshal.Read<UInt128>(digest)))
            {
                cached = end;
            }
        }

        return cached;
    }

    private bool Add(UInt128 prefix)
    {
        lock (_lock)
        {
            if (!_seen.Add(prefix))
            {
                return false;
            }

            _oldest.Enqueue(prefix);
            if (_oldest.Count > Kept)
            {
                _seen.Remove(_oldest.Dequeue());
            }

            return true;
        }
    }
}
