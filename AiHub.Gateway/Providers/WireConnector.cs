using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AiHub.Gateway.Dialects.OpenAI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace AiHub.Gateway.Providers;

/// <summary>
/// The hub's own Semantic Kernel connector, for every dialect vendors speak. Given <see cref="HubExecutionSettings"/> it carries the client's
/// JSON there and the vendor's JSON back, without turning either into objects where both speak the same dialect, so nothing is lost; given any
/// other settings it is an ordinary chat completion service.
/// </summary>
/// <remarks>Throws <see cref="UpstreamException"/>, and nothing else, when the vendor fails. It never retries: the hub decides that.</remarks>
public sealed class WireConnector(WireTarget target, HandlerPool handlers, TimeProvider time) : IChatCompletionService
{
    private const int LongestEvent = 32 * 1024 * 1024;
    private const int LongestAnswer = 64 * 1024 * 1024;

    private readonly UpstreamDialect _dialect = UpstreamDialect.Of(target.Dialect);

    public IReadOnlyDictionary<string, object?> Attributes { get; } = new Dictionary<string, object?>
    {
        ["ModelId"] = target.Model,
        ["Endpoint"] = target.ChatUrl.ToString(),
    };

    public async Task<IReadOnlyList<ChatMessageContent>> GetChatMessageContentsAsync(
        ChatHistory chatHistory, PromptExecutionSettings? executionSettings = null, Kernel? kernel = null, CancellationToken cancellationToken = default)
    {
        var settings = executionSettings as HubExecutionSettings ?? PlainPrompt.Of(chatHistory, executionSettings, stream: false);
        using var deadlines = new Deadlines(target.Timeouts, streamed: false, time, cancellationToken);
        try
        {
            var call = Write(settings);
            using var answer = call.Answer;
            using var response = await SendAsync(call, settings, deadlines);
            var body = await UpstreamBody.ReadAsync(response.Content, LongestAnswer, deadlines);
            var json = answer.Whole(body);
            var facts = Scan(json, whole: true);
            settings.Exchange.TimeToFirstToken = deadlines.Elapsed;

            return ReferenceEquals(settings, executionSettings)
                ? [new WireMessage(json, facts, target.Model, answer.IsVerbatim ? body : default)]
                : WireMessage.Typed(json, facts, target.Model);
        }
        catch (Exception failure) when (UpstreamFailures.Translate(failure, deadlines, target, cancellationToken) is { } translated)
        {
            throw translated;
        }
        finally
        {
            settings.Exchange.Duration = deadlines.Elapsed;
        }
    }

    public async IAsyncEnumerable<StreamingChatMessageContent> GetStreamingChatMessageContentsAsync(
        ChatHistory chatHistory,
        PromptExecutionSettings? executionSettings = null,
        Kernel? kernel = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var settings = executionSettings as HubExecutionSettings ?? PlainPrompt.Of(chatHistory, executionSettings, stream: true);
        using var stream = new EventStream(this, settings, cancellationToken);
        while (await stream.NextAsync() is { } next)
        {
            if (ReferenceEquals(settings, executionSettings))
            {
                yield return next;
            }
            else
            {
                foreach (var typed in WireEvent.Typed(next.Json, next.Facts, target.Model))
                {
                    yield return typed;
                }
            }
        }
    }

    private OutgoingCall Write(HubExecutionSettings settings)
    {
        var call = _dialect.Write(settings, target, time);
        settings.Exchange.Dropped = call.Dropped;
        return settings.RequireParameters && call.Dropped.Count > 0
            ? throw new UpstreamException(ProviderFailure.Unsupported, $"The model's provider cannot be told: {string.Join(", ", call.Dropped)}.")
            : call;
    }

    private async Task<HttpResponseMessage> SendAsync(OutgoingCall call, HubExecutionSettings settings, Deadlines deadlines)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _dialect.UrlOf(target, settings.Request.Stream))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = new SplicedContent(call.Said, call.Body),
        };
        request.Headers.TryAddWithoutValidation("Accept", settings.Request.Stream ? "text/event-stream" : "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "AiHub");
        foreach (var (name, value) in call.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        _dialect.AddHeaders(request.Headers, target);

        var response = await handlers.For(target).SendAsync(request, deadlines.Token);
        settings.Exchange.Status = response.StatusCode;
        if (settings.Exchange.Accepted)
        {
            return response;
        }

        using (response)
        {
            throw await UpstreamFailures.OfStatusAsync(response, target, deadlines);
        }
    }

    // In-band errors come first: what else such an answer lacks does not matter.
    private AnswerFacts Scan(ReadOnlyMemory<byte> json, bool whole)
    {
        var facts = AnswerScan.Of(json.Span);
        if (facts.Error.Exists)
        {
            throw UpstreamFailures.OfErrorObject(facts.Error.Of(json), target);
        }

        if (facts.FinishReason.Exists && FinishReasons.IsFailure(facts.FinishReason.Of(json.Span)))
        {
            throw new UpstreamException(ProviderFailure.Unavailable, $"{target.VendorId} gave up in the middle of the answer.");
        }

        if (facts.Choices > 0 || (!whole && (facts.Has(AnswerTraits.HasChoices) || facts.Usage.Exists)))
        {
            return facts;
        }

        // Some vendors' errors look like nothing else.
        return UpstreamFailures.FindError(json, target) is { } failure ? throw failure
            : !whole ? facts
            : throw new UpstreamException(ProviderFailure.Malformed, $"{target.VendorId} sent an answer without choices.");
    }

    /// <summary>One streamed call: everything an iterator may not do around its <c>yield</c>.</summary>
    private sealed class EventStream(WireConnector connector, HubExecutionSettings settings, CancellationToken caller) : IDisposable
    {
        // Stands for an event that says nothing in Chat Completions.
        private static readonly byte[] NoChoices = """{"choices":[]}"""u8.ToArray();

        private readonly Deadlines _deadlines = new(connector.Target.Timeouts, streamed: true, connector.Time, caller);
        private HttpResponseMessage? _response;
        private AnswerReader? _answer;
        private SseReader? _events;
        private bool _begun;
        private bool _finished;

        /// <returns>Null after a proper end.</returns>
        public async ValueTask<WireEvent?> NextAsync()
        {
            var target = connector.Target;
            try
            {
                _events ??= await OpenAsync();
                while (!_answer!.Ended)
                {
                    var next = await _events.ReadAsync(_deadlines.Token);
                    switch (next.Kind)
                    {
                        case SseEventKind.End when _finished && _answer.EndsByClosing:
                            return null;
                        case SseEventKind.End:
                            throw new UpstreamException(ProviderFailure.Truncated, $"{target.VendorId} closed the stream before its end.");
                        case SseEventKind.Unterminated when !IsDone(next) && !IsWhole(next):
                            throw new UpstreamException(ProviderFailure.Truncated, $"{target.VendorId} closed the stream in the middle of an event.");
                    }

                    if (IsDone(next))
                    {
                        return _finished ? null : throw new UpstreamException(ProviderFailure.Truncated, $"{target.VendorId} ended the stream without finishing the answer.");
                    }

                    if (Read(next) is { } read)
                    {
                        return read;
                    }
                }

                return null;
            }
            catch (Exception failure) when (UpstreamFailures.Translate(failure, _deadlines, target, caller) is { } translated)
            {
                throw translated;
            }
        }

        /// <returns>Null when the event has nothing for anybody.</returns>
        private WireEvent? Read(in SseEvent next)
        {
            var target = connector.Target;
            if (next.Kind != SseEventKind.Data && next.Kind != SseEventKind.Unterminated)
            {
                throw UpstreamFailures.OfStrayJson(next, target);
            }

            var original = _answer!.IsVerbatim ? next.Data : default;
            var chunk = _answer.Chunk(next.Data);
            if (chunk.IsEmpty)
            {
                return _answer.IsVerbatim ? new WireEvent(NoChoices, AnswerScan.Of(NoChoices), target.Model, original) : null;
            }

            var facts = connector.Scan(chunk, whole: false);
            _finished |= facts.FinishReason.Exists;
            if (!_begun && facts.Has(AnswerTraits.Semantic))
            {
                _begun = true;
                _deadlines.FirstToken();
                settings.Exchange.TimeToFirstToken = _deadlines.Elapsed;
            }

            return new WireEvent(chunk, facts, target.Model, original);
        }

        public void Dispose()
        {
            settings.Exchange.Duration = _deadlines.Elapsed;

            // The connection is only reused when the answer was read to its end; else closing it tells the vendor to stop.
            _response?.Dispose();
            _events?.Dispose();
            _answer?.Dispose();
            _deadlines.Dispose();
        }

        private async Task<SseReader> OpenAsync()
        {
            var call = connector.Write(settings);
            _answer = call.Answer;
            _response = await connector.SendAsync(call, settings, _deadlines);
            if (_response.Content.Headers.ContentType?.MediaType is "application/json" or "text/html")
            {
                var body = await UpstreamBody.ReadAsync(_response.Content, UpstreamFailures.LongestBody, _deadlines);
                throw UpstreamFailures.FindError(body, connector.Target)
                    ?? new UpstreamException(ProviderFailure.Malformed, $"{connector.Target.VendorId} did not answer with a stream.");
            }

            return new SseReader(await _response.Content.ReadAsStreamAsync(_deadlines.Token), _deadlines, LongestEvent);
        }

        private static bool IsDone(in SseEvent next) => next.Data.Span.SequenceEqual("[DONE]"u8);

        private static bool IsWhole(in SseEvent next)
        {
            var reader = new Utf8JsonReader(next.Data.Span, isFinalBlock: false, state: default);
            return JsonDocument.TryParseValue(ref reader, out _);
        }
    }

    private WireTarget Target => target;

    private TimeProvider Time => time;

    /// <summary>The client's body with the hub's few changes, written without being copied together.</summary>
    private sealed class SplicedContent : HttpContent
    {
        private readonly ChatRequest _request;
        private readonly Dialects.JsonEdits _body;

        public SplicedContent(ChatRequest request, Dialects.JsonEdits body)
        {
            (_request, _body) = (request, body);
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            using var sending = _request.Sending();
            foreach (var piece in _body.Pieces())
            {
                await stream.WriteAsync(piece, cancellationToken);
            }
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = _body.Length;
            return true;
        }
    }
}
