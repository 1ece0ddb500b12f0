using System.Globalization;
using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>
/// Somebody without a mouse. They get to a thing by Tab and Shift+Tab alone, and at every stop on the way see where they are; what opens closes by Escape,
/// which leads back to what opened it.
/// </summary>
public sealed class Keyboard(IPage page)
{
    // More than the longest page has.
    private const int MostStops = 400;

    private const string Where = """
        target => {
          const here = document.activeElement;
          const same = here === target || (target.type === 'radio' && here.type === 'radio' && here.name === target.name && here.form === target.form);
          // Whatever opened a menu, the next stop is in it, wherever it stands in the page.
          const menu = target.closest('[popover]:popover-open');
          if (menu && !menu.contains(here)) return 'after';
          return same ? 'here' : target.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING ? 'before' : 'after';
        }
        """;

    // What is wrong with the place of the keyboard: nobody sees that it is there, or where it is.
    private const string Unseen = """
        () => {
          const here = document.activeElement;
          if (!here || here === document.body) return null;
          const ringed = element => element && getComputedStyle(element).outlineStyle !== 'none' && parseFloat(getComputedStyle(element).outlineWidth) >= 2;
          const drawn = here.labels?.[0] && getComputedStyle(here).opacity === '0' ? here.labels[0] : here;
          const name = here.outerHTML.slice(0, 160);
          if (![here, here.nextElementSibling, here.closest('label')].some(ringed)) return `no ring around ${name}`;
          const box = (here.matches('.visually-hidden') ? here.labels?.[0] ?? here : drawn).getBoundingClientRect();
          if (box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight || box.left >= innerWidth) return `out of sight: ${name}`;
          const [left, right, top, bottom] = [Math.max(box.left, 0), Math.min(box.right, innerWidth), Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
          const seen = [[0.5, 0.5], [0.1, 0.2], [0.9, 0.8]].some(([x, y]) => {
            const top_ = document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y);
            return top_ && (here.contains(top_) || top_.contains(here) || [...(here.labels ?? [])].some(label => label.contains(top_)));
          });
          return seen ? null : `covered by something: ${name}`;
        }
        """;

    private const string Place = "() => { const all = [...document.querySelectorAll('*')]; return all.indexOf(document.activeElement); }";

    private bool _arrived;

    /// <summary>After a page was loaded anew: the first stop must be the way past the menu.</summary>
    public void Arrive() => _arrived = true;

    public async Task PressAsync(ILocator target)
    {
        await ToAsync(target);
        if (await target.EvaluateAsync<bool>("target => target.hasAttribute('popovertarget') && target.popoverTargetAction !== 'hide' && !target.popoverTargetElement.matches(':popover-open')"))
        {
            await page.Keyboard.PressAsync("Enter");
            Assert.True(await target.EvaluateAsync<bool>("target => target.popoverTargetElement.matches(':popover-open')"), "It did not open.");
            await page.Keyboard.PressAsync("Escape");
            Assert.True(await target.EvaluateAsync<bool>("target => !target.popoverTargetElement.matches(':popover-open') && document.activeElement === target"), "Escape did not lead back.");
            await page.Keyboard.PressAsync("Space");
            return;
        }

        await page.Keyboard.PressAsync(await target.EvaluateAsync<bool>("target => target.matches('input[type=checkbox], input[type=radio]')") ? "Space" : "Enter");
    }

    public async Task WriteAsync(ILocator target, string text)
    {
        await ToAsync(target);
        if (await target.GetAttributeAsync("type") == "date")
        {
            // From the first of its three parts on, in the order of the visitor's country.
            for (var part = 0; part < 4; part++)
            {
                await page.Keyboard.PressAsync("ArrowLeft");
            }

            var date = DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
            await page.Keyboard.TypeAsync(date.ToString(await page.EvaluateAsync<string>("navigator.language") == "en-US" ? "MMddyyyy" : "yyyyMMdd", CultureInfo.InvariantCulture));
        }
        else
        {
            await page.Keyboard.PressAsync("Control+a");
            await page.Keyboard.PressAsync("Delete");
            await page.Keyboard.TypeAsync(text);
        }

        Assert.Equal(text, await target.InputValueAsync());
    }

    public async Task CheckAsync(ILocator target, bool yes)
    {
        var radio = await target.GetAttributeAsync("type") == "radio";
        for (var tries = 0; await target.IsCheckedAsync() != yes; tries++)
        {
            Assert.True(tries < MostStops, "It cannot be chosen.");
            await ToAsync(target);
            await page.Keyboard.PressAsync(!radio || await target.EvaluateAsync<bool>("target => document.activeElement === target") ? "Space" : "ArrowDown");
        }
    }

    public async Task ChooseAsync(ILocator target, SelectOptionValue option)
    {
        await ToAsync(target);
        var way = await target.EvaluateAsync<int>(
            "(target, option) => [...target.options].findIndex(one => option.label ? one.label === option.label : one.value === option.value) - target.selectedIndex",
            new { label = option.Label, value = option.Value });
        for (var step = 0; step < Math.Abs(way); step++)
        {
            await page.Keyboard.PressAsync(way > 0 ? "ArrowDown" : "ArrowUp");
        }

        if (option.Value is not null)
        {
            Assert.Equal(option.Value, await target.InputValueAsync());
        }
    }

    private async Task ToAsync(ILocator target)
    {
        await target.WaitForAsync();
        if (_arrived && await page.EvaluateAsync<bool>("document.activeElement === document.body"))
        {
            await page.Keyboard.PressAsync("Tab");
            Assert.True(await page.EvaluateAsync<bool>("document.activeElement.matches('.skip')"), "The first stop is not the way past the menu.");
            await SeenAsync();
            if (await target.EvaluateAsync<bool>("target => document.getElementById('main').contains(target)"))
            {
                await page.Keyboard.PressAsync("Enter");
                await page.WaitForSelectorAsync("#main:focus");
            }
        }

        _arrived = false;
        var last = -1;
        for (var (stop, still) = (0, 0); await target.EvaluateAsync<string>(Where) is not "here" and var way; stop++)
        {
            Assert.True(stop < MostStops, $"The keyboard does not get to {target}.");
            await page.Keyboard.PressAsync(way == "after" ? "Tab" : "Shift+Tab");
            await SeenAsync();
            var place = await page.EvaluateAsync<int>(Place);
            // A date has three parts and a calendar.
            still = place == last ? still + 1 : 0;
            Assert.True(still < 5, $"The keyboard does not get out of {await page.EvaluateAsync<string>("document.activeElement.outerHTML.slice(0, 160)")}.");
            last = place;
        }
    }

    private async Task SeenAsync() => Assert.Equal((page.Url, (string?)null), (page.Url, await page.EvaluateAsync<string?>(Unseen)));
}
