using System.Buffers;
using System.Text;
using AiHub.Domain.Usage;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Chat;

/// <summary>
/// What one client sees of one answer, in the dialect it asked in: either <see cref="WholeAsync"/>, or <see cref="Begin"/>,
/// <see cref="Write"/> as often as there are pieces, then <see cref="EndAsync"/> or <see cref="Fail"/>.
/// </summary>
internal abstract class ClientAnswer : IDisposable
{
    /// <summary>What every reader of server-sent events passes over.</summary>
    public static readonly ReadOnlyMemory<byte> Comment = Encoding.ASCII.GetBytes(": keepalive\n\n");

    /// <summary>What keeps a silent line open, before the first piece and between any two.</summary>
    public virtual ReadOnlyMemory<byte> Heartbeat => Comment;

    public virtual void Begin(IBufferWriter<byte> events)
    {
    }

    public abstract void Write(IBufferWriter<byte> events, in ReplyChunk chunk);

    /// <summary>The answer has come to its proper end, and this is what it was settled with.</summary>
    public abstract ValueTask EndAsync(IBufferWriter<byte> events, UsageRecord usage);

    /// <summary>Tells the client that the answer broke off. Ended quietly it would look like success.</summary>
    public abstract void Fail(IBufferWriter<byte> events, BrokenAnswer failure);

    public abstract ValueTask<ReadOnlyMemory<byte>> WholeAsync(ReplyChunk answer, UsageRecord usage);

    public virtual void Dispose()
    {
    }
}

/// <summary>Why an answer that had begun broke off.</summary>
/// <param name="Source">The vendor, or the model when the hub itself failed.</param>
/// <param name="Status">What its status would be, had the answer not begun.</param>
/// <param name="Code">The hub's word for it.</param>
/// <param name="ErrorType">The word for it in the vocabulary of mid-stream errors.</param>
internal sealed record BrokenAnswer(string Source, int Status, string Message, string Code, string ErrorType);
