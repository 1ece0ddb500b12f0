using AiHub.Domain.Payments;

namespace AiHub.Worker.Payments;

/// <summary>The channels this worker holds the secrets of.</summary>
public sealed class PaymentChannels(IEnumerable<IPaymentChannel> channels)
{
    private readonly Dictionary<PaymentChannelId, IPaymentChannel> _channels = channels.ToDictionary(channel => channel.Id);

    public IReadOnlyCollection<IPaymentChannel> All => _channels.Values;

    public IPaymentChannel? Find(PaymentChannelId id) => _channels.GetValueOrDefault(id);
}
