using System.Text;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Caching;

/// <summary>An answer as it was given: its pieces, who gave it and when. Kept as bytes: a version, the head, then each piece with its length.</summary>
public sealed record KeptAnswer(DateTimeOffset At, Guid Upstream, IReadOnlyList<KeptPiece> Pieces)
{
    private const byte Version = 1;

    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Version);
            writer.Write(At.ToUnixTimeMilliseconds());
            writer.Write(Upstream.ToByteArray());
            writer.Write(Pieces.Count);
            foreach (var piece in Pieces)
            {
                Write(writer, piece.Json);
                Write(writer, piece.Original);
            }
        }

        return bytes.ToArray();
    }

    /// <returns>Null for what another version of the hub has kept.</returns>
    public static KeptAnswer? Read(byte[] kept)
    {
        using var reader = new BinaryReader(new MemoryStream(kept), Encoding.UTF8);
        if (reader.ReadByte() != Version)
        {
            return null;
        }

        var at = DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadInt64());
        var upstream = new Guid(reader.ReadBytes(16));
        var pieces = new KeptPiece[reader.ReadInt32()];
        for (var i = 0; i < pieces.Length; i++)
        {
            pieces[i] = new KeptPiece(Read(reader), Read(reader));
        }

        return new KeptAnswer(at, upstream, pieces);
    }

    public async IAsyncEnumerable<ReplyChunk> Replay()
    {
        foreach (var piece in Pieces)
        {
            yield return new ReplyChunk(piece.Json, AnswerScan.Of(piece.Json), piece.Original);
        }

        await Task.CompletedTask;
    }

    private static void Write(BinaryWriter writer, byte[] bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static byte[] Read(BinaryReader reader) => reader.ReadBytes(reader.ReadInt32());
}

/// <summary>A piece of it, as <see cref="ReplyChunk"/> has it.</summary>
public sealed record KeptPiece(byte[] Json, byte[] Original);
