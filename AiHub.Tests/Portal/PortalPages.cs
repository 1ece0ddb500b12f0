using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>Who looks at a page, in the order in which <see cref="PortalWalk"/> lets them come.</summary>
public enum Door
{
    /// <summary>Whoever has not signed in.</summary>
    Anybody,

    /// <summary>Somebody who registered a moment ago and has nothing yet.</summary>
    Newcomer,

    /// <summary>A member of the <see cref="FilledOrganization"/> who may only look.</summary>
    Viewer,

    /// <summary>The owner of the <see cref="FilledOrganization"/>.</summary>
    Owner,

    /// <summary>The same owner, who now also runs the hub.</summary>
    Operator,
}

/// <param name="Name">Names the page's pictures.</param>
/// <param name="Path">May hold <c>{key}</c>, <c>{team}</c> and so on: what <see cref="FilledOrganization"/> has.</param>
/// <param name="WithoutScripts">False where a page says that it needs them.</param>
/// <param name="Lands">Where the visitor is sent on to, if not here.</param>
/// <param name="Then">What the visitor does there before the page is looked at: a form that is refused, a dialog that opens.</param>
public sealed record PortalPage(
    string Name, string Path, Door Door = Door.Owner, bool WithoutScripts = true, int Status = 200, string? Lands = null, Func<IPage, Task>? Then = null)
{
    public override string ToString() => Name;
}

/// <summary>
/// Every page of the portal. What is on this list is held to everything <see cref="AllPagesTests"/> and <see cref="PseudoLocaleTests"/> ask, and has its
/// pictures taken by <c>bench/screenshots.sh</c>. A new page joins by one line; <see cref="PortalPagesTests"/> misses it until then.
/// </summary>
public static class PortalPages
{
    public static readonly IReadOnlyList<PortalPage> All =
    [
        new("landing", "/", Door.Anybody),
        new("sign-in", "/sign-in", Door.Anybody),
        new("sign-in-refused", "/sign-in", Door.Anybody, Then: page => RefuseAsync(page, "#email", "nobody@example.com", ".door form button.primary", "#password[aria-invalid=true]")),
        new("sign-in-wrong", "/sign-in", Door.Anybody, Then: SignInWronglyAsync),
        new("register", "/register", Door.Anybody),
        new("register-refused", "/register", Door.Anybody, Then: page => RefuseAsync(page, "#email", "not an address", ".door form button.primary")),
        new("register-confirm", "/register/confirm?token=x", Door.Anybody),
        new("forgot-password", "/forgot-password", Door.Anybody),
        new("reset-password", "/reset-password?token=x", Door.Anybody),
        new("verify-email", "/verify-email?token=x", Door.Anybody),
        new("sso", "/sign-in/sso", Door.Anybody),
        new("sso-callback", "/sign-in/sso/callback", Door.Anybody, Lands: "/sign-in?failed=true"),
        new("join", "/join?token={invitation}", Door.Anybody),
        new("join-gone", "/join?token=x", Door.Anybody),
        new("models", "/models", Door.Anybody),
        new("models-filtered", "/models?vendor=sim&context=32000&sort=output", Door.Anybody),
        new("models-nothing", "/models?q=no+such+model", Door.Anybody),
        new("model", "/models/sim/echo", Door.Anybody),
        new("model-compare", "/models/compare?model=sim/echo&model=sim/lorem", Door.Anybody),
        new("status", "/status", Door.Anybody),
        new("not-found", "/nowhere", Door.Anybody, Status: 404),
        new("error", "/error", Door.Anybody, Status: 404),

        new("overview-new", "/overview", Door.Newcomer),
        new("usage-none", "/usage", Door.Newcomer),
        new("logs-none", "/logs", Door.Newcomer),
        new("keys-none", "/keys", Door.Newcomer),
        new("key-ready", "/keys/new", Door.Newcomer, Then: CreateKeyAsync),
        new("budgets-none", "/budgets", Door.Newcomer),
        new("alerts-none", "/alerts", Door.Newcomer),
        new("teams-none", "/organization/teams", Door.Newcomer),
        new("guardrails-none", "/organization/guardrails", Door.Newcomer),
        new("own-keys-none", "/organization/vendor-keys", Door.Newcomer),
        new("sign-on-personal", "/organization/sign-on", Door.Newcomer),
        new("billing-none", "/billing", Door.Newcomer),
        new("card-none", "/billing/card", Door.Newcomer),
        new("movements-none", "/billing/movements", Door.Newcomer),
        new("granted-none", "/billing/granted", Door.Newcomer),
        new("invoices-none", "/invoices", Door.Newcomer),
        new("fapiao-none", "/fapiao", Door.Newcomer),

        new("overview-viewer", "/overview", Door.Viewer),
        new("settings-viewer", "/organization/settings", Door.Viewer),
        new("no-permission", "/organization/audit-log", Door.Viewer, Status: 403),
        new("card-viewer", "/billing/card", Door.Viewer),

        new("overview", "/overview"),
        new("account-menu", "/overview", Then: page => page.ClickAsync(".account")),
        new("usage", "/usage"),
        new("usage-table", "/usage?days=90&metric=cost", Then: page => page.ClickAsync(".chart-table summary")),
        new("usage-cost-by-key", "/usage?metric=cost&by=key&compare=true&filter=true"),
        new("usage-requests", "/usage?days=7&metric=requests&by=vendor"),
        new("logs", "/logs"),
        new("logs-filter", "/logs?filter=true&status=succeeded&model=sim%2Fecho"),
        new("logs-nothing", "/logs?tag=nothing"),
        new("log-detail", "/logs/{call}"),
        new("log-detail-failed", "/logs/{failed_call}"),
        new("keys", "/keys"),
        new("key-revoke", "/keys", Then: page => page.Locator("td.actions > button").First.ClickAsync()),
        new("key", "/keys/{key}"),
        new("key-new", "/keys/new"),
        new("playground", "/playground", WithoutScripts: false),
        new("models-member", "/models"),
        new("budgets", "/budgets"),
        new("budget-end", "/budgets", Then: page => page.Locator("td.actions > button").First.ClickAsync()),
        new("budgets-ended", "/budgets?ended=true"),
        new("budget", "/budgets/{budget}"),
        new("budget-new", "/budgets/new"),
        new("budget-refused", "/budgets/new", Then: page => RefuseAsync(page, "#amount", "a lot", "form.form button.primary")),
        new("alerts", "/alerts"),
        new("alert-channel-new", "/alerts/channels/new"),
        new("billing", "/billing"),
        new("wechat-payer", "/billing/wechat"),
        new("order-open", "/billing/orders/{order}"),
        new("order-paid", "/billing/orders/{paid_order}"),
        new("plan", "/billing/plan"),
        new("plan-preview", "/billing/plan?plan=pro&interval=year"),
        new("card", "/billing/card"),
        new("card-refused", "/billing/card", Then: page => RefuseAsync(page, "#below", "little", "form:has(#below) button.primary")),
        new("movements", "/billing/movements"),
        new("movements-purchased", "/billing/movements?account=purchased"),
        new("granted", "/billing/granted"),
        new("refund-asks", "/billing/orders/{paid_order}", Then: page => page.ClickAsync("section[aria-labelledby=refund] form > button")),
        new("invoices", "/invoices"),
        new("invoice", "/invoices/{invoice}"),
        new("invoice-open", "/invoices/{open_invoice}"),
        new("invoice-details", "/invoices/details"),
        new("fapiao", "/fapiao"),
        new("fapiao-title", "/fapiao/titles/new"),
        new("security", "/account/security"),
        new("security-authenticator", "/account/security", Then: BeginAuthenticatorAsync),
        new("organization", "/organization"),
        new("members", "/organization/members"),
        new("member-invite", "/organization/members/invite"),
        new("service-account-new", "/organization/members/service-account"),
        new("teams", "/organization/teams"),
        new("team", "/organization/teams/{team}"),
        new("team-policy", "/organization/teams/{team}/policy"),
        new("policy", "/organization/policy"),
        new("limits", "/organization/limits"),
        new("guardrails", "/organization/guardrails"),
        new("guardrail-new", "/organization/guardrails/new"),
        new("guardrail-new-webhook", "/organization/guardrails/new?kind=webhook"),
        new("guardrail-new-moderation", "/organization/guardrails/new?kind=moderation"),
        new("guardrail", "/organization/guardrails/{guardrail}"),
        new("own-keys", "/organization/vendor-keys"),
        new("own-key-new", "/organization/vendor-keys/new"),
        new("own-key", "/organization/vendor-keys/{own_key}"),
        new("audit-log", "/organization/audit-log?verify=true"),
        new("audit-nothing", "/organization/audit-log?from=2001-01-01&to=2001-01-02"),
        new("settings", "/organization/settings"),
        new("sign-on", "/organization/sign-on"),
        new("organization-new", "/organization/new"),
        new("invitation-of-another", "/join?token={invitation}"),

        new("admin-vendors", "/admin/vendors", Door.Operator),
        new("admin-vendor-new", "/admin/vendors/new", Door.Operator),
        new("admin-vendor", "/admin/vendors/sim", Door.Operator),
        new("admin-models", "/admin/models?q=sim", Door.Operator),
        new("admin-model", "/admin/model?id=sim%2Fecho", Door.Operator),
        new("admin-prices", "/admin/prices", Door.Operator),
        new("admin-organizations", "/admin/organizations", Door.Operator),
        new("admin-organization", "/admin/organizations/{organization}", Door.Operator),
        new("admin-health", "/admin/health", Door.Operator),
        new("admin-finance", "/admin/finance", Door.Operator),
        new("finance-orders", "/admin/finance/orders", Door.Operator),
        new("finance-orders-nothing", "/admin/finance/orders?q=nothing&status=failed", Door.Operator),
        new("finance-order", "/admin/finance/orders/{paid_order}", Door.Operator),
        new("finance-order-refused", "/admin/finance/orders/{paid_order}", Door.Operator, Then: RefundAsync),
        new("finance-invoices", "/admin/finance/invoices", Door.Operator),
        new("finance-invoice", "/admin/finance/invoices/{open_invoice}", Door.Operator),
        new("finance-receipt", "/admin/finance/invoices/{invoice}", Door.Operator),
        new("finance-disputes", "/admin/finance/disputes", Door.Operator),
        new("finance-disputes-none", "/admin/finance/disputes?status=lost", Door.Operator),
        new("finance-codes", "/admin/finance/codes", Door.Operator),
        new("finance-codes-made", "/admin/finance/codes", Door.Operator, Then: MakeCodesAsync),
        new("finance-sellers", "/admin/finance/sellers", Door.Operator),
        new("finance-bills", "/admin/finance/bills", Door.Operator),
        new("finance-bills-none", "/admin/finance/bills?to=2001-01-01", Door.Operator),
        new("finance-bill", "/admin/finance/bills/stripe/2025-01-01", Door.Operator),
        new("finance-bill-lines", "/admin/finance/bills/stripe/2025-01-01?lines=all", Door.Operator),
        new("finance-seller", "/admin/finance/sellers/cn", Door.Operator),
    ];

    /// <summary>Fills one field in wrongly: the form comes back, says so, and has kept what was written.</summary>
    private static async Task RefuseAsync(IPage page, string field, string text, string button, string? until = null)
    {
        await page.FillAsync(field, text);
        await page.ClickAsync(button);
        await page.WaitForSelectorAsync(until ?? $"{field}[aria-invalid=true]");
        Assert.Equal(text, await page.InputValueAsync(field));
    }

    private static async Task SignInWronglyAsync(IPage page)
    {
        await page.FillAsync("#email", "nobody@example.com");
        await page.FillAsync("#password", "not the password");
        await page.ClickAsync(".door form button.primary");
        await page.WaitForSelectorAsync(".notice.bad [data-request-id] code:not(:empty)");
    }

    private static async Task CreateKeyAsync(IPage page)
    {
        await page.FillAsync("#name", "Support bot, production");
        await page.ClickAsync("form.form button.primary");
        await page.WaitForSelectorAsync("#new-key");
    }

    private static async Task RefundAsync(IPage page)
    {
        await page.FillAsync("#amount", "a lot");
        await page.FillAsync("#reason", "Paid twice");
        await page.ClickAsync("section[aria-labelledby=refunds] form > button");
        await page.ClickAsync("[popover]:popover-open .danger-solid");
        await page.WaitForSelectorAsync("#amount[aria-invalid=true]");
    }

    private static async Task MakeCodesAsync(IPage page)
    {
        await page.FillAsync("#name", "Spring 2026");
        await page.FillAsync("#amount", "10");
        await page.ClickAsync("form.form button.primary");
        await page.WaitForSelectorAsync("#codes");
    }

    private static async Task BeginAuthenticatorAsync(IPage page)
    {
        await page.FillAsync("#begin-password", Visitor.Password);
        await page.ClickAsync("form:has(#begin-password) button");
        await page.WaitForSelectorAsync("#secret");
    }
}
