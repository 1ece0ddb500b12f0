using System.Reflection;
using System.Text.RegularExpressions;
using AiHub.Portal;
using Microsoft.AspNetCore.Components;

namespace AiHub.Tests.Portal;

/// <summary>That the list of pages is whole.</summary>
public sealed partial class PortalPagesTests
{
    [Fact]
    public void Every_page_there_is_is_on_the_list()
    {
        // The more that is written out in a route, the sooner a path is its own.
        var routes = typeof(PortalOptions).Assembly.GetTypes()
            .SelectMany(type => type.GetCustomAttributes<RouteAttribute>())
            .Select(route => route.Template)
            .OrderBy(route => route.Count(letter => letter == '{'))
            .Select(route => (Route: route, Path: PathOf(route)))
            .ToList();
        Assert.True(routes.Count > 50);

        var listed = PortalPages.All.Select(page => routes.FirstOrDefault(route => route.Path.IsMatch(page.Path.Split('?')[0])).Route);

        Assert.Equal([], routes.Select(route => route.Route).Except(listed));
    }

    [Fact]
    public void No_two_pages_have_one_name() => Assert.Equal(PortalPages.All.Count, PortalPages.All.Select(page => page.Name).Distinct().Count());

    private static Regex PathOf(string route) =>
        new($"^{Parameter().Replace(route, match => match.Value.StartsWith("{*", StringComparison.Ordinal) ? ".+" : "[^/]+")}$", RegexOptions.IgnoreCase);

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
