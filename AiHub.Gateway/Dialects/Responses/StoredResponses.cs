using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>One turn that was kept: what was said, what was answered, and which turns came before.</summary>
public sealed class StoredResponse(JsonDocument document) : IDisposable
{
    public JsonElement Response => document.RootElement.GetProperty("response"u8);

    /// <summary>The items of the request itself, without those of the turns before.</summary>
    public JsonElement Input => document.RootElement.GetProperty("input"u8);

    /// <summary>The items of the answer, with all a model needs to go on from them.</summary>
    public JsonElement Output => document.RootElement.GetProperty("output"u8);

    /// <summary>The turns before, oldest first.</summary>
    public IEnumerable<ResponseId> Earlier()
    {
        foreach (var one in document.RootElement.GetProperty("earlier"u8).EnumerateArray())
        {
            if (ResponseId.TryParse(one.GetString(), out var id))
            {
                yield return id;
            }
        }
    }

    public void Dispose() => document.Dispose();
}

/// <summary>
/// Keeps the turns of conversations for clients that want to go on from a response by its id. Only what a client asked to have
/// stored is here, per organization and for a limited time, encrypted under a key made of the response's id: whoever can read the
/// cache but was not given the id can neither find nor read a turn.
/// </summary>
public sealed partial class StoredResponses(IConnectionMultiplexer cache, IOptions<ResponsesOptions> options, ILogger<StoredResponses> logger)
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly ResponsesOptions _options = options.Value;

    private IDatabase Cache => cache.GetDatabase();

    /// <param name="turn">The JSON object a <see cref="StoredResponse"/> reads.</param>
    /// <returns>False when it could not be kept; the answer then says so to the client.</returns>
    public async Task<bool> KeepAsync(Guid organization, ResponseId id, ReadOnlyMemory<byte> turn)
    {
        if (turn.Length > _options.LongestStored)
        {
            return false;
        }

        try
        {
            var (key, secret) = KeysOf(organization, id);
            return await Cache.StringSetAsync(key, Seal(turn.Span, secret), _options.Retention);
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            LogNotKept(failure.Message);
            return false;
        }
    }

    /// <exception cref="RedisException">The cache is down.</exception>
    public async Task<StoredResponse?> FindAsync(Guid organization, ResponseId id) => (await FindAsync(organization, [id]))?[0];

    /// <summary>A response and all turns before it, oldest first; null when one of them is gone.</summary>
    public async Task<IReadOnlyList<StoredResponse>?> ConversationAsync(Guid organization, ResponseId last)
    {
        if (await FindAsync(organization, last) is not { } response)
        {
            return null;
        }

        var earlier = response.Earlier().ToList();
        if (earlier.Count == 0)
        {
            return [response];
        }

        if (await FindAsync(organization, earlier) is { } turns)
        {
            return [.. turns, response];
        }

        response.Dispose();
        return null;
    }

    public async Task<bool> DeleteAsync(Guid organization, ResponseId id) => await Cache.KeyDeleteAsync(KeysOf(organization, id).Key);

    private async Task<IReadOnlyList<StoredResponse>?> FindAsync(Guid organization, IReadOnlyList<ResponseId> ids)
    {
        var keys = ids.Select(id => KeysOf(organization, id)).ToList();
        var values = await Cache.StringGetAsync([.. keys.Select(key => key.Key)]);
        var found = new List<StoredResponse>(ids.Count);
        for (var index = 0; index < values.Length; index++)
        {
            if (Open(values[index], keys[index].Secret) is not { } turn)
            {
                found.ForEach(one => one.Dispose());
                return null;
            }

            found.Add(new StoredResponse(JsonDocument.Parse(turn, Wire.Documents)));
            // Its time counts from the last use; missing that once is no reason to fail.
            _ = Cache.KeyExpireAsync(keys[index].Key, _options.Retention, flags: CommandFlags.FireAndForget);
        }

        return found;
    }

    private static (RedisKey Key, byte[] Secret) KeysOf(Guid organization, ResponseId id)
    {
        var secret = Convert.FromHexString(id.Hex);
        var salt = organization.ToByteArray();
        var name = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, salt, "aihub stored response: name"u8.ToArray());
        return (
            $"response:{organization:N}:{Convert.ToHexStringLower(name)}",
            HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, salt, "aihub stored response: content"u8.ToArray()));
    }

    // nonce, tag, then the compressed turn, encrypted
    private static byte[] Seal(ReadOnlySpan<byte> turn, byte[] secret)
    {
        var compressed = ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(turn.Length));
        try
        {
            // Quality 4 is where text stops getting much smaller and starts getting slow.
            if (!BrotliEncoder.TryCompress(turn, compressed, out var length, quality: 4, window: 22))
            {
                throw new InvalidOperationException("A buffer of the greatest length was too short.");
            }

            var sealedTurn = new byte[NonceLength + TagLength + length];
            var nonce = sealedTurn.AsSpan(0, NonceLength);
            RandomNumberGenerator.Fill(nonce);
            using var aes = new AesGcm(secret, TagLength);
            aes.Encrypt(nonce, compressed.AsSpan(0, length), sealedTurn.AsSpan(NonceLength + TagLength), sealedTurn.AsSpan(NonceLength, TagLength));
            return sealedTurn;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(compressed, clearArray: true);
        }
    }

    /// <returns>Null when there is nothing, or what there is was not sealed with this secret.</returns>
    private static byte[]? Open(byte[]? sealedTurn, byte[] secret)
    {
        if (sealedTurn is null || sealedTurn.Length < NonceLength + TagLength)
        {
            return null;
        }

        var compressed = new byte[sealedTurn.Length - NonceLength - TagLength];
        try
        {
            using var aes = new AesGcm(secret, TagLength);
            aes.Decrypt(sealedTurn.AsSpan(0, NonceLength), sealedTurn.AsSpan(NonceLength + TagLength), sealedTurn.AsSpan(NonceLength, TagLength), compressed);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        using var turn = new MemoryStream();
        using var brotli = new BrotliStream(new MemoryStream(compressed), CompressionMode.Decompress);
        brotli.CopyTo(turn);
        return turn.ToArray();
    }

    [LoggerMessage(LogLevel.Warning, "A response could not be stored: {Reason}")]
    private partial void LogNotKept(string reason);
}
