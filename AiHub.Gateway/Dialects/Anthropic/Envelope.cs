using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>
/// What another vendor wants back with the next turn, and Anthropic has no field for, travels through an Anthropic client in the two
/// fields that clients return untouched: a thinking block's signature and the data of redacted thinking.
/// </summary>
internal static class Envelope
{
    /// <summary>An envelope around <c>{}</c>: reasoning that nobody signed.</summary>
    public static ReadOnlySpan<byte> Unsigned => "aihub1.e30"u8;

    private static ReadOnlySpan<byte> Mark => "aihub1."u8;

    public static byte[] Seal(ReadOnlySpan<byte> json) => [.. Mark, .. Encoding.ASCII.GetBytes(Base64Url.EncodeToString(json))];

    /// <returns>False when the text is something else, which makes it Anthropic's own.</returns>
    public static bool TryOpen(JsonElement text, out JsonElement content)
    {
        content = default;
        var sealedText = text.ValueKind == JsonValueKind.String ? Wire.Inner(text) : default;
        return sealedText.StartsWith(Mark)
            && Base64Url.IsValid(sealedText[Mark.Length..])
            && Wire.TryParse(Base64Url.DecodeFromUtf8(sealedText[Mark.Length..]), out content)
            && content.ValueKind == JsonValueKind.Object;
    }
}

/// <summary>The formats that entries of <c>reasoning_details</c> name.</summary>
internal static class DetailFormat
{
    public static ReadOnlySpan<byte> Anthropic => "anthropic-claude-v1"u8;

    /// <summary>A whole block that Chat Completions has no counterpart of, such as the results of a tool that ran at Anthropic, as base64 of its JSON.</summary>
    public static ReadOnlySpan<byte> AnthropicBlock => "anthropic-claude-v1.block"u8;
}
