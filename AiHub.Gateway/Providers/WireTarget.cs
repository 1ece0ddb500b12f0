using System.Text.Json;
using AiHub.Gateway.Dialects;

namespace AiHub.Gateway.Providers;

/// <summary>Holds a vendor's key so that no log, exception or record prints it.</summary>
public sealed record VendorSecret(string Value)
{
    public override string ToString() => "***";
}

/// <summary>One model at one vendor: where a connector sends its requests, as whom, and what to mind. Equal targets share one connector.</summary>
/// <param name="Model">The vendor's own name of the model.</param>
/// <param name="AllowPrivateNetwork">An administrator trusts this vendor to live in a private address range.</param>
public sealed record WireTarget(
    string VendorId,
    Uri ChatUrl,
    string Model,
    VendorSecret? Secret,
    VendorQuirks Quirks,
    UpstreamTimeouts Timeouts,
    bool AllowPrivateNetwork = false)
{
    /// <summary>What is spoken at <see cref="ChatUrl"/>.</summary>
    public WireDialect Dialect { get; init; } = WireDialect.ChatCompletions;

    /// <summary>The most tokens one answer of this model can have, for vendors that insist on being told a limit.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>A customer entered the address.</summary>
    public bool OfCustomer { get; init; }

    /// <summary>The model as a JSON string.</summary>
    public ReadOnlyMemory<byte> EncodedModel { get; } = JsonSerializer.SerializeToUtf8Bytes(Model);

    /// <summary>Where the vendor answers what is not chat.</summary>
    public Uri Url(string path) => new(ChatUrl, Dialect == WireDialect.Gemini ? $"../openai/{path}" : $"../{path}");

    public bool Equals(WireTarget? other) => other is not null
        && VendorId == other.VendorId && ChatUrl == other.ChatUrl && Model == other.Model && Secret == other.Secret
        && Quirks == other.Quirks && Timeouts == other.Timeouts && AllowPrivateNetwork == other.AllowPrivateNetwork
        && Dialect == other.Dialect && OfCustomer == other.OfCustomer && MaxOutputTokens == other.MaxOutputTokens;

    public override int GetHashCode() => HashCode.Combine(VendorId, ChatUrl, Model, Secret, AllowPrivateNetwork);
}
