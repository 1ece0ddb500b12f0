using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Simulators.Control;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Simulators.Vendors.Shared;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary><c>POST /v1/messages</c> and <c>/v1/messages/count_tokens</c>, as strict as Anthropic about what they take and as exact about what they count.</summary>
public static class MessagesEndpoint
{
    public static async Task AnswerAsync(AnthropicExchange exchange, CancellationToken ct)
    {
        var serving = new Serving(AnthropicExchange.Vendor, exchange.Context, exchange.Received, exchange.Clock);
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
        serving.Meets(name, fault == AnthropicFaults.None ? null : fault.Name);
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
        serving.Asks(request.User, request.Stream);
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
            await serving.SendInsteadAsync(() => insteadAsync(exchange.Context, ct), fault.Cuts);

            return;
        }

        var answer = new MessageAnswer(
            request,
            exchange.IsCurrentVersion,
            $"msg_{Guid.CreateVersion7(exchange.Clock.GetUtcNow()):N}",
            model.Draft(request),
            prompt.Marked < PromptCache.Shortest ? prompt with { Marked = 0 } : prompt,
            exchange.Get<PromptCache>().Read($"anthropic/{name}", [.. prompt.Tokens.Take(prompt.Marked)]));
        serving.Begins(new AnswerFigures(answer.Id, answer.PromptTokens, answer.CachedTokens, answer.OutputTokens, answer.ThinkingTokens, answer.Length));
        var pace = Orders.Pace(name, request.LastUserText, exchange.Options);
        await (request.Stream
            ? serving.StreamAsync(fault.Stream(answer, exchange.RequestId), pace, ct)
            : serving.WriteWholeAsync(fault.Whole(answer, exchange.RequestId), pace.First + (pace.Between * answer.Pieces), ct));
    }

    private static bool HasBetas(AnthropicExchange exchange) => exchange.Context.Request.Headers["anthropic-beta"].Count > 0;

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
