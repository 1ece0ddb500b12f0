using AiHub.AppHost;
using AiHub.Tests.Deploy;
using AiHub.Tests.Hosting;
using AiHub.Tests.Portal;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Microsoft.Playwright;

namespace AiHub.Tests.Docs;

/// <summary>Takes the pictures of the documentation when it is asked to (<c>bench/screenshots.sh docs</c>).</summary>
public sealed class ScreenshotFactAttribute : FactAttribute
{
    public ScreenshotFactAttribute() => Skip =
        Environment.GetEnvironmentVariable("AIHUB_DOCS_IMAGES") == "1" ? Browser.Missing : "Pictures are taken by bench/screenshots.sh docs.";
}

[Collection(WholeHubs.Name)]
public sealed class ScreenshotTests
{
    private static readonly string[] Pages = ["overview", "usage", "keys", "models", "budgets", "billing"];

    [ScreenshotFact]
    public async Task The_pictures_show_the_demo()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AiHub_AppHost>(["--demo"]);
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        await app.ResourceNotifications.WaitForResourceHealthyAsync(Resources.Portal, patience.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync(Resources.Worker, patience.Token);

        foreach (var (language, suffix) in new[] { ("en", ""), ("zh-CN", ".zh-CN") })
        {
            await using var visitor = await Visitor.OpenAsync(app.GetEndpoint(Resources.Portal), new Visit(language));
            await visitor.GoAsync("/sign-in");
            await visitor.Page.FillAsync("#email", AiHub.Worker.Demo.DemoSeed.Email);
            await visitor.Page.FillAsync("#password", AiHub.Worker.Demo.DemoSeed.Password);
            await visitor.Page.ClickAsync(".door form button.primary");
            await visitor.Page.WaitForURLAsync("**/overview");
            foreach (var page in Pages)
            {
                await visitor.GoAsync($"/{page}");
                await visitor.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
                await visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Repository.Root, "docs", "images", $"{page}{suffix}.png") });
            }
        }
    }
}
