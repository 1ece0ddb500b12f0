using System.Net.Http.Headers;
using AiHub.Gateway.Dialects;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Providers.Anthropic;
using AiHub.Gateway.Providers.Gemini;
using AiHub.Gateway.Providers.Responses;

namespace AiHub.Gateway.Providers;

/// <summary>How one dialect asks a vendor and reads its answer.</summary>
internal abstract class UpstreamDialect
{
    private static readonly ChatUpstream Chat = new();
    private static readonly MessagesUpstream Messages = new();
    private static readonly ResponsesUpstream Responses = new();
    private static readonly GeminiUpstream Gemini = new();

    public static UpstreamDialect Of(WireDialect dialect) => dialect switch
    {
        WireDialect.ChatCompletions => Chat,
        WireDialect.Messages => Messages,
        WireDialect.Responses => Responses,
        WireDialect.Gemini => Gemini,
        _ => throw new ArgumentOutOfRangeException(nameof(dialect), dialect, "No vendor is asked in this dialect."),
    };

    /// <summary>The header for the vendor's key where its row names none.</summary>
    protected virtual string UsualAuth => "bearer";

    /// <summary>The request as it goes out, and the reader for what comes back.</summary>
    public abstract OutgoingCall Write(HubExecutionSettings settings, WireTarget target, TimeProvider time);

    public virtual Uri UrlOf(WireTarget target, bool stream) => target.ChatUrl;

    public virtual void AddHeaders(HttpRequestHeaders headers, WireTarget target)
    {
        if (target.Secret is not { } secret)
        {
            return;
        }

        var name = target.Quirks.Auth.Length > 0 ? target.Quirks.Auth : UsualAuth;
        var bearer = name == "bearer";
        headers.TryAddWithoutValidation(bearer ? "Authorization" : name, bearer ? $"Bearer {secret.Value}" : secret.Value);
    }
}

/// <param name="Said">The request whose memory <paramref name="Body"/> may stand in.</param>
/// <param name="Dropped">Paths of what could not be said.</param>
/// <param name="Headers">The client's own, where it speaks the vendor's dialect.</param>
internal sealed record OutgoingCall(
    ChatRequest Said, JsonEdits Body, IReadOnlyList<string> Dropped, IReadOnlyList<KeyValuePair<string, string>> Headers, AnswerReader Answer);

/// <summary>Reads one answer in the vendor's dialect and says it again in Chat Completions, which all of the hub understands.</summary>
internal abstract class AnswerReader : IDisposable
{
    /// <summary>The client speaks the vendor's dialect, and that is not Chat Completions: it is shown the vendor's own words.</summary>
    public bool IsVerbatim { get; init; }

    /// <summary>The vendor has said that nothing more comes.</summary>
    public bool Ended { get; protected set; }

    /// <summary>A finished answer may end by closing the line.</summary>
    public abstract bool EndsByClosing { get; }

    /// <summary>The whole answer.</summary>
    /// <exception cref="UpstreamException">It is an error, or no answer at all.</exception>
    public abstract ReadOnlyMemory<byte> Whole(ReadOnlyMemory<byte> body);

    /// <summary>What one event adds, as a chunk that stays until the next; empty when nothing.</summary>
    /// <exception cref="UpstreamException">The event is an error.</exception>
    public abstract ReadOnlyMemory<byte> Chunk(ReadOnlyMemory<byte> data);

    public virtual void Dispose()
    {
    }
}
