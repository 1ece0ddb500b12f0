using AiHub.Tests.Hub;

namespace AiHub.Tests.Portal;

/// <summary>Alert channels and rules as a visitor makes them, and the history of what was sent.</summary>
public sealed class AlertPageTests
{
    [BrowserTheory]
    [InlineData("en", true)]
    [InlineData("zh-CN", false)]
    public async Task Channels_are_added_tested_and_removed_and_the_history_tells_what_became_of_the_messages(string language, bool scripts)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: scripts, Keyboard: scripts));
        await visitor.RegisterAsync();
        await visitor.GoAsync("/alerts/channels/new");
        await visitor.FillAsync("#name", "财务 finance");
        await visitor.FillAsync("#target", "no address");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync("#target[aria-invalid=true]");
        Assert.Equal("财务 finance", await visitor.Page.InputValueAsync("#name"));
        await visitor.FillAsync("#target", "finance@example.com");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForURLAsync("**/alerts?done=channel");

        await visitor.GoAsync("/alerts/channels/new");
        await visitor.CheckAsync("input[name=kind][value=webhook]");
        await visitor.FillAsync("#name", "pager");
        await visitor.FillAsync("#target", "https://pager.example.com/secret-path");
        await visitor.ClickAsync("form.form button.primary");
        Assert.StartsWith("whsec_", await visitor.TextAsync("#channel-secret"), StringComparison.Ordinal);

        await visitor.GoAsync("/alerts");
        Assert.DoesNotContain("secret-path", await visitor.Page.ContentAsync(), StringComparison.Ordinal);
        await visitor.ClickAsync("[data-channel=pager] form.inline-form button");
        await visitor.Page.WaitForURLAsync("**/alerts?done=test");
        await visitor.CountIsAsync(1, "[data-firing=test] .delivery");
        await hub.Database.AsAdminAsync<Guid>(
            "update alert_deliveries set state = 'parked', attempts = 7, last_error = 'The receiver answered 500.' where channel_id in (select id from alert_channels where name = 'pager') returning id");
        await visitor.GoAsync("/alerts");
        Assert.Contains("The receiver answered 500.", await visitor.TextAsync("[data-firing=test]"), StringComparison.Ordinal);
        await visitor.ClickAsync("[data-firing=test] form button");
        await visitor.Page.WaitForURLAsync("**/alerts?done=retry");
        await visitor.CountIsAsync(0, "[data-firing=test] form");

        await visitor.FillAsync("#quota-at", "70, half");
        await visitor.ClickAsync("form:has(#quota-at) button");
        await visitor.Page.WaitForSelectorAsync("#quota-at[aria-invalid=true]");
        await visitor.FillAsync("#quota-at", "70, 90");
        await visitor.ClickAsync("form:has(#quota-at) button");
        await visitor.Page.WaitForURLAsync("**/alerts?done=rule");
        await visitor.CountIsAsync(1, "[data-rule]");
        await visitor.FillAsync("#wallet-below", "12.50");
        await visitor.ClickAsync("form:has(#wallet-below) button");
        await visitor.CountIsAsync(2, "[data-rule]");
        await visitor.ClickAsync(visitor.Page.Locator("[data-rule] td.actions > button").First);
        await visitor.ClickAsync("[popover]:popover-open .danger-solid");
        await visitor.CountIsAsync(1, "[data-rule]");

        await visitor.ClickAsync("[data-channel=pager] td.actions > button");
        await visitor.ClickAsync("[popover]:popover-open .danger-solid");
        await visitor.Page.WaitForURLAsync("**/alerts?done=channel-removed");
        await visitor.CountIsAsync(1, "[data-channel]");
    }
}
