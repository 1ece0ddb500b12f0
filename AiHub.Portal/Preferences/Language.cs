using System.Globalization;
using Microsoft.AspNetCore.Localization;

namespace AiHub.Portal.Preferences;

/// <summary>The languages of the portal. Chosen by cookie, else by what the browser accepts.</summary>
public sealed record Language(string Id, string OwnName, string ShortName)
{
    public static readonly Language English = new("en", "English", "EN");
    public static readonly Language Chinese = new("zh-CN", "简体中文", "中");
    public static readonly IReadOnlyList<Language> All = [English, Chinese];

    public static Language Current => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "zh" ? Chinese : English;

    /// <summary>The language the switch offers.</summary>
    public static Language Other => Current == Chinese ? English : Chinese;

    public const string CookieName = "aihub.language";

    /// <summary>Any Chinese means zh-CN and any English means en: a browser that says zh-TW or en-GB should not get the fallback.</summary>
    public static ProviderCultureResult? Accepted(HttpContext context)
    {
        var wanted = context.Request.GetTypedHeaders().AcceptLanguage
            .OrderByDescending(language => language.Quality ?? 1)
            .Select(language => language.Value.Value?.Split('-')[0])
            .Select(prefix => All.FirstOrDefault(language => language.Id.Split('-')[0].Equals(prefix, StringComparison.OrdinalIgnoreCase)))
            .FirstOrDefault(language => language is not null);

        return wanted is null ? null : new ProviderCultureResult(wanted.Id);
    }
}

public static class LanguageRegistration
{
    public static IServiceCollection AddLanguages(this IServiceCollection services)
    {
        services.Configure<RequestLocalizationOptions>(options =>
        {
            var names = Language.All.Select(language => language.Id).ToArray();
            options.SetDefaultCulture(Language.English.Id).AddSupportedCultures(names).AddSupportedUICultures(names);
            options.FallBackToParentCultures = options.FallBackToParentUICultures = false;
            options.RequestCultureProviders =
            [
                new CookieRequestCultureProvider { CookieName = Language.CookieName },
                new CustomRequestCultureProvider(context => Task.FromResult(Language.Accepted(context))),
            ];
        });
        return services;
    }
}
