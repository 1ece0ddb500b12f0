using AiHub.Domain;
using AiHub.Domain.Payments;

namespace AiHub.Worker.Payments;

/// <summary>
/// One way to collect money. Every answer it returns has been verified as the channel's own. All of it may be asked again: a number at the
/// channel (<see cref="PaymentOrder.OutTradeNo"/>, <see cref="Refund.OutRefundNo"/>) stands for one payment or refund, however often it is sent.
/// </summary>
public interface IPaymentChannel
{
    PaymentChannelId Id { get; }

    IReadOnlyList<Currency> Currencies { get; }

    /// <summary>Who we are at the channel: what is paid to anyone else is not paid to us.</summary>
    string Merchant { get; }

    /// <summary>Null where the channel knows no apps.</summary>
    string? App { get; }

    /// <summary>Where browsers within the channel's own app learn who pays; null where that is not needed, or not set up.</summary>
    string? PayerUrl => null;

    /// <summary>Who pays, for the code that the customer's browser brought; it is good for one answer.</summary>
    /// <exception cref="PaymentChannelException">The code is good for nothing, or nobody knows.</exception>
    Task<string> PayerAsync(string code, CancellationToken ct) =>
        throw new PaymentChannelException(PaymentChannelFailure.Refused, "This channel knows no payers.");

    /// <exception cref="PaymentChannelException">Nothing was opened, or nobody knows.</exception>
    Task<OpenedOrder> OpenAsync(PaymentOrder order, CancellationToken ct);

    /// <summary>Takes an order's amount from a saved method, with nobody there to confirm it.</summary>
    /// <exception cref="PaymentChannelException">Refused, which includes that somebody would have to confirm it; or nobody knows.</exception>
    Task<OpenedOrder> CollectAsync(PaymentOrder order, ChannelMethod method, CancellationToken ct) =>
        throw new PaymentChannelException(PaymentChannelFailure.Refused, "This channel keeps no payment methods.");

    /// <summary>What a paid order was paid with, where the channel keeps it for the hub.</summary>
    /// <exception cref="PaymentChannelException">Nobody knows.</exception>
    Task<ChannelMethod?> MethodOfAsync(PaymentOrder order, CancellationToken ct) => Task.FromResult<ChannelMethod?>(null);

    /// <exception cref="PaymentChannelException">Nobody knows.</exception>
    Task<ChannelOrder> QueryAsync(PaymentOrder order, CancellationToken ct);

    /// <summary>Closes an unpaid order at the channel.</summary>
    /// <returns>Closed, or Paid when the customer was quicker.</returns>
    /// <exception cref="PaymentChannelException">Nobody knows.</exception>
    Task<ChannelOrder> CloseAsync(PaymentOrder order, CancellationToken ct);

    /// <exception cref="PaymentChannelException">Refused for good, or nobody knows.</exception>
    Task<ChannelRefundState> RefundAsync(PaymentOrder order, Refund refund, CancellationToken ct);

    /// <inheritdoc cref="RefundAsync"/>
    Task<ChannelRefundState> QueryRefundAsync(PaymentOrder order, Refund refund, CancellationToken ct);

    /// <summary>How far the day of the channel's bills is ahead of UTC's.</summary>
    TimeSpan BillOffset { get; }

    /// <summary>How long after the end of a day the channel promises its bill.</summary>
    TimeSpan BillReadyAfter { get; }

    /// <summary>What the channel took, gave back and kept on a day.</summary>
    /// <returns>Null when the channel has no bill of that day, or none yet: it does not tell which.</returns>
    /// <exception cref="PaymentChannelException">Nobody knows, or what came is not what the channel wrote.</exception>
    Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken ct);

    /// <summary>Makes sure that the channel's key is known that signed what was posted, where channels change them.</summary>
    Task PrepareAsync(IHeaderDictionary headers, CancellationToken ct) => Task.CompletedTask;

    /// <summary>Reads what was posted to the channel's webhook.</summary>
    /// <returns>Null when it is not proven to come from the channel; whatever it says then means nothing.</returns>
    InboundNotice? Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body, DateTimeOffset now);

    /// <summary>The words by which the channel knows that the notice has been kept.</summary>
    IResult Acknowledged { get; }

    /// <summary>The words for a notice that is not the channel's.</summary>
    IResult NotAcknowledged { get; }
}

/// <param name="Reference">The channel's own object, where it makes one before payment.</param>
/// <param name="AppParameters">What the customer's app asks for the payment with; JSON.</param>
/// <param name="FrameUrl">A page with nothing but a QR code, for a frame.</param>
public sealed record OpenedOrder(string? RedirectUrl, string? QrCode, string? Reference, string? AppParameters = null, string? FrameUrl = null);

public enum ChannelOrderState
{
    Waiting,
    Paid,
    Closed,
}

/// <param name="Proof">What was paid; null unless paid.</param>
public sealed record ChannelOrder(ChannelOrderState State, PaymentProof? Proof)
{
    public static readonly ChannelOrder Waiting = new(ChannelOrderState.Waiting, null);
    public static readonly ChannelOrder Closed = new(ChannelOrderState.Closed, null);

    public static ChannelOrder Paid(PaymentProof proof) => new(ChannelOrderState.Paid, proof);
}

public enum ChannelRefundState
{
    Processing,
    Succeeded,
    Failed,

    /// <summary>The channel has never heard of it: ask for it again.</summary>
    Unknown,
}

public enum PaymentChannelFailure
{
    /// <summary>Down, slow, or saying so: ask again later.</summary>
    Unavailable,

    /// <summary>It understood and said no; asking again changes nothing.</summary>
    Refused,

    /// <summary>The answer is not proven to be the channel's. Treated as if it had never come.</summary>
    Untrusted,
}

public sealed class PaymentChannelException(PaymentChannelFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public PaymentChannelFailure Failure => failure;
}
