using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers;

/// <summary>How a vendor differs from the text of the dialect it speaks. Data of the vendor's row, not code.</summary>
public sealed record VendorQuirks
{
    public static readonly VendorQuirks None = new();

    /// <summary>The field by which this vendor limits an answer when the client named none.</summary>
    public string OutputLimitField { get; init; } = "max_tokens";

    /// <summary>False for vendors that refuse <c>stream_options</c>.</summary>
    public bool ReportsStreamUsage { get; init; } = true;

    /// <summary>What it takes beyond the Chat Completions that every vendor understands; matters where a request is translated.</summary>
    public ChatExtras Extras { get; init; }

    /// <summary>False for vendors that just close the line after the last chunk instead of sending <c>[DONE]</c>.</summary>
    public bool SendsDone { get; init; } = true;
}

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
    /// <summary>The model as a JSON string.</summary>
    public ReadOnlyMemory<byte> EncodedModel { get; } = JsonSerializer.SerializeToUtf8Bytes(Model);

    /// <summary>Where the vendor answers what is not chat.</summary>
    public Uri Url(string path) => new(ChatUrl, $"../{path}");

    public bool Equals(WireTarget? other) => other is not null
        && VendorId == other.VendorId && ChatUrl == other.ChatUrl && Model == other.Model && Secret == other.Secret
        && Quirks == other.Quirks && Timeouts == other.Timeouts && AllowPrivateNetwork == other.AllowPrivateNetwork;

    public override int GetHashCode() => HashCode.Combine(VendorId, ChatUrl, Model, Secret, AllowPrivateNetwork);
}
