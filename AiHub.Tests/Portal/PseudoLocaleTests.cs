using System.Globalization;
using System.Reflection;
using System.Resources;
using AiHub.Portal.Resources;
using AiHub.Tests.Hub;
using AiHub.Tests.Payments;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Localization;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.Portal;

/// <summary>A language in which every text of the resources stands in brackets: what stands outside them was written into the code.</summary>
[Collection(PortalWalks.Name)]
public sealed class PseudoLocaleTests(PaymentHub fixture)
{
    private const string Pseudo = "qps-ploc";

    // Text that is the visitor's or the machine's own, not the portal's: marked translate=no, or written in digits by the framework.
    private const string FindStrays = """
        () => {
          const strays = [];
          // A name that heads its page stands in the title too.
          const own = ['AI Hub', ...[...document.querySelectorAll('h1[translate=no], h1 [translate=no]')].map(name => name.textContent.trim())];
          // What the management API says of a form it says in words of its own, which the pseudo language does not reach.
          const foreign = element => element.closest('[translate=no], script, noscript, style, time, .brand, .error, .notice.bad');
          // Dates are written by the framework.
          const bare = text => { const less = text.replace(/⟦[^⟦⟧]*⟧/g, ''); return less === text ? text : bare(less); };
          const judge = (text, where) => { if (/[A-Za-z\u4e00-\u9fff]{2,}/.test(bare(text).replace(/[A-Z][a-z]{2} \d{1,2}(, \d{4})?/g, ''))) strays.push(`${where}: ${text.trim()}`); };
          const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            if (node.parentElement.closest('head') ? node.parentElement.tagName === 'TITLE' : !foreign(node.parentElement)) judge(own.reduce((text, name) => text.replace(name, ''), node.data), node.parentElement.tagName);
          }
          for (const element of document.querySelectorAll('[title], [aria-label], [placeholder], [alt], [data-label], [data-copied], [data-news], [data-day], [data-total], meta[name=description]')) {
            if (foreign(element)) continue;
            for (const name of ['title', 'aria-label', 'placeholder', 'alt', 'data-label', 'data-copied', 'data-news', 'data-day', 'data-total', 'content']) {
              if (element.hasAttribute(name)) judge(element.getAttribute(name), `${element.tagName} ${name}`);
            }
          }
          return strays;
        }
        """;

    [BrowserFact]
    public async Task No_visible_text_is_written_into_the_code()
    {
        var field = typeof(Text).GetField("resourceMan", BindingFlags.Static | BindingFlags.NonPublic)!;
        field.SetValue(null, new Bracketed(Text.ResourceManager));
        await using var portal = PortalHost.Start(fixture.Hub.GatewayUrl, await TestServers.CacheAsync(), services: services =>
            services.PostConfigure<RequestLocalizationOptions>(options =>
            {
                options.AddSupportedCultures(Pseudo).AddSupportedUICultures(Pseudo);
                options.RequestCultureProviders.Insert(0, new CustomRequestCultureProvider(_ => Task.FromResult<ProviderCultureResult?>(new ProviderCultureResult(Pseudo))));
            }));
        await using var visitor = await Visitor.OpenAsync(portal.Url);
        var strays = new List<string>();

        strays.AddRange(await visitor.WalkAsync(fixture, async page =>
        {
            // All it says is why the management API refuses.
            if (page.Name != "join-gone")
            {
                await visitor.OpenAsync(page);
                await JudgeAsync(strays, visitor, page.Name);
            }
        }));

        Assert.True(strays.Count == 0, string.Join('\n', strays.Distinct()));
    }

    private static async Task JudgeAsync(List<string> strays, Visitor visitor, string page)
    {
        // A name of the visitor's own may be a page's title.
        Assert.Contains("⟦", await visitor.TextAsync("main"), StringComparison.Ordinal);
        strays.AddRange((await visitor.Page.EvaluateAsync<string[]>(FindStrays)).Select(stray => $"{page}: {stray}"));
    }

    /// <summary>Only for the pseudo language, so that other tests may run at the same time.</summary>
    private sealed class Bracketed(ResourceManager texts) : ResourceManager(typeof(Text))
    {
        public override string? GetString(string name, CultureInfo? culture)
        {
            var wanted = culture ?? CultureInfo.CurrentUICulture;
            var text = texts.GetString(name, wanted);
            // Patterns of dates go through the formatter and cannot carry brackets.
            return wanted.Name.Equals(Pseudo, StringComparison.OrdinalIgnoreCase) && !name.StartsWith("Format_", StringComparison.Ordinal) ? $"⟦{text}⟧" : text;
        }

        public override ResourceSet? GetResourceSet(CultureInfo culture, bool createIfNotExists, bool tryParents) => texts.GetResourceSet(culture, createIfNotExists, tryParents);
    }
}
