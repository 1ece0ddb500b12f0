using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Dialects;

/// <summary>A dialect that requests are written in.</summary>
public enum WireDialect
{
    ChatCompletions,
    Messages,
    Responses,
    Completions,
    OpenRouter,

    /// <summary>Google's <c>generateContent</c>; only vendors speak it.</summary>
    Gemini,
}

/// <summary>
/// A request as the client wrote it, in another dialect than Chat Completions. An upstream that speaks the client's own dialect can be sent
/// it as it is; for any other it is said again in the words that upstream takes.
/// </summary>
public abstract class ClientRequest(WireDialect dialect, ReadOnlyMemory<byte> json)
{
    public WireDialect Dialect => dialect;

    public ReadOnlyMemory<byte> Json => json;

    /// <summary>False when it goes on from what only the hub knows, so that no vendor could answer it as it is.</summary>
    public virtual bool StandsAlone => true;

    /// <summary>Headers of the client that mean something to a vendor of its dialect, such as <c>anthropic-beta</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Says it in Chat Completions, for an upstream that takes these extras.</summary>
    public abstract ChatWords ToChat(ChatExtras extras);
}

/// <param name="Dropped">Paths of what could not be said.</param>
public readonly record struct ChatWords(ReadOnlyMemory<byte> Json, IReadOnlyList<string> Dropped);
