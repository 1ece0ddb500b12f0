using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace AiHub.Contracts;

/// <summary>A vendor as its operator sees it; keys by their last four characters.</summary>
public sealed record VendorView(
    string Id,
    string Name,
    string BaseUrl,
    string Dialect,
    string? KeyVariable,
    bool Enabled,
    string? Country,
    bool? RetainsPrompts,
    bool? TrainsOnPrompts,
    bool AllowPrivateNetwork,
    IReadOnlyDictionary<string, string> Quirks,
    string Source,
    IReadOnlyList<VendorKeyView> Keys);

/// <param name="Quirks">How it differs from its dialect.</param>
public sealed record NewVendor(
    [property: Required, StringLength(40, MinimumLength = 1)] string Id,
    [property: Required, StringLength(100, MinimumLength = 1)] string Name,
    [property: Required, StringLength(500, MinimumLength = 8)] string BaseUrl,
    [property: StringLength(40, MinimumLength = 1)] string Dialect = "openai",
    [property: StringLength(2, MinimumLength = 2)] string? Country = null,
    bool? RetainsPrompts = null,
    bool? TrainsOnPrompts = null,
    bool AllowPrivateNetwork = false,
    IReadOnlyDictionary<string, string>? Quirks = null);

/// <summary>What is null stays as it is.</summary>
public sealed record VendorChange(
    [property: StringLength(100, MinimumLength = 1)] string? Name = null,
    [property: StringLength(500, MinimumLength = 8)] string? BaseUrl = null,
    [property: StringLength(40, MinimumLength = 1)] string? Dialect = null,
    bool? Enabled = null,
    [property: StringLength(2, MinimumLength = 2)] string? Country = null,
    bool? RetainsPrompts = null,
    bool? TrainsOnPrompts = null,
    bool? AllowPrivateNetwork = null,
    IReadOnlyDictionary<string, string>? Quirks = null);

/// <param name="Key">Kept encrypted; no answer ever holds it again.</param>
/// <param name="Pool">Endpoints name the pool they draw from.</param>
public sealed record NewVendorKey(
    [property: Required, StringLength(40, MinimumLength = 1)] string VendorId,
    [property: Required, StringLength(100, MinimumLength = 1)] string Name,
    [property: Required, StringLength(2000, MinimumLength = 8)] string Key,
    [property: StringLength(40, MinimumLength = 1)] string Pool = "default");

public sealed record VendorKeyChange(bool Enabled);

/// <param name="Host">The only host it is sent to.</param>
public sealed record VendorKeyView(Guid Id, string VendorId, string Pool, string Name, string LastFour, string Host, bool Enabled, DateTimeOffset CreatedAt);

/// <param name="Amount">What is left; a decimal string.</param>
/// <param name="Error">Why nobody knows; null when it was told.</param>
public sealed record VendorBalanceView(string? Amount, string? Currency, int LatencyMs, string? Error);

/// <param name="RestsUntil">Not asked before then, because it failed; as the answering gateway sees it.</param>
/// <param name="Health">How it has been answering, at every gateway; null in answers about changes.</param>
public sealed record EndpointView(
    Guid Id,
    string ModelId,
    string VendorId,
    string VendorModel,
    string Region,
    string? BaseUrl,
    string KeyPool,
    int Priority,
    int Weight,
    bool Enabled,
    DateTimeOffset? RestsUntil,
    EndpointHealth? Health = null);

public sealed record NewEndpoint(
    [property: Required, StringLength(200, MinimumLength = 3)] string ModelId,
    [property: Required, StringLength(40, MinimumLength = 1)] string VendorId,
    [property: Required, StringLength(200, MinimumLength = 1)] string VendorModel,
    [property: StringLength(40)] string Region = "",
    [property: StringLength(500, MinimumLength = 8)] string? BaseUrl = null,
    [property: StringLength(40, MinimumLength = 1)] string KeyPool = "default",
    [property: Range(0, 1000)] int Priority = 0,
    [property: Range(0, 10000)] int Weight = 1);

/// <summary>What is null stays as it is.</summary>
public sealed record EndpointChange(
    [property: StringLength(500, MinimumLength = 8)] string? BaseUrl = null,
    [property: Range(0, 1000)] int? Priority = null,
    [property: Range(0, 10000)] int? Weight = null,
    bool? Enabled = null);

/// <summary>What one short call to an endpoint came to.</summary>
public sealed record EndpointTest(bool Succeeded, int? Status, int LatencyMs, string? Error);

/// <summary>A model as its operator sees it, callable or not.</summary>
public sealed record ModelAdminView(
    string Id,
    string Name,
    string Kind,
    IReadOnlyList<string> Aliases,
    int? ContextLength,
    int? MaxOutputTokens,
    IReadOnlyList<string> InputModalities,
    IReadOnlyList<string> OutputModalities,
    IReadOnlyList<string> SupportedParameters,
    int? AutoRank,
    bool Enabled,
    string? Source,
    ModelWeights Weights);

/// <summary>What it takes from a plan, in thousandths of a plan token.</summary>
public sealed record ModelWeights(
    [property: Range(0, 1_000_000)] int Input,
    [property: Range(0, 1_000_000)] int CacheRead,
    [property: Range(0, 1_000_000)] int Output,
    [property: Range(0, 1_000_000_000)] int Image = 0,
    [property: Range(0, 1_000_000_000)] int Second = 0,
    [property: Range(0, 1_000_000_000)] int Character = 0,
    [property: Range(0, 1_000_000_000)] int SearchUnit = 0);

public sealed record NewModel(
    [property: Required, StringLength(200, MinimumLength = 3)] string Id,
    [property: Required, StringLength(200, MinimumLength = 1)] string Name,
    [property: AllowedValues("chat", "embedding", "image", "speech", "transcription", "moderation", "rerank")] string Kind = "chat",
    [property: MaxLength(50)] IReadOnlyList<string>? Aliases = null,
    [property: Range(1, 100_000_000)] int? ContextLength = null,
    [property: Range(1, 100_000_000)] int? MaxOutputTokens = null,
    [property: MaxLength(10)] IReadOnlyList<string>? InputModalities = null,
    [property: MaxLength(10)] IReadOnlyList<string>? OutputModalities = null,
    [property: MaxLength(100)] IReadOnlyList<string>? SupportedParameters = null,
    [property: Range(1, 10_000)] int? AutoRank = null,
    ModelWeights? Weights = null);

/// <summary>What is null stays as it is.</summary>
public sealed record ModelChange(
    [property: Required, StringLength(200, MinimumLength = 3)] string Id,
    [property: StringLength(200, MinimumLength = 1)] string? Name = null,
    [property: MaxLength(50)] IReadOnlyList<string>? Aliases = null,
    [property: Range(1, 100_000_000)] int? ContextLength = null,
    [property: Range(1, 100_000_000)] int? MaxOutputTokens = null,
    [property: MaxLength(100)] IReadOnlyList<string>? SupportedParameters = null,
    [property: Range(1, 10_000)] int? AutoRank = null,
    bool? Enabled = null,
    ModelWeights? Weights = null);

/// <param name="Price">Per million tokens or characters, per image, second or search; a decimal string.</param>
public sealed record PriceRowView(
    Guid Id,
    Guid EndpointId,
    string Component,
    string Currency,
    string Price,
    long MinPromptTokens,
    string ServiceTier,
    string Hours,
    DateTimeOffset ValidFrom,
    DateTimeOffset? ValidTo,
    string Source,
    string? ApprovedBy,
    Guid? OrganizationId = null);

/// <param name="OrganizationId">The customer it was agreed with; null: the list price of everybody else.</param>
public sealed record NewPrice(
    Guid EndpointId,
    [property: Required, StringLength(40, MinimumLength = 1)] string Component,
    [property: Required, AllowedValues("USD", "CNY")] string Currency,
    [property: Required, StringLength(30, MinimumLength = 1)] string Price,
    [property: Required, StringLength(300, MinimumLength = 1)] string Source,
    [property: Range(0L, 1_000_000_000L)] long MinPromptTokens = 0,
    [property: StringLength(40)] string ServiceTier = "",
    [property: StringLength(200)] string Hours = "",
    DateTimeOffset? ValidFrom = null,
    DateTimeOffset? ValidTo = null,
    Guid? OrganizationId = null);

public sealed record PriceEnd(DateTimeOffset? At = null);

/// <param name="Percent">What is taken off the public price, in percent; decimal string with at most two decimals.</param>
/// <param name="VendorId">Only of what this vendor serves; null of everybody's.</param>
/// <param name="Model">Only of this model, or of all that begin so where it ends with *; null of all.</param>
public sealed record NewPriceDiscount(
    [property: Required, StringLength(6, MinimumLength = 1)] string Percent,
    [property: Required, StringLength(300, MinimumLength = 1)] string Source,
    [property: StringLength(64)] string? VendorId = null,
    [property: StringLength(200)] string? Model = null,
    DateTimeOffset? ValidFrom = null,
    DateTimeOffset? ValidTo = null);

public sealed record PriceDiscountView(
    Guid Id, string Percent, string? VendorId, string? Model, DateTimeOffset ValidFrom, DateTimeOffset? ValidTo, string Source, string? ApprovedBy);

/// <param name="Current">The price it would replace; null when there is none.</param>
public sealed record PriceProposalView(
    Guid Id,
    Guid EndpointId,
    string ModelId,
    string VendorId,
    string Component,
    string Currency,
    string Price,
    string? Current,
    long MinPromptTokens,
    string ServiceTier,
    string Hours,
    string Source,
    DateTimeOffset ProposedAt,
    string Status,
    DateTimeOffset? DecidedAt,
    string? DecidedBy);

public sealed record CatalogueImport(JsonElement Catalogue);

public sealed record CatalogueImported(int Vendors, int Models, int Endpoints, int PricesAdded, int PricesProposed);

public sealed record HolidayYear(
    [property: Required, StringLength(40, MinimumLength = 1)] string Calendar,
    [property: Range(2000, 2100)] int Year,
    [property: MaxLength(366)] IReadOnlyList<DateOnly> Days);
