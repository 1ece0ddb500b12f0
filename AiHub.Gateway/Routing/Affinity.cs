using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Routing;

/// <summary>
/// Keeps a conversation where its prompt cache is. Every replica places a new one by its name alone, so they agree without asking each other;
/// where it was answered last, perhaps because its first place failed, is remembered here.
/// </summary>
public sealed class Affinity(TimeProvider time)
{
    private const int MostYoung = 50_000;

    // The longest prompt cache that vendors keep by default.
    private static readonly TimeSpan CacheLasts = TimeSpan.FromHours(1);

    private ConcurrentDictionary<UInt128, Place> _young = new();
    private ConcurrentDictionary<UInt128, Place> _old = new();

    /// <returns>The key of the upstream that answered it last; null when it is not known, or its cache has gone cold.</returns>
    public string? PlaceOf(UInt128 conversation) =>
        (_young.TryGetValue(conversation, out var place) || _old.TryGetValue(conversation, out place)) && place.Until > time.GetUtcNow() ? place.Upstream : null;

    public void Answered(UInt128 conversation, string upstream)
    {
        if (_young.Count >= MostYoung)
        {
            // Two generations: what nobody has asked about since the last turn is forgotten, which costs a cold cache and nothing more.
            _old = Interlocked.Exchange(ref _young, new ConcurrentDictionary<UInt128, Place>());
        }

        _young[conversation] = new Place(upstream, time.GetUtcNow() + CacheLasts);
    }

    /// <summary>The name of a conversation: what the client calls it, else its beginning up to the first thing the user said.</summary>
    /// <returns>Null when nothing tells one conversation from another.</returns>
    public static UInt128? NameOf(Guid organization, string model, string? session, ReadOnlyMemory<byte> chat)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> id = stackalloc byte[16];
        organization.TryWriteBytes(id);
        hash.AppendData(id);
        hash.AppendData(Encoding.UTF8.GetBytes(model));
        if (session is { Length: > 0 })
        {
            hash.AppendData("s"u8);
            hash.AppendData(Encoding.UTF8.GetBytes(session));
        }
        else if (!TryAppendBeginning(hash, chat.Span))
        {
            return null;
        }

        return BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset());
    }

    private static bool TryAppendBeginning(IncrementalHash hash, ReadOnlySpan<byte> chat)
    {
        var reader = new Utf8JsonReader(chat, new JsonReaderOptions { MaxDepth = 256 });
        if (chat.IsEmpty || !reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var messages = reader.ValueTextEquals("messages"u8);
            reader.Read();
            if (messages && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    var start = (int)reader.TokenStartIndex;
                    var said = SaidByUser(ref reader);
                    hash.AppendData(chat[start..(int)reader.BytesConsumed]);
                    if (said)
                    {
                        return true;
                    }
                }

                return false;
            }

            reader.Skip();
        }

        return false;
    }

    // Leaves the reader at the end of the message.
    private static bool SaidByUser(ref Utf8JsonReader reader)
    {
        var user = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var role = reader.ValueTextEquals("role"u8);
            reader.Read();
            user |= role && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("user"u8);
            reader.Skip();
        }

        return user;
    }

    private readonly record struct Place(string Upstream, DateTimeOffset Until);
}
