using System.Buffers;
using System.Text;
using AiHub.Domain.Access;

namespace AiHub.Gateway.Guardrails;

/// <summary>A guardrail that looks at texts by itself, ready to look.</summary>
public sealed class TextRule
{
    private readonly Action<string, List<Finding>> _find;

    private TextRule(Guardrail row, int reach, Action<string, List<Finding>> find) => (Name, Action, Reach, _find) = (row.Name, row.Action, reach, find);

    public string Name { get; }

    public GuardrailAction Action { get; }

    /// <summary>How many characters of a text may belong together, so that fewer cannot be judged.</summary>
    public int Reach { get; }

    public void Find(string text, List<Finding> found) => _find(text, found);

    public static TextRule Of(Guardrail row) => row.Kind switch
    {
        GuardrailKind.Pii => OfPersonalData(row),
        GuardrailKind.Keywords => OfWords(row),
        GuardrailKind.Regex => OfPatterns(row),
        _ => throw new ArgumentOutOfRangeException(nameof(row), row.Kind, "Not a guardrail that looks by itself."),
    };

    /// <returns>Why it is no pattern that can be searched for in time that grows with the text and nothing else; null when it is one.</returns>
    public static string? Fault(string pattern)
    {
        try
        {
            return PersonalData.Linear(pattern).IsMatch("") ? "It matches nothing at all, hence everything." : null;
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            return failure.Message;
        }
    }

    private static TextRule OfPersonalData(Guardrail row)
    {
        IReadOnlyList<string> kinds = row.Terms.Length > 0 ? row.Terms : PersonalData.Kinds;
        return new TextRule(row, PersonalData.Reach, (text, found) =>
        {
            foreach (var kind in kinds)
            {
                PersonalData.Find(kind, text, found);
            }
        });
    }

    private static TextRule OfWords(Guardrail row)
    {
        var words = row.Terms.OrderByDescending(word => word.Length).ToArray();
        var search = SearchValues.Create(words, StringComparison.OrdinalIgnoreCase);
        return new TextRule(row, words.Max(word => word.Length) + 1, (text, found) =>
        {
            for (var from = 0; from < text.Length;)
            {
                var at = text.AsSpan(from).IndexOfAny(search);
                if (at < 0)
                {
                    return;
                }

                var start = from + at;
                var word = Array.Find(words, each => text.AsSpan(start).StartsWith(each, StringComparison.OrdinalIgnoreCase) && StandsAlone(text, start, each.Length));
                if (word is not null)
                {
                    found.Add(new Finding(start, word.Length, ""));
                }

                from = start + (word?.Length ?? 1);
            }
        });
    }

    // A word of letters is not the middle of another word; scripts without spaces have no such middle.
    private static bool StandsAlone(string text, int start, int length)
    {
        var end = start + length;
        return !(start > 0 && char.IsAsciiLetterOrDigit(text[start]) && char.IsAsciiLetterOrDigit(text[start - 1]))
            && !(end < text.Length && char.IsAsciiLetterOrDigit(text[end - 1]) && char.IsAsciiLetterOrDigit(text[end]));
    }

    private static TextRule OfPatterns(Guardrail row)
    {
        var patterns = Array.ConvertAll(row.Terms, term => PersonalData.Linear(term));
        return new TextRule(row, PersonalData.Reach, (text, found) =>
        {
            foreach (var pattern in patterns)
            {
                foreach (var match in pattern.EnumerateMatches(text))
                {
                    if (match.Length > 0)
                    {
                        found.Add(new Finding(match.Index, match.Length, ""));
                    }
                }
            }
        });
    }
}

/// <summary>A guardrail that asks somebody else.</summary>
/// <param name="Secret">What a webhook's requests are signed with.</param>
public sealed record RemoteRule(
    string Name, GuardrailKind Kind, GuardrailAction Action, IReadOnlyList<string> Categories, string? Model, Uri? Url, string? Secret, TimeSpan Timeout, bool FailsOpen)
{
    public override string ToString() => Name;
}

/// <summary>All guardrails that the calls of a key are under: its organization's and its team's.</summary>
public sealed class GuardrailSet
{
    public static readonly GuardrailSet None = new([], [], [], []);

    private GuardrailSet(IReadOnlyList<TextRule> input, IReadOnlyList<TextRule> output, IReadOnlyList<RemoteRule> asksOnInput, IReadOnlyList<RemoteRule> asksOnOutput) =>
        (Input, Output, AsksOnInput, AsksOnOutput) = (input, output, asksOnInput, asksOnOutput);

    public IReadOnlyList<TextRule> Input { get; }

    public IReadOnlyList<TextRule> Output { get; }

    public IReadOnlyList<RemoteRule> AsksOnInput { get; }

    public IReadOnlyList<RemoteRule> AsksOnOutput { get; }

    public bool LooksAtInput => Input.Count + AsksOnInput.Count > 0;

    public bool LooksAtOutput => Output.Count + AsksOnOutput.Count > 0;

    /// <param name="open">Opens a webhook's secret; null when it cannot be opened.</param>
    public static GuardrailSet Of(IReadOnlyList<Guardrail> rows, Func<Guardrail, string?> open)
    {
        if (rows.Count == 0)
        {
            return None;
        }

        var texts = rows.Where(row => row.Kind is not (GuardrailKind.Moderation or GuardrailKind.Webhook)).Select(row => (Row: row, Rule: TextRule.Of(row))).ToList();
        var remote = rows.Where(row => row.Kind is GuardrailKind.Moderation or GuardrailKind.Webhook).Select(row => (Row: row, Rule: Remote(row))).ToList();
        return new GuardrailSet(
            [.. texts.Where(each => each.Row.OnInput).Select(each => each.Rule)],
            [.. texts.Where(each => each.Row.OnOutput).Select(each => each.Rule)],
            [.. remote.Where(each => each.Row.OnInput).Select(each => each.Rule)],
            [.. remote.Where(each => each.Row.OnOutput).Select(each => each.Rule)]);

        RemoteRule Remote(Guardrail row) => new(
            row.Name, row.Kind, row.Action, row.Terms, row.Model, row.Url is null ? null : new Uri(row.Url), open(row), TimeSpan.FromMilliseconds(row.TimeoutMs), row.FailsOpen);
    }
}

/// <summary>What guardrails did to one call, as its usage record keeps it: <c>output:mask:email:personal data</c>. Never what they found.</summary>
public sealed class GuardrailLog
{
    private const int Most = 50;

    private readonly List<string> _entries = [];

    public IReadOnlyList<string> Entries => _entries;

    /// <summary>The guardrail that refused the call; null while none has.</summary>
    public string? Blocked { get; private set; }

    public void Add(string stage, GuardrailAction action, string found, string name)
    {
        var entry = $"{stage}:{action.ToString().ToLowerInvariant()}:{found}:{name}";
        if (_entries.Count < Most && !_entries.Contains(entry))
        {
            _entries.Add(entry);
        }

        if (action == GuardrailAction.Block)
        {
            Blocked ??= name;
        }
    }
}

/// <summary>Where guardrails look.</summary>
internal static class Stages
{
    public const string Input = "input";
    public const string Output = "output";
}

/// <summary>A guardrail refused what a model answered, after some of it, or all of it, had been made.</summary>
public sealed class AnswerBlockedException(string guardrail) : Exception($"The guardrail '{guardrail}' blocked the answer.")
{
    public string Guardrail => guardrail;
}

/// <summary>Searches texts by all rules of a stage.</summary>
internal static class TextSearch
{
    /// <summary>What was found, by where it begins; of what overlaps, the first and then the longest.</summary>
    public static List<(Finding Finding, TextRule Rule)> Of(string text, IReadOnlyList<TextRule> rules)
    {
        var all = new List<(Finding Finding, TextRule Rule)>();
        var found = new List<Finding>();
        foreach (var rule in rules)
        {
            found.Clear();
            rule.Find(text, found);
            foreach (var finding in found)
            {
                all.Add((finding, rule));
            }
        }

        all.Sort((left, right) => left.Finding.Start != right.Finding.Start ? left.Finding.Start.CompareTo(right.Finding.Start) : right.Finding.Length.CompareTo(left.Finding.Length));
        return all;
    }

    /// <summary>What stands in the place of what was found.</summary>
    public static string Cover(in Finding finding) => finding.Found.Length > 0 ? $"[{finding.Found.ToUpperInvariant()}]" : "[REDACTED]";

    /// <returns>The text with what is to be masked covered; the same instance when nothing is.</returns>
    public static string Apply(string text, string stage, IReadOnlyList<TextRule> rules, GuardrailLog log)
    {
        StringBuilder? covered = null;
        var written = 0;
        foreach (var (finding, rule) in Of(text, rules))
        {
            log.Add(stage, rule.Action, finding.Found, rule.Name);
            if (rule.Action == GuardrailAction.Mask && finding.End > written)
            {
                covered ??= new StringBuilder(text.Length);
                if (finding.Start >= written)
                {
                    covered.Append(text, written, finding.Start - written).Append(Cover(finding));
                }

                written = finding.End;
            }
        }

        return covered is null ? text : covered.Append(text, written, text.Length - written).ToString();
    }
}

/// <summary>
/// One text that comes in pieces. A piece is let go when nothing in it can belong to something that is not whole yet: so nothing is missed that
/// was cut in two, and nothing is held back longer than that takes.
/// </summary>
internal sealed class Passage(IReadOnlyList<TextRule> rules, GuardrailLog log)
{
    // Rules look at what stands before and after; so much of what has gone stays in sight.
    private const int Context = 64;

    // What goes on growing beyond this is judged as it is.
    private const int MostHeld = 16 * 1024;

    private readonly int _reach = rules.Count == 0 ? 0 : rules.Max(rule => rule.Reach);
    private string _text = "";
    private int _released;

    public bool IsEmpty => _text.Length == _released;

    /// <param name="last">Nothing comes after.</param>
    /// <returns>What may be let go now.</returns>
    public string Take(string more, bool last)
    {
        _text += more;
        var found = TextSearch.Of(_text, rules);
        var end = last || _text.Length - _released > MostHeld ? _text.Length : Math.Max(_released, _text.Length - _reach);
        if (end < _text.Length)
        {
            // What reaches beyond, or may grow beyond, stays whole; and then so does what it overlaps.
            for (var before = -1; before != end;)
            {
                before = end;
                foreach (var (finding, _) in found)
                {
                    if (finding.Start < end && finding.End > _released && (finding.End > end || finding.End == _text.Length))
                    {
                        end = Math.Max(_released, finding.Start);
                    }
                }
            }

            if (end > _released && char.IsLowSurrogate(_text[end]))
            {
                end--;
            }
        }

        var free = new StringBuilder(end - _released);
        var seen = _released;
        foreach (var (finding, rule) in found)
        {
            if (finding.End <= seen || finding.End > end)
            {
                continue;
            }

            log.Add(Stages.Output, rule.Action, finding.Found, rule.Name);
            if (rule.Action == GuardrailAction.Mask && finding.End > _released)
            {
                if (finding.Start >= _released)
                {
                    free.Append(_text, _released, finding.Start - _released).Append(TextSearch.Cover(finding));
                }

                _released = finding.End;
            }
        }

        free.Append(_text, _released, Math.Max(0, end - _released));
        _released = Math.Max(_released, end);
        var forgotten = Math.Max(0, _released - Context);
        _text = _text[forgotten..];
        _released -= forgotten;
        return free.ToString();
    }
}
