using System.Net;
using System.Text;
using AiHub.Domain;
using AiHub.Domain.Payments;
using Stripe;
using Stripe.Checkout;
using Refund = AiHub.Domain.Payments.Refund;

namespace AiHub.Worker.Payments.Stripe;

/// <summary>Stripe Checkout for one payment at a time: the hub owns plans and invoices, Stripe only collects.</summary>
public sealed partial class StripeChannel : IPaymentChannel
{
    private const long Tolerance = 300;
    private const string RefundNumber = "out_refund_no";
    private const string OrderNumber = "out_trade_no";
    private const string OrderId = "order_id";
    private const string IntentPrefix = "pi_";

    private readonly StripeSettings _settings;
    private readonly PaymentOptions _options;
    private readonly SessionService _sessions;
    private readonly RefundService _refunds;
    private readonly PaymentIntentService _intents;
    private readonly BalanceTransactionService _movements;

    public StripeChannel(StripeSettings settings, PaymentOptions options, HttpClient http)
    {
        (_settings, _options) = (settings, options);
        // The hub's own runs ask again; two layers that retry multiply.
        var client = new StripeClient(settings.SecretKey, httpClient: new SystemNetHttpClient(http, maxNetworkRetries: 0, enableTelemetry: false), apiBase: settings.ApiBase);
        (_sessions, _refunds, _intents, _movements) = (new SessionService(client), new RefundService(client), new PaymentIntentService(client), new BalanceTransactionService(client));
    }

    public PaymentChannelId Id => PaymentChannelId.Stripe;

    public IReadOnlyList<Currency> Currencies { get; } = [Currency.USD, Currency.CNY];

    public string Merchant => MerchantOf(_settings.IsLive);

    public string? App => null;

    public IResult Acknowledged { get; } = TypedResults.Ok();

    public IResult NotAcknowledged { get; } = TypedResults.BadRequest();

    public Task<OpenedOrder> OpenAsync(PaymentOrder order, CancellationToken ct) => AskedAsync(async () =>
    {
        var session = await _sessions.CreateAsync(
            new SessionCreateOptions
            {
                Mode = "payment",
                ClientReferenceId = order.OutTradeNo,
                ExpiresAt = order.ExpiresAt.UtcDateTime,
                SuccessUrl = _options.ReturnUrl(order.Id),
                CancelUrl = _options.ReturnUrl(order.Id),
                LineItems =
                [
                    new SessionLineItemOptions
                    {
                        Quantity = 1,
                        PriceData = new SessionLineItemPriceDataOptions
                        {
                            Currency = order.Currency.ToString().ToLowerInvariant(),
                            UnitAmount = order.AmountMinor,
                            ProductData = new SessionLineItemPriceDataProductDataOptions { Name = order.Purpose == PaymentPurpose.Subscription ? "AI Hub plan" : "AI Hub balance" },
                        },
                    },
                ],
                Metadata = new Dictionary<string, string> { [OrderId] = order.Id.ToString() },
                CustomerCreation = order.SavesMethod ? "always" : null,
                PaymentIntentData = new SessionPaymentIntentDataOptions
                {
                    SetupFutureUsage = order.SavesMethod ? "off_session" : null,
                    Metadata = new Dictionary<string, string> { [OrderId] = order.Id.ToString() },
                },
            },
            Once($"order-{order.Id}"),
            ct);
        return new OpenedOrder(session.Url, null, session.Id);
    });

    public Task<OpenedOrder> CollectAsync(PaymentOrder order, ChannelMethod method, CancellationToken ct) => AskedAsync(async () =>
    {
        var intent = await _intents.CreateAsync(
            new PaymentIntentCreateOptions
            {
                Amount = order.AmountMinor,
                Currency = order.Currency.ToString().ToLowerInvariant(),
                Customer = method.Customer,
                PaymentMethod = method.Method,
                AutomaticPaymentMethods = new PaymentIntentAutomaticPaymentMethodsOptions { Enabled = true, AllowRedirects = "never" },
                Confirm = true,
                OffSession = true,
                Metadata = new Dictionary<string, string> { [OrderId] = order.Id.ToString(), [OrderNumber] = order.OutTradeNo },
            },
            Once($"order-{order.Id}"),
            ct);
        return new OpenedOrder(null, null, intent.Id);
    });

    public Task<ChannelMethod?> MethodOfAsync(PaymentOrder order, CancellationToken ct) => AskedAsync(async () =>
    {
        var session = await _sessions.GetAsync(order.ChannelReference, new SessionGetOptions { Expand = ["payment_intent.payment_method"] }, cancellationToken: ct);
        return session is { CustomerId: { } customer, PaymentIntent.PaymentMethod: { } method }
            ? new ChannelMethod(customer, method.Id, method.Card?.Brand ?? method.Type, method.Card?.Last4 ?? "")
            : null;
    });

    public Task<ChannelOrder> QueryAsync(PaymentOrder order, CancellationToken ct) => AskedAsync(async () => order switch
    {
        { ChannelReference: { } intent } when intent.StartsWith(IntentPrefix, StringComparison.Ordinal) => StateOf(await _intents.GetAsync(intent, cancellationToken: ct)),
        { ChannelReference: { } session } => StateOf(await _sessions.GetAsync(session, cancellationToken: ct)),
        // The card may have been charged although we did not hear so.
        { PaymentMethodId: not null } => await FindIntentAsync(order, ct) is { } found ? StateOf(found) : ChannelOrder.Waiting,
        _ => ChannelOrder.Waiting,
    });

    public async Task<ChannelOrder> CloseAsync(PaymentOrder order, CancellationToken ct)
    {
        try
        {
            if (order.PaymentMethodId is not null)
            {
                return order.ChannelReference is null
                    ? await QueryAsync(order, ct)
                    : await AskedAsync(async () => StateOf(await _intents.CancelAsync(order.ChannelReference, cancellationToken: ct)));
            }

            return await AskedAsync(async () => StateOf(await _sessions.ExpireAsync(order.ChannelReference, cancellationToken: ct)));
        }
        catch (PaymentChannelException failure) when (failure.Failure == PaymentChannelFailure.Refused)
        {
            // Only what is open can be expired or canceled; what it is instead, the query tells.
            return await QueryAsync(order, ct);
        }
    }

    public Task<ChannelRefundState> RefundAsync(PaymentOrder order, Refund refund, CancellationToken ct) => AskedAsync(async () => StateOf(await _refunds.CreateAsync(
        new RefundCreateOptions
        {
            PaymentIntent = order.ChannelTradeNo,
            Amount = refund.AmountMinor,
            Metadata = new Dictionary<string, string> { [RefundNumber] = refund.OutRefundNo },
        },
        Once($"refund-{refund.Id}"),
        ct)));

    public Task<ChannelRefundState> QueryRefundAsync(PaymentOrder order, Refund refund, CancellationToken ct) => AskedAsync(async () =>
    {
        await foreach (var made in _refunds.ListAutoPagingAsync(new RefundListOptions { PaymentIntent = order.ChannelTradeNo }, cancellationToken: ct))
        {
            if (made.Metadata.GetValueOrDefault(RefundNumber) == refund.OutRefundNo)
            {
                return StateOf(made);
            }
        }

        return ChannelRefundState.Unknown;
    });

    public InboundNotice? Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        var text = Encoding.UTF8.GetString(body.Span);
        if (!headers.TryGetValue("Stripe-Signature", out var signature)
            || (Event(text, signature.ToString(), _settings.WebhookSecret, now) ?? Event(text, signature.ToString(), _settings.PreviousWebhookSecret, now)) is not { } told)
        {
            return null;
        }

        var session = told.Data?.Object as Session;
        var intent = told.Data?.Object as PaymentIntent;
        var dispute = told.Data?.Object as global::Stripe.Dispute;
        var refund = told.Data?.Object as global::Stripe.Refund;
        var kind = told.Type switch
        {
            EventTypes.CheckoutSessionCompleted or EventTypes.CheckoutSessionAsyncPaymentSucceeded when session is { Mode: "payment", PaymentStatus: "paid" } => NoticeKind.Paid,
            EventTypes.CheckoutSessionExpired or EventTypes.CheckoutSessionAsyncPaymentFailed => NoticeKind.Closed,
            EventTypes.RefundUpdated or EventTypes.RefundCreated => NoticeKind.Refunded,
            EventTypes.RefundFailed => NoticeKind.RefundFailed,
            EventTypes.PaymentIntentSucceeded when intent?.Metadata?.ContainsKey(OrderNumber) == true => NoticeKind.Paid,
            EventTypes.PaymentIntentPaymentFailed or EventTypes.PaymentIntentCanceled when intent?.Metadata?.ContainsKey(OrderNumber) == true => NoticeKind.Closed,
            EventTypes.ChargeDisputeFundsWithdrawn => NoticeKind.DisputeOpened,
            EventTypes.ChargeDisputeClosed when dispute is { Status: "won" } => NoticeKind.DisputeWon,
            EventTypes.ChargeDisputeClosed when dispute is { Status: "lost" } => NoticeKind.DisputeLost,
            _ => NoticeKind.Other,
        };
        var proof = session is not null ? ProofOf(session) : intent is not null ? ProofOf(intent) : null;

        return new InboundNotice
        {
            Id = Guid.CreateVersion7(now),
            Channel = Id,
            EventId = told.Id,
            Kind = kind,
            ReceivedAt = now,
            OutTradeNo = session?.ClientReferenceId ?? intent?.Metadata?.GetValueOrDefault(OrderNumber),
            ChannelTradeNo = proof?.ChannelTradeNo ?? dispute?.PaymentIntentId,
            DisputeReference = dispute?.Id,
            DisputeReason = dispute?.Reason,
            EvidenceDueAt = dispute?.EvidenceDetails?.DueBy is { } due ? new DateTimeOffset(DateTime.SpecifyKind(due, DateTimeKind.Utc)) : null,
            OutRefundNo = refund?.Metadata?.GetValueOrDefault(RefundNumber),
            Merchant = MerchantOf(told.Livemode),
            App = null,
            Currency = proof?.Currency ?? dispute?.Currency?.ToUpperInvariant(),
            AmountMinor = proof?.AmountMinor ?? dispute?.Amount,
            PaidAt = kind == NoticeKind.Paid ? new DateTimeOffset(DateTime.SpecifyKind(told.Created, DateTimeKind.Utc)) : null,
            Body = body.ToArray(),
        };
    }

    // The library throws for a forged header in five different ways; for us there is one answer.
    private static Event? Event(string body, string signature, string? secret, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(secret) || string.IsNullOrEmpty(signature))
        {
            return null;
        }

        try
        {
            var told = EventUtility.ConstructEvent(body, signature, secret, Tolerance, now.ToUnixTimeSeconds(), throwOnApiVersionMismatch: false);
            return string.IsNullOrEmpty(told?.Id) ? null : told;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return null;
        }
    }

    private ChannelOrder StateOf(Session session) => session switch
    {
        { PaymentStatus: "paid" } => ChannelOrder.Paid(ProofOf(session)),
        { Status: "expired" } => ChannelOrder.Closed,
        _ => ChannelOrder.Waiting,
    };

    private ChannelOrder StateOf(PaymentIntent intent) => intent.Status switch
    {
        "succeeded" => ChannelOrder.Paid(ProofOf(intent)),
        // Declined, or somebody would have to confirm it: with nobody there that is the same.
        "canceled" or "requires_payment_method" or "requires_action" => ChannelOrder.Closed,
        _ => ChannelOrder.Waiting,
    };

    private async Task<PaymentIntent?> FindIntentAsync(PaymentOrder order, CancellationToken ct) =>
        (await _intents.SearchAsync(new PaymentIntentSearchOptions { Query = $"metadata['{OrderId}']:'{order.Id}'" }, cancellationToken: ct)).Data.FirstOrDefault();

    private PaymentProof ProofOf(PaymentIntent intent) => new(
        Id, MerchantOf(intent.Livemode), null, intent.Currency?.ToUpperInvariant(), intent.AmountReceived, intent.Id, null);

    private PaymentProof ProofOf(Session session) => new(
        Id, MerchantOf(session.Livemode), null, session.Currency?.ToUpperInvariant(), session.AmountTotal, session.PaymentIntentId, null);

    private static ChannelRefundState StateOf(global::Stripe.Refund refund) => refund.Status switch
    {
        "succeeded" => ChannelRefundState.Succeeded,
        "failed" or "canceled" => ChannelRefundState.Failed,
        _ => ChannelRefundState.Processing,
    };

    private static string MerchantOf(bool live) => live ? "live" : "test";

    private static RequestOptions Once(string key) => new() { IdempotencyKey = key };

    private static async Task<T> AskedAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (StripeException refused) when (refused.HttpStatusCode is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError
            && refused.HttpStatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.Conflict or HttpStatusCode.Unauthorized))
        {
            throw new PaymentChannelException(PaymentChannelFailure.Refused, $"Stripe says {refused.StripeError?.Message ?? refused.Message}", refused);
        }
        catch (Exception failure) when (failure is StripeException or HttpRequestException or IOException or TaskCanceledException { CancellationToken.IsCancellationRequested: false })
        {
            throw new PaymentChannelException(PaymentChannelFailure.Unavailable, "Stripe cannot be reached, or does not answer.", failure);
        }
    }
}
