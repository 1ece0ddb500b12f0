using System.Buffers.Text;

namespace AiHub.Gateway.Dialects;

/// <summary>The parts of a chat answer (<c>chat.completion</c>) or of one chunk of it, as raw JSON. What is missing or null is empty.</summary>
internal readonly ref struct ChatPiece
{
    public ChatPiece(ReadOnlySpan<byte> json)
    {
        var members = new JsonMembers(json);
        while (members.Next())
        {
            if (members.Name.SequenceEqual("choices"u8))
            {
                Choices = members.Value;
            }
            else if (members.Name.SequenceEqual("usage"u8))
            {
                Usage = members.Value;
            }
            else if (members.Name.SequenceEqual("model"u8))
            {
                Model = members.Value;
            }
            else if (members.Name.SequenceEqual("created"u8))
            {
                Created = members.Value;
            }
            else if (members.Name.SequenceEqual("service_tier"u8))
            {
                ServiceTier = members.Value;
            }
            else if (members.Name.SequenceEqual("system_fingerprint"u8))
            {
                Fingerprint = members.Value;
            }
            else if (members.Name.SequenceEqual("error"u8))
            {
                Error = members.Value;
            }
        }
    }

    public ReadOnlySpan<byte> Choices { get; }

    public ReadOnlySpan<byte> Usage { get; }

    public ReadOnlySpan<byte> Model { get; }

    public ReadOnlySpan<byte> Created { get; }

    public ReadOnlySpan<byte> ServiceTier { get; }

    public ReadOnlySpan<byte> Fingerprint { get; }

    public ReadOnlySpan<byte> Error { get; }
}

/// <summary>One choice of a chat answer or chunk.</summary>
internal readonly ref struct ChatChoice
{
    public ChatChoice(ReadOnlySpan<byte> json)
    {
        var members = new JsonMembers(json);
        while (members.Next())
        {
            if (members.Name.SequenceEqual("index"u8))
            {
                Index = Utf8Parser.TryParse(members.Value, out int index, out _) ? index : 0;
            }
            else if (members.Name.SequenceEqual("delta"u8) || members.Name.SequenceEqual("message"u8))
            {
                Delta = members.Value;
            }
            else if (members.Name.SequenceEqual("finish_reason"u8))
            {
                // "" is how some vendors say null.
                FinishReason = members.Value.Length > 2 ? members.Value[1..^1] : default;
            }
            else if (members.Name.SequenceEqual("logprobs"u8))
            {
                Logprobs = members.Value;
            }
        }
    }

    public int Index { get; }

    /// <summary>The <c>delta</c> of a chunk or the <c>message</c> of a whole answer: they differ in nothing that matters here.</summary>
    public ReadOnlySpan<byte> Delta { get; }

    /// <summary>Without its quotes.</summary>
    public ReadOnlySpan<byte> FinishReason { get; }

    public ReadOnlySpan<byte> Logprobs { get; }
}
