using System.Net;
using AiHub.Portal.Resources;
using AiHub.Tests.Hub;
using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>Members, teams, policies, limits and the audit log as visitors use them.</summary>
public sealed class OrganizationPageTests
{
    [BrowserTheory]
    [InlineData("en", true)]
    [InlineData("zh-CN", false)]
    public async Task Somebody_is_invited_registers_joins_works_and_is_removed(string language, bool scripts)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: scripts, Keyboard: scripts));
        await owner.RegisterAsync();
        await owner.OpenOrganizationAsync("Nova 实验室");
        await owner.GoAsync("/organization/members");
        await owner.CountIsAsync(1, "[data-member]");

        var email = $"colleague-{Guid.CreateVersion7():N}@example.com";
        var link = await owner.InviteAsync(email, "admin");
        await owner.GoAsync("/organization/members");
        Assert.Contains(email, await owner.TextAsync("[data-invitation]"), StringComparison.Ordinal);

        await using var colleague = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: scripts, Keyboard: scripts));
        await colleague.GoAsync(link);
        Assert.Contains("Nova 实验室", await colleague.TextAsync("h1"), StringComparison.Ordinal);
        await colleague.ClickAsync(".door a.primary");
        await colleague.Page.WaitForURLAsync("**/register?*");
        Assert.Equal(email, await colleague.Page.InputValueAsync("#email"));
        await colleague.FillAsync("#password", Visitor.Password);
        await colleague.ClickAsync(".door form button.primary");
        await colleague.Page.WaitForURLAsync("**/join?token=*");
        await colleague.ClickAsync(".door form button.primary");
        await colleague.Page.WaitForURLAsync("**/organization/members?done=joined");
        Assert.Contains("Nova 实验室", await colleague.TextAsync(".notice.good"), StringComparison.Ordinal);
        await colleague.CountIsAsync(2, "[data-member]");
        var key = await colleague.CreateKeyAsync("of the colleague", "sim/echo");
        using var api = hub.NewApiClient(key);
        await api.ChatAsync("hi");

        // Used once: whoever has the link later gets nowhere.
        await owner.GoAsync(link);
        await owner.CountIsAsync(0, ".door form button.primary");

        await owner.GoAsync("/organization/members");
        var row = owner.Page.Locator($"[data-member='{email}']");
        await owner.SelectOptionAsync(row.Locator("select"), "developer");
        await owner.ClickAsync(row.Locator("form.inline-form button"));
        await owner.Page.WaitForURLAsync("**/organization/members?done=role");
        await colleague.GoAsync("/organization/members/invite");
        await colleague.CountIsAsync(0, "#email");
        await colleague.GoAsync("/organization/audit-log");
        await colleague.CountIsAsync(0, "[data-entry]");
        colleague.Expected = complaint => complaint.Contains("403", StringComparison.Ordinal);

        await owner.ClickAsync(owner.Page.Locator($"[data-member='{email}'] td.actions > button"));
        await owner.ClickAsync("[popover]:popover-open .danger-solid");
        await owner.Page.WaitForURLAsync("**/organization/members?done=removed");
        await owner.CountIsAsync(1, "[data-member]");
        await Eventually.HappensAsync(async () =>
        {
            using var refused = await api.GetAsync("models");
            return refused.StatusCode == HttpStatusCode.Unauthorized;
        }, "the key of a removed member is refused");
        await colleague.GoAsync("/organization/members");
        Assert.DoesNotContain("Nova", await colleague.TextAsync(".account"), StringComparison.Ordinal);
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task An_invitation_is_for_its_address_alone_and_can_be_taken_back(string language)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        await owner.RegisterAsync();
        var link = await owner.InviteAsync($"invited-{Guid.CreateVersion7():N}@example.com", "viewer");

        await using var other = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        await other.RegisterAsync();
        await other.GoAsync(link);
        Assert.Contains(language == "en" ? "invitation is for" : "邀请", await other.TextAsync(".notice.warn"), StringComparison.Ordinal);
        await other.CountIsAsync(0, ".door form button.primary");

        await owner.GoAsync("/organization/members");
        await owner.ClickAsync("[data-invitation] td.actions > button");
        await owner.ClickAsync("[popover]:popover-open .danger-solid");
        await owner.Page.WaitForURLAsync("**/organization/members?done=revoked");
        await other.GoAsync(link);
        Assert.Equal(language == "en" ? "This invitation cannot be used" : "该邀请无法使用", await other.TextAsync("h1"));
        await owner.GoAsync("/organization/members/invite");
        await owner.FillAsync("#email", "no address");
        await owner.CheckAsync("input[value=billing]");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync("#email[aria-invalid=true]");
        Assert.Equal("no address", await owner.Page.InputValueAsync("#email"));
        Assert.True(await owner.Page.IsCheckedAsync("input[value=billing]"));
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_team_has_members_a_budget_limits_and_a_policy_and_is_dissolved(string language)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        await owner.RegisterAsync();
        await owner.GoAsync("/organization/members/service-account");
        await owner.FillAsync("#name", "night-batch");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**/organization/members?done=service-account");
        await owner.GoAsync("/organization/teams");
        await owner.FillAsync("#name", "研发 R&D");
        await owner.ClickAsync("form.row-form button.primary");
        await owner.Page.WaitForURLAsync("**/organization/teams/*");
        Assert.Equal("研发 R&D", await owner.TextAsync("h1"));

        await owner.SelectOptionAsync("#member", new SelectOptionValue { Label = "night-batch" });
        await owner.SelectOptionAsync("#role", "lead");
        await owner.ClickAsync("form.row-form:has(#member) button");
        await owner.Page.WaitForURLAsync("**?done=added");
        Assert.Equal("lead", await owner.Page.InputValueAsync("[data-member='night-batch'] select"));

        await owner.FillAsync("#limits-requests_per_minute", "three");
        await owner.ClickAsync("form.limits-form button");
        await owner.Page.WaitForSelectorAsync("#limits-requests_per_minute[aria-invalid=true]");
        Assert.Equal("three", await owner.Page.InputValueAsync("#limits-requests_per_minute"));
        await owner.FillAsync("#limits-requests_per_minute", "3");
        await owner.ClickAsync("form.limits-form button");
        await owner.Page.WaitForURLAsync("**?done=limits");
        Assert.Equal("3", await owner.Page.InputValueAsync("#limits-requests_per_minute"));

        await owner.ClickAsync("a[href*='/budgets/new']");
        await owner.Page.WaitForSelectorAsync("#amount");
        await owner.FillAsync("#amount", "5");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**/budgets?created=true");

        await owner.GoAsync("/organization/teams");
        await owner.ClickAsync("tbody a");
        await owner.Page.WaitForSelectorAsync(".team-budget");
        await owner.ClickAsync("section[aria-labelledby=team-policy] a");
        await owner.Page.WaitForSelectorAsync("input[name=domestic]");
        await owner.CheckAsync("input[name=domestic]");
        await owner.CheckAsync("input[name=models-mode][value=only]");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync(".field.invalid");
        await owner.CheckAsync("input[name=models][value='sim/echo']");
        await owner.FillAsync("#tags", "project, 成本中心");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync("#tags[aria-invalid=true]");
        Assert.True(await owner.Page.IsCheckedAsync("input[name=models][value='sim/echo']"));
        await owner.FillAsync("#tags", "project, cost_center");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**?done=policy");
        Assert.Contains("project, cost_center".Replace(", ", TextIn(language, nameof(Text.List_Separator))), await owner.TextAsync("section[aria-labelledby=team-policy]"), StringComparison.Ordinal);

        await owner.FillAsync("#name", "研发 二组");
        await owner.ClickAsync("form.row-form:has(#name) button");
        await owner.Page.WaitForURLAsync("**?done=renamed");
        await owner.ClickAsync("section[aria-labelledby=team-name] .danger-row button");
        await owner.ClickAsync("[popover]:popover-open .danger-solid");
        await owner.Page.WaitForURLAsync("**/organization/teams?done=dissolved");
        await owner.CountIsAsync(0, "tbody tr");
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task What_was_done_stands_in_the_audit_log_filtered_proven_and_exported(string language)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        await owner.RegisterAsync("Before Ltd");
        await owner.GoAsync("/organization/settings");
        await owner.FillAsync("#name", "After Ltd");
        await owner.SelectOptionAsync("#time-zone", "Europe/Berlin");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**?done=saved");
        await owner.CreateKeyAsync("logged", "sim/echo");

        await owner.GoAsync("/organization/audit-log");
        await owner.SelectOptionAsync("#kind", "organization.");
        await owner.ClickAsync("form.filter-form button");
        await owner.Page.WaitForURLAsync("**kind=organization.*");
        var entry = owner.Page.Locator("[data-entry]", new PageLocatorOptions { HasText = "organization.changed" });
        Assert.Equal("Before Ltd", await entry.Locator("del").First.InnerTextAsync());
        Assert.Equal("After Ltd", await entry.Locator("ins").First.InnerTextAsync());
        await Assertions.Expect(owner.Page.Locator("[data-entry]", new PageLocatorOptions { HasText = "api_key.created" })).ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 60_000 });

        await owner.GoAsync("/organization/audit-log?verify=true");
        Assert.Equal(64, (await owner.TextAsync("#last-hash")).Length);
        var entries = await owner.Page.Locator("[data-entry]").CountAsync();
        var file = await owner.Page.RunAndWaitForDownloadAsync(() => owner.ClickAsync("a[download]"));
        using var reader = new StreamReader(await file.CreateReadStreamAsync());
        var csv = await reader.ReadToEndAsync();
        Assert.Equal(entries + 1, csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("api_key.created", csv, StringComparison.Ordinal);

        await owner.GoAsync("/organization/audit-log?from=2001-01-01&to=2001-01-02");
        await owner.CountIsAsync(1, ".empty");
        await owner.GoAsync("/organization/audit-log?from=yesterday");
        await owner.CountIsAsync(1, "#from[aria-invalid=true]");
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Limits_and_the_policy_hold_for_calls_within_seconds(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false));
        var email = await owner.RegisterAsync();
        using var api = hub.NewApiClient(await owner.CreateKeyAsync("limited", "sim/echo"));
        await owner.GoAsync("/organization/policy");
        await owner.CheckAsync("input[name=models-mode][value=but]");
        await owner.CheckAsync("input[name=models][value='sim/lorem']");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**/organization/policy?done=saved");
        Assert.True(await owner.Page.IsCheckedAsync("input[name=models][value='sim/lorem']"));
        var content = $"select coalesce(captures_content::text, 'undecided') from policies join memberships using (organization_id) join users on users.id = memberships.user_id where users.email = '{email}'";
        Assert.Equal("undecided", await hub.Database.AsAdminAsync<string>(content));
        await Eventually.HappensAsync(async () => !(await api.GetStringAsync("models")).Contains("sim/lorem", StringComparison.Ordinal), "the denied model is no longer listed");

        await owner.GoAsync("/organization/limits");
        await owner.FillAsync("#organization-concurrency", "1000000");
        await owner.ClickAsync("section[aria-labelledby=own] form button");
        await owner.Page.WaitForSelectorAsync("#organization-concurrency[aria-invalid=true]");
        Assert.Equal("1000000", await owner.Page.InputValueAsync("#organization-concurrency"));
        await owner.FillAsync("#organization-concurrency", "");
        await owner.FillAsync("#organization-requests_per_minute", "2");
        await owner.ClickAsync("section[aria-labelledby=own] form button");
        await owner.Page.WaitForURLAsync("**/organization/limits?done=saved");
        await Eventually.HappensAsync(async () =>
        {
            using var answer = await api.PostAsync("chat/completions", new StringContent("""{"model":"sim/echo","messages":[{"role":"user","content":"hi"}]}""", System.Text.Encoding.UTF8, "application/json"));
            return answer.StatusCode == HttpStatusCode.TooManyRequests;
        }, "calls beyond the limit are refused");

        var group = owner.Page.Locator("#subject optgroup").First;
        await owner.SelectOptionAsync("#subject", (await group.Locator("option").First.GetAttributeAsync("value"))!);
        await owner.ClickAsync("section[aria-labelledby=choose] form button");
        await owner.Page.WaitForSelectorAsync("#subject-limits-concurrency");
        await owner.FillAsync("#subject-limits-concurrency", "1");
        await owner.ClickAsync("section[aria-labelledby=choose] form.limits-form button");
        await owner.Page.WaitForURLAsync("**/organization/limits?done=saved");
        Assert.Contains("members/", await owner.Page.Locator("[data-subject]").GetAttributeAsync("data-subject"), StringComparison.Ordinal);
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task An_organization_is_handed_over_left_and_closed(string language)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        await owner.RegisterAsync();
        await owner.OpenOrganizationAsync("Handed Over Ltd");
        await using var heir = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        var email = await heir.RegisterAsync();
        await heir.GoAsync(await owner.InviteAsync(email, "developer"));
        await heir.ClickAsync(".door form button.primary");
        await heir.Page.WaitForURLAsync("**?done=joined");

        await owner.GoAsync("/organization/settings");
        await owner.ClickAsync(owner.Page.Locator("section[aria-labelledby=ending] .danger-row button").First);
        await owner.ClickAsync("[popover]:popover-open .danger-solid");
        await owner.Page.WaitForURLAsync("**?done=transferred");
        await owner.ClickAsync("section[aria-labelledby=ending] .danger-row > button");
        await owner.ClickAsync("[popover]:popover-open .danger-solid");
        await owner.Page.WaitForURLAsync("**/overview");
        Assert.DoesNotContain("Handed Over", await owner.TextAsync(".account"), StringComparison.Ordinal);

        await heir.GoAsync("/organization/settings");
        await heir.ClickAsync(heir.Page.Locator("section[aria-labelledby=ending] .danger-row > button").Last);
        await heir.ClickAsync("[popover]:popover-open .danger-solid");
        await heir.Page.WaitForURLAsync("**/overview");
        Assert.DoesNotContain("Handed Over", await heir.TextAsync(".account"), StringComparison.Ordinal);
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_budget_is_raised_for_a_time_and_changed(string language)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        await owner.RegisterAsync();
        await owner.CreateBudgetAsync("5000", "tokens");
        await owner.ClickAsync("[data-budget] a");
        await owner.Page.WaitForSelectorAsync("#raise-amount");

        await owner.FillAsync("#raise-amount", "8000");
        await owner.ClickAsync("form:has(#raise-amount) button");
        await owner.Page.WaitForSelectorAsync("#raise-until[aria-invalid=true]");
        Assert.Equal("8000", await owner.Page.InputValueAsync("#raise-amount"));
        await owner.FillAsync("#raise-until", "2099-12-31");
        await owner.ClickAsync("form:has(#raise-amount) button");
        await owner.Page.WaitForURLAsync("**?done=raised");
        Assert.Equal("8,000", await owner.TextAsync("[data-figure=free]"));
        Assert.Equal("2099-12-31", await owner.Page.InputValueAsync("#raise-until"));
        await owner.ClickAsync(".after-form button");
        await owner.Page.WaitForURLAsync("**?done=lowered");
        Assert.Equal("5,000", await owner.TextAsync("[data-figure=free]"));

        await owner.FillAsync("#amount", "6000");
        await owner.CheckAsync("input[name=hard][value=false]");
        await owner.FillAsync("#alerts", "40, often");
        await owner.ClickAsync("form:has(#amount) button");
        await owner.Page.WaitForSelectorAsync("#alerts[aria-invalid=true]");
        Assert.Equal("6000", await owner.Page.InputValueAsync("#amount"));
        await owner.FillAsync("#alerts", "40");
        await owner.ClickAsync("form:has(#amount) button");
        await owner.Page.WaitForURLAsync("**?done=changed");
        Assert.Equal("6,000", await owner.TextAsync("[data-figure=free]"));
    }

    private static string TextIn(string language, string name) => Text.ResourceManager.GetString(name, System.Globalization.CultureInfo.GetCultureInfo(language))!;
}

/// <summary>What more than one of these tests does.</summary>
public static class OrganizationVisitor
{
    /// <returns>The link the portal shows for the invited.</returns>
    public static async Task<string> InviteAsync(this Visitor visitor, string email, string role)
    {
        await visitor.GoAsync("/organization/members/invite");
        await visitor.FillAsync("#email", email);
        await visitor.CheckAsync($"input[name=role][value={role}]");
        await visitor.ClickAsync("form.form button.primary");
        return await visitor.TextAsync("#invitation-link");
    }

    /// <summary>In the end: an address changes before the page does.</summary>
    public static Task CountIsAsync(this Visitor visitor, int count, string selector) =>
        Assertions.Expect(visitor.Page.Locator(selector)).ToHaveCountAsync(count, new LocatorAssertionsToHaveCountOptions { Timeout = 60_000 });

    public static async Task OpenOrganizationAsync(this Visitor visitor, string name)
    {
        await visitor.GoAsync("/organization/new");
        await visitor.FillAsync("#name", name);
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForURLAsync("**/organization/settings?done=opened");
    }
}
