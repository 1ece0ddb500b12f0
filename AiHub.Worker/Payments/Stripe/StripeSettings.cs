namespace AiHub.Worker.Payments.Stripe;

/// <summary>A Stripe account.</summary>
public sealed class StripeSettings
{
    private const int LeastSecret = 24;

    public string ApiBase { get; set; } = "https://api.stripe.com";

    /// <summary>A secret or restricted key (sk_… or rk_…).</summary>
    public string SecretKey { get; set; } = "";

    /// <summary>The signing secret of the webhook endpoint (whsec_…).</summary>
    public string WebhookSecret { get; set; } = "";

    /// <summary>The one before it, while both are in use.</summary>
    public string? PreviousWebhookSecret { get; set; }

    /// <summary>A test key's payments are not money, and a live hub must not credit them.</summary>
    public bool IsLive => SecretKey.Contains("_live_", StringComparison.Ordinal);

    /// <exception cref="PaymentSettingsException">Something is missing or weak.</exception>
    public void Check()
    {
        if (!SecretKey.StartsWith("sk_", StringComparison.Ordinal) && !SecretKey.StartsWith("rk_", StringComparison.Ordinal))
        {
            throw new PaymentSettingsException("Stripe is configured but Payments__Stripe__SecretKey is not a key that begins with sk_ or rk_.");
        }

        // With an empty secret anybody could sign: hubs have been robbed that way.
        foreach (var secret in (string?[])[WebhookSecret, PreviousWebhookSecret])
        {
            if (secret is not null && (!secret.StartsWith("whsec_", StringComparison.Ordinal) || secret.Length < LeastSecret))
            {
                throw new PaymentSettingsException("Payments__Stripe__WebhookSecret must be the endpoint's signing secret; it begins with whsec_ and is not shortened.");
            }
        }
    }
}
