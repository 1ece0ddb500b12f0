using System.Net.Http.Headers;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Portal;

/// <summary>One person, several organizations, and in each only what their role lets them.</summary>
public sealed class OrganizationSwitchTests
{
    [BrowserFact]
    public async Task Pages_are_about_the_chosen_organization_and_say_who_may_not_see_them()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        var company = await hub.RegisterAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Keyboard: true));
        visitor.Expected = complaint => complaint.Contains("403", StringComparison.Ordinal);
        var email = await visitor.RegisterAsync("Mine");
        await visitor.CreateKeyAsync("my own");
        await JoinAsync(hub, company, email, "viewer");
        await visitor.GoAsync("/keys?revoked=true");

        await SwitchAsync(visitor, company.Registered.Organization.Name);

        Assert.EndsWith("/keys", visitor.Page.Url, StringComparison.Ordinal);
        Assert.Equal(["test"], await visitor.Page.Locator("tbody th").AllInnerTextsAsync());
        await visitor.GoAsync("/keys/new");
        Assert.Equal("You may not see this page", await visitor.TextAsync("h1"));
        Assert.Contains("Viewer", await visitor.TextAsync(".problem"), StringComparison.Ordinal);
        Assert.Equal([], await visitor.ViolationsAsync());

        await SwitchAsync(visitor, "Mine");

        Assert.EndsWith("/overview", visitor.Page.Url, StringComparison.Ordinal);
        await visitor.GoAsync("/keys");
        Assert.Equal(["my own"], await visitor.Page.Locator("tbody th").AllInnerTextsAsync());
    }

    [BrowserFact]
    public async Task An_organization_one_does_not_belong_to_is_not_shown_whatever_the_browser_says()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        var stranger = await hub.RegisterAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Keyboard: true));
        await visitor.RegisterAsync("Mine");
        await visitor.Page.Context.AddCookiesAsync([new() { Name = "aihub.organization", Value = stranger.OrganizationId.ToString(), Url = portal.Url.ToString() }]);

        await visitor.GoAsync("/overview");

        Assert.Contains("Mine", await visitor.TextAsync(".page-head"), StringComparison.Ordinal);
        Assert.DoesNotContain(await visitor.Page.Context.CookiesAsync(), cookie => cookie.Name == "aihub.organization");
    }

    private static async Task SwitchAsync(Visitor visitor, string organization)
    {
        await visitor.ClickAsync(".account");
        await visitor.ClickAsync(visitor.Page.Locator(".menu-list .menu-item", new() { HasText = organization }));
        await visitor.Page.WaitForFunctionAsync("name => document.querySelector('.account-organization')?.textContent === name", organization);
    }

    private static async Task JoinAsync(TestHub hub, TestCustomer company, string email, string role)
    {
        var invited = await company.Management.PostAsJsonAsync($"organizations/{company.OrganizationId}/invitations", new NewInvitation(email, role), Json.Options);
        var invitation = await invited.Content.ReadFromJsonAsync<CreatedInvitation>(Json.Options);
        using var guest = hub.NewManagementClient();
        var signedIn = await guest.PostAsJsonAsync("auth/login", new LoginRequest(email, Visitor.Password), Json.Options);
        guest.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await signedIn.Content.ReadFromJsonAsync<TokenPair>(Json.Options))!.AccessToken);

        var accepted = await guest.PostAsJsonAsync("invitations/accept", new InvitationToken(invitation!.Token), Json.Options);

        Assert.True(accepted.IsSuccessStatusCode, await accepted.Content.ReadAsStringAsync());
    }
}
