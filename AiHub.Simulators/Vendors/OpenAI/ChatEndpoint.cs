using System.Text.Json;
using AiHub.Simulators.Control;
using AiHub.Simulators.Vendors.Shared;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary><c>POST /v1/chat/completions</c>, as strict as OpenAI about what it takes and as exact about what it counts.</summary>
public static class ChatEndpoint
{
    public const string EventStream = "text/event-stream; charset=utf-8";
    private const string UnknownParametersHeader = "x-sim-unknown-parameters";

    public static async Task AnswerAsync(Exchange exchange, CancellationToken ct)
    {
        var serving = new Serving(exchange.VendorName, exchange.Context, exchange.Received, exchange.Clock);
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
        serving.Meets(name, fault == Faults.None ? null : fault.Name);

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
        serving.Asks(request.User, request.Stream);
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
            await serving.SendInsteadAsync(() => insteadAsync(exchange.Context, request.Stream, ct), fault.Cuts);

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
        serving.Begins(new AnswerFigures(answer.Id, answer.PromptTokens, answer.CachedTokens, answer.CompletionTokens, answer.ReasoningTokens, answer.Length));

        var pace = Orders.Pace(name, request.LastUserText, exchange.Options);
        await (request.Stream
            ? serving.StreamAsync(exchange.Deployment is null ? fault.Stream(answer) : fault.Stream(answer).Prepend(Faults.Filtered), pace, ct)
            : serving.WriteWholeAsync(fault.Whole(answer), pace.First + (pace.Between * answer.Pieces), ct));
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
}
