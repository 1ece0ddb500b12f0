using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AiHub.Domain.Access;
using AiHub.Domain.Alerts;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Modalities;
using AiHub.Gateway.Moderations;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using AiHub.Outbound;

namespace AiHub.Gateway.Guardrails;

/// <summary>What somebody else thinks of some texts.</summary>
/// <param name="Found">The moderation category; empty for a webhook.</param>
/// <param name="Masked">The texts as they may be seen; null when the judge has not changed them.</param>
public sealed record Judgement(bool Flagged, string Found, IReadOnlyList<string>? Masked)
{
    public static readonly Judgement Fine = new(false, "", null);
}

/// <summary>Asks moderation models and customers' own webhooks about texts.</summary>
public sealed partial class Judges : IDisposable
{
    private const int LongestAnswer = 4 * 1024 * 1024;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Router _router;
    private readonly Meter _meter;
    private readonly ProviderSet _providers;
    private readonly TimeProvider _time;
    private readonly ILogger<Judges> _logger;
    private readonly HttpMessageInvoker _webhooks;

    public Judges(Router router, Meter meter, ProviderSet providers, GuardedHttp outbound, TimeProvider time, ILogger<Judges> logger)
    {
        (_router, _meter, _providers, _time, _logger) = (router, meter, providers, time, logger);
        _webhooks = new HttpMessageInvoker(outbound.ForCustomers(TimeSpan.FromSeconds(5)));
    }

    public void Dispose() => _webhooks.Dispose();

    /// <summary>Asks all of them at once, and puts down what they say.</summary>
    /// <returns>The texts as they may go on.</returns>
    public async Task<IReadOnlyList<string>> AskAsync(
        IReadOnlyList<RemoteRule> rules, string stage, Guid call, string model, Caller caller, IReadOnlyList<string> texts, GuardrailLog log, CancellationToken ct)
    {
        if (rules.Count == 0 || texts.All(string.IsNullOrWhiteSpace))
        {
            return texts;
        }

        var answers = await Task.WhenAll(rules.Select(rule => AskAsync(
            rule,
            caller.OrganizationId,
            limited => rule.Kind == GuardrailKind.Webhook
                ? AskWebhookAsync(rule, new WebhookQuestion(stage, call, caller.OrganizationId, model, texts), limited)
                : AskModelAsync(rule, caller, texts, limited),
            ct)));
        return PutDown(rules, answers, stage, texts, log);
    }

    /// <summary>Asks webhooks about a text that nobody has told a model, which they are told.</summary>
    public async Task<string> TryAsync(IReadOnlyList<RemoteRule> webhooks, string stage, Guid trial, Guid organization, string text, GuardrailLog log, CancellationToken ct)
    {
        if (webhooks.Count == 0 || string.IsNullOrWhiteSpace(text))
        {
            return text;
        }

        var question = new WebhookQuestion(stage, trial, organization, "", [text], Trial: true);
        var answers = await Task.WhenAll(webhooks.Select(rule => AskAsync(rule, organization, limited => AskWebhookAsync(rule, question, limited), ct)));
        return PutDown(webhooks, answers, stage, [text], log)[0];
    }

    private static IReadOnlyList<string> PutDown(IReadOnlyList<RemoteRule> rules, IReadOnlyList<Judgement?> answers, string stage, IReadOnlyList<string> texts, GuardrailLog log)
    {
        foreach (var (rule, answer) in rules.Zip(answers))
        {
            if (answer is null)
            {
                // Nobody has judged it: it goes on, which its record tells, or it does not.
                log.Add(stage, rule.FailsOpen ? GuardrailAction.Flag : GuardrailAction.Block, "no_answer", rule.Name);
            }
            else if (answer.Flagged)
            {
                log.Add(stage, rule.Action, answer.Found, rule.Name);
                texts = rule.Action == GuardrailAction.Mask && answer.Masked is { } masked ? masked : texts;
            }
        }

        return texts;
    }

    /// <returns>Null when there was no answer in time, or none that can be understood.</returns>
    private async Task<Judgement?> AskAsync(RemoteRule rule, Guid organization, Func<CancellationToken, Task<Judgement?>> ask, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(rule.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            return await ask(either.Token);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested
            && failure is OperationCanceledException or HttpRequestException or IOException or TimeoutException or JsonException or FormatException or InvalidOperationException or KeyNotFoundException or UpstreamException)
        {
            LogSilent(rule.Name, organization, failure.GetType().Name);
            return null;
        }
    }

    // Held, settled and written down like any other call of the customer's.
    private async Task<Judgement?> AskModelAsync(RemoteRule rule, Caller caller, IReadOnlyList<string> texts, CancellationToken ct)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["model"] = rule.Model!, ["input"] = texts }, Plain);
        var surface = Surface.All.OfType<ModerationSurface>().Single();
        using var request = JsonRequest.Parse(surface, body).Request ?? throw new JsonException("A question to a moderation model could not be put.");
        var id = Guid.CreateVersion7(_time.GetUtcNow());
        // The organization's rule is no choice of the key's, so what the key may call does not matter.
        var (plan, _) = _router.Plan(request.Model, caller with { AllowedModels = null }, id, RoutePreferences.None).For(ModelKind.Moderation);
        if (plan is null)
        {
            return null;
        }

        var (asked, _) = await _meter.HoldAsync(id, caller, plan, request, _time.GetTimestamp(), ct);
        if (asked is null)
        {
            return null;
        }

        ReadOnlyMemory<byte> answer = default;
        await foreach (var piece in _meter.Settling(asked, _providers, ct))
        {
            answer = piece.Json;
        }

        return Read(JsonElement.Parse(answer.Span), rule.Categories);
    }

    // {"results":[{"flagged":true,"categories":{"violence":true,…}}]}
    private static Judgement Read(JsonElement answer, IReadOnlyList<string> wanted)
    {
        foreach (var result in answer.GetProperty("results").EnumerateArray().Where(result => result.GetProperty("flagged").GetBoolean()))
        {
            var categories = result.TryGetProperty("categories", out var named) && named.ValueKind == JsonValueKind.Object
                ? named.EnumerateObject().Where(category => category.Value.ValueKind == JsonValueKind.True).Select(category => category.Name).ToList()
                : [];
            var category = wanted.Count == 0 ? categories.FirstOrDefault() ?? "flagged" : categories.FirstOrDefault(wanted.Contains);
            if (category is not null)
            {
                return new Judgement(true, category, null);
            }
        }

        return Judgement.Fine;
    }

    private async Task<Judgement?> AskWebhookAsync(RemoteRule rule, WebhookQuestion question, CancellationToken ct)
    {
        if (rule.Secret is not { } secret)
        {
            return null;
        }

        var said = new Dictionary<string, object>
        {
            ["type"] = $"guardrail.{question.Stage}", ["id"] = question.Call, ["organization_id"] = question.Organization, ["model"] = question.Model, ["texts"] = question.Texts,
        };
        if (question.Trial)
        {
            said["trial"] = true;
        }

        var body = JsonSerializer.Serialize(said, Plain);
        var (id, timestamp) = ($"{question.Call}.{question.Stage}", _time.GetUtcNow().ToUnixTimeSeconds());
        using var request = new HttpRequestMessage(HttpMethod.Post, rule.Url)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json", "utf-8") } },
        };
        request.Headers.Add("User-Agent", "AI-Hub");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", AlertSecrets.Sign(secret, id, timestamp, body));

        using var response = await _webhooks.SendAsync(request, ct);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        var buffer = ArrayPool<byte>.Shared.Rent(LongestAnswer);
        try
        {
            var length = await stream.ReadAtLeastAsync(buffer.AsMemory(0, LongestAnswer), LongestAnswer, throwOnEndOfStream: false, ct);
            return length == LongestAnswer ? null : Read(JsonElement.Parse(buffer.AsSpan(0, length)), question.Texts.Count);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // {"flagged":true,"texts":["…"]}
    private static Judgement Read(JsonElement answer, int count)
    {
        if (!answer.GetProperty("flagged").GetBoolean())
        {
            return Judgement.Fine;
        }

        if (!answer.TryGetProperty("texts", out var texts) || texts.ValueKind == JsonValueKind.Null)
        {
            return new Judgement(true, "", null);
        }

        var masked = texts.EnumerateArray().Select(text => text.GetString() ?? "").ToList();
        return masked.Count == count ? new Judgement(true, "", masked) : throw new JsonException("The webhook answered with another number of texts.");
    }

    /// <param name="Trial">Somebody tries what the webhook says; there is no call, and no model.</param>
    private sealed record WebhookQuestion(string Stage, Guid Call, Guid Organization, string Model, IReadOnlyList<string> Texts, bool Trial = false);

    [LoggerMessage(LogLevel.Warning, "Guardrail {Guardrail} of organization {Organization} got no answer it could use ({Failure}).")]
    private partial void LogSilent(string guardrail, Guid organization, string failure);
}
