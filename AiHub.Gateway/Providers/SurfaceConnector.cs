using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Modalities;

namespace AiHub.Gateway.Providers;

/// <summary>
/// The hub's own connector for everything that is not chat: embeddings, images, sound, moderation, reranking. It carries a client's request to the
/// vendor and the vendor's answer back as they are. To plain Semantic Kernel callers it is the service of each of these kinds.
/// </summary>
/// <remarks>Throws <see cref="UpstreamException"/>, and nothing else, when the vendor fails. It never retries: the hub decides that.</remarks>
public sealed partial class SurfaceConnector(WireTarget target, HandlerPool handlers, TimeProvider time)
{
    private const int LongestEvent = 64 * 1024 * 1024;
    private const int LongestAnswer = 256 * 1024 * 1024;
    private const int PieceSize = 16 * 1024;

    public async IAsyncEnumerable<ReplyChunk> AskAsync(SurfaceRequest request, UpstreamExchange exchange, [EnumeratorCancellation] CancellationToken ct)
    {
        using var answer = new Answer(this, request, exchange, ct);
        while (await answer.NextAsync() is { } piece)
        {
            yield return new ReplyChunk(piece, AnswerFacts.Opaque);
        }
    }

    /// <summary>One call: everything an iterator may not do around its <c>yield</c>.</summary>
    private sealed class Answer(SurfaceConnector connector, SurfaceRequest request, UpstreamExchange exchange, CancellationToken caller) : IDisposable
    {
        private readonly WireTarget _target = connector.Target;
        private readonly Deadlines _deadlines = new(connector.Target.Timeouts, request.Stream || request.Surface.AnswersWithBytes(request), connector.Time, caller);
        private HttpResponseMessage? _response;
        private SseReader? _events;
        private Stream? _bytes;
        private byte[]? _buffer;
        private bool _begun;
        private bool _finished;

        /// <returns>Null after a proper end. A piece is valid until the next is asked for; a whole answer stays.</returns>
        public async ValueTask<ReadOnlyMemory<byte>?> NextAsync()
        {
            try
            {
                var piece = _response is null ? await OpenAsync() : await GoOnAsync();
                if (piece is not null && !_begun)
                {
                    _begun = true;
                    _deadlines.FirstToken();
                    exchange.TimeToFirstToken = _deadlines.Elapsed;
                }

                return piece;
            }
            catch (Exception failure) when (UpstreamFailures.Translate(failure, _deadlines, _target, caller) is { } translated)
            {
                throw translated;
            }
        }

        public void Dispose()
        {
            exchange.Duration = _deadlines.Elapsed;

            // The connection is only reused when the answer was read to its end; else closing it tells the vendor to stop.
            _response?.Dispose();
            _events?.Dispose();
            _deadlines.Dispose();
        }

        private async ValueTask<ReadOnlyMemory<byte>?> OpenAsync()
        {
            _response = await SendAsync();
            var type = _response.Content.Headers.ContentType;
            exchange.ContentType = type?.ToString();
            switch (type?.MediaType)
            {
                case "text/event-stream" when request.Stream:
                    _events = new SseReader(await _response.Content.ReadAsStreamAsync(_deadlines.Token), _deadlines, LongestEvent);
                    return await NextEventAsync();
                case "application/json":
                    return await ReadJsonAsync();
                case "text/html" or "text/event-stream":
                    throw NotAnAnswer();
                default:
                    if (request.Surface.AnswersWithBytes(request))
                    {
                        (_bytes, _buffer) = (await _response.Content.ReadAsStreamAsync(_deadlines.Token), new byte[PieceSize]);
                        return await NextBytesAsync() ?? throw new UpstreamException(ProviderFailure.Malformed, $"{_target.VendorId} sent an empty answer.");
                    }

                    return request.Surface.AnswersWithText(request) ? await ReadWholeAsync() : throw NotAnAnswer();
            }
        }

        private ValueTask<ReadOnlyMemory<byte>?> GoOnAsync() => _events is not null ? NextEventAsync() : _bytes is not null ? NextBytesAsync() : default;

        private async Task<HttpResponseMessage> SendAsync()
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, _target.Url(request.Surface.Path))
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
                Content = request.For(_target),
            };
            message.Headers.TryAddWithoutValidation("Accept", request.Stream ? "text/event-stream" : "*/*");
            message.Headers.TryAddWithoutValidation("User-Agent", "AiHub");
            if (_target.Secret is { } secret)
            {
                message.Headers.TryAddWithoutValidation("Authorization", $"Bearer {secret.Value}");
            }

            var response = await connector.Handlers.For(_target).SendAsync(message, _deadlines.Token);
            exchange.Status = response.StatusCode;
            if (exchange.Accepted)
            {
                return response;
            }

            using (response)
            {
                throw await UpstreamFailures.OfStatusAsync(response, _target, _deadlines);
            }
        }

        private async ValueTask<ReadOnlyMemory<byte>?> ReadJsonAsync()
        {
            var json = await UpstreamBody.ReadAsync(_response!.Content, LongestAnswer, _deadlines);
            Check(json.Span);
            if (request.Surface.AnswersWithBytes(request))
            {
                throw NotAnAnswer();
            }

            exchange.IsWhole = true;
            return json;
        }

        private async ValueTask<ReadOnlyMemory<byte>?> ReadWholeAsync()
        {
            var text = await UpstreamBody.ReadAsync(_response!.Content, LongestAnswer, _deadlines);
            exchange.IsWhole = true;
            return text;
        }

        private async ValueTask<ReadOnlyMemory<byte>?> NextEventAsync()
        {
            var next = await _events!.ReadAsync(_deadlines.Token);
            if (next.Kind == SseEventKind.End || next.Data.Span.SequenceEqual("[DONE]"u8))
            {
                return _finished ? null : throw new UpstreamException(ProviderFailure.Truncated, $"{_target.VendorId} closed the stream before its end.");
            }

            Check(next.Data.Span);
            switch (next.Kind)
            {
                case SseEventKind.Error:
                    throw UpstreamFailures.OfErrorObject(next.Data, _target);
                case SseEventKind.Bare:
                    throw new UpstreamException(ProviderFailure.Malformed, $"{_target.VendorId} sent JSON outside of an event.");
            }

            _finished |= Events.Finishes(Events.TypeOf(next.Data.Span));
            return next.Data;
        }

        private async ValueTask<ReadOnlyMemory<byte>?> NextBytesAsync()
        {
            _deadlines.StartWaiting();
            var read = await _bytes!.ReadAsync(_buffer, _deadlines.Token);
            _deadlines.StopWaiting();

            // Not "? … : null": an array's null would become an empty piece, and there would be no end.
            return read == 0 ? default(ReadOnlyMemory<byte>?) : _buffer.AsMemory(0, read);
        }

        // Proves by the way that the text is whole, valid JSON. In-band errors come first: what else such an answer lacks does not matter.
        private void Check(ReadOnlySpan<byte> json)
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException("An answer is a JSON object.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isError = reader.ValueTextEquals("error"u8);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                var isNull = reader.TokenType == JsonTokenType.Null;
                reader.Skip();
                if (isError && !isNull)
                {
                    throw UpstreamFailures.OfErrorObject(json[start..(int)reader.BytesConsumed].ToArray(), _target);
                }
            }

            // One more read makes the reader complain about anything after the closing brace.
            reader.Read();
        }

        private UpstreamException NotAnAnswer() =>
            new(ProviderFailure.Malformed, $"{_target.VendorId} answered a {request.Surface.Operation} request with {_response!.Content.Headers.ContentType?.MediaType ?? "something unnamed"}.");
    }

    private WireTarget Target => target;

    private HandlerPool Handlers => handlers;

    private TimeProvider Time => time;
}
