using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Budgets;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Keys;

/// <summary>The form of a key as it was filled in: text throughout, so that what cannot be read comes back to be corrected.</summary>
public sealed class KeyInput
{
    public const string ModelScope = "models";

    // Only people do these, whatever they may.
    private static readonly string[] NeverOfKeys = ["organization.transfer", "organization.close", "sign_in.write", "models.call"];

    public static readonly IReadOnlyList<int> ExpiryChoices = [30, 90, 365];

    public string? Name { get; set; }
    public string? Model { get; set; }
    public int? ExpiresInDays { get; set; }

    /// <summary>The last day, where one was set already.</summary>
    public string? ExpiresOn { get; set; }
    public Guid? TeamId { get; set; }
    public Guid? ServiceAccountId { get; set; }
    public bool Manages { get; set; }
    public List<string>? Scopes { get; set; }
    public List<string>? AllowedModels { get; set; }
    public List<string>? AllowedVendors { get; set; }
    public string? AllowedIps { get; set; }
    public string? Tags { get; set; }
    public string? RequestsPerMinute { get; set; }
    public string? TokensPerMinute { get; set; }
    public string? Concurrency { get; set; }
    public string? BudgetAmount { get; set; }
    public string? BudgetUnit { get; set; }
    public string? BudgetPeriod { get; set; }
    public bool BudgetHard { get; set; } = true;
    public string? Cache { get; set; }

    public bool HasOptions =>
        ExpiresInDays is not null || ExpiresOn is not null || TeamId is not null || ServiceAccountId is not null || Manages
        || AllowedModels is { Count: > 0 } || AllowedVendors is { Count: > 0 } || Cache is not (null or "" or "inherit")
        || new[] { AllowedIps, Tags, RequestsPerMinute, TokensPerMinute, Concurrency, BudgetAmount }.Any(text => !string.IsNullOrWhiteSpace(text));

    /// <summary>What a key for management can be made for by somebody with these permissions.</summary>
    public static IReadOnlyList<string> ScopesOf(IReadOnlyList<string> permissions) => [.. permissions.Except(NeverOfKeys)];

    public static KeyInput Of(ApiKeyView key, DateOnly? lastDay) => new()
    {
        Name = key.Name,
        ExpiresOn = lastDay?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TeamId = key.TeamId,
        Manages = !key.Scopes.Contains(ModelScope),
        Scopes = [.. key.Scopes],
        AllowedModels = [.. key.AllowedModels],
        AllowedVendors = [.. key.AllowedVendors],
        AllowedIps = string.Join('\n', key.AllowedIps),
        Tags = string.Join('\n', key.Tags.Select(tag => $"{tag.Key}={tag.Value}")),
        RequestsPerMinute = Written(key.Limits.RequestsPerMinute),
        TokensPerMinute = Written(key.Limits.TokensPerMinute),
        Concurrency = Written(key.Limits.Concurrency),
        BudgetAmount = key.Budget is { } budget ? BudgetText.InField(budget.Amount, budget.Unit) : null,
        BudgetUnit = key.Budget?.Unit,
        BudgetPeriod = key.Budget?.Period,
        BudgetHard = key.Budget?.Hard ?? true,
        Cache = key.Cache,
    };

    /// <param name="problems">By field, as the management API names them.</param>
    public NewApiKey? ToNew(DateTimeOffset? expires, out Dictionary<string, string[]> problems)
    {
        var limits = Limits(out problems);
        var tags = ReadTags(problems);

        return problems.Count > 0 ? null : new NewApiKey(
            Name?.Trim() ?? string.Empty,
            expires,
            AllowedModels,
            limits,
            TeamId,
            ServiceAccountId,
            Manages ? Scopes ?? [] : null,
            AllowedVendors,
            Lines(AllowedIps),
            tags,
            Budget(),
            string.IsNullOrEmpty(Cache) ? "inherit" : Cache);
    }

    /// <inheritdoc cref="ToNew"/>
    public ApiKeyChange? ToChange(DateTimeOffset? expires, out Dictionary<string, string[]> problems)
    {
        var limits = Limits(out problems);
        var tags = ReadTags(problems);

        return problems.Count > 0 ? null : new ApiKeyChange(
            Name?.Trim() ?? string.Empty,
            expires,
            NeverExpires: expires is null,
            AllowedModels: AllowedModels ?? [],
            AllowedVendors: AllowedVendors ?? [],
            AllowedIps: Lines(AllowedIps),
            Tags: tags,
            Limits: limits,
            Budget: Budget(),
            Cache: string.IsNullOrEmpty(Cache) ? "inherit" : Cache);
    }

    private KeyBudget? Budget() => string.IsNullOrWhiteSpace(BudgetAmount)
        ? null
        : new KeyBudget(BudgetAmount.Trim(), BudgetUnit ?? BudgetText.Tokens, BudgetPeriod ?? "month", BudgetHard);

    private KeyLimits Limits(out Dictionary<string, string[]> problems)
    {
        var found = new Dictionary<string, string[]>();
        var limits = new KeyLimits(Whole(RequestsPerMinute, "limits.requests_per_minute"), Whole(TokensPerMinute, "limits.tokens_per_minute"), Whole(Concurrency, "limits.concurrency"));
        problems = found;
        return limits;

        int? Whole(string? text, string field)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                return null;
            }

            if (int.TryParse(text.Trim(), NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var value))
            {
                return value;
            }

            found[field] = [Text.NewKey_PerMinuteBad];
            return null;
        }
    }

    private Dictionary<string, string> ReadTags(Dictionary<string, string[]> problems)
    {
        var tags = new Dictionary<string, string>();
        foreach (var line in Lines(Tags))
        {
            var split = line.IndexOf('=', StringComparison.Ordinal);
            if (split < 1 || split == line.Length - 1)
            {
                problems["tags"] = [string.Format(CultureInfo.CurrentCulture, Text.KeyForm_TagBad, line)];
                break;
            }

            tags[line[..split].Trim()] = line[(split + 1)..].Trim();
        }

        return tags;
    }

    private static string[] Lines(string? text) =>
        (text ?? string.Empty).Split(['\n', '\r', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string? Written(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
