using AiHub.Tests.Payments;
using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>One hub for whatever looks at every page, with a worker and payment channels, so that there is something on each.</summary>
[CollectionDefinition(Name)]
public sealed class PortalWalks : ICollectionFixture<PaymentHub>
{
    public const string Name = "Every page of the portal";
}

/// <summary>Takes a visitor to every page of <see cref="PortalPages"/>, as whoever the page is for.</summary>
public static class PortalWalk
{
    /// <param name="look">Goes to the page, whose path has its ids by now, and looks at it.</param>
    /// <returns>The pages that could not be looked at: one that is broken must not hide what is wrong with the others.</returns>
    public static async Task<IReadOnlyList<string>> WalkAsync(this Visitor visitor, PaymentHub fixture, Func<PortalPage, Task> look)
    {
        var broken = new List<string>();
        var filled = await FilledOrganization.CreateAsync(fixture);
        // The browser says of every page that is meant to fail that it failed.
        visitor.Expected = complaint => PortalPages.All.Any(page => page.Status != 200 && complaint.Contains(page.Path, StringComparison.Ordinal));
        foreach (var door in Enum.GetValues<Door>())
        {
            await EnterAsync(door, visitor, filled);
            foreach (var page in PortalPages.All.Where(page => page.Door == door))
            {
                try
                {
                    await look(page with { Path = filled.Fill(page.Path) });
                }
                catch (Exception failure) when (failure is PlaywrightException or TimeoutException or Xunit.Sdk.XunitException)
                {
                    broken.Add($"{page}: {failure.Message} at {visitor.Page.Url}");
                }
            }
        }

        return broken;
    }

    /// <summary>Goes to the page and does there what the list says.</summary>
    public static async Task OpenAsync(this Visitor visitor, PortalPage page)
    {
        await visitor.GoAsync(page.Path);
        if (page.Then is not null)
        {
            await page.Then(visitor.Page);
        }
    }

    private static async Task EnterAsync(Door door, Visitor visitor, FilledOrganization filled)
    {
        if (door is Door.Newcomer)
        {
            await visitor.RegisterAsync("Newcomer & Co.");
        }
        else if (door is Door.Viewer)
        {
            await SignInAsync(visitor, filled.ViewerEmail, filled);
        }
        else if (door is Door.Owner)
        {
            await SignInAsync(visitor, filled.OwnerEmail, filled);
        }
        else if (door is Door.Operator)
        {
            await visitor.BecomeOperatorAsync(filled.Hub, filled.OwnerEmail);
        }
    }

    private static async Task SignInAsync(Visitor visitor, string email, FilledOrganization filled)
    {
        await visitor.Page.Context.ClearCookiesAsync();
        await visitor.GoAsync("/sign-in");
        await visitor.Page.FillAsync("#email", email);
        await visitor.Page.FillAsync("#password", Visitor.Password);
        await visitor.Page.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForURLAsync("**/overview");
        await visitor.Page.Context.AddCookiesAsync([new Cookie { Name = "aihub.organization", Value = filled.Id.ToString(), Url = visitor.Page.Url }]);
    }
}
