using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>A test that needs Chromium, and says so where there is none.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Browser.Missing;
}

/// <summary>The same for tests with rows of data.</summary>
public sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute() => Skip = Browser.Missing;
}

/// <summary>One Chromium for all browser tests of a run. <c>CHROMIUM_PATH</c> names it; else it is looked for on the PATH.</summary>
public static class Browser
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];
    private static readonly Lazy<Task<IBrowser>> Shared = new(LaunchAsync);

    public static string? Path { get; } = Find();

    /// <summary>Why browser tests are skipped; null when they run.</summary>
    public static string? Missing => Path is null
        ? $"No Chromium: none of {string.Join(", ", Names)} is on the PATH, and CHROMIUM_PATH is not set. Install Chromium to run the browser tests."
        : null;

    public static Task<IBrowser> SharedAsync() => Shared.Value;

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CHROMIUM_PATH") is { Length: > 0 } chosen)
        {
            return File.Exists(chosen) ? chosen : throw new FileNotFoundException("CHROMIUM_PATH names a file that does not exist.", chosen);
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return Names.SelectMany(name => folders.Select(folder => System.IO.Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }

    private static async Task<IBrowser> LaunchAsync()
    {
        var playwright = await Playwright.CreateAsync();
        // The sandbox cannot be set up by root nor in most containers; only pages of our own are opened.
        return await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Path, Args = ["--no-sandbox", "--disable-gpu"] });
    }
}

/// <summary>How a visitor looks at the portal.</summary>
/// <param name="Keyboard">Without a mouse, with real keys: what the visitor clicks, fills in and chooses, they go to first.</param>
public sealed record Visit(string Language = "en", string Theme = "light", int Width = 1280, bool Scripts = true, bool Keyboard = false, string? UserAgent = null)
{
    public bool Chinese => Language == "zh-CN";

    public override string ToString() => $"{Language}, {Theme}, {Width} px{(Scripts ? "" : ", no scripts")}{(Keyboard ? ", keyboard" : "")}";
}

/// <summary>A visitor with cookies of their own. Whatever the browser complains about (script errors, CSP violations, failed loads) fails the test at the end.</summary>
public sealed class Visitor : IAsyncDisposable
{
    private static readonly string[] Rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    private readonly List<string> _complaints = [];
    private readonly IBrowserContext _context;

    private readonly bool _scripts;
    private readonly Keyboard? _keyboard;

    private Visitor(IBrowserContext context, IPage page, Visit visit) => (_context, Page, _scripts, _keyboard) = (context, page, visit.Scripts, visit.Keyboard ? new Keyboard(page) : null);

    public IPage Page { get; }

    /// <summary>What the browser may say without failing the test, for pages that are meant to fail.</summary>
    public Func<string, bool> Expected { get; set; } = _ => false;

    public static async Task<Visitor> OpenAsync(Uri portal, Visit? visit = null)
    {
        visit ??= new Visit();
        var browser = await Browser.SharedAsync();
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = portal.ToString(),
            Locale = visit.Language == "en" ? "en-US" : visit.Language,
            ColorScheme = visit.Theme == "dark" ? ColorScheme.Dark : ColorScheme.Light,
            ViewportSize = new ViewportSize { Width = visit.Width, Height = 844 },
            JavaScriptEnabled = visit.Scripts,
            UserAgent = visit.UserAgent,
            TimezoneId = "Asia/Shanghai",
            // Colours on their way from one theme to the other are nobody's to judge.
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(120_000);

        var visitor = new Visitor(context, await context.NewPageAsync(), visit);
        visitor.Page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                visitor._complaints.Add($"{message.Text} ({message.Location})");
            }
        };
        visitor.Page.PageError += (_, error) => visitor._complaints.Add(error);
        return visitor;
    }

    public async Task GoAsync(string path)
    {
        await Page.GotoAsync(path);
        _keyboard?.Arrive();
    }

    public Task ClickAsync(string selector) => ClickAsync(Page.Locator(selector).First);

    public Task ClickAsync(ILocator target) => _keyboard?.PressAsync(target) ?? target.ClickAsync();

    public Task FillAsync(string selector, string text) => FillAsync(Page.Locator(selector).First, text);

    public Task FillAsync(ILocator target, string text) => _keyboard?.WriteAsync(target, text) ?? target.FillAsync(text);

    public Task CheckAsync(string selector) => CheckAsync(Page.Locator(selector).First);

    public Task CheckAsync(ILocator target) => _keyboard?.CheckAsync(target, true) ?? target.CheckAsync();

    public Task UncheckAsync(string selector) => UncheckAsync(Page.Locator(selector).First);

    public Task UncheckAsync(ILocator target) => _keyboard?.CheckAsync(target, false) ?? target.UncheckAsync();

    public Task SelectOptionAsync(string selector, string value) => SelectOptionAsync(Page.Locator(selector).First, value);

    public Task SelectOptionAsync(string selector, SelectOptionValue option) => SelectOptionAsync(Page.Locator(selector).First, option);

    public Task SelectOptionAsync(ILocator target, string value) => SelectOptionAsync(target, new SelectOptionValue { Value = value });

    public Task SelectOptionAsync(ILocator target, SelectOptionValue option) => _keyboard?.ChooseAsync(target, option) ?? target.SelectOptionAsync(option);

    public Task<string> TextAsync(string selector) => Page.Locator(selector).First.InnerTextAsync();

    /// <summary>Registers through the form and arrives at the overview.</summary>
    public async Task<string> RegisterAsync(string? organization = null, string? currency = null)
    {
        var email = $"visitor-{Guid.CreateVersion7():N}@example.com";
        await GoAsync("/register");
        await FillAsync("#email", email);
        await FillAsync("#password", Password);
        if (organization is not null)
        {
            await FillAsync("#organization", organization);
        }

        if (currency is not null)
        {
            await CheckAsync($"input[name='Input.Currency'][value={currency}]");
        }

        await ClickAsync(".door form button.primary");
        await Page.WaitForURLAsync("**/overview");
        return email;
    }

    /// <summary>Creates a key through the form and reads it from the page that shows it.</summary>
    public async Task<string> CreateKeyAsync(string name, string? model = null)
    {
        await GoAsync("/keys/new");
        await FillAsync("#name", name);
        if (model is not null)
        {
            await SelectOptionAsync("#model", model);
        }

        await ClickAsync("form.form button.primary");
        return await TextAsync("#new-key");
    }

    /// <summary>Sets a budget for the whole organization through the form.</summary>
    public async Task CreateBudgetAsync(string amount, string? unit = null, bool hard = true)
    {
        await GoAsync("/budgets/new");
        await FillAsync("#amount", amount);
        if (unit is not null)
        {
            await SelectOptionAsync("#unit", unit);
        }

        await CheckAsync($"input[name='Input.Hard'][value={(hard ? "true" : "false")}]");
        await ClickAsync("form.form button.primary");
        await Page.WaitForURLAsync("**/budgets?created=true");
    }

    /// <summary>Accessibility of the page as it stands.</summary>
    public async Task<IReadOnlyList<string>> ViolationsAsync()
    {
        // Once into every page: Deque's own call loads it anew each time, and opens another page to think in.
        if (!await Page.EvaluateAsync<bool>("'axe' in window"))
        {
            await Page.EvaluateAsync(Axe);
        }

        return await Page.EvaluateAsync<string[]>("""
            async tags => (await axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }))
              .violations.map(violation => `${violation.id}: ${violation.nodes.map(node => node.html).join(' | ')}`)
            """, Rules);
    }

    /// <summary>How far the page can be scrolled sideways, in pixels.</summary>
    public Task<int> OverflowAsync() => Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

    /// <summary>Presses what loads another page, be it at the same address, and waits for that page. For visits without scripts.</summary>
    public async Task LeaveAsync(string button)
    {
        await Page.EvaluateAsync("document.documentElement.dataset.left = 'true'");
        await ClickAsync(button);
        await Page.WaitForSelectorAsync("html:not([data-left])");
    }

    /// <summary>Presses a button that asks first, and says yes.</summary>
    public async Task AskedAsync(string button)
    {
        await ClickAsync(button);
        await ClickAsync("[popover]:popover-open .primary, [popover]:popover-open .danger-solid");
    }

    /// <summary>The page as it stands is accessible and fits a phone. With <c>AIHUB_SCREENSHOTS</c> naming a folder its pictures go there.</summary>
    public async Task JudgeAsync(string name)
    {
        var folder = Environment.GetEnvironmentVariable("AIHUB_SCREENSHOTS");
        foreach (var (theme, width) in new[] { (ColorScheme.Light, 390), (ColorScheme.Dark, 1280) })
        {
            await Page.SetViewportSizeAsync(width, 844);
            await Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = theme, ReducedMotion = ReducedMotion.Reduce });
            if (folder is { Length: > 0 })
            {
                await Page.ScreenshotAsync(new PageScreenshotOptions { Path = System.IO.Path.Combine(folder, $"{name}-{theme}-{width}.png".ToLowerInvariant()), FullPage = true });
            }

            Assert.Equal(0, await OverflowAsync());
            // The judge of accessibility is itself a script.
            if (_scripts)
            {
                Assert.Equal([], await ViolationsAsync());
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _context.CloseAsync();
        var unexpected = string.Join('\n', _complaints.Where(complaint => !Expected(complaint)));
        Assert.True(unexpected.Length == 0, unexpected);
    }

    public const string Password = "correct horse battery staple";
}
