using System.Collections.Concurrent;
using AiHub.Tests.Payments;
using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>What holds for every page of <see cref="PortalPages"/>. With <c>AIHUB_SCREENSHOTS</c> naming a folder, it is also where their pictures go (bench/screenshots.sh).</summary>
[Collection(PortalWalks.Name)]
public sealed class AllPagesTests(PaymentHub fixture)
{
    private const int FirstLoadLimit = 150_000;

    // What is hidden until a script shows it, but for what says so and what would do nothing without one.
    private const string WaitsForScripts =
        "main [hidden]:not([data-copy]):not([data-model-choice]):not(.chart-tip):not(.download-state):not([data-passkey-sign-in]):not([data-passkey-new]):not([data-passkey-problem])";

    // Whatever can be clicked can be reached: in order, without a trap, and with nothing hidden taking the focus.
    private const string Unreachable = """
        () => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
          .filter(element => !element.disabled && element.checkVisibility({ checkVisibilityCSS: true }) && !element.closest('[popover]:not(:popover-open)'))
          .filter(element => { element.focus({ preventScroll: true }); return document.activeElement !== element || element.tabIndex > 0; })
          .map(element => element.outerHTML.slice(0, 120))
        """;

    // The other language is one click away, what cannot be undone asks first, and what failed can be quoted.
    private const string Unkept = """
        failed => [
          [...document.querySelectorAll('button[name=language]')].some(button => button.checkVisibility()) ? null : 'no way to the other language',
          ...[...document.querySelectorAll('.danger:not([popovertarget]):not(:disabled), .danger-solid')].filter(button => button.matches('button') && !button.closest('[popover]') && !button.form?.querySelector('[autocomplete=one-time-code]'))
            .map(button => `asks nothing: ${button.outerHTML.slice(0, 120)}`),
          ...[...document.querySelectorAll('[popover]:has(.danger-solid)')].filter(dialog => !dialog.querySelector('[autofocus][popovertargetaction=hide]')).map(dialog => `cannot be taken back: ${dialog.id}`),
          !failed || document.querySelectorAll('#request-id').length === 1 ? null : 'no request id',
        ].filter(complaint => complaint)
        """;

    // The forms of a page that something is written into and that answer on the page itself, by their names.
    private const string Writable = """
        () => [...document.querySelectorAll('main form[method=post]:not([popover] form)')]
          .filter(form => form.querySelector('[name=_handler]') && form.querySelector('input:is([type=text], [type=email], :not([type])), textarea'))
          .map(form => form.querySelector('[name=_handler]').value)
        """;

    // More than any field takes, nonsense where a number belongs, and every choice changed.
    private const string Misuse = """
        name => {
          const form = [...document.querySelectorAll('form')].find(form => form.querySelector('[name=_handler]')?.value === name);
          for (const field of form.querySelectorAll('input:is([type=text], [type=email], :not([type])), textarea')) field.value = 'nonsense, '.repeat(1000).trim();
          for (const field of form.querySelectorAll('select')) field.selectedIndex = field.options.length - 1;
          for (const field of form.querySelectorAll('input:is([type=checkbox], [type=radio])')) if (field.type === 'radio' || field === form.querySelector(`[name="${field.name}"]`)) field.checked = !field.checked;
          sessionStorage.setItem('written', JSON.stringify([...new FormData(form)].filter(([key]) => !key.startsWith('_'))));
          document.documentElement.dataset.misused = 'true';
          [...form.querySelectorAll('button:not([type=button]):not(:disabled)')].at(-1).click();
        }
        """;

    private const string Lost = """
        name => {
          const form = [...document.querySelectorAll('form')].find(form => form.querySelector('[name=_handler]')?.value === name);
          if (!form) return ['it is not there any more'];
          const secret = key => form.querySelector(`[name="${key}"]`)?.matches('[type=password], [type=hidden], [autocomplete=one-time-code], [type=file]');
          const now = new Set([...new FormData(form)].map(entry => JSON.stringify(entry)));
          return JSON.parse(sessionStorage.getItem('written')).filter(entry => !secret(entry[0]) && !now.has(JSON.stringify(entry).replaceAll('\r\n', '\n')) && !now.has(JSON.stringify(entry)))
            .map(([key, value]) => `${key} was ${value.slice(0, 20)}, is ${form.elements[key]?.value?.slice(0, 20)}`);
        }
        """;

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Every_page_is_accessible_in_both_themes_fits_a_phone_and_is_reached_by_keyboard(string language)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language));
        var found = new List<string>();

        found.AddRange(await visitor.WalkAsync(fixture, async page => found.AddRange(await JudgeAsync(visitor, page, language))));

        Assert.Equal("", string.Join('\n', found));
    }

    [BrowserFact]
    public async Task Every_page_is_small_and_all_of_it_is_there_without_scripts()
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Scripts: false));
        var network = await visitor.Page.Context.NewCDPSessionAsync(visitor.Page);
        await network.SendAsync("Network.enable");
        await network.SendAsync("Network.setCacheDisabled", new Dictionary<string, object> { ["cacheDisabled"] = true });
        double received = 0;
        // What the page before still loads is not this page's.
        var asked = new ConcurrentDictionary<string, bool>();
        network.Event("Network.requestWillBeSent").OnEvent += (_, sent) => asked.TryAdd(sent!.Value.GetProperty("requestId").GetString()!, true);
        network.Event("Network.loadingFinished").OnEvent += (_, finished) =>
            received += asked.ContainsKey(finished!.Value.GetProperty("requestId").GetString()!) ? finished.Value.GetProperty("encodedDataLength").GetDouble() : 0;
        var scripts = await ScriptsAsync(portal.Url);
        var found = new List<string>();

        found.AddRange(await visitor.WalkAsync(fixture, async page =>
        {
            if (page.Then is not null)
            {
                return;
            }

            asked.Clear();
            received = 0;
            // Without scripts nothing is loaded later than this.
            var response = await visitor.Page.GotoAsync(page.Path, new PageGotoOptions { WaitUntil = WaitUntilState.Load });
            if (response?.Status != page.Status || await visitor.Page.Locator("h1").CountAsync() != 1 || new Uri(visitor.Page.Url).PathAndQuery != (page.Lands ?? page.Path))
            {
                found.Add($"{page}: {response?.Status} at {visitor.Page.Url}");
            }

            if (received + scripts is < 50_000 or > FirstLoadLimit)
            {
                found.Add($"{page}: {received + scripts} bytes");
            }

            if (page.WithoutScripts && await visitor.Page.Locator(WaitsForScripts).CountAsync() > 0)
            {
                found.Add($"{page}: waits for a script");
            }
        }));

        Assert.Equal("", string.Join('\n', found));
    }

    [BrowserFact]
    public async Task What_a_form_refuses_comes_back_as_it_was_written()
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Scripts: false));
        var (found, refused) = (new List<string>(), 0);

        found.AddRange(await visitor.WalkAsync(fixture, async page =>
        {
            if (page.Then is not null || page.Lands is not null || page.Path.Contains('?', StringComparison.Ordinal))
            {
                return;
            }

            await visitor.GoAsync(page.Path);
            foreach (var form in await visitor.Page.EvaluateAsync<string[]>(Writable))
            {
                await visitor.GoAsync(page.Path);
                await visitor.Page.EvaluateAsync(Misuse, form);
                await visitor.Page.WaitForSelectorAsync("html:not([data-misused])");
                await visitor.Page.WaitForLoadStateAsync();
                found.AddRange((await visitor.Page.EvaluateAsync<string[]>(Lost, form)).Select(complaint => $"{page}, {form}: {complaint} at {visitor.Page.Url}"));
                refused++;
            }
        }));

        Assert.Equal("", string.Join('\n', found));
        Assert.True(refused > 40, $"Only {refused} forms were tried.");
    }

    /// <summary>What a browser that runs scripts would load besides.</summary>
    private static async Task<long> ScriptsAsync(Uri portal)
    {
        using var http = new HttpClient { BaseAddress = portal, DefaultRequestHeaders = { { "Accept-Encoding", "br, gzip" } } };
        var landing = await new HttpClient { BaseAddress = portal }.GetStringAsync("/");
        var scripts = System.Text.RegularExpressions.Regex.Matches(landing, "<script[^>]*src=\"([^\"]+)\"").Select(match => match.Groups[1].Value);
        long bytes = 0;
        foreach (var script in scripts)
        {
            bytes += (await http.GetByteArrayAsync(script)).Length;
        }

        return bytes;
    }

    private static async Task<IReadOnlyList<string>> JudgeAsync(Visitor visitor, PortalPage page, string language)
    {
        var found = new List<string>();
        await visitor.OpenAsync(page);
        if (await visitor.Page.Locator("html").GetAttributeAsync("lang") != language || await visitor.Page.Locator("h1").CountAsync() != 1)
        {
            found.Add($"{page}: no page in {language} at {visitor.Page.Url}");
        }

        // The theme follows the device here, so that one visit sees both.
        foreach (var (theme, width, axe) in new[] { (ColorScheme.Light, 390, true), (ColorScheme.Dark, 390, false), (ColorScheme.Dark, 1280, true), (ColorScheme.Light, 1280, false) })
        {
            if (!axe && Folder is null)
            {
                continue;
            }

            await visitor.Page.SetViewportSizeAsync(width, 844);
            await visitor.Page.EvaluateAsync("document.fonts.ready");
            await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = theme, ReducedMotion = ReducedMotion.Reduce });
            var where = $"{page.Name}-{language}-{theme}-{width}".ToLowerInvariant();
            if (Folder is { } folder)
            {
                await visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, where + ".png"), FullPage = true });
            }

            if (axe)
            {
                if (await visitor.OverflowAsync() is > 0 and var beyond)
                {
                    found.Add($"{where}: {beyond} px too wide");
                }

                found.AddRange((await visitor.ViolationsAsync()).Select(violation => $"{where}: {violation}"));
                found.AddRange((await visitor.Page.EvaluateAsync<string[]>(Unkept, page.Status >= 400)).Select(complaint => $"{where}: {complaint}"));
            }
        }

        found.AddRange((await visitor.Page.EvaluateAsync<string[]>(Unreachable)).Select(element => $"{page}: cannot be reached: {element}"));
        return found;
    }

    private static string? Folder => Environment.GetEnvironmentVariable("AIHUB_SCREENSHOTS") is { Length: > 0 } folder ? folder : null;
}
