using AiHub.Tests.Hub;

namespace AiHub.Tests.Portal;

/// <summary>Who may see a page.</summary>
public enum Door
{
    /// <summary>Also whoever has not signed in.</summary>
    Anybody,

    /// <summary>Whoever has signed in; the visitor of the tests owns their organization.</summary>
    Member,
}

/// <param name="Name">Names the page's screenshots.</param>
/// <param name="Path">May hold <c>{key}</c> and <c>{call}</c>: ids of things the visitor has.</param>
/// <param name="WithoutScripts">False where a page says that it needs them.</param>
public sealed record PortalPage(string Name, string Path, Door Door = Door.Member, bool WithoutScripts = true)
{
    public override string ToString() => Name;
}

/// <summary>Every page of the portal. What is on this list is held to everything <see cref="AllPagesTests"/> and <see cref="PseudoLocaleTests"/> ask: a new page joins by one line.</summary>
public static class PortalPages
{
    public static readonly IReadOnlyList<PortalPage> All =
    [
        new("landing", "/", Door.Anybody),
        new("sign-in", "/sign-in", Door.Anybody),
        new("register", "/register", Door.Anybody),
        new("models", "/models", Door.Anybody),
        new("models-filtered", "/models?vendor=sim&context=32000&sort=output", Door.Anybody),
        new("model", "/models/sim/echo", Door.Anybody),
        new("model-compare", "/models/compare?model=sim/echo&model=sim/lorem", Door.Anybody),
        new("status", "/status", Door.Anybody),
        new("overview", "/overview"),
        new("usage", "/usage"),
        new("usage-cost-by-key", "/usage?metric=cost&by=key&compare=true&filter=true"),
        new("usage-requests", "/usage?days=7&metric=requests&by=vendor"),
        new("logs", "/logs"),
        new("logs-filter", "/logs?filter=true&status=succeeded&model=sim%2Fecho"),
        new("logs-nothing", "/logs?tag=nothing"),
        new("log-detail", "/logs/{call}"),
        new("keys", "/keys"),
        new("key", "/keys/{key}"),
        new("key-new", "/keys/new"),
        new("playground", "/playground", WithoutScripts: false),
        new("models-member", "/models"),
        new("budgets", "/budgets"),
        new("budget-new", "/budgets/new"),
        new("billing", "/billing"),
        new("guardrails", "/organization/guardrails"),
        new("guardrail-new", "/organization/guardrails/new"),
        new("guardrail-new-webhook", "/organization/guardrails/new?kind=webhook"),
        new("guardrail-new-moderation", "/organization/guardrails/new?kind=moderation"),
        new("guardrail", "{guardrail}"),
        new("own-keys", "/organization/vendor-keys"),
        new("own-key-new", "/organization/vendor-keys/new"),
        new("own-key", "{own-key}"),
    ];

    public static IEnumerable<PortalPage> Of(Door door) => All.Where(page => page.Door == door);

    /// <summary>A visitor who has something on every page, and the pages filled in with it.</summary>
    public static async Task<IReadOnlyList<PortalPage>> FillAsync(this Visitor visitor, TestHub hub)
    {
        var email = await visitor.RegisterAsync("蓝海 Studio");
        var secret = await visitor.CreateKeyAsync("Support bot, production", "sim/echo");
        using var api = hub.NewApiClient(secret);
        await api.ChatAsync("a");
        await api.ChatAsync("a longer question about something");
        await api.ChatAsync("lorem 5", "sim/lorem");
        await visitor.CreateBudgetAsync("20", hard: true);
        await visitor.CreateBudgetAsync("5000", "tokens", hard: false);
        var (guardrail, ownKey) = await visitor.FillPoliciesAsync();
        var call = (await hub.CallsOfAsync(email))[0];

        return [.. Of(Door.Member).Select(page => page with
        {
            Path = page.Path.Replace("{key}", call.KeyId.ToString(), StringComparison.Ordinal).Replace("{call}", call.Id.ToString(), StringComparison.Ordinal)
                .Replace("{guardrail}", guardrail, StringComparison.Ordinal).Replace("{own-key}", ownKey, StringComparison.Ordinal),
        })];
    }
}
