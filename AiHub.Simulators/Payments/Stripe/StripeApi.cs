using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Payments.Stripe;

/// <summary>
/// Stripe's API as far as the hub needs it: Checkout sessions, saved cards charged with nobody there, refunds and disputes. Bodies are forms with bracketed names, unknown names are an
/// error, and an idempotency key answers the same bytes again.
/// </summary>
public static class StripeApi
{
    private const string ApiVersion = "2026-10-28.endive";

    private static readonly string[] SessionParameters =
    [
        "mode", "client_reference_id", "expires_at", "success_url", "cancel_url", "line_items[0][quantity]", "line_items[0][price_data][currency]",
        "line_items[0][price_data][unit_amount]", "line_items[0][price_data][product_data][name]", "metadata[order_id]", "payment_intent_data[metadata][order_id]",
        "customer_creation", "payment_intent_data[setup_future_usage]",
    ];

    private static readonly string[] IntentParameters =
        ["amount", "currency", "customer", "payment_method", "automatic_payment_methods[enabled]", "automatic_payment_methods[allow_redirects]", "confirm", "off_session", "metadata[order_id]", "metadata[out_trade_no]"];

    private static readonly string[] RefundParameters = ["payment_intent", "amount", "metadata[out_refund_no]"];

    public static void MapStripe(this WebApplication app)
    {
        var api = app.MapGroup("/payments/stripe/v1");
        api.MapPost("/checkout/sessions", (HttpContext http, StripeBook stripe, TradeBook book, SimulatorClock clock) =>
            stripe.PostAsync(http, SessionParameters, form => Create(form, http, stripe, book, clock.GetUtcNow()))).DisableAntiforgery();
        api.MapGet("/checkout/sessions/{id}", (HttpContext http, string id, StripeBook stripe, SimulatorClock clock) =>
            stripe.Get(http, () => stripe.Sessions.TryGetValue(id, out var trade) ? (200, Session(id, trade, clock.GetUtcNow(), card: stripe.Cards.GetValueOrDefault(trade.TradeNo))) : Missing("session", id)));
        api.MapPost("/checkout/sessions/{id}/expire", (HttpContext http, string id, StripeBook stripe, SimulatorClock clock) =>
            stripe.PostAsync(http, [], _ => Expire(id, stripe, clock.GetUtcNow()))).DisableAntiforgery();
        api.MapPost("/refunds", (HttpContext http, StripeBook stripe, TradeBook book, SimulatorClock clock) =>
            stripe.PostAsync(http, RefundParameters, form => Refund(form, book, clock.GetUtcNow()))).DisableAntiforgery();
        api.MapPost("/payment_intents", (HttpContext http, StripeBook stripe, TradeBook book, NoticeSender sender, SimulatorClock clock) =>
            stripe.PostAsync(http, IntentParameters, form => Collect(form, stripe, book, sender, clock))).DisableAntiforgery();
        api.MapGet("/payment_intents/search", (HttpContext http, StripeBook stripe, TradeBook book) => stripe.Get(http, () => (200, Found(http, stripe, book))));
        api.MapGet("/payment_intents/{id}", (HttpContext http, string id, StripeBook stripe, TradeBook book) =>
            stripe.Get(http, () => book.FindByTradeNo(Channels.Stripe, id) is { } trade ? (200, Intent(trade, stripe)) : Missing("payment_intent", id)));
        api.MapPost("/payment_intents/{id}/cancel", (HttpContext http, string id, StripeBook stripe, TradeBook book) =>
            stripe.PostAsync(http, [], _ => Cancel(id, stripe, book))).DisableAntiforgery();
        api.MapGet("/balance_transactions", (HttpContext http, StripeBook stripe, BillBook bills) => stripe.Get(http, () => StripeBalance.List(http, bills, stripe)));
        api.MapGet("/refunds", (HttpContext http, StripeBook stripe, TradeBook book) => stripe.Get(http, () => (200, Refunds(http, book))));
    }

    /// <summary>An event about a session or a refund, signed as Stripe signs.</summary>
    public static Notice NoticeOf(string type, string sessionId, Trade trade, TradeRefund? refund, PaymentOptions.StripeParty party, SimulatorClock clock, Action<JsonObject>? change = null)
    {
        var now = clock.GetUtcNow();
        var subject = refund is null ? Session(sessionId, trade, now) : RefundView(trade, refund);
        change?.Invoke(subject);
        return EventOf(type, subject, trade.OutTradeNo, party, clock);
    }

    /// <summary>An event about whatever it is about, signed as Stripe signs.</summary>
    public static Notice EventOf(string type, JsonObject subject, string outTradeNo, PaymentOptions.StripeParty party, SimulatorClock clock)
    {
        var now = clock.GetUtcNow();
        var id = $"evt_{RandomNumberGenerator.GetHexString(24, lowercase: true)}";
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

        return new Notice(Channels.Stripe, id, outTradeNo, party.WebhookUrl, () => Signed(party, body, clock.GetUtcNow()), (status, _) => status is >= 200 and < 300);
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
        stripe.OrderIds[trade.TradeNo] = form.GetValueOrDefault("payment_intent_data[metadata][order_id]") ?? "";
        if (form.GetValueOrDefault("payment_intent_data[setup_future_usage]") == "off_session")
        {
            stripe.Cards[trade.TradeNo] = new SavedCard(
                $"cus_{RandomNumberGenerator.GetHexString(14, lowercase: true)}", $"pm_{RandomNumberGenerator.GetHexString(24, lowercase: true)}");
        }

        stripe.Origin = $"{http.Request.Scheme}://{http.Request.Host}";

        return (200, Session(id, trade, now, stripe.Origin));
    }

    private static (int, JsonObject) Collect(Dictionary<string, string> form, StripeBook stripe, TradeBook book, NoticeSender sender, SimulatorClock clock)
    {
        var now = clock.GetUtcNow();
        if (stripe.Cards.Values.FirstOrDefault(card => card.Method == form.GetValueOrDefault("payment_method")) is not { } card || card.Customer != form.GetValueOrDefault("customer"))
        {
            return Missing("PaymentMethod", form.GetValueOrDefault("payment_method") ?? "");
        }

        if (form.GetValueOrDefault("confirm") != "true" || form.GetValueOrDefault("off_session") != "true")
        {
            return Invalid("confirm", "Only confirmed off-session payments are simulated.");
        }

        if (!long.TryParse(form.GetValueOrDefault("amount"), CultureInfo.InvariantCulture, out var amount) || amount < 50)
        {
            return Invalid("amount", "Amount must be at least $0.50.");
        }

        var id = $"pi_{RandomNumberGenerator.GetHexString(24, lowercase: true)}";
        var trade = book.GetOrAdd(new Trade(
            Channels.Stripe, form.GetValueOrDefault("metadata[out_trade_no]") ?? id, id, amount, (form.GetValueOrDefault("currency") ?? "usd").ToUpperInvariant(),
            stripe.Party.WebhookUrl, now, now.AddDays(1)));
        stripe.OrderIds[trade.TradeNo] = form.GetValueOrDefault("metadata[order_id]") ?? "";
        if (stripe.Declined.ContainsKey(card.Method))
        {
            trade.Close();
            return (402, Error("card_error", "card_declined", "Your card was declined.", "payment_method"));
        }

        trade.Pay(now);
        sender.Send(EventOf("payment_intent.succeeded", Intent(trade, stripe), trade.OutTradeNo, stripe.Party, clock));
        return (200, Intent(trade, stripe));
    }

    private static (int, JsonObject) Cancel(string id, StripeBook stripe, TradeBook book) => book.FindByTradeNo(Channels.Stripe, id) is not { } trade
        ? Missing("payment_intent", id)
        : trade.Close() == TradeState.Closed
            ? (200, Intent(trade, stripe))
            : Invalid("payment_intent", "You cannot cancel this PaymentIntent because it has a status of succeeded.");

    private static JsonObject Found(HttpContext http, StripeBook stripe, TradeBook book)
    {
        // metadata['order_id']:'…'
        var asked = http.Request.Query["query"].ToString().Split('\'');
        var found = asked is ["metadata[", "order_id", "]:", var order, ""] ? stripe.OrderIds.FirstOrDefault(pair => pair.Value == order).Key : null;
        return new JsonObject
        {
            ["object"] = "search_result",
            ["url"] = "/v1/payment_intents/search",
            ["has_more"] = false,
            ["data"] = new JsonArray(found is not null && book.FindByTradeNo(Channels.Stripe, found) is { } trade ? [Intent(trade, stripe)] : []),
        };
    }

    /// <summary>A dispute as its events carry it.</summary>
    public static JsonObject Dispute(Trade trade, string id, string status, DateTimeOffset now) => new()
    {
        ["id"] = id,
        ["object"] = "dispute",
        ["amount"] = trade.AmountMinor,
        ["charge"] = "ch_" + trade.TradeNo[3..],
        ["created"] = now.ToUnixTimeSeconds(),
        ["currency"] = trade.Currency.ToLowerInvariant(),
        ["evidence_details"] = new JsonObject
        {
            ["due_by"] = now.AddDays(9).ToUnixTimeSeconds(), ["has_evidence"] = false, ["past_due"] = false, ["submission_count"] = 0,
        },
        ["livemode"] = false,
        ["payment_intent"] = trade.TradeNo,
        ["reason"] = "fraudulent",
        ["status"] = status,
    };

    private static JsonObject Intent(Trade trade, StripeBook stripe) => new()
    {
        ["id"] = trade.TradeNo,
        ["object"] = "payment_intent",
        ["amount"] = trade.AmountMinor,
        ["amount_received"] = trade.State == TradeState.Paid ? trade.AmountMinor : 0,
        ["created"] = trade.CreatedAt.ToUnixTimeSeconds(),
        ["currency"] = trade.Currency.ToLowerInvariant(),
        ["livemode"] = false,
        ["metadata"] = new JsonObject { ["order_id"] = stripe.OrderIds.GetValueOrDefault(trade.TradeNo), ["out_trade_no"] = trade.OutTradeNo },
        ["status"] = trade.State switch { TradeState.Paid => "succeeded", TradeState.Closed => "canceled", _ => "requires_payment_method" },
    };

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

    private static JsonObject Session(string id, Trade trade, DateTimeOffset now, string? origin = null, SavedCard? card = null)
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
            ["customer"] = state == TradeState.Paid ? card?.Customer : null,
            ["payment_intent"] = state != TradeState.Paid ? null : card is null ? trade.TradeNo : new JsonObject
            {
                ["id"] = trade.TradeNo,
                ["object"] = "payment_intent",
                ["payment_method"] = new JsonObject
                {
                    ["id"] = card.Method,
                    ["object"] = "payment_method",
                    ["type"] = "card",
                    ["card"] = new JsonObject { ["brand"] = "visa", ["last4"] = "4242", ["exp_month"] = 12, ["exp_year"] = 2034 },
                },
            },
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

/// <summary>A card kept with its customer.</summary>
public sealed record SavedCard(string Customer, string Method);

/// <summary>What Stripe remembers: sessions, and the answers that idempotency keys stand for.</summary>
public sealed class StripeBook(IOptions<PaymentOptions> options)
{
    private readonly ConcurrentDictionary<string, (string Asked, int Status, string Body)> _answers = new();
    private readonly SemaphoreSlim _one = new(1);

    public PaymentOptions.StripeParty Party => options.Value.Stripe;

    public ConcurrentDictionary<string, Trade> Sessions { get; } = new();

    /// <summary>The cards kept, by the payment that kept them.</summary>
    public ConcurrentDictionary<string, SavedCard> Cards { get; } = new();

    /// <summary>The methods that are declined from now on.</summary>
    public ConcurrentDictionary<string, bool> Declined { get; } = new();

    /// <summary>The order's id in the metadata of a payment that was collected.</summary>
    public ConcurrentDictionary<string, string> OrderIds { get; } = new();

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
