using System.Reflection;
using System.Text.RegularExpressions;
using AiHub.Gateway.Management.Refusals;
using Microsoft.AspNetCore.Http;

namespace AiHub.Tests.Management;

public sealed partial class TextTests
{
    public static TheoryData<string, string, string> Texts()
    {
        var texts = new TheoryData<string, string, string>();
        foreach (var kind in ProblemKind.All)
        {
            texts.Add($"{kind.Code} title", kind.Title.En, kind.Title.Zh);
            texts.Add($"{kind.Code} detail", kind.Detail.En, kind.Detail.Zh);
        }

        foreach (var text in FieldText.All)
        {
            texts.Add("field", text.En, text.Zh);
        }

        return texts;
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Every_text_says_the_same_in_both_languages(string what, string english, string chinese)
    {
        Assert.NotEmpty(what);
        Assert.DoesNotMatch(Han(), english);
        Assert.Matches(Han(), chinese);
        Assert.Equal(Placeholder().Matches(english).Select(match => match.Value).Order(), Placeholder().Matches(chinese).Select(match => match.Value).Order());
    }

    [Fact]
    public void The_catalogue_lists_every_problem_once()
    {
        var declared = typeof(ProblemKind).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.FieldType == typeof(ProblemKind)).Select(field => (ProblemKind)field.GetValue(null)!);

        Assert.Equal(declared.Select(kind => kind.Code).Order(), ProblemKind.All.Select(kind => kind.Code).Order());
        Assert.Equal(ProblemKind.All.Count, ProblemKind.All.DistinctBy(kind => kind.Code).Count());
        Assert.All(ProblemKind.All, kind => Assert.Matches("^[a-z]+(_[a-z]+)*$", kind.Code));
    }

    [Fact]
    public void The_list_of_field_texts_is_complete()
    {
        var declared = typeof(FieldText).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.FieldType == typeof(Text)).Select(field => (Text)field.GetValue(null)!);

        Assert.Equal(declared.Select(text => text.En).Order(), FieldText.All.Select(text => text.En).Order());
    }

    [Theory]
    [InlineData(null, Language.En)]
    [InlineData("", Language.En)]
    [InlineData("zh-CN,zh;q=0.9,en;q=0.8", Language.Zh)]
    [InlineData("zh", Language.Zh)]
    [InlineData("ZH-hant-TW", Language.Zh)]
    [InlineData("en-GB,zh;q=0.9", Language.En)]
    [InlineData("en;q=0.5,zh;q=0.7", Language.Zh)]
    [InlineData("fr-FR,de;q=0.9", Language.En)]
    [InlineData("fr-FR,zh;q=0.1", Language.Zh)]
    [InlineData("zh;q=0", Language.En)]
    [InlineData("zhuang", Language.En)]
    [InlineData(";;;,=,zh-CN", Language.Zh)]
    [InlineData("*", Language.En)]
    public void The_language_is_the_first_of_the_two_the_caller_accepts(string? header, Language language)
    {
        var context = new DefaultHttpContext();
        if (header is not null)
        {
            context.Request.Headers.AcceptLanguage = header;
        }

        Assert.Equal(language, context.Request.Language());
    }

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Han();

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Placeholder();
}
