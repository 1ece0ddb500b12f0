using System.Net;
using AiHub.Contracts;

namespace AiHub.Tests.Portal;

/// <summary>All of a key's life in the portal, without scripts.</summary>
public sealed class KeyPageTests
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_key_is_narrowed_down_rotated_switched_off_and_on(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false, Keyboard: language == "en"));
        await visitor.RegisterAsync();
        await visitor.GoAsync("/keys/new");
        await visitor.FillAsync("#name", "narrow");
        await visitor.ClickAsync(".more-options summary");
        await visitor.FillAsync("#ips", "not an address");
        await visitor.FillAsync("#tags", "project=search");
        await visitor.FillAsync("#concurrency", "2");
        await visitor.FillAsync("#budget", "50000");
        await visitor.SelectOptionAsync("#budget-unit", "tokens");
        await visitor.LeaveAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync("#allowed_ips-error");
        Assert.Equal("not an address", await visitor.Page.InputValueAsync("#ips"));
        await visitor.FillAsync("#ips", "127.0.0.0/8\n::1");
        await visitor.LeaveAsync("form.form button.primary");
        var secret = await visitor.TextAsync("#new-key");
        using var old = hub.NewApiClient(secret);
        await old.ChatAsync("hello");
        await visitor.GoAsync("/keys");
        await visitor.LeaveAsync("tbody th a");

        Assert.Equal("project=search", await visitor.Page.InputValueAsync("#tags"));
        Assert.Equal("2", await visitor.Page.InputValueAsync("#concurrency"));
        await visitor.FillAsync("#name", "narrower");
        await visitor.CheckAsync("input[value='sim/lorem']");
        await visitor.FillAsync("#budget", "");
        await visitor.LeaveAsync(".wide-form button.primary");
        await visitor.Page.WaitForURLAsync("**saved=true");
        Assert.Equal("narrower", await visitor.TextAsync("h1"));
        Assert.Equal("", await visitor.Page.InputValueAsync("#budget"));
        Assert.Equal(HttpStatusCode.NotFound, await UntilAsync(old, "sim/echo", HttpStatusCode.NotFound));
        await visitor.UncheckAsync("input[value='sim/lorem']");
        await visitor.LeaveAsync(".wide-form button.primary");

        await visitor.SelectOptionAsync("#overlap", "3600");
        await visitor.LeaveAsync("form:has(#overlap) button");
        var fresh = await visitor.TextAsync("#new-key");
        Assert.NotEqual(secret, fresh);
        using var now = hub.NewApiClient(fresh);
        Assert.Equal(HttpStatusCode.OK, await UntilAsync(now, "sim/echo", HttpStatusCode.OK));
        Assert.Equal(HttpStatusCode.OK, await UntilAsync(old, "sim/echo", HttpStatusCode.OK));

        await visitor.LeaveAsync("button[name=enabled]");
        await visitor.Page.WaitForSelectorAsync("button[name=enabled][value=true]");
        Assert.Equal(HttpStatusCode.Unauthorized, await UntilAsync(now, "sim/echo", HttpStatusCode.Unauthorized));
        await visitor.LeaveAsync("button[name=enabled]");
        await visitor.Page.WaitForSelectorAsync("button[name=enabled][value=false]");
        Assert.Equal(HttpStatusCode.OK, await UntilAsync(now, "sim/echo", HttpStatusCode.OK));
        await visitor.GoAsync(visitor.Page.Url);
        Assert.DoesNotContain(fresh, await visitor.Page.ContentAsync(), StringComparison.Ordinal);
    }

    /// <summary>A change holds within a second, not at once.</summary>
    private static async Task<HttpStatusCode> UntilAsync(HttpClient api, string model, HttpStatusCode wanted)
    {
        for (var tries = 0; ; tries++)
        {
            using var response = await api.GetAsync($"models/{model}");
            if (response.StatusCode == wanted || tries == 100)
            {
                return response.StatusCode;
            }

            await Task.Delay(50);
        }
    }
}
