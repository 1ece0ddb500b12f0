namespace AiHub.Domain.Payments;

/// <summary>Who collects the money.</summary>
public enum PaymentChannelId
{
    Stripe,
    Alipay,
    WechatPay,
}

public enum PaymentPurpose
{
    /// <summary>Adds purchased money to the wallet.</summary>
    TopUp,

    /// <summary>The same, made by the worker because the wallet ran low.</summary>
    AutoTopUp,

    /// <summary>Pays a <see cref="Quotas.SubscriptionCharge"/>: what is paid enters the wallet, and the charge takes it out in the same moment.</summary>
    Subscription,

    /// <summary>Pays a postpaid <see cref="Invoices.Invoice"/>: what is paid enters the wallet, and the invoice takes it out in the same moment.</summary>
    Invoice,
}

public enum PaymentOrderStatus
{
    /// <summary>Kept here; the channel has not been asked yet.</summary>
    Created,

    /// <summary>The channel waits for the customer.</summary>
    Pending,
    Paid,

    /// <summary>Not paid in time, or called off. A payment that arrives all the same is still credited.</summary>
    Closed,

    /// <summary>The channel would not open it; the reason is kept.</summary>
    Failed,
}

/// <summary>Where the customer pays: it decides what the channel is asked for.</summary>
public enum PaymentScene
{
    Desktop,
    Mobile,

    /// <summary>Within WeChat itself, where neither of the others works: the page asks WeChat to pay.</summary>
    Wechat,
}

/// <summary>
/// One wish to pay, kept before the channel hears of it. Status and money are moved by the functions of 50-payments.sql alone:
/// nothing but a verified answer of the order's own channel, with its own merchant, currency and amount, makes it paid.
/// </summary>
public sealed class PaymentOrder
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid UserId { get; init; }
    public required PaymentPurpose Purpose { get; init; }
    public required PaymentChannelId Channel { get; init; }
    public required PaymentScene Scene { get; init; }
    public PaymentOrderStatus Status { get; init; }

    /// <summary>Where the customer asked from; some channels want to know it of phones.</summary>
    public required string ClientAddress { get; init; }

    /// <summary>Who pays, as the channel's app knows the customer (a WeChat openid); only where the scene asks for it.</summary>
    public string? PayerId { get; init; }

    /// <summary>What the channel tells <see cref="PayerId"/> for, once; gone when it has.</summary>
    public string? PayerCode { get; init; }
    public required Currency Currency { get; init; }

    /// <summary>In fen or cents, as every channel counts.</summary>
    public required long AmountMinor { get; init; }

    /// <summary>Our number at the channel. Random, because channels and their notices are not bound to an organization.</summary>
    public required string OutTradeNo { get; init; }

    /// <summary>The caller's Idempotency-Key: the same wish again finds the same order.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>What an invoice order pays.</summary>
    public Guid? InvoiceId { get; init; }

    /// <summary>What the channel calls the payment, once it is known.</summary>
    public string? ChannelTradeNo { get; init; }

    /// <summary>The channel's own object before payment, where it has one (a Checkout session).</summary>
    public string? ChannelReference { get; set; }

    /// <summary>Where to send the customer's browser.</summary>
    public string? RedirectUrl { get; set; }

    /// <summary>A page of the channel's own with nothing but a QR code, to show in a frame.</summary>
    public string? FrameUrl { get; set; }

    /// <summary>What to show as a QR code.</summary>
    public string? QrCode { get; set; }

    /// <summary>What the customer's app is handed to ask for the payment, signed; JSON.</summary>
    public string? AppParameters { get; set; }

    /// <summary>What the channel said when it would not open the order.</summary>
    public string? Failure { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? PaidAt { get; init; }
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>When the worker next asks the channel about it; null when there is nothing left to ask.</summary>
    public DateTimeOffset? NextCheckAt { get; set; }
    public int Checks { get; init; }

    /// <summary>What a subscription order pays for.</summary>
    public Guid? ChargeId { get; init; }

    /// <summary>The saved method it is taken from, with nobody there; null when the customer pays in person.</summary>
    public Guid? PaymentMethodId { get; init; }

    /// <summary>Keeps what it is paid with for the terms to come.</summary>
    public bool SavesMethod { get; init; }
    public DateTimeOffset? MethodSavedAt { get; init; }

    public Money Amount => MinorUnits.ToMoney(AmountMinor, Currency);
}
