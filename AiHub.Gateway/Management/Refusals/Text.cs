using Microsoft.Net.Http.Headers;

namespace AiHub.Gateway.Management.Refusals;

/// <summary>One sentence in both languages. <c>{0}</c>, <c>{1}</c> stand for what is filled in.</summary>
public sealed record Text(string En, string Zh)
{
    public string In(Language language, params object[] values)
    {
        var sentence = language == Language.Zh ? Zh : En;
        return values.Length == 0 ? sentence : string.Format(System.Globalization.CultureInfo.InvariantCulture, sentence, values);
    }
}

public enum Language
{
    En,
    Zh,
}

public static class AcceptedLanguage
{
    /// <summary>The language a person should be answered in: the first of zh and en by weight in <c>Accept-Language</c>, else English.</summary>
    public static Language Language(this HttpRequest request)
    {
        // The typed header skips what it cannot read, so a malformed header is no error.
        var accepted = request.GetTypedHeaders().AcceptLanguage
            .Where(language => language.Quality is not 0)
            .OrderByDescending(language => language.Quality ?? 1)
            .Select(Known)
            .FirstOrDefault(language => language is not null);

        return accepted ?? Refusals.Language.En;
    }

    public static string Tag(this Language language) => language == Refusals.Language.Zh ? "zh-CN" : "en";

    private static Language? Known(StringWithQualityHeaderValue accepted)
    {
        var tag = accepted.Value.AsSpan();
        var primary = tag[..(tag.IndexOf('-') is var dash and >= 0 ? dash : tag.Length)];

        return primary.Equals("zh", StringComparison.OrdinalIgnoreCase) ? Refusals.Language.Zh
            : primary.Equals("en", StringComparison.OrdinalIgnoreCase) ? Refusals.Language.En
            : null;
    }
}
