using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Simulators.Control;
using AiHub.Simulators.Vendors.OpenAI;
using Microsoft.AspNetCore.Http.Features;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary><c>POST /v1/messages</c> and <c>/v1/messages/count_tokens</c>, as strict as Anthropic about what they take and as exact about what they count.</summary>
public static class MessagesEndpoint
{
    public static async Task AnswerAsync(AnthropicExchange exchange, CancellationToken ct)
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

    public static async Task CountAsync(AnthropicExchange exchange, CancellationToken ct)
    {
        if (Parse(exchange.Body.Span) is not { } body)
        {
            await exchange.RefuseAsync(AnthropicRefusal.Invalid("The request body is not valid JSON"), ct);
        }
        else if (MessageRules.Check(body, HasBetas(exchange), exchange.IsCurrentVersion, counts: true) is { } broken)
        {
            await exchange.RefuseAsync(broken, ct);
        }
        else if (!AnthropicModel.All.ContainsKey(body.GetProperty("model").GetString()!))
        {
            await exchange.RefuseAsync(AnthropicRefusal.NotFound($"model: {body.GetProperty("model").GetString()}"), ct);
        }
        else
        {
            exchange.Context.Response.ContentType = "application/json";
            await exchange.Context.Response.WriteAsync(Wire.Line(new JsonObject { ["input_tokens"] = new MessageRequest(body).Read().Tokens.Count }), ct);
        }
    }

    private static async Task AnswerAsync(AnthropicExchange exchange, Serving serving, CancellationToken ct)
    {
        if (Parse(exchange.Body.Span) is not { } body)
        {
            await exchange.RefuseAsync(AnthropicRefusal.Invalid("The request body is not valid JSON"), ct);

            return;
        }

        var name = body.Given("model") is { ValueKind: JsonValueKind.String } given ? given.GetString()! : "";
        var model = AnthropicModel.All.GetValueOrDefault(name);
        var fault = model?.Fault ?? (exchange.Get<FaultQueue>().Take(AnthropicExchange.Vendor, name) is { } next ? AnthropicFaults.All[next] : AnthropicFaults.Asked(exchange.Context.Request) ?? AnthropicFaults.None);
        serving.Meets(name, fault);
        if (MessageRules.Check(body, HasBetas(exchange), exchange.IsCurrentVersion) is { } broken)
        {
            await exchange.RefuseAsync(broken, ct);

            return;
        }

        if (model is null)
        {
            await exchange.RefuseAsync(AnthropicRefusal.NotFound($"model: {name}"), ct);

            return;
        }

        var request = new MessageRequest(body);
        var prompt = request.Read();
        serving.Asks(request);
        if (prompt.Tokens.Count > exchange.Options.ContextTokens)
        {
            await exchange.RefuseAsync(AnthropicRefusal.Invalid($"prompt is too long: {prompt.Tokens.Count} tokens > {exchange.Options.ContextTokens} maximum"), ct);

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
            await insteadAsync(exchange.Context, ct);
            serving.Completes();

            return;
        }

        var answer = new MessageAnswer(
            request,
            exchange.IsCurrentVersion,
            $"msg_{Guid.CreateVersion7(exchange.Clock.GetUtcNow()):N}",
            model.Draft(request),
            prompt.Marked < PromptCache.Shortest ? prompt with { Marked = 0 } : prompt,
            exchange.Get<PromptCache>().Read($"anthropic/{name}", [.. prompt.Tokens.Take(prompt.Marked)]));
        serving.Begins(answer);
        var (first, between) = model.Pace(request, exchange.Options);
        await (request.Stream
            ? StreamAsync(exchange, serving, Paced(fault.Stream(answer, exchange.RequestId), first, between), ct)
            : WriteWholeAsync(exchange, serving, fault, answer, first + (between * answer.Pieces), ct));
    }

    private static bool HasBetas(AnthropicExchange exchange) => exchange.Context.Request.Headers["anthropic-beta"].Count > 0;

    private static async Task StreamAsync(AnthropicExchange exchange, Serving serving, IEnumerable<Step> steps, CancellationToken ct)
    {
        var response = exchange.Context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        exchange.Context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await response.StartAsync(ct);
        await SendAsync(exchange, serving, steps, ct);
    }

    private static async Task WriteWholeAsync(AnthropicExchange exchange, Serving serving, AnthropicFault fault, MessageAnswer answer, TimeSpan thinking, CancellationToken ct)
    {
        await Task.Delay(thinking, exchange.Clock, ct);

        // Sent or not, all of it has been made by now.
        serving.IsMade = true;
        exchange.Context.Response.ContentType = "application/json";
        await SendAsync(exchange, serving, fault.Whole(answer, exchange.RequestId), ct);
    }

    private static async Task SendAsync(AnthropicExchange exchange, Serving serving, IEnumerable<Step> steps, CancellationToken ct)
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
        private readonly AnthropicExchange _exchange;
        private readonly StringBuilder _spoken = new();
        private readonly StringBuilder _thought = new();
        private int _pieces;
        private string? _model;
        private string? _fault;
        private MessageRequest? _request;
        private MessageAnswer? _answer;
        private bool _completed;
        private bool _usageSent;

        public Serving(AnthropicExchange exchange)
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

        public void Meets(string model, AnthropicFault fault)
        {
            _model = model;
            _fault = fault == AnthropicFaults.None ? null : fault.Name;
            _exchange.Received.Fault = _fault;
        }

        public void Asks(MessageRequest request) => _request = request;

        public void Begins(MessageAnswer answer)
        {
            _answer = answer;
            IsAnswered = true;
        }

        public void Delivers(Step.Bytes bytes)
        {
            _usageSent |= bytes.HasUsage;
            if (bytes.Part is { } part)
            {
                _pieces++;
                (part.IsThought ? _thought : _spoken).Append(part.Text);
            }
        }

        public void Completes() => _completed = true;

        public ServedAnswer Entry()
        {
            var response = _exchange.Context.Response;
            var made = _answer is not null && (IsMade || _pieces == _answer.Pieces);
            var thought = made ? _answer!.ThinkingTokens : Tokens.Count(_thought.ToString());
            _exchange.Received.ClientAborted = IsAborted;
            return new ServedAnswer(
                0,
                AnthropicExchange.Vendor,
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
                made ? _answer!.OutputTokens : thought + Tokens.Count(_spoken.ToString()),
                thought,
                _usageSent,
                _exchange.Received.ReceivedAt,
                _exchange.Clock.GetUtcNow());
        }
    }
}
