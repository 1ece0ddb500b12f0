using System.Text;
using System.Text.Json;
using AiHub.Simulators.Control;
using Microsoft.AspNetCore.Http.Features;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary><c>POST /v1/chat/completions</c>, as strict as OpenAI about what it takes and as exact about what it counts.</summary>
public static class ChatEndpoint
{
    public const string EventStream = "text/event-stream; charset=utf-8";
    private const string UnknownParametersHeader = "x-sim-unknown-parameters";

    public static async Task AnswerAsync(Exchange exchange, CancellationToken ct)
    {
        var serving = new Serving(exchange);
        try
        {
            await AnswerAsync(exchange, serving, ct);
        }
        finally
        {
            exchange.Get<ServedLog>().Append(serving.Entry());
        }
    }

    private static async Task AnswerAsync(Exchange exchange, Serving serving, CancellationToken ct)
    {
        if (!exchange.Context.Request.HasJsonContentType())
        {
            await exchange.RefuseAsync(
                OpenAIError.Invalid(
                    $"Unsupported content type: '{exchange.Context.Request.ContentType}'. This API method only accepts 'application/json' requests.",
                    code: "unsupported_content_type"),
                ct);

            return;
        }

        if (Parse(exchange.Body.Span) is not { } body)
        {
            await exchange.RefuseAsync(OpenAIError.Invalid("We could not parse the JSON body of your request. The body must be one JSON value in UTF-8."), ct);

            return;
        }

        var name = exchange.Deployment ?? (body.Given("model") is { ValueKind: JsonValueKind.String } given ? given.GetString()! : string.Empty);
        var model = SimulatedModel.All.GetValueOrDefault(name);
        var fault = model?.Fault ?? (exchange.Get<FaultQueue>().Take(exchange.VendorName, name) is { } next ? Faults.All[next] : Faults.Asked(exchange.Context.Request) ?? Faults.None);
        serving.Meets(name, fault);

        if (ChatRules.Check(body, refuseUnknown: fault.RefusesUnknownParameters || exchange.Context.Request.Headers[UnknownParametersHeader] == "refuse") is { } broken)
        {
            await exchange.RefuseAsync(broken, ct);

            return;
        }

        if (model is null)
        {
            await exchange.RefuseAsync(exchange.Deployment is null ? OpenAIError.NoSuchModel(name) : OpenAIError.NoSuchDeployment(), ct);

            return;
        }

        var request = new ChatRequest(body);
        serving.Asks(request);
        var prompt = PromptTokens.Of(request);
        if (prompt.Count > exchange.Options.ContextTokens)
        {
            await exchange.RefuseAsync(OpenAIError.ContextLengthExceeded(exchange.Options.ContextTokens, prompt.Count), ct);

            return;
        }

        if (fault.Refusal is { } refusal)
        {
            await exchange.RefuseAsync(refusal, ct);

            return;
        }

        if (fault.Instead is { } insteadAsync)
        {
            serving.IsAnswered = true;
            serving.IsCut = fault.Cuts;
            await insteadAsync(exchange.Context, request.Stream, ct);
            serving.Completes();

            return;
        }

        var choices = Enumerable.Range(0, request.Choices).Select(index => Choice.Of(model.Draft(request, index), request.Stop, request.MaxTokens));
        var answer = new ChatAnswer(
            request,
            $"chatcmpl-{Guid.CreateVersion7(exchange.Clock.GetUtcNow()):N}",
            exchange.Clock.GetUtcNow(),
            [.. choices],
            prompt.Count,
            exchange.Get<PromptCache>().Read(name, prompt));
        serving.Begins(answer);

        var (first, between) = model.Pace(request, exchange.Options);
        await (request.Stream
            ? StreamAsync(exchange, serving, Paced(exchange.Deployment is null ? fault.Stream(answer) : fault.Stream(answer).Prepend(Faults.Filtered), first, between), ct)
            : WriteWholeAsync(exchange, serving, fault, answer, first + (between * answer.Pieces), ct));
    }

    private static async Task StreamAsync(Exchange exchange, Serving serving, IEnumerable<Step> steps, CancellationToken ct)
    {
        var response = exchange.Context.Response;
        response.ContentType = EventStream;
        response.Headers.CacheControl = "no-cache, must-revalidate";
        exchange.Context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await response.StartAsync(ct);

        await SendAsync(exchange, serving, steps, ct);
    }

    private static async Task WriteWholeAsync(Exchange exchange, Serving serving, Fault fault, ChatAnswer answer, TimeSpan thinking, CancellationToken ct)
    {
        await Task.Delay(thinking, exchange.Clock, ct);

        exchange.Context.Response.ContentType = "application/json";

        // Sent or not, all of it has been made by now.
        serving.IsMade = true;
        await SendAsync(exchange, serving, fault.Whole(answer), ct);
    }

    private static async Task SendAsync(Exchange exchange, Serving serving, IEnumerable<Step> steps, CancellationToken ct)
    {
        var output = exchange.Context.Response.Body;
        foreach (var step in steps)
        {
            ct.ThrowIfCancellationRequested();
            switch (step)
            {
                case Step.Bytes bytes:
                    await output.WriteAsync(bytes.Data, ct);
                    await output.FlushAsync(ct);
                    serving.Delivers(bytes);
                    break;
                case Step.Wait wait:
                    await Task.Delay(wait.Time, exchange.Clock, ct);
                    break;
                case Step.Cut:
                    serving.IsCut = true;
                    exchange.Context.Abort();

                    return;
            }
        }

        serving.Completes();
    }

    private static IEnumerable<Step> Paced(IEnumerable<Step> steps, TimeSpan first, TimeSpan between)
    {
        var isFirst = true;
        foreach (var step in steps)
        {
            if (step is Step.Bytes { Part: not null })
            {
                yield return new Step.Wait(isFirst ? first : between);
                isFirst = false;
            }

            yield return step;
        }
    }

    private static JsonElement? Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Keeps count while an answer is sent, for <see cref="ServedLog"/>.</summary>
    private sealed class Serving
    {
        private readonly Exchange _exchange;
        private readonly Dictionary<(int Choice, bool IsThought), StringBuilder> _delivered = [];
        private string? _model;
        private string? _fault;
        private ChatRequest? _request;
        private ChatAnswer? _answer;
        private bool _completed;
        private bool _usageSent;

        public Serving(Exchange exchange)
        {
            _exchange = exchange;
            exchange.Context.RequestAborted.Register(() => exchange.Received.ClientAborted = IsAborted);
        }

        /// <summary>By a fault, not by the caller.</summary>
        public bool IsCut { get; set; }

        /// <summary>With whatever; not refused.</summary>
        public bool IsAnswered { get; set; }

        /// <summary>The whole answer exists and would be billed, however much of it arrives.</summary>
        public bool IsMade { get; set; }

        private bool IsAborted => !IsCut && !_completed && _exchange.Context.RequestAborted.IsCancellationRequested;

        public void Meets(string model, Fault fault)
        {
            _model = model;
            _fault = fault == Faults.None ? null : fault.Name;
            _exchange.Received.Fault = _fault;
        }

        public void Asks(ChatRequest request) => _request = request;

        public void Begins(ChatAnswer answer)
        {
            _answer = answer;
            IsAnswered = true;
        }

        public void Delivers(Step.Bytes bytes)
        {
            _usageSent |= bytes.HasUsage;
            if (bytes.Part is { } part)
            {
                var key = (part.Choice, part.IsThought);
                if (!_delivered.TryGetValue(key, out var text))
                {
                    _delivered[key] = text = new StringBuilder();
                }

                text.Append(part.Text);
            }
        }

        public void Completes() => _completed = true;

        public ServedAnswer Entry()
        {
            var response = _exchange.Context.Response;
            var made = _answer is not null && (IsMade || _delivered.Values.Sum(text => text.Length) == _answer.Length);
            var reasoning = made ? _answer!.ReasoningTokens : Count(_delivered.Where(part => part.Key.IsThought));
            _exchange.Received.ClientAborted = IsAborted;

            return new ServedAnswer(
                0,
                _exchange.VendorName,
                _exchange.RequestId,
                _answer?.Id,
                _model,
                _request?.User,
                _request?.Stream ?? false,
                response.HasStarted ? response.StatusCode : 0,
                _fault,
                IsCut ? "cut" : IsAborted ? "client_aborted" : IsAnswered ? "completed" : "refused",
                _answer?.PromptTokens ?? 0,
                _answer?.CachedTokens ?? 0,
                made ? _answer!.CompletionTokens : Count(_delivered),
                reasoning,
                _usageSent,
                _exchange.Received.ReceivedAt,
                _exchange.Clock.GetUtcNow());
        }

        private static int Count(IEnumerable<KeyValuePair<(int, bool), StringBuilder>> parts) => parts.Sum(part => Tokens.Count(part.Value.ToString()));
    }
}
