namespace AiHub.Contracts;

/// <summary>A model that can be called here, as anybody may see it.</summary>
/// <param name="Kind">What it is asked for: chat, embedding, image, speech, transcription, moderation or rerank.</param>
/// <param name="Vendors">Who serves it, the one a call goes to first first.</param>
/// <param name="Prices">List prices in each currency it can be paid in.</param>
/// <param name="Domestic">Served by a vendor under the law of mainland China.</param>
/// <param name="Free">Costs nothing in any currency.</param>
public sealed record PublicModelView(
    string Id,
    string Name,
    string Kind,
    IReadOnlyList<PublicVendorView> Vendors,
    int? ContextLength,
    int? MaxOutputTokens,
    IReadOnlyList<string> InputModalities,
    IReadOnlyList<string> OutputModalities,
    IReadOnlyList<string> SupportedParameters,
    IReadOnlyList<PriceView> Prices,
    decimal InputWeight,
    decimal OutputWeight,
    bool Domestic,
    bool Free,
    DateTimeOffset CreatedAt);

/// <param name="Country">Whose law it serves under, ISO 3166; null when unknown.</param>
/// <param name="RetainsPrompts">Null when unknown.</param>
/// <param name="TrainsOnPrompts">Null when unknown.</param>
public sealed record PublicVendorView(string Id, string Name, string? Country, bool? RetainsPrompts, bool? TrainsOnPrompts);
