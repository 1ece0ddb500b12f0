using AiHub.Simulators;
using AiHub.Tests.Hub;
using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>The operator's desk: vendors, models, prices, organizations, health. To everybody else there is nothing there.</summary>
public sealed class OperatorPageTests
{
    private static readonly string[] Pages = ["/admin/vendors", "/admin/vendors/new", "/admin/vendors/sim", "/admin/models", "/admin/model?id=sim%2Fecho", "/admin/prices", "/admin/organizations", "/admin/health"];

    [BrowserFact]
    public async Task To_everybody_else_there_is_nothing_there()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url);
        visitor.Expected = complaint => complaint.Contains("404", StringComparison.Ordinal);
        await visitor.GoAsync("/admin/vendors");
        Assert.Contains("/sign-in", visitor.Page.Url, StringComparison.Ordinal);
        await visitor.RegisterAsync();
        Assert.Equal(0, await visitor.Page.Locator("a[href^='/admin']").CountAsync());

        foreach (var page in Pages)
        {
            Assert.Equal(404, (await visitor.Page.GotoAsync(page))!.Status);
        }
    }

    [BrowserTheory]
    [InlineData("en", true)]
    [InlineData("zh-CN", false)]
    public async Task A_vendor_is_added_keyed_tested_priced_and_switched_off(string language, bool scripts)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var desk = await OperatorAsync(hub, portal.Url, new Visit(language, Scripts: scripts, Keyboard: scripts));
        var name = $"acme-{Guid.CreateVersion7():N}"[..24];
        await desk.GoAsync("/admin/vendors/new");
        await desk.FillAsync("#id", name);
        await desk.FillAsync("#name", "Acme 云");
        await desk.FillAsync("#base-url", "not a url");
        await desk.ClickAsync("form.form button.primary");
        await desk.Page.WaitForSelectorAsync("#base-url[aria-invalid=true]");
        Assert.Equal("Acme 云", await desk.Page.InputValueAsync("#name"));
        await desk.FillAsync("#base-url", new Uri(hub.SimulatorsUrl, "/vendors/openai/v1").ToString());
        await desk.CheckAsync("input[name=private]");
        await desk.ClickAsync("form.form button.primary");
        await desk.Page.WaitForURLAsync($"**/admin/vendors/{name}?done=added");

        await desk.GoAsync("/admin/models");
        await desk.FillAsync("#id", $"{name}/echo");
        await desk.FillAsync("#name", "Echo");
        await desk.ClickAsync("section[aria-labelledby=add-model] form button");
        await desk.Page.WaitForURLAsync("**/admin/model?id=*");
        Assert.Equal("Echo", await desk.TextAsync("h1"));

        await desk.GoAsync($"/admin/vendors/{name}");
        await desk.ClickAsync(desk.Page.Locator("section[aria-labelledby=endpoints] summary"));
        await desk.FillAsync("#model", $"{name}/echo");
        await desk.FillAsync("#vendor-model", "echo");
        await desk.ClickAsync("form:has(#vendor-model) button");
        await desk.Page.WaitForURLAsync("**?done=endpoint");
        await TestAsync(desk);
        Assert.Equal("failed", await desk.Page.GetAttributeAsync("[data-test]", "data-test"));

        await desk.FillAsync("#key-name", "first");
        await desk.FillAsync("#key-secret", SimulatorOptions.DevelopmentKey);
        await desk.ClickAsync("form:has(#key-secret) button");
        await desk.Page.WaitForURLAsync("**?done=key");
        Assert.DoesNotContain(SimulatorOptions.DevelopmentKey, await desk.Page.ContentAsync(), StringComparison.Ordinal);
        for (var tries = 0; ; tries++)
        {
            await TestAsync(desk);
            if (await desk.Page.GetAttributeAsync("[data-test]", "data-test") == "ok")
            {
                break;
            }

            Assert.True(tries < 20, await desk.TextAsync("[data-test]"));
        }

        await hub.Database.AsAdminAsync<string>($$"""update vendors set quirks = '{"balance":"/balance left USD"}' where id = '{{name}}' returning id""");
        await desk.GoAsync($"/admin/vendors/{name}");
        await desk.ClickAsync(desk.Page.Locator("[data-key=first] form button").First);
        await desk.Page.WaitForSelectorAsync("[data-key=first] [data-balance=unknown]");
        Assert.Contains("The vendor answered 404.", await desk.TextAsync("[data-balance]"), StringComparison.Ordinal);

        await desk.FillAsync("[data-endpoint] input[name=weight]", "heavy");
        await desk.ClickAsync("[data-endpoint] form:has(input[name=weight]) button");
        await desk.Page.WaitForSelectorAsync(".notice.bad");
        Assert.Equal("heavy", await desk.Page.InputValueAsync("[data-endpoint] input[name=weight]"));
        await desk.FillAsync("[data-endpoint] input[name=weight]", "7");
        await desk.ClickAsync("[data-endpoint] form:has(input[name=weight]) button");
        await desk.Page.WaitForURLAsync("**?done=saved");
        Assert.Equal("7", await desk.Page.InputValueAsync("[data-endpoint] input[name=weight]"));

        await desk.GoAsync($"/admin/model?id={name}%2Fecho");
        await PriceAsync(desk, "input", "2");
        await PriceAsync(desk, "output", "8");
        Assert.Contains("0.006", await desk.TextAsync("[data-example]"), StringComparison.Ordinal);

        // A price of days to come stands beside the one that holds, and changes nothing yet.
        await PriceAsync(desk, "output", "80", hub.Clock.GetUtcNow().AddDays(3).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        await desk.CountIsAsync(2, "[data-price=output]:not(.past)");
        Assert.Contains("0.006", await desk.TextAsync("[data-example]"), StringComparison.Ordinal);
        await desk.ClickAsync(desk.Page.Locator("[data-price=output] td.actions > button").First);
        await desk.ClickAsync("[popover]:popover-open .danger-solid");
        await desk.Page.WaitForURLAsync("**&done=ended");

        await desk.GoAsync($"/admin/vendors/{name}");
        await desk.ClickAsync(".page-head .button");
        await desk.ClickAsync("[popover]:popover-open .danger-solid");
        await desk.Page.WaitForURLAsync("**?done=off");
        await desk.ClickAsync("[data-key=first] td.actions > button");
        await desk.ClickAsync("[popover]:popover-open .danger-solid");
        await desk.Page.WaitForURLAsync("**?done=key-removed");
        await desk.CountIsAsync(0, "[data-key]");
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Prices_that_an_import_found_wait_for_approval(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var desk = await OperatorAsync(hub, portal.Url, new Visit(language, Keyboard: language == "en"));
        var model = $"paper/{Guid.CreateVersion7():N}";
        await ImportAsync(desk, model, "2", "8");
        await ImportAsync(desk, model, "3", "9");
        await desk.CountIsAsync(2, $"[data-proposal='{model}']");

        await desk.ClickAsync(desk.Page.Locator($"[data-proposal='{model}'] td.actions > button").First);
        await desk.ClickAsync("[popover]:popover-open .primary");
        await desk.Page.WaitForURLAsync("**/admin/prices?done=approved");
        await desk.CountIsAsync(1, $"[data-proposal='{model}']");
        await desk.ClickAsync(desk.Page.Locator($"[data-proposal='{model}'] td.actions > button").Last);
        await desk.ClickAsync("[popover]:popover-open .danger-solid");
        await desk.Page.WaitForURLAsync("**/admin/prices?done=rejected");
        await desk.CountIsAsync(0, $"[data-proposal='{model}']");

        await desk.FillAsync("#catalogue", "{ not json");
        await desk.ClickAsync("form:has(#catalogue) button");
        await desk.Page.WaitForSelectorAsync("#catalogue[aria-invalid=true]");
        Assert.Equal("{ not json", await desk.Page.InputValueAsync("#catalogue"));
        await desk.FillAsync("#catalogue", """{"source":"page","vendors":[],"models":[{"id":"a/b"}]}""");
        await desk.ClickAsync("form:has(#catalogue) button");
        await desk.Page.WaitForSelectorAsync(".notice.bad");
        Assert.Contains("models[0].name", await desk.TextAsync(".notice.bad"), StringComparison.Ordinal);
    }

    [BrowserTheory]
    [InlineData("en", "3 of 7")]
    [InlineData("zh-CN", "已处理 3 / 7")]
    public async Task An_import_says_how_far_it_is_and_what_came_of_it_stays(string language, string far)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var desk = await OperatorAsync(hub, portal.Url, new Visit(language));
        await desk.GoAsync("/admin/prices");
        var told = new TaskCompletionSource();
        await desk.Page.RouteAsync("**/admin/imports/*", route => route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = """{"done":3,"total":7}""" }));
        await desk.Page.RouteAsync("**/admin/prices", async route =>
        {
            await told.Task;
            await route.ContinueAsync();
        });

        await WriteAsync(desk, $"paper/{Guid.CreateVersion7():N}", "2", "8");
        await Assertions.Expect(desk.Page.Locator("[data-download-text]")).ToHaveTextAsync(far);
        Assert.Equal(3, await desk.Page.Locator("[data-import] progress").EvaluateAsync<int>("bar => bar.value"));
        told.SetResult();
        await desk.Page.WaitForURLAsync("**?done=imported&*models=1&*");
        var result = await desk.TextAsync(".notice.good");
        await desk.Page.UnrouteAllAsync();
        await desk.Page.ReloadAsync();
        Assert.Equal(result, await desk.TextAsync(".notice.good"));
        Assert.Equal(0, await desk.Page.Locator("[data-import]:visible").CountAsync());

        // Whoever stops it, by the button or by leaving, has imported nothing.
        var model = $"paper/{Guid.CreateVersion7():N}";
        await desk.GoAsync("/admin/prices");
        await desk.Page.RouteAsync("**/admin/prices", route => route.Request.Method == "POST" ? Task.CompletedTask : route.ContinueAsync());
        await WriteAsync(desk, model, "2", "8");
        await desk.ClickAsync("[data-import-stop]");
        await desk.Page.WaitForSelectorAsync("#catalogue:not([aria-busy])");
        await desk.Page.WaitForFunctionAsync("() => document.getElementById('catalogue').value === ''");
        Assert.Equal(0L, await hub.Database.AsAdminAsync<long>($"select count(*) from models where id = '{model}'"));
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task An_organization_is_found_credited_limited_suspended_and_let_go_on(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        var customer = await hub.RegisterAsync();
        await using var desk = await OperatorAsync(hub, portal.Url, new Visit(language, Keyboard: language == "en"));
        await desk.GoAsync("/admin/organizations");
        await desk.FillAsync("input[name=q]", customer.Email);
        await desk.ClickAsync("form.search button");
        await desk.CountIsAsync(1, "[data-organization]");
        await desk.ClickAsync("[data-organization] a");
        await desk.Page.WaitForSelectorAsync("#amount");

        await desk.FillAsync("#amount", "12.5");
        await desk.ClickAsync("form:has(#amount) button");
        await desk.Page.WaitForSelectorAsync("#reason[aria-invalid=true]");
        Assert.Equal("12.5", await desk.Page.InputValueAsync("#amount"));
        await desk.FillAsync("#reason", "Sorry for January 30");
        await desk.ClickAsync("form:has(#amount) button");
        await desk.Page.WaitForURLAsync("**?done=credited");
        await Assertions.Expect(desk.Page.Locator("[data-figure=granted]")).ToHaveTextAsync("$12.50");

        await desk.FillAsync("#limits-requests_per_minute", "5");
        await desk.ClickAsync("form.limits-form button");
        await desk.Page.WaitForURLAsync("**?done=limited");
        await desk.SelectOptionAsync("#contract-plan", "enterprise");
        await desk.FillAsync("#contract-credit", "much");
        await desk.FillAsync("#contract-tokens", "2000000");
        await desk.ClickAsync("form:has(#contract-plan) button");
        await desk.Page.WaitForSelectorAsync("#contract-credit[aria-invalid=true]");
        Assert.Equal("2000000", await desk.Page.InputValueAsync("#contract-tokens"));
        await desk.FillAsync("#contract-credit", "500");
        await desk.ClickAsync("form:has(#contract-plan) button");
        await desk.Page.WaitForURLAsync("**?done=contract");
        await Assertions.Expect(desk.Page.Locator("[data-figure=credit-limit]")).ToHaveTextAsync("$500.00");
        Assert.Equal("2000000", await desk.Page.InputValueAsync("#contract-tokens"));

        var first = hub.Clock.GetUtcNow().AddDays(3).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        await desk.FillAsync("#fee-amount", "300");
        await desk.ClickAsync("form:has(#contract-plan) button");
        await desk.Page.WaitForSelectorAsync("#fee-from[aria-invalid=true]");
        await desk.FillAsync("#fee-from", first);
        await desk.SelectOptionAsync("#fee-interval", "year");
        await desk.ClickAsync("form:has(#contract-plan) button");
        await Assertions.Expect(desk.Page.Locator("#fee-amount")).ToHaveValueAsync("300.00");
        Assert.Equal(("year", first), (await desk.Page.InputValueAsync("#fee-interval"), await desk.Page.InputValueAsync("#fee-from")));
        await desk.FillAsync("#discount-percent", "101");
        await desk.FillAsync("#discount-model", "sim/*");
        await desk.FillAsync("#discount-source", "contract 2026-17");
        await desk.ClickAsync("form:has(#discount-percent) button");
        await desk.Page.WaitForSelectorAsync("#discount-percent[aria-invalid=true]");
        Assert.Equal("sim/*", await desk.Page.InputValueAsync("#discount-model"));
        await desk.FillAsync("#discount-percent", "12.5");
        await desk.ClickAsync("form:has(#discount-percent) button");
        await desk.Page.WaitForURLAsync("**?done=discounted");
        await desk.ClickAsync("[data-discount='12.5'] button");
        await desk.ClickAsync("[popover]:popover-open .danger-solid");
        await desk.Page.WaitForURLAsync("**?done=discount-ended");
        await desk.CountIsAsync(0, "[data-discount] button");
        await desk.FillAsync("#credit-limit-amount", "750");
        await desk.ClickAsync("form:has(#credit-limit-amount) button");
        await desk.Page.WaitForSelectorAsync("#credit-limit-reason[aria-invalid=true]");
        await desk.FillAsync("#credit-limit-reason", "A good payer");
        await desk.ClickAsync("form:has(#credit-limit-amount) button");
        await desk.Page.WaitForURLAsync("**?done=credit-limit");
        await Assertions.Expect(desk.Page.Locator("[data-figure=credit-limit]")).ToHaveTextAsync("$750.00");
        await desk.ClickAsync("section[aria-labelledby=plan] .danger-row > button");
        await desk.ClickAsync("[popover]:popover-open .danger-solid");
        await desk.Page.WaitForURLAsync("**?done=contract-ended");
        await desk.CountIsAsync(0, "[data-figure=contract]");

        await desk.ClickAsync("section[aria-labelledby=status] .danger-row > button");
        await desk.FillAsync("#suspend-reason", "overdue");
        await desk.ClickAsync("[popover]:popover-open .danger-solid");
        await desk.Page.WaitForURLAsync("**?done=suspended");
        await desk.CountIsAsync(1, ".lead .badge.bad");
        await desk.ClickAsync("section[aria-labelledby=status] .danger-row > button");
        await desk.FillAsync("#reactivate-reason", "paid");
        await desk.ClickAsync("[popover]:popover-open .primary");
        await desk.Page.WaitForURLAsync("**?done=reactivated");
        await desk.CountIsAsync(1, ".lead .badge.good");
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task What_is_parked_is_replayed_and_the_books_are_audited(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var desk = await OperatorAsync(hub, portal.Url, new Visit(language, Keyboard: language == "en"));
        var id = await hub.Database.AsAdminAsync<Guid>(
            $"""
             insert into inbound_notices (id, channel, event_id, kind, received_at, body, attempts, last_error, parked_at)
             values (gen_random_uuid(), 'stripe', gen_random_uuid()::text, 'paid', now(), '', 10, 'No worker at hand serves Stripe.', now()) returning id
             """);
        await desk.GoAsync("/admin/health");
        Assert.Contains("No worker at hand", await desk.TextAsync($"[data-parked='{id}']"), StringComparison.Ordinal);
        await desk.ClickAsync($"[data-parked='{id}'] button");
        await desk.Page.WaitForURLAsync("**/admin/health?done=replayed");
        await desk.CountIsAsync(0, $"[data-parked='{id}']");

        var before = await desk.Page.Locator("[data-audit]").CountAsync();
        await desk.ClickAsync("section[aria-labelledby=books] form button");
        await desk.Page.WaitForURLAsync("**/admin/health?done=audited");
        Assert.True(await desk.Page.Locator("[data-audit]").CountAsync() > before || before >= 50);
    }

    private static async Task<Visitor> OperatorAsync(TestHub hub, Uri portal, Visit visit)
    {
        var desk = await Visitor.OpenAsync(portal, visit);
        await desk.BecomeOperatorAsync(hub, await desk.RegisterAsync());
        return desk;
    }

    private static async Task TestAsync(Visitor desk)
    {
        await desk.Page.GotoAsync(desk.Page.Url.Split('?')[0]);
        await desk.ClickAsync(desk.Page.Locator("[data-endpoint] td.actions form button").First);
        await desk.Page.WaitForSelectorAsync("[data-test]");
    }

    private static async Task PriceAsync(Visitor desk, string component, string price, string? from = null)
    {
        var book = desk.Page.Locator("[data-book]");
        await desk.ClickAsync(book.Locator("summary").Last);
        await desk.FillAsync(book.Locator("input[name=component]"), component);
        await desk.FillAsync(book.Locator("input[name=price]"), price);
        if (from is not null)
        {
            await desk.FillAsync(book.Locator("input[name=valid_from]"), from);
        }

        await desk.FillAsync(book.Locator("input[name=source]"), "contract of 2026");
        await desk.ClickAsync(book.Locator("form:has(input[name=price]) button"));
        await desk.CountIsAsync(from is null ? 1 : 2, $"[data-price={component}]");
    }

    private static async Task ImportAsync(Visitor desk, string model, string input, string output)
    {
        await desk.GoAsync("/admin/prices");
        await WriteAsync(desk, model, input, output);
        await desk.Page.WaitForURLAsync("**?done=imported&*");
    }

    private static async Task WriteAsync(Visitor desk, string model, string input, string output)
    {
        await desk.FillAsync("#catalogue",
            $$"""
            {
              "source": "vendor page, 2026-01-31",
              "vendors": [],
              "models": [{
                "id": "{{model}}", "name": "Paper", "aliases": [], "context_length": 128000, "max_output_tokens": 8000, "input_modalities": ["text"], "output_modalities": ["text"],
                "upstreams": [{ "vendor": "sim", "model": "{{model.Split('/')[1]}}", "prices": { "CNY": [{ "input": "{{input}}", "output": "{{output}}" }] } }]
              }]
            }
            """);
        await desk.ClickAsync("form:has(#catalogue) button");
    }
}

public static class OperatorVisitors
{
    /// <summary>Without the set-up token, of which there is one per hub.</summary>
    public static Task BecomeOperatorAsync(this Visitor visitor, TestHub hub, string email) =>
        hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) select id, now() from users where email = '{email}' returning user_id");
}
