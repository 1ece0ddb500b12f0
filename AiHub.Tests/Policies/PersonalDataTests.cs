using System.Text;
using AiHub.Domain.Access;
using AiHub.Gateway.Guardrails;
using FsCheck.Xunit;

namespace AiHub.Tests.Policies;

/// <summary>What counts as personal data, and that no way of cutting a text into pieces hides any of it.</summary>
public sealed class PersonalDataTests
{
    [Theory]
    // The example of GB 11643-1999, and one with the check character X.
    [InlineData("cn_id", "身份证号11010519491231002X，请查收", "11010519491231002X")]
    [InlineData("cn_id", "id=440524188001010014;", "440524188001010014")]
    [InlineData("cn_id", "110105194912310021", null)]
    [InlineData("cn_id", "11010519491331002X", null)]
    [InlineData("cn_id", "911010519491231002X", null)]
    [InlineData("cn_mobile", "call 13812345678!", "13812345678")]
    [InlineData("cn_mobile", "电话：+86 138-1234-5678。", "+86 138-1234-5678")]
    [InlineData("cn_mobile", "12812345678", null)]
    [InlineData("cn_mobile", "order 9138123456789", null)]
    [InlineData("email", "write to wei.lin+test@mail.example.com.cn, please", "wei.lin+test@mail.example.com.cn")]
    [InlineData("email", "not@an address", null)]
    [InlineData("bank_card", "pay with 4111 1111 1111 1111 now", "4111 1111 1111 1111")]
    [InlineData("bank_card", "4111-1111-1111-1111 12", "4111-1111-1111-1111")]
    [InlineData("bank_card", "order 43 4111111111111111", "4111111111111111")]
    [InlineData("bank_card", "4111111111111112", null)]
    [InlineData("bank_card", "0000000000000000", null)]
    [InlineData("ip", "from 192.0.2.7 today", "192.0.2.7")]
    [InlineData("ip", "version 1.2.3.4.5 or 300.1.1.1", null)]
    [InlineData("ip", "[2001:db8::1]", "2001:db8::1")]
    [InlineData("ip", "at 12:30:45", null)]
    [InlineData("api_key", "OPENAI_API_KEY=sk-proj-abcDEF0123456789", "sk-proj-abcDEF0123456789")]
    [InlineData("api_key", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE")]
    [InlineData("api_key", "risk-assessment-of-the-project", null)]
    public void Is_found_when_it_is_right_and_stands_by_itself(string kind, string text, string? expected)
    {
        var found = new List<Finding>();
        PersonalData.Find(kind, text, found);

        Assert.Equal(expected, found.Count == 0 ? null : text.Substring(found[0].Start, found[0].Length));
    }

    [Property(MaxTest = 300)]
    public void However_a_text_is_cut_the_same_is_covered(int seed)
    {
        var chance = new Random(seed);
        var text = Text(chance);
        var rules = Rules(GuardrailAction.Mask);
        var (whole, cut) = (new GuardrailLog(), new GuardrailLog());
        var expected = TextSearch.Apply(text, Stages.Output, rules, whole);

        var passage = new Passage(rules, cut);
        var seen = new StringBuilder();
        for (var from = 0; from < text.Length;)
        {
            var length = Math.Min(chance.Next(1, chance.Next(2) == 0 ? 4 : 40), text.Length - from);
            seen.Append(passage.Take(text.Substring(from, length), last: false));
            from += length;
        }

        seen.Append(passage.Take("", last: true));

        Assert.Equal(expected, seen.ToString());
        Assert.Equal(whole.Entries.Order(), cut.Entries.Order());
    }

    [Fact]
    public void Nothing_is_let_go_that_may_belong_to_what_is_not_whole_yet()
    {
        var passage = new Passage(Rules(GuardrailAction.Mask), new GuardrailLog());

        Assert.Equal("Call ", passage.Take("Call 1381234", last: false));
        Assert.Equal("[CN_MOBILE] ", passage.Take("5678 now", last: false));
        Assert.Equal("now", passage.Take("", last: true));
    }

    [Theory]
    [InlineData("class assignments", "ass", false)]
    [InlineData("an ASS!", "ass", true)]
    [InlineData("这是机密文件", "机密", true)]
    [InlineData("a c# project", "C#", true)]
    public void A_word_is_found_as_a_word(string text, string word, bool isThere)
    {
        var found = new List<Finding>();
        TextRule.Of(Row(GuardrailKind.Keywords, GuardrailAction.Block, word)).Find(text, found);

        Assert.Equal(isThere, found.Count > 0);
    }

    [Theory]
    [InlineData("(a+)+$", null)]
    [InlineData(@"\bproject-[0-9]{4}\b", null)]
    [InlineData("(?=secret)", "NonBacktracking")]
    [InlineData(@"(.)\1", "NonBacktracking")]
    [InlineData("(", "Not enough )")]
    [InlineData("x*", "everything")]
    public void A_pattern_is_refused_that_could_take_long_or_says_nothing(string pattern, string? fault) =>
        Assert.Contains(fault ?? "", TextRule.Fault(pattern) ?? "", StringComparison.Ordinal);

    [Fact]
    public void A_pattern_that_ruins_others_takes_no_time_here()
    {
        var found = new List<Finding>();
        TextRule.Of(Row(GuardrailKind.Regex, GuardrailAction.Flag, "(a|aa)+$")).Find(new string('a', 200_000) + "b", found);

        Assert.Empty(found);
    }

    internal static Guardrail Row(GuardrailKind kind, GuardrailAction action, params string[] terms) => new()
    {
        Id = Guid.CreateVersion7(),
        OrganizationId = Guid.CreateVersion7(),
        Name = kind.ToString(),
        Kind = kind,
        Action = action,
        OnInput = true,
        OnOutput = true,
        Terms = terms,
        CreatedAt = DateTimeOffset.UnixEpoch,
        UpdatedAt = DateTimeOffset.UnixEpoch,
    };

    private static TextRule[] Rules(GuardrailAction action) =>
        [TextRule.Of(Row(GuardrailKind.Pii, action)), TextRule.Of(Row(GuardrailKind.Keywords, action, "蓝鲸计划", "blue whale")), TextRule.Of(Row(GuardrailKind.Regex, action, "case-[0-9]{3,9}"))];

    private static string Text(Random chance)
    {
        string[] pieces =
        [
            "13812345678", "11010519491231002X", "wei@example.com", "4111 1111 1111 1111", "192.0.2.7", "sk-proj-abcDEF0123456789", "蓝鲸计划", "Blue Whale", "case-12345",
            " ", ", ", "。", "Hello", "你好", "😀", "42", "-", "x", "one two three four five six seven eight nine ten", "\n",
        ];
        var text = new StringBuilder();
        for (var count = chance.Next(1, 60); count > 0; count--)
        {
            text.Append(pieces[chance.Next(pieces.Length)]);
            // Mostly apart, as people write; sometimes run together.
            text.Append(chance.Next(4) == 0 ? "" : " ");
        }

        return text.ToString();
    }
}
