using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Payments.Stripe;

/// <summary>
/// Stripe's API as far as one payment needs it: Checkout sessions and refunds. Bodies are forms with bracketed names, unknown names are an
/// error, and an idempotency key answers the same bytes again.
/// </summary>
public static class StripeApi
{
    private const string ApiVersion = "2026-10-28.endive";

    private static readonly string[] SessionParameters =
    [
        "mode", "client_reference_id", "expires_at", "success_url", "cancel_url", "line_items[0][quantity]", "line_items[0][price_data][currency]",
        "line_items[0][price_data][unit_amount]", "line_items[0][price_data][product_data][name]", "metadata[order_id]", "payment_intent_data[metadata][order_id]",
    ];

    private static readonly string[] RefundParameters = ["payment_intent", "amount", "metadata[out_refund_no]"];

    public static void MapStripe(this WebApplication app)
    {
        var api = app.MapGroup("/payments/stripe/v1");
        api.MapPost("/checkout/sessions", (HttpContext http, StripeBook stripe, TradeBook book, SimulatorClock clock) =>
            stripe.PostAsync(http, SessionParameters, form => Create(form, http, stripe, book, clock.GetUtcNow()))).DisableAntiforgery();
        api.MapGet("/checkout/sessions/{id}", (HttpContext http, string id, StripeBook stripe, SimulatorClock clock) =>
            stripe.Get(http, () => stripe.Sessions.TryGetValue(id, out var trade) ? (200, Session(id, trade, clock.GetUtcNow())) : Missing("session", id)));
        api.MapPost("/checkout/sessions/{id}/expire", (HttpContext http, string id, StripeBook stripe, SimulatorClock clock) =>
            stripe.PostAsync(http, [], _ => Expire(id, stripe, clock.GetUtcNow()))).DisableAntiforgery();
        api.MapPost("/refunds", (HttpContext http, StripeBook stripe, TradeBook book, SimulatorClock clock) =>
            stripe.PostAsync(http, RefundParameters, form => Refund(form, book, clock.GetUtcNow()))).DisableAntiforgery();
        api.MapGet("/refunds", (HttpContext http, StripeBook stripe, TradeBook book) => stripe.Get(http, () => (200, Refunds(http, book))));
    }

    /// <summary>An event about a session or a refund, signed as Stripe signs.</summary>
    public static Notice NoticeOf(string type, string sessionId, Trade trade, TradeRefund? refund, PaymentOptions.StripeParty party, SimulatorClock clock, Action<JsonObject>? change = null)
    {
        var now = clock.GetUtcNow();
        var id = $"evt_{RandomNumberGenerator.GetHexString(24, lowercase: true)}";
        var subject = refund is null ? Session(sessionId, trade, now) : RefundView(trade, refund);
        change?.Invoke(subject);
        var body = new JsonObject
        {
            ["id"] = id,
            ["object"] = "event",
            ["api_version"] = ApiVersion,
            ["created"] = now.ToUnixTimeSeconds(),
            ["livemode"] = false,
            ["pending_webhooks"] = 1,
            ["request"] = new JsonObject { ["id"] = null, ["idempotency_key"] = null },
            ["type"] = type,
            ["data"] = new JsonObject { ["object"] = subject },
        }.ToJsonString();

        return new Notice(Channels.Stripe, id, trade.OutTradeNo, party.WebhookUrl, () => Signed(party, body, clock.GetUtcNow()), (status, _) => status is >= 200 and < 300);
    }

    private static HttpRequestMessage Signed(PaymentOptions.StripeParty party, string body, DateTimeOffset now)
    {
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(party.WebhookSecret), Encoding.UTF8.GetBytes($"{timestamp}.{body}")));
        var request = new HttpRequestMessage(HttpMethod.Post, party.WebhookUrl) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Stripe-Signature", $"t={timestamp},v1={signature},v0=00");
        return request;
    }

    private static (int, JsonObject) Create(Dictionary<string, string> form, HttpContext http, StripeBook stripe, TradeBook book, DateTimeOffset now)
    {
        if (form.GetValueOrDefault("mode") != "payment")
        {
            return Invalid("mode", "Invalid mode.");
        }

        if (!long.TryParse(form.GetValueOrDefault("expires_at"), CultureInfo.InvariantCulture, out var expires)
            || expires < now.ToUnixTimeSeconds() + (29 * 60) || expires > now.ToUnixTimeSeconds() + (24 * 3600))
        {
            return Invalid("expires_at", "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.");
        }

        if (!long.TryParse(form.GetValueOrDefault("line_items[0][price_data][unit_amount]"), CultureInfo.InvariantCulture, out var amount) || amount < 50)
        {
            return Invalid("line_items[0][price_data][unit_amount]", "The amount is too small.");
        }

        var currency = form.GetValueOrDefault("line_items[0][price_data][currency]") ?? "";
        if (currency is not ("usd" or "cny"))
        {
            return Invalid("line_items[0][price_data][currency]", "Invalid currency.");
        }

        var id = $"cs_test_{RandomNumberGenerator.GetHexString(40, lowercase: true)}";
        var trade = book.GetOrAdd(new Trade(
            Channels.Stripe, form.GetValueOrDefault("client_reference_id") ?? id, $"pi_{RandomNumberGenerator.GetHexString(24, lowercase: true)}", amount,
            currency.ToUpperInvariant(), stripe.Party.WebhookUrl, now, DateTimeOffset.FromUnixTimeSeconds(expires))
        { ReturnUrl = form.GetValueOrDefault("success_url") });
        stripe.Sessions[id] = trade;
        stripe.Origin = $"{http.Request.Scheme}://{http.Request.Host}";

        return (200, Session(id, trade, now, stripe.Origin));
    }

    private static (int, JsonObject) Expire(string id, StripeBook stripe, DateTimeOffset now)
    {
        if (!stripe.Sessions.TryGetValue(id, out var trade))
        {
            return Missing("session", id);
        }

        return trade.State == TradeState.Waiting && trade.Close() == TradeState.Closed
            ? (200, Session(id, trade, now))
            : Invalid("session", "Only Checkout Sessions with a status in [\"open\"] can be expired.");
    }

    private static (int, JsonObject) Refund(Dictionary<string, string> form, TradeBook book, DateTimeOffset now)
    {
        if (book.FindByTradeNo(Channels.Stripe, form.GetValueOrDefault("payment_intent") ?? "") is not { } trade)
        {
            return Missing("payment_intent", form.GetValueOrDefault("payment_intent") ?? "");
        }

        if (!long.TryParse(form.GetValueOrDefault("amount"), CultureInfo.InvariantCulture, out var amount)
            || trade.Refund(form.GetValueOrDefault("metadata[out_refund_no]") ?? "", amount, $"re_{RandomNumberGenerator.GetHexString(24, lowercase: true)}", now, out _) is not { } refund)
        {
            return Invalid("amount", "Refund amount is greater than unrefunded amount on charge.");
        }

        return (200, RefundView(trade, refund));
    }

    private static JsonObject Refunds(HttpContext http, TradeBook book) => new()
    {
        ["object"] = "list",
        ["url"] = "/v1/refunds",
        ["has_more"] = false,
        ["data"] = new JsonArray(book.FindByTradeNo(Channels.Stripe, http.Request.Query["payment_intent"].ToString()) is { } trade
            ? [.. trade.Refunds.Select(refund => (JsonNode)RefundView(trade, refund))]
            : []),
    };

    private static JsonObject Session(string id, Trade trade, DateTimeOffset now, string? origin = null)
    {
        var state = trade.State == TradeState.Waiting && now >= trade.ExpiresAt ? trade.Close() : trade.State;
        return new JsonObject
        {
            ["id"] = id,
            ["object"] = "checkout.session",
            ["amount_subtotal"] = trade.AmountMinor,
            ["amount_total"] = trade.AmountMinor,
            ["client_reference_id"] = trade.OutTradeNo,
            ["created"] = trade.CreatedAt.ToUnixTimeSeconds(),
            ["currency"] = trade.Currency.ToLowerInvariant(),
            ["expires_at"] = trade.ExpiresAt.ToUnixTimeSeconds(),
            ["livemode"] = false,
            ["metadata"] = new JsonObject(),
            ["mode"] = "payment",
            ["payment_intent"] = state == TradeState.Paid ? trade.TradeNo : null,
            ["payment_status"] = state == TradeState.Paid ? "paid" : "unpaid",
            ["status"] = state switch { TradeState.Paid => "complete", TradeState.Closed => "expired", _ => "open" },
            ["success_url"] = trade.ReturnUrl,
            ["url"] = state == TradeState.Waiting && origin is not null ? $"{origin}/payments/pay/{Channels.Stripe}/{trade.TradeNo}" : null,
        };
    }

    private static JsonObject RefundView(Trade trade, TradeRefund refund) => new()
    {
        ["id"] = refund.Id,
        ["object"] = "refund",
        ["amount"] = refund.AmountMinor,
        ["created"] = refund.CreatedAt.ToUnixTimeSeconds(),
        ["currency"] = trade.Currency.ToLowerInvariant(),
        ["metadata"] = new JsonObject { ["out_refund_no"] = refund.OutRefundNo },
        ["payment_intent"] = trade.TradeNo,
        ["status"] = "succeeded",
    };

    private static (int, JsonObject) Invalid(string parameter, string message) => (400, Error("invalid_request_error", null, message, parameter));

    private static (int, JsonObject) Missing(string what, string id) => (404, Error("invalid_request_error", "resource_missing", $"No such {what}: '{id}'", what));

    internal static JsonObject Error(string type, string? code, string message, string? parameter = null) => new()
    {
        ["error"] = new JsonObject { ["type"] = type, ["code"] = code, ["message"] = message, ["param"] = parameter },
    };
}

/// <summary>What Stripe remembers: sessions, and the answers that idempotency keys stand for.</summary>
public sealed class StripeBook(IOptions<PaymentOptions> options)
{
    private readonly ConcurrentDictionary<string, (string Asked, int Status, string Body)> _answers = new();
    private readonly SemaphoreSlim _one = new(1);

    public PaymentOptions.StripeParty Party => options.Value.Stripe;

    public ConcurrentDictionary<string, Trade> Sessions { get; } = new();

    public string Origin { get; set; } = "";

    public IResult Get(HttpContext http, Func<(int Status, JsonObject Body)> answer)
    {
        var (status, body) = Unauthorized(http) ?? answer();
        return Write(http, status, body.ToJsonString());
    }

    public async Task<IResult> PostAsync(HttpContext http, string[] known, Func<Dictionary<string, string>, (int Status, JsonObject Body)> answer)
    {
        var form = http.Request.HasFormContentType
            ? (await http.Request.ReadFormAsync(http.RequestAborted)).ToDictionary(value => value.Key, value => value.Value.ToString())
            : [];
        var key = http.Request.Headers["Idempotency-Key"].ToString();
        var asked = http.Request.Path + "?" + string.Join('&', form.OrderBy(value => value.Key, StringComparer.Ordinal).Select(value => $"{value.Key}={value.Value}"));

        await _one.WaitAsync(http.RequestAborted);
        try
        {
            if (Unauthorized(http) is { } refused)
            {
                return Write(http, refused.Status, refused.Body.ToJsonString());
            }

            if (key.Length > 0 && _answers.TryGetValue(key, out var earlier))
            {
                if (earlier.Asked != asked)
                {
                    return Write(http, 400, StripeApi.Error("idempotency_error", null, "Keys for idempotent requests can only be used with the same parameters they were first used with.").ToJsonString());
                }

                http.Response.Headers["Idempotent-Replayed"] = "true";
                return Write(http, earlier.Status, earlier.Body);
            }

            var unknown = form.Keys.FirstOrDefault(name => !known.Contains(name));
            var (status, body) = unknown is null ? answer(form) : (400, StripeApi.Error("invalid_request_error", "parameter_unknown", $"Received unknown parameter: {unknown}", unknown));
            var text = body.ToJsonString();
            if (key.Length > 0)
            {
                _answers[key] = (asked, status, text);
            }

            return Write(http, status, text);
        }
        finally
        {
            _one.Release();
        }
    }

    private (int Status, JsonObject Body)? Unauthorized(HttpContext http) => http.Request.Headers.Authorization == $"Bearer {Party.SecretKey}" && Party.SecretKey.Length > 0
        ? null
        : (401, StripeApi.Error("invalid_request_error", null, "Invalid API Key provided."));

    private static IResult Write(HttpContext http, int status, string body)
    {
        http.Response.Headers["Request-Id"] = $"req_{RandomNumberGenerator.GetHexString(14)}";
        return TypedResults.Content(body, "application/json", statusCode: status);
    }
}
