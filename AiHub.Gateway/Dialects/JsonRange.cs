namespace AiHub.Gateway.Dialects;

/// <summary>Where something stands in a JSON text, quotes and braces included. Length 0: it is not there.</summary>
public readonly record struct JsonRange(int Start, int Length)
{
    public bool Exists => Length > 0;

    public int End => Start + Length;

    public ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json) => json.Slice(Start, Length);

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> json) => json.Slice(Start, Length);
}
