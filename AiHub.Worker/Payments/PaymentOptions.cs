namespace AiHub.Worker.Payments;

/// <summary>Where channels and customers find us. Each channel has a section of its own beside these.</summary>
public sealed class PaymentOptions
{
    public const string Section = "Payments";

    /// <summary>The worker's address as channels reach it: their notices go to <c>{PublicUrl}/webhooks/{channel}</c>.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>The portal's address: customers return to <c>{PortalUrl}/billing/orders/{id}</c>. Coming back proves nothing.</summary>
    public string? PortalUrl { get; set; }

    public string ReturnUrl(Guid orderId) => $"{PortalUrl!.TrimEnd('/')}/billing/orders/{orderId}";

    public string NotifyUrl(string channel) => $"{PublicUrl!.TrimEnd('/')}/webhooks/{channel}";
}

/// <summary>A channel's settings are incomplete or weak: the worker does not start, and says which.</summary>
public sealed class PaymentSettingsException(string message, Exception? inner = null) : Exception(message, inner);
