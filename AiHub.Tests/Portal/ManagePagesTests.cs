using AiHub.Tests.Hub;
using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>What holds for every page that manages an organization or the hub, with something on it. With <c>AIHUB_SCREENSHOTS</c> naming a folder their pictures go there.</summary>
public sealed class ManagePagesTests
{
    private static readonly string? Folder = Environment.GetEnvironmentVariable("AIHUB_SCREENSHOTS") is { Length: > 0 } folder ? folder : null;

    private static readonly IReadOnlyList<(string Name, string Path)> Pages =
    [
        ("members", "/organization/members"),
        ("member-invite", "/organization/members/invite"),
        ("service-account-new", "/organization/members/service-account"),
        ("teams", "/organization/teams"),
        ("team", "/organization/teams/{team}"),
        ("team-policy", "/organization/teams/{team}/policy"),
        ("policy", "/organization/policy"),
        ("limits", "/organization/limits"),
        ("audit-log", "/organization/audit-log?verify=true"),
        ("audit-nothing", "/organization/audit-log?from=2001-01-01&to=2001-01-02"),
        ("settings", "/organization/settings"),
        ("organization-new", "/organization/new"),
        ("budget", "/budgets/{budget}"),
        ("alerts", "/alerts"),
        ("alert-channel-new", "/alerts/channels/new"),
        ("invitation", "{link}"),
        ("admin-vendors", "/admin/vendors"),
        ("admin-vendor-new", "/admin/vendors/new"),
        ("admin-vendor", "/admin/vendors/sim"),
        ("admin-models", "/admin/models?q=sim"),
        ("admin-model", "/admin/model?id=sim%2Fecho"),
        ("admin-prices", "/admin/prices"),
        ("admin-organizations", "/admin/organizations"),
        ("admin-organization", "/admin/organizations/{organization}"),
        ("admin-health", "/admin/health"),
    ];

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Every_page_is_accessible_and_fits_a_phone(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language));
        var found = new List<string>();
        foreach (var (name, path) in await FillAsync(visitor, hub))
        {
            await visitor.GoAsync(path);
            if (await visitor.Page.Locator("html").GetAttributeAsync("lang") != language || await visitor.Page.Locator("h1").CountAsync() != 1)
            {
                found.Add($"{name}: no page in {language} at {visitor.Page.Url}");
            }

            foreach (var (theme, width, axe) in new[] { (ColorScheme.Light, 390, true), (ColorScheme.Dark, 390, false), (ColorScheme.Dark, 1280, language == "en"), (ColorScheme.Light, 1280, false) })
            {
                if (!axe && Folder is null)
                {
                    continue;
                }

                await visitor.Page.SetViewportSizeAsync(width, 844);
                await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = theme, ReducedMotion = ReducedMotion.Reduce });
                await visitor.Page.EvaluateAsync("document.fonts.ready");
                if (Folder is not null)
                {
                    await visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"{name}-{language}-{theme}-{width}.png".ToLowerInvariant()), FullPage = true });
                }

                if (await visitor.OverflowAsync() is > 0 and var overflow)
                {
                    found.Add($"{name}, {width} px: {overflow} px too wide");
                }

                if (axe)
                {
                    found.AddRange((await visitor.ViolationsAsync()).Select(violation => $"{name}, {theme}, {width} px: {violation}"));
                }
            }
        }

        Assert.Equal([], found);
    }

    /// <summary>Gives the visitor something to show on every page, and makes them an operator.</summary>
    private static async Task<IReadOnlyList<(string Name, string Path)>> FillAsync(Visitor visitor, TestHub hub)
    {
        var email = await visitor.RegisterAsync("蓝海 Studio");
        await visitor.BecomeOperatorAsync(hub, email);
        await visitor.GoAsync("/organization/members/service-account");
        await visitor.Page.FillAsync("#name", "night-batch");
        await visitor.Page.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForURLAsync("**?done=service-account");
        await visitor.GoAsync("/organization/teams");
        await visitor.Page.FillAsync("#name", "Search and recommendations 搜索推荐");
        await visitor.Page.ClickAsync("form.row-form button.primary");
        await visitor.Page.WaitForSelectorAsync("#member");
        var team = new Uri(visitor.Page.Url).Segments[^1];
        await visitor.Page.ClickAsync("form.row-form:has(#member) button");
        await visitor.Page.WaitForURLAsync("**?done=added");
        await visitor.Page.FillAsync("#limits-requests_per_minute", "5");
        await visitor.Page.ClickAsync("form.limits-form button");
        await visitor.Page.WaitForURLAsync("**?done=limits");
        await visitor.GoAsync($"/budgets/new?subject=team:{team}");
        await visitor.Page.FillAsync("#amount", "250.50");
        await visitor.Page.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForURLAsync("**/budgets?created=true");
        var budget = (await visitor.Page.GetAttributeAsync("[data-budget]", "data-budget"))!;
        var link = await visitor.InviteAsync($"somebody-with-a-long-address-{Guid.CreateVersion7():N}@example.com", "developer");
        await visitor.GoAsync("/alerts/channels/new");
        await visitor.Page.FillAsync("#name", "finance");
        await visitor.Page.FillAsync("#target", "finance@example.com");
        await visitor.Page.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForURLAsync("**/alerts?done=channel");
        await visitor.Page.ClickAsync("[data-channel] form.inline-form button");
        await visitor.Page.WaitForURLAsync("**/alerts?done=test");
        await visitor.Page.ClickAsync("form:has(#quota-at) button");
        await visitor.Page.WaitForURLAsync("**/alerts?done=rule");
        var organization = await hub.Database.AsAdminAsync<Guid>($"select organization_id from memberships join users on users.id = memberships.user_id where users.email = '{email}'");
        await hub.Database.AsAdminAsync<Guid>(
            """
            insert into inbound_notices (id, channel, event_id, kind, received_at, body, attempts, last_error, parked_at)
            values (gen_random_uuid(), 'stripe', gen_random_uuid()::text, 'paid', now(), '', 10, 'No worker at hand serves Stripe.', now()) returning id
            """);

        return [.. Pages.Select(page => (page.Name, page.Path
            .Replace("{team}", team, StringComparison.Ordinal)
            .Replace("{budget}", budget, StringComparison.Ordinal)
            .Replace("{link}", link, StringComparison.Ordinal)
            .Replace("{organization}", organization.ToString(), StringComparison.Ordinal)))];
    }
}
