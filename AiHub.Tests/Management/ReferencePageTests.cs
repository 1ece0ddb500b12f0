using AiHub.Tests.Portal;
using Microsoft.Playwright;

namespace AiHub.Tests.Management;

public sealed class ReferencePageTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [BrowserTheory]
    [InlineData("en-US", "AI Hub API", "Create a chat completion", "API keys")]
    [InlineData("zh-CN", "AI Hub 接口", "创建对话补全", "API 密钥")]
    public async Task The_reference_renders_from_this_host_alone(string locale, string title, string operation, string group)
    {
        var browser = await Browser.SharedAsync();
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions { Locale = locale });
        var page = await context.NewPageAsync();
        var elsewhere = new List<string>();
        var complaints = new List<string>();
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(hub.Url.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
            {
                elsewhere.Add(request.Url);
            }
        };
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => complaints.Add(error);

        await page.GotoAsync(new Uri(hub.Url, "/docs").ToString());
        await page.GetByRole(AriaRole.Heading, new() { Name = title }).First.WaitForAsync();
        await page.GetByText(operation).First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.GetByText(group, new() { Exact = true }).First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.GetByText("/v1/chat/completions").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        Assert.Empty(elsewhere);
        Assert.Empty(complaints);
    }
}
