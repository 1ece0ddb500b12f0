using AiHub.Portal.Account;
using AiHub.Portal.Resources;
using AiHub.Portal.SignIn;
using AiHub.Portal.SignOn;

namespace AiHub.Portal.Layout;

/// <summary>A page one can go to.</summary>
/// <param name="Needs">The permission without which it is not offered.</param>
public sealed record Place(string Path, string Icon, string Name, string? Needs = null);

/// <param name="Name">Null for the group everybody begins with.</param>
public sealed record PlaceGroup(string Id, string? Name, IReadOnlyList<Place> Places);

/// <summary>Where one can go: a page joins the navigation by one line in its group.</summary>
public static class Places
{
    private static Place[] Work =>
    [
        new(SignInRegistration.OverviewPath, "overview", Text.Nav_Overview),
        new("/usage", "usage", Text.Nav_Usage, "usage.read"),
        new("/logs", "logs", Text.Nav_Logs, "usage.read"),
        new("/keys", "keys", Text.Nav_Keys, "keys.read"),
        new("/playground", "playground", Text.Nav_Playground, "models.call"),
        new("/models", "models", Text.Nav_Models),
        new("/status", "status", Text.Nav_Status),
    ];

    private static Place[] Organization =>
    [
        new("/organization/members", "members", Text.Members_Title, "members.read"),
        new("/organization/teams", "teams", Text.Teams_Title, "teams.read"),
        new("/budgets", "budgets", Text.Nav_Budgets, "budgets.read"),
        new("/alerts", "bell", Text.Alerts_Title, "budgets.write"),
        new("/organization/limits", "usage", Text.Limits_Title),
        new("/organization/policy", "policy", Text.Policy_Title, "policy.read"),
        new("/organization/guardrails", "shield", Text.Guardrails_Title, "policy.read"),
        new("/organization/vendor-keys", "vendors", Text.OwnKeys_Title, "vendor_keys.read"),
        new("/organization/audit-log", "audit", Text.Audit_Title, "audit.read"),
        new("/organization/settings", "organizations", Text.Settings_Title),
        new(SignOnPageEndpoints.PagePath, "plug", Text.SignOnPage_Title, "sign_in.write"),
    ];

    private static Place[] Billing =>
    [
        new("/billing", "receipt", Text.Nav_Billing, "billing.read"),
        new("/invoices", "receipt", Text.Invoices_Title, "billing.read"),
        new("/fapiao", "receipt", Text.Fapiao_Title, "billing.read"),
    ];

    private static Place[] Account =>
    [
        new(AccountEndpoints.PagePath, "shield", Text.Security_Title),
    ];

    private static Place[] Operator =>
    [
        new("/admin/vendors", "vendors", Text.Vendors_Title),
        new("/admin/models", "models", Text.AdminModels_Title),
        new("/admin/prices", "prices", Text.Prices_Title),
        new("/admin/organizations", "organizations", Text.Orgs_Title),
        new("/admin/health", "status", Text.Health_Title),
        new("/admin/finance", "receipt", Text.Finance_Title),
    ];

    /// <summary>What the visitor may see; the operator's pages need <see cref="NeedsAttribute.Operator"/> without saying so.</summary>
    public static IReadOnlyList<PlaceGroup> Of(Session session)
    {
        PlaceGroup[] groups =
        [
            new("work", null, Work),
            new("organization", Text.Nav_Organization, Organization),
            new("billing", Text.Nav_BillingGroup, Billing),
            new("account", Text.Nav_Account, Account),
            new("operator", Text.Nav_Operator, session.Me?.Operator is true ? Operator : []),
        ];

        return [.. groups
            .Select(group => group with { Places = [.. group.Places.Where(place => place.Needs is null || session.May(place.Needs))] })
            .Where(group => group.Places.Count > 0)];
    }

    /// <summary>Whether there is such a page for every organization, as opposed to one about a single thing of it.</summary>
    public static bool Has(string path) => Work.Concat(Organization).Concat(Billing).Concat(Account).Any(place => place.Path == path);
}
