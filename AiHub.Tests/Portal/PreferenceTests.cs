using AiHub.Portal.Preferences;
using Microsoft.AspNetCore.Http;

namespace AiHub.Tests.Portal;

public sealed class PreferenceTests
{
    [Theory]
    [InlineData("zh-TW,zh;q=0.9,en;q=0.8", "zh-CN")]
    [InlineData("zh", "zh-CN")]
    [InlineData("en-GB", "en")]
    [InlineData("fr-FR,fr;q=0.9,zh;q=0.5,en;q=0.3", "zh-CN")]
    [InlineData("en;q=0.4,zh-Hans-CN;q=0.9", "zh-CN")]
    [InlineData("fr", null)]
    [InlineData("", null)]
    public void The_browsers_wish_decides_the_language(string accepted, string? language)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.AcceptLanguage = accepted;

        Assert.Equal(language, Language.Accepted(context)?.Cultures.Single().Value);
    }

    [Theory]
    [InlineData("/usage?days=7", "/usage?days=7")]
    [InlineData("/", "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("/\t/evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void A_way_back_never_leaves_the_site(string? asked, string way) => Assert.Equal(way, ReturnUrl.Local(asked));
}
