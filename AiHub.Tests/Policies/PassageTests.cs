using System.Text;
using System.Text.Json;
using AiHub.Domain.Access;
using AiHub.Gateway.Guardrails;
using FsCheck.Xunit;
using Xunit.Abstractions;

namespace AiHub.Tests.Policies;

/// <summary>
/// A text that comes in pieces is treated exactly as the whole of it would be, however it is cut and however long what is looked for may become:
/// with patterns as people write them, and with patterns made up by chance.
/// </summary>
public sealed class PassageTests(ITestOutputHelper output)
{
    private static readonly string[] Written =
    [
        "case-[0-9]+", "BEGIN.{300}END", "(?s)BEGIN.*END", "BEGIN[a-z ]{0,400}?END", "<secret>[^<]*</secret>", @"(?i)pass(word)?:\s*\S+", @"\bblue\b", "^case", "END$", @"(ab|abcde|c)d", "a+b",
        "(?i:blue|BEGIN)[ -]case", @"[\w-[aeiou]]{12,}", @"\p{Lu}{5,}", "蓝鲸.{0,500}计划", @"(?<word>x|y(z|))\d{2,3}\.", @"\$[0-9]+(\.[0-9]{2})?", "a{3}", "(a|b){4,}c", @"[^\x00-\x7f]{3,}", "END\n?", "(a?b?){2,6}c",
    ];

    private static readonly string[] Pieces =
    [
        "case-", "1", "22", "BEGIN", "END", "<secret>", "</secret>", "PassWord: ", "pass:", "blue", "a", "aa", "b", "ab", "abcd", "abcde", "c", "d", "x", "yz", "y", ".", "$", "\n", " ", "-", "蓝鲸", "计划", "😀", "E", "QWRTP",
        new('q', 150), new(' ', 90), new('a', 40),
    ];

    [Property(MaxTest = 400)]
    public void Patterns_as_people_write_them(int seed)
    {
        var chance = new Random(seed);
        var terms = Enumerable.Range(0, chance.Next(1, 4)).Select(_ => Written[chance.Next(Written.Length)]).Distinct().ToArray();
        Check(chance, [TextRule.Of(PersonalDataTests.Row(GuardrailKind.Regex, Any(chance), terms)), TextRule.Of(PersonalDataTests.Row(GuardrailKind.Keywords, Any(chance), "blue whale", "abcde", "蓝鲸计划"))]);
    }

    [Property(MaxTest = 400)]
    public void Patterns_made_up_by_chance(int seed)
    {
        var chance = new Random(seed);
        var pattern = Pattern(chance, 3);
        if (TextRule.Fault(pattern) is null)
        {
            Check(chance, [TextRule.Of(PersonalDataTests.Row(GuardrailKind.Regex, GuardrailAction.Mask, pattern))]);
        }
    }

    [Property(MaxTest = 300)]
    public void JSON_spelled_in_numbers_says_the_same_however_it_is_cut(int seed)
    {
        var chance = new Random(seed);
        string[] pieces = ["蓝鲸", "😀", "\"", "\\", "\\u84dd", "\n", "\u0007", "a", "/", "é", "<"];
        var text = string.Concat(Enumerable.Range(0, chance.Next(20)).Select(_ => pieces[chance.Next(pieces.Length)]));
        var json = JsonSerializer.Serialize(text);
        var passage = new Passage([], new GuardrailLog(), isJson: true);
        var seen = new StringBuilder();
        for (var from = 0; from < json.Length;)
        {
            var length = Math.Min(chance.Next(1, 9), json.Length - from);
            seen.Append(passage.Take(json.Substring(from, length), last: false));
            from += length;
        }

        seen.Append(passage.Take("", last: true));

        Assert.Equal(text, JsonSerializer.Deserialize<string>(seen.ToString()));
        Assert.Equal(Escapes.WriteOut(json, last: true).Text, seen.ToString());
        Assert.Equal(text.Contains('鲸', StringComparison.Ordinal), seen.ToString().Contains('鲸', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(@"\u84dd\u9cb8", "蓝鲸")]
    [InlineData(@"\\u84dd", @"\\u84dd")]
    [InlineData(@"\\\u84dd", @"\\蓝")]
    [InlineData(@"\ud83d\ude00", "😀")]
    [InlineData(@"\ud83d!\ude00", @"\ud83d!\ude00")]
    [InlineData(@"\u0022\u005c\u000a", @"\u0022\u005c\u000a")]
    [InlineData(@"\u84d", @"\u84d")]
    [InlineData(@"C:\users\", @"C:\users\")]
    public void What_JSON_has_to_escape_stays(string text, string reads) => Assert.Equal((reads, text.Length), Escapes.WriteOut(text, last: true));

    [Fact]
    public void A_secret_longer_than_any_window_is_not_let_go()
    {
        var secret = $"BEGIN{new string('k', 5_000)}END";
        foreach (var size in (int[])[1, 7, 255, 256, 257, 1_000])
        {
            var passage = new Passage([TextRule.Of(PersonalDataTests.Row(GuardrailKind.Regex, GuardrailAction.Mask, "BEGIN[a-z]*END"))], new GuardrailLog());
            var seen = string.Concat($"it is {secret}, yes".Chunk(size).Select(piece => passage.Take(new string(piece), last: false))) + passage.Take("", last: true);

            Assert.Equal("it is [REDACTED], yes", seen);
        }
    }

    [Theory]
    // What cannot begin anything is let go at once, so streams still stream.
    [InlineData("case-[0-9]+", "nothing here", "nothing here")]
    [InlineData("case-[0-9]+", "in cas", "in ")]
    [InlineData("case-[0-9]+", "in case-1", "in ")]
    [InlineData("case-[0-9]+", "in case-1 an", "in [REDACTED] an")]
    [InlineData("BEGIN.*END", "x BEGIN y\nz", "x BEGIN y\nz")]
    [InlineData("BEGIN.*END", "x BEGIN y", "x ")]
    [InlineData("(?s)BEGIN.*END", "x BEGIN y\nz", "x ")]
    // A pattern this reader of patterns does not know: all of it waits.
    [InlineData("(?x) case - [0-9]", "nothing", "")]
    public void No_more_is_held_back_than_may_become_something(string pattern, string text, string free)
    {
        var passage = new Passage([TextRule.Of(PersonalDataTests.Row(GuardrailKind.Regex, GuardrailAction.Mask, pattern))], new GuardrailLog());

        Assert.Equal(free, string.Concat(text.Select(character => passage.Take(character.ToString(), last: false))));
        Assert.Equal(TextSearch.Apply(text, Stages.Output, [TextRule.Of(PersonalDataTests.Row(GuardrailKind.Regex, GuardrailAction.Mask, pattern))], new GuardrailLog()), free + passage.Take("", last: true));
    }

    [Theory]
    [InlineData("a{3000}")]
    [InlineData("((a{40}){40}){2}")]
    [InlineData(".{0,2500}x")]
    public void A_pattern_that_is_too_long_to_be_followed_is_refused_with_what_to_do(string pattern) =>
        Assert.Contains("use * or +", TextRule.Fault(pattern), StringComparison.Ordinal);

    [Fact]
    public void A_long_answer_takes_no_longer_than_it_must()
    {
        // A match that may have begun with the first character and never ends: held whole, and looked at once.
        var passage = new Passage([TextRule.Of(PersonalDataTests.Row(GuardrailKind.Regex, GuardrailAction.Mask, "(?s)x.*END", "[0-9]{400}z"))], new GuardrailLog());
        var text = new StringBuilder();
        for (var piece = 0; piece < 20_000; piece++)
        {
            text.Append(passage.Take("x123456789", last: false));
        }

        Assert.Equal("", text.ToString());
        Assert.Equal(200_000, passage.Take("", last: true).Length);
    }

    private void Check(Random chance, TextRule[] rules)
    {
        var text = string.Concat(Enumerable.Range(0, chance.Next(1, 40)).Select(_ => Pieces[chance.Next(Pieces.Length)]));
        var (whole, cut) = (new GuardrailLog(), new GuardrailLog());
        var expected = TextSearch.Apply(text, Stages.Output, rules, whole);
        var passage = new Passage(rules, cut);
        var seen = new StringBuilder();
        for (var from = 0; from < text.Length;)
        {
            var length = Math.Min(chance.Next(1, chance.Next(3) == 0 ? 300 : 6), text.Length - from);
            seen.Append(passage.Take(text.Substring(from, length), last: false));
            // What went is never taken back, and never more than what the whole would say.
            if (!expected.StartsWith(seen.ToString(), StringComparison.Ordinal))
            {
                output.WriteLine($"Too much of '{text}' after {from + length}.");
            }

            Assert.StartsWith(seen.ToString(), expected, StringComparison.Ordinal);
            from += length;
        }

        seen.Append(passage.Take("", last: true));
        Assert.Equal(expected, seen.ToString());
        Assert.Equal(whole.Entries.Order(), cut.Entries.Order());
    }

    private static GuardrailAction Any(Random chance) => (GuardrailAction)chance.Next(3);

    private static string Pattern(Random chance, int depth)
    {
        string[] atoms = ["a", "b", "c", "d", "[ab]", "[^a]", ".", "\\w", "\\s", "1", "\\d", "\\b", "E", "(?i:e)", "-", "$", "^", "蓝"];
        return (depth == 0 ? 0 : chance.Next(6)) switch
        {
            0 or 1 => atoms[chance.Next(atoms.Length)],
            2 => $"(?:{Pattern(chance, depth - 1)}|{Pattern(chance, depth - 1)})",
            3 => $"({Pattern(chance, depth - 1)}){Quantity(chance)}",
            _ => Pattern(chance, depth - 1) + Pattern(chance, depth - 1),
        };
    }

    private static string Quantity(Random chance) => chance.Next(8) switch
    {
        0 => "*",
        1 => "+",
        2 => "?",
        3 => "*?",
        4 => "{2}",
        5 => "{1,3}",
        6 => "{2,}",
        _ => "+?",
    };
}
