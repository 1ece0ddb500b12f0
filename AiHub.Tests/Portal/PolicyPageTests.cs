using System.Net;
using System.Text;
using AiHub.Portal.Resources;
using AiHub.Simulators;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Portal;

/// <summary>Guardrails, own vendor keys, kept contents and default parameters as visitors use them.</summary>
public sealed class PolicyPageTests
{
    private const string Phone = "13812345678";

    // The free plan's ten calls a minute would be used up before the gateway has heard of it, if it were asked often.
    private static readonly TimeSpan Unhurried = TimeSpan.FromSeconds(1);

    [BrowserTheory]
    [InlineData("en", true)]
    [InlineData("zh-CN", false)]
    public async Task A_guardrail_is_added_tried_changed_switched_off_and_removed(string language, bool scripts)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: scripts, Keyboard: scripts));
        await owner.RegisterAsync();
        using var api = hub.NewApiClient(await owner.CreateKeyAsync("worker", "sim/echo"));
        await owner.GoAsync("/organization/guardrails");
        await owner.CountIsAsync(1, ".empty");
        await owner.ClickAsync(".empty a.primary");
        await owner.ClickAsync("a[href*='kind=pii']");
        await owner.FillAsync("#name", "个人信息 PII");
        foreach (var kind in await owner.Page.Locator("input[name=terms]").AllAsync())
        {
            await owner.UncheckAsync(kind);
        }

        await owner.CheckAsync("input[name=then][value=mask]");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync(".field.invalid");
        Assert.Equal("个人信息 PII", await owner.Page.InputValueAsync("#name"));
        Assert.True(await owner.Page.IsCheckedAsync("input[name=then][value=mask]"));
        await owner.CheckAsync("input[name=terms][value=cn_mobile]");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**/organization/guardrails?done=added");
        await owner.CountIsAsync(1, "[data-guardrail]");

        await owner.FillAsync("#try-text", $"call {Phone} or me@example.com");
        await owner.ClickAsync("form:has(#try-text) button");
        await owner.Page.WaitForSelectorAsync("[data-outcome=masked]");
        Assert.Equal("call [CN_MOBILE] or me@example.com", await owner.TextAsync("#try-result"));
        Assert.Contains(TextIn(language, nameof(Text.Guardrails_CnMobile)), await owner.TextAsync("[data-outcome]"), StringComparison.Ordinal);
        await Eventually.HappensAsync(async () => (await AnswerAsync(api, Phone)).Text.Contains("[CN_MOBILE]", StringComparison.Ordinal), "calls are masked", Unhurried);
        await owner.GoAsync("/logs");
        await owner.ClickAsync(owner.Page.Locator(".call-link").First);
        await owner.Page.WaitForSelectorAsync("#content");
        Assert.Contains("个人信息 PII", await owner.TextAsync("section[aria-labelledby=facts]"), StringComparison.Ordinal);

        await owner.GoAsync("/organization/guardrails");
        await owner.ClickAsync("[data-guardrail] th a");
        await owner.Page.WaitForSelectorAsync("#try-text");
        await owner.CheckAsync("input[name=then][value=block]");
        await owner.UncheckAsync("input[name=output]");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**?done=saved");
        await owner.FillAsync("#try-text", Phone);
        await owner.ClickAsync("form:has(#try-text) button");
        await owner.Page.WaitForSelectorAsync("[data-outcome=blocked]");
        await Eventually.HappensAsync(async () => (await AnswerAsync(api, Phone)).Status == HttpStatusCode.BadRequest, "calls are blocked", Unhurried);

        await owner.GoAsync("/organization/guardrails");
        await owner.ClickAsync("[data-guardrail] form.inline-form button");
        await owner.Page.WaitForURLAsync("**?done=off");
        await owner.FillAsync("#try-text", Phone);
        await owner.ClickAsync("form:has(#try-text) button");
        await owner.Page.WaitForSelectorAsync("[data-outcome=passed]");
        await owner.ClickAsync("[data-guardrail] td.actions > button");
        await owner.ClickAsync("[popover]:popover-open .danger-solid");
        await owner.Page.WaitForURLAsync("**?done=removed");
        await owner.CountIsAsync(1, ".empty");
    }

    [BrowserFact]
    public async Task Each_kind_of_guardrail_has_its_fields_a_team_its_own_and_readers_only_look()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(Keyboard: true));
        await owner.RegisterAsync();
        await owner.OpenOrganizationAsync("Guarded Ltd");
        await owner.GoAsync("/organization/teams");
        await owner.FillAsync("#name", "Search");
        await owner.ClickAsync("form.row-form button.primary");
        await owner.Page.WaitForSelectorAsync("section[aria-labelledby=team-guardrails]");
        var team = new Uri(owner.Page.Url).AbsolutePath;

        await owner.ClickAsync("section[aria-labelledby=team-guardrails] a");
        await owner.ClickAsync("a[href*='kind=regex']");
        await owner.FillAsync("#name", "cases");
        await owner.FillAsync("#terms", "case-[0-9]+, or not\n(?<=a)b");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync("#terms[aria-invalid=true]");
        Assert.Equal("case-[0-9]+, or not\n(?<=a)b", await owner.Page.InputValueAsync("#terms"));
        await owner.FillAsync("#terms", "case-[0-9]+, or not\nissue #[0-9]+");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**/organization/guardrails?done=added");
        await owner.SelectOptionAsync("#try-team", new Microsoft.Playwright.SelectOptionValue { Label = "Search" });
        await owner.FillAsync("#try-text", "issue #7");
        await owner.ClickAsync("form:has(#try-text) button");
        await owner.Page.WaitForSelectorAsync("[data-outcome=blocked]");
        await owner.GoAsync(team);
        await owner.CountIsAsync(1, "[data-guardrail=cases]");

        await owner.GoAsync("/organization/guardrails/new?kind=webhook");
        await owner.FillAsync("#name", "our judge");
        await owner.FillAsync("#url", "http://127.0.0.1/judge");
        await owner.FillAsync("#timeout", "soon");
        await owner.CheckAsync("input[name=on_failure][value=open]");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync("#timeout[aria-invalid=true]");
        await owner.FillAsync("#timeout", "1500");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync("#url[aria-invalid=true]");
        Assert.True(await owner.Page.IsCheckedAsync("input[name=on_failure][value=open]"));
        await owner.FillAsync("#url", "https://judge.example.com/texts");
        await owner.ClickAsync("form.form button.primary");
        var secret = await owner.TextAsync("#guardrail-secret");
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        await owner.GoAsync("/organization/guardrails");
        await owner.ClickAsync("[data-guardrail='our judge'] th a");
        await owner.Page.WaitForSelectorAsync("#timeout");
        Assert.Equal("1500", await owner.Page.InputValueAsync("#timeout"));
        await owner.ClickAsync(owner.Page.Locator("section[aria-labelledby=ending] .danger-row > button").First);
        await owner.ClickAsync("[popover]:popover-open .danger-solid");
        await owner.Page.WaitForSelectorAsync("#guardrail-secret");
        Assert.NotEqual(secret, await owner.TextAsync("#guardrail-secret"));

        await owner.GoAsync("/organization/guardrails/new?kind=moderation");
        await owner.FillAsync("#name", "no violence");
        await owner.SelectOptionAsync("#model", "sim/moderate");
        await owner.CountIsAsync(0, "input[name=then][value=mask]");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**/organization/guardrails?done=added");
        await owner.CountIsAsync(3, "[data-guardrail]");

        await using var viewer = await Visitor.OpenAsync(portal.Url);
        var email = await viewer.RegisterAsync();
        await viewer.GoAsync(await owner.InviteAsync(email, "viewer"));
        await viewer.ClickAsync(".door form button.primary");
        await viewer.Page.WaitForURLAsync("**?done=joined");
        await viewer.GoAsync("/organization/guardrails");
        await viewer.CountIsAsync(3, "[data-guardrail]");
        await viewer.CountIsAsync(0, "main button, main .primary");
        viewer.Expected = complaint => complaint.Contains("403", StringComparison.Ordinal);
        foreach (var path in (string[])["/organization/guardrails/new", "/organization/vendor-keys", "/organization/vendor-keys/new"])
        {
            await viewer.GoAsync(path);
            await viewer.CountIsAsync(1, ".problem");
            await viewer.CountIsAsync(0, "main form");
        }
    }

    [BrowserTheory]
    [InlineData("en", true)]
    [InlineData("zh-CN", false)]
    public async Task An_own_vendor_key_is_tested_saved_used_replaced_and_removed_and_never_shown(string language, bool scripts)
    {
        const string Wrong = "sk-own-0123456789-abcdef";
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: scripts, Keyboard: scripts));
        await owner.RegisterAsync();
        using var api = hub.NewApiClient(await owner.CreateKeyAsync("worker", "sim/echo"));
        await owner.GoAsync("/organization/vendor-keys");
        Assert.Contains(TextIn(language, nameof(Text.OwnKeys_NoFee)), await owner.TextAsync(".empty"), StringComparison.Ordinal);
        await owner.ClickAsync(".empty a.primary");
        await owner.SelectOptionAsync("#vendor", "sim");
        await owner.FillAsync("#name", "our contract");
        await owner.FillAsync("#key", Wrong);
        await owner.CheckAsync("input[name=use][value=only]");
        await owner.SelectOptionAsync("#model", "sim/echo");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync(".notice.bad");
        // What the vendor said, in its own words.
        Assert.Contains("Incorrect API key provided", await owner.TextAsync(".notice.bad"), StringComparison.Ordinal);
        Assert.Equal(("our contract", "", "sim/echo"), (await owner.Page.InputValueAsync("#name"), await owner.Page.InputValueAsync("#key"), await owner.Page.InputValueAsync("#model")));
        Assert.True(await owner.Page.IsCheckedAsync("input[name=use][value=only]"));
        await owner.FillAsync("#base-url", "http://127.0.0.1:9/v1");
        await owner.FillAsync("#key", SimulatorOptions.DevelopmentKey);
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync("#base-url[aria-invalid=true]");
        await owner.FillAsync("#base-url", "");
        await owner.FillAsync("#key", SimulatorOptions.DevelopmentKey);
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**/organization/vendor-keys?done=added");
        await owner.CountIsAsync(1, "[data-own-key='our contract']");
        var row = await owner.TextAsync("[data-own-key]");
        Assert.Contains(TextIn(language, nameof(Text.OwnKeys_TestOk)), row, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(TextIn(language, nameof(Text.Keys_Never)), row, StringComparison.Ordinal);

        await Eventually.HappensAsync(async () => (await AnswerAsync(api, "hi")).OwnKey, "calls are answered with the own key", Unhurried);
        await owner.GoAsync("/organization/vendor-keys");
        Assert.DoesNotContain(TextIn(language, nameof(Text.Keys_Never)), await owner.TextAsync("[data-own-key]"), StringComparison.Ordinal);
        await owner.GoAsync("/logs");
        await owner.ClickAsync(owner.Page.Locator(".call-link").First);
        await owner.Page.WaitForSelectorAsync("#content");
        Assert.Contains("our contract", await owner.TextAsync("section[aria-labelledby=paid]"), StringComparison.Ordinal);

        await owner.GoAsync("/organization/vendor-keys");
        await owner.ClickAsync(owner.Page.Locator("[data-own-key] form.inline-form button").Last);
        await owner.Page.WaitForURLAsync("**?done=off");
        await owner.ClickAsync(owner.Page.Locator("[data-own-key] form.inline-form button").First);
        await owner.Page.WaitForSelectorAsync(".notice:has(strong)");
        await owner.ClickAsync("[data-own-key] th a");
        await owner.Page.WaitForSelectorAsync("#key");
        await owner.CheckAsync("input[name=use][value=fallback]");
        await owner.ClickAsync("form:has(#name) button.primary");
        await owner.Page.WaitForURLAsync("**?done=saved");
        Assert.True(await owner.Page.IsCheckedAsync("input[name=use][value=fallback]"));
        await owner.FillAsync("#key", "short");
        await owner.ClickAsync("form:has(#key) button");
        await owner.Page.WaitForSelectorAsync("#key[aria-invalid=true]");
        await owner.FillAsync("#key", "sk-next-0123456789-wxyz");
        await owner.UncheckAsync("input[name=test]");
        await owner.ClickAsync("form:has(#key) button");
        await owner.Page.WaitForURLAsync("**?done=replaced");
        Assert.Contains(TextIn(language, nameof(Text.OwnKeys_Untested)), await owner.TextAsync("section[aria-labelledby=facts]"), StringComparison.Ordinal);
        Assert.Contains("wxyz", await owner.TextAsync(".page-head"), StringComparison.Ordinal);
        Assert.DoesNotContain("sk-next", await owner.Page.ContentAsync(), StringComparison.Ordinal);
        await owner.ClickAsync("section[aria-labelledby=ending] .danger-row > button");
        await owner.ClickAsync("[popover]:popover-open .danger-solid");
        await owner.Page.WaitForURLAsync("**/organization/vendor-keys?done=removed");
        await owner.CountIsAsync(1, ".empty");
    }

    [BrowserTheory]
    [InlineData("en", true)]
    [InlineData("zh-CN", false)]
    public async Task What_is_said_is_kept_as_the_policy_says_and_read_on_the_calls_page(string language, bool scripts)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: scripts, Keyboard: scripts));
        var email = await owner.RegisterAsync();
        using var api = hub.NewApiClient(await owner.CreateKeyAsync("worker", "sim/echo"));
        await api.ChatAsync("not kept");
        var call = Assert.Single(await hub.CallsOfAsync(email));
        await owner.GoAsync($"/logs/{call.Id}");
        await owner.ClickAsync("#content form button");
        await owner.Page.WaitForSelectorAsync("[data-content=none]");

        await owner.GoAsync("/organization/policy");
        Assert.True(await owner.Page.IsCheckedAsync("input[name=capture][value=never]"));
        await owner.CheckAsync("input[name=capture][value=keep]");
        await owner.FillAsync("#retention-days", "0");
        await owner.FillAsync("#tags", "");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync("#retention-days[aria-invalid=true]");
        Assert.True(await owner.Page.IsCheckedAsync("input[name=capture][value=keep]"));
        await owner.FillAsync("#retention-days", "7");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**/organization/policy?done=saved");
        Assert.Equal("7", await owner.Page.InputValueAsync("#retention-days"));

        var kept = Guid.Empty;
        await Eventually.HappensAsync(async () =>
        {
            await api.ChatAsync("the quick brown fox");
            kept = await hub.Database.AsAdminAsync<Guid?>(
                $"select captured_contents.id from captured_contents join memberships using (organization_id) join users on users.id = memberships.user_id where users.email = '{email}' limit 1") ?? Guid.Empty;
            return kept != Guid.Empty;
        }, "what is said is kept", Unhurried);
        await owner.GoAsync($"/logs/{kept}");
        Assert.DoesNotContain("quick brown", await owner.Page.ContentAsync(), StringComparison.Ordinal);
        await owner.ClickAsync("#content form button");
        await owner.Page.WaitForSelectorAsync("[data-said=answer]");
        Assert.Contains("the quick brown fox", await owner.TextAsync("[data-said=user]"), StringComparison.Ordinal);
        Assert.Contains("the quick brown fox", await owner.TextAsync("[data-said=answer]"), StringComparison.Ordinal);
        await owner.GoAsync("/organization/audit-log?kind=content.");
        await owner.CountIsAsync(1, "[data-entry]");
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Default_parameters_hold_where_a_call_says_nothing_and_a_team_narrows_what_is_kept(string language)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var owner = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false));
        await owner.RegisterAsync();
        await owner.GoAsync("/organization/teams");
        await owner.FillAsync("#name", "Search");
        await owner.ClickAsync("form.row-form button.primary");
        await owner.Page.WaitForSelectorAsync("section[aria-labelledby=team-policy]");
        var team = new Uri(owner.Page.Url).AbsolutePath;

        await owner.GoAsync("/organization/policy");
        await owner.CheckAsync("input[name=capture][value=keep]");
        await owner.FillAsync("#retention-days", "90");
        await owner.FillAsync("#default-temperature", "3");
        await owner.FillAsync("#default-max_tokens", "100");
        await owner.FillAsync("#default-others", "{\"seed\": 7, \"seed\": 8}");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync("#default-others[aria-invalid=true]");
        await owner.FillAsync("#default-others", "{\"seed\": 7, \"model\": \"x\"}");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForSelectorAsync("#default-temperature[aria-invalid=true]");
        Assert.Equal(("3", "100"), (await owner.Page.InputValueAsync("#default-temperature"), await owner.Page.InputValueAsync("#default-max_tokens")));
        await owner.FillAsync("#default-temperature", "0.2");
        await owner.ClickAsync("form.form button.primary");
        // A parameter that is none: the management API knows which there are.
        await owner.Page.WaitForSelectorAsync("#default-others[aria-invalid=true]");
        await owner.FillAsync("#default-others", "{\"seed\": 7}");
        await owner.SelectOptionAsync("[id='default-reasoning_effort']", "low");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**/organization/policy?done=saved");
        Assert.Equal(("0.2", "100", "low"), (await owner.Page.InputValueAsync("#default-temperature"), await owner.Page.InputValueAsync("#default-max_tokens"), await owner.Page.InputValueAsync("[id='default-reasoning_effort']")));
        Assert.Contains("\"seed\": 7", await owner.Page.InputValueAsync("#default-others"), StringComparison.Ordinal);

        await owner.GoAsync($"{team}/policy");
        var above = await owner.TextAsync("section[aria-labelledby=above]");
        Assert.Contains("temperature = 0.2", above, StringComparison.Ordinal);
        Assert.Contains("90", above, StringComparison.Ordinal);
        Assert.Contains("0.2", await owner.TextAsync("[id='default-temperature-hint']"), StringComparison.Ordinal);
        Assert.True(await owner.Page.IsCheckedAsync("input[name=capture][value=inherit]"));
        Assert.Equal("", await owner.Page.InputValueAsync("#default-temperature"));
        await owner.CheckAsync("input[name=capture][value=keep]");
        await owner.FillAsync("#retention-days", "7");
        await owner.FillAsync("#default-temperature", "0.9");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**?done=policy");
        var summary = await owner.TextAsync("section[aria-labelledby=team-policy]");
        Assert.Contains("temperature = 0.9", summary, StringComparison.Ordinal);
        Assert.Contains(string.Format(TextIn(language, nameof(Text.Policy_KeptAtMost)), "7"), summary, StringComparison.Ordinal);

        await owner.GoAsync($"{team}/policy");
        Assert.Equal("7", await owner.Page.InputValueAsync("#retention-days"));
        await owner.CheckAsync("input[name=capture][value=inherit]");
        await owner.FillAsync("#default-temperature", "");
        await owner.ClickAsync("form.form button.primary");
        await owner.Page.WaitForURLAsync("**?done=policy");
        Assert.Contains(TextIn(language, nameof(Text.Policy_TeamUnrestricted)), await owner.TextAsync("section[aria-labelledby=team-policy]"), StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Text, bool OwnKey)> AnswerAsync(HttpClient api, string text)
    {
        using var body = new StringContent($$"""{"model":"sim/echo","messages":[{"role":"user","content":"{{text}}"}]}""", Encoding.UTF8, "application/json");
        using var answer = await api.PostAsync("chat/completions", body);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Contains("x-aihub-own-key"));
    }

    private static string TextIn(string language, string name) => Text.ResourceManager.GetString(name, System.Globalization.CultureInfo.GetCultureInfo(language))!;
}
