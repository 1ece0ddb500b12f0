using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Simulators.Identity;
using AiHub.Tests.Hub;
using AiHub.Tests.Portal;
using Microsoft.Playwright;

namespace AiHub.Tests.SignIn;

/// <summary>Single sign-on in a browser: an owner sets it up, an employee comes in by it.</summary>
public sealed class SignOnPageTests(SignInHub hub) : IClassFixture<SignInHub>
{
    [BrowserTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_owner_sets_it_up_and_somebody_new_comes_in_by_it(bool scripts)
    {
        var name = $"c{Guid.CreateVersion7():N}";
        var domain = $"{name}.example.com";
        var customer = await hub.Hub.RegisterAsync();
        var company = (await (await customer.Management.PostAsJsonAsync("organizations", new NewOrganization("Acme"), Json.Options)).Content.ReadFromJsonAsync<OrganizationView>(Json.Options))!;
        using (var simulators = new HttpClient { BaseAddress = hub.Hub.SimulatorsUrl })
        {
            var client = new IdentityClient("ai-hub", "a client secret", [new Uri(hub.PortalUrl, "/sign-in/sso/callback").ToString()]);
            (await simulators.PostAsJsonAsync($"/_sim/identity/{name}/clients", client, Json.Options)).EnsureSuccessStatusCode();
        }

        await using var owner = await Visitor.OpenAsync(hub.PortalUrl, new Visit(Scripts: scripts, Keyboard: scripts));
        await SignInAsync(owner, customer.Email, TestCustomer.Password);
        await owner.GoAsync("/organization/sign-on");
        Assert.Contains("This is a personal organization", await owner.TextAsync("main .card"));
        await owner.Page.Context.AddCookiesAsync([new Cookie { Name = "aihub.organization", Value = company.Id.ToString(), Url = hub.PortalUrl.ToString() }]);
        await owner.GoAsync("/organization/sign-on");
        await owner.FillAsync("#issuer", new Uri(hub.Hub.SimulatorsUrl, "/nowhere").ToString());
        await owner.FillAsync("#client-id", "ai-hub");
        await owner.FillAsync("#client-secret", "a client secret");
        await owner.FillAsync("#domain", domain);
        await owner.ClickAsync("section[aria-labelledby=provider] button.primary");
        await owner.Page.WaitForSelectorAsync("section[aria-labelledby=provider] .notice.bad");
        await owner.FillAsync("#issuer", new Uri(hub.Hub.SimulatorsUrl, $"/identity/{name}").ToString());
        await owner.FillAsync("#client-secret", "a client secret");
        await owner.ClickAsync("section[aria-labelledby=provider] button.primary");
        await owner.Page.WaitForSelectorAsync("#proof-value");
        Assert.Equal("", await owner.Page.InputValueAsync("#client-secret"));

        await owner.ClickAsync("section[aria-labelledby=proof] button.primary");
        await owner.Page.WaitForSelectorAsync("section[aria-labelledby=proof] .notice.bad");
        hub.Say(await owner.TextAsync("#proof-name"), await owner.TextAsync("#proof-value"));
        await owner.ClickAsync("section[aria-labelledby=proof] button.primary");
        await owner.Page.WaitForSelectorAsync("section[aria-labelledby=proof] .badge.good");
        await owner.FillAsync("#token-name", "Entra ID");
        await owner.ClickAsync("section[aria-labelledby=directory] .form-actions button");
        Assert.StartsWith("aic_", await owner.TextAsync("#scim-token"));
        Assert.Equal("Entra ID", await owner.TextAsync("[data-scim-tokens] tbody th"));
        if (scripts)
        {
            Assert.Empty(await owner.ViolationsAsync());
        }

        await owner.AskedAsync("[data-scim-tokens] td.actions > button");
        await owner.Page.WaitForURLAsync("**/organization/sign-on?done=revoked");
        Assert.Equal(0, await owner.Page.Locator("[data-scim-tokens] tbody tr").CountAsync());

        await using var employee = await Visitor.OpenAsync(hub.PortalUrl, new Visit(Scripts: scripts, Keyboard: scripts));
        // The simulated provider has no icon.
        employee.Expected = complaint => complaint.Contains("404", StringComparison.Ordinal);
        await employee.GoAsync("/sign-in");
        await employee.ClickAsync("a[href='/sign-in/sso']");
        await employee.FillAsync("#email", $"wei@{domain}");
        await employee.ClickAsync(".door form button.primary");
        await employee.Page.WaitForURLAsync("**/authorize?**");
        Assert.Equal($"wei@{domain}", await employee.Page.InputValueAsync("input[name=email]"));
        await employee.Page.ClickAsync("button");
        await employee.Page.WaitForURLAsync("**/overview");
        Assert.Equal("Acme", await employee.TextAsync(".account-organization"));
    }

    private static async Task SignInAsync(Visitor visitor, string email, string password)
    {
        await visitor.GoAsync("/sign-in");
        await visitor.FillAsync("#email", email);
        await visitor.FillAsync("#password", password);
        await visitor.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForURLAsync("**/overview");
    }
}
