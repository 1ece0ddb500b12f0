using System.Text;
using AiHub.Domain.Access;

namespace AiHub.Gateway.Guardrails;

/// <summary>A guardrail that looks at texts by itself, ready to look.</summary>
public sealed class TextRule
{
    private TextRule(Guardrail row, IReadOnlyList<Search> searches) => (Name, Action, Searches) = (row.Name, row.Action, searches);

    public string Name { get; }

    public GuardrailAction Action { get; }

    internal IReadOnlyList<Search> Searches { get; }

    /// <summary>Adds what there is in a whole text.</summary>
    public void Find(string text, List<Finding> found)
    {
        foreach (var search in Searches)
        {
            search.FindAll(text, found);
        }
    }

    public static TextRule Of(Guardrail row) => row.Kind switch
    {
        GuardrailKind.Pii => new TextRule(row, [.. (row.Terms.Length > 0 ? row.Terms : PersonalData.Kinds).SelectMany(PersonalData.Searches)]),
        GuardrailKind.Keywords => new TextRule(row, [new WordSearch(row.Terms)]),
        GuardrailKind.Regex => new TextRule(row, [.. row.Terms.Select(term => new PatternSearch(term))]),
        _ => throw new ArgumentOutOfRangeException(nameof(row), row.Kind, "Not a guardrail that looks by itself."),
    };

    /// <returns>Why it is no pattern that can be searched for in time that grows with the text and nothing else; null when it is one.</returns>
    public static string? Fault(string pattern)
    {
        try
        {
            // .NET's own reading first: it explains faults of the pattern better.
            if (PersonalData.Linear(pattern).IsMatch(""))
            {
                return "It matches nothing at all, hence everything.";
            }

            Automaton.Of(pattern);
            return null;
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException or TooLongPatternException)
        {
            return failure.Message;
        }
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
    public static readonly GuardrailSet None = new([], [], [], [], []);

    private GuardrailSet(
        IReadOnlyList<TextRule> input, IReadOnlyList<TextRule> output, IReadOnlyList<RemoteRule> asksOnInput, IReadOnlyList<RemoteRule> asksOnOutput,
        IReadOnlyList<(string Name, GuardrailAction Action)> coversUnreadable) =>
        (Input, Output, AsksOnInput, AsksOnOutput, CoversUnreadable) = (input, output, asksOnInput, asksOnOutput, coversUnreadable);

    public IReadOnlyList<TextRule> Input { get; }

    public IReadOnlyList<TextRule> Output { get; }

    public IReadOnlyList<RemoteRule> AsksOnInput { get; }

    public IReadOnlyList<RemoteRule> AsksOnOutput { get; }

    /// <summary>For whom pictures, sound and files in a request count as found.</summary>
    public IReadOnlyList<(string Name, GuardrailAction Action)> CoversUnreadable { get; }

    /// <summary>Whether a request may be refused or changed for what it says, and not only marked.</summary>
    public bool MayRefuseInput => Input.Any(rule => rule.Action != GuardrailAction.Flag) || AsksOnInput.Any(rule => rule.Action != GuardrailAction.Flag);

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
            [.. remote.Where(each => each.Row.OnOutput).Select(each => each.Rule)],
            [.. rows.Where(row => row is { OnInput: true, CoversUnreadable: true }).Select(row => (row.Name, row.Action))]);

        RemoteRule Remote(Guardrail row) => new(
            row.Name, row.Kind, row.Action, row.Terms, row.Model, row.Url is null ? null : new Uri(row.Url), open(row), TimeSpan.FromMilliseconds(row.TimeoutMs), row.FailsOpen);
    }
}

/// <summary>What guardrails did to one call, as its usage record keeps it: <c>output:mask:email:personal data</c>. Never what they found.</summary>
public sealed class GuardrailLog
{
    /// <summary>What is found where nobody can look.</summary>
    public const string Unreadable = "unreadable";

    private const int Most = 50;

    private readonly List<string> _entries = [];

    public IReadOnlyList<string> Entries => _entries;

    /// <summary>The guardrail that refused the call; null while none has.</summary>
    public string? Blocked { get; private set; }

    /// <summary>Whether it did so for what nobody can read.</summary>
    public bool IsUnreadable { get; private set; }

    public void Add(string stage, GuardrailAction action, string found, string name)
    {
        var entry = $"{stage}:{action.ToString().ToLowerInvariant()}:{found}:{name}";
        if (_entries.Count < Most && !_entries.Contains(entry))
        {
            _entries.Add(entry);
        }

        if (action == GuardrailAction.Block)
        {
            IsUnreadable |= Blocked is null && found == Unreadable;
            Blocked ??= name;
        }
    }

    /// <summary>There is something nobody can read, so nothing of it could be covered either.</summary>
    public void AddUnreadable(GuardrailSet set)
    {
        foreach (var (name, action) in set.CoversUnreadable)
        {
            Add(Stages.Input, action == GuardrailAction.Flag ? action : GuardrailAction.Block, Unreadable, name);
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
            all.AddRange(found.Select(finding => (finding, rule)));
        }

        Sort(all);
        return all;
    }

    /// <summary>By where it begins; of several that begin together, the longest first.</summary>
    public static void Sort(List<(Finding Finding, TextRule Rule)> found)
    {
        // Stable, so that a text in pieces is told of in the same order as one in one piece.
        var sorted = found.OrderBy(each => each.Finding.Start).ThenByDescending(each => each.Finding.Length).ToList();
        found.Clear();
        found.AddRange(sorted);
    }

    /// <summary>What stands in the place of what was found.</summary>
    public static string Cover(in Finding finding) => finding.Found.Length > 0 ? $"[{finding.Found.ToUpperInvariant()}]" : "[REDACTED]";

    // Between lines of one language there is a space, of another there is none.
    private static readonly string[] Joints = ["", " "];

    /// <summary>For texts that are one text cut into lines: what begins in one may end in another, and is covered in both.</summary>
    public static List<string> ApplyAcross(IReadOnlyList<string> texts, string stage, IReadOnlyList<TextRule> rules, GuardrailLog log)
    {
        var covered = texts.Select(text => new List<Finding>()).ToList();
        foreach (var joint in Joints)
        {
            foreach (var (finding, rule) in Of(string.Join(joint, texts), rules))
            {
                log.Add(stage, rule.Action, finding.Found, rule.Name);
                for (var (at, start) = (0, 0); rule.Action == GuardrailAction.Mask && at < texts.Count; start += texts[at].Length + joint.Length, at++)
                {
                    var (from, to) = (Math.Max(finding.Start - start, 0), Math.Min(finding.End - start, texts[at].Length));
                    if (from < to)
                    {
                        covered[at].Add(finding with { Start = from, Length = to - from });
                    }
                }
            }
        }

        return [.. texts.Zip(covered, Covered)];
    }

    private static string Covered(string text, List<Finding> findings)
    {
        var result = new StringBuilder();
        var written = 0;
        foreach (var finding in findings.OrderBy(finding => finding.Start).ThenByDescending(finding => finding.Length))
        {
            if (finding.End <= written)
            {
                continue;
            }

            if (finding.Start >= written)
            {
                result.Append(text, written, finding.Start - written).Append(Cover(finding));
            }

            written = finding.End;
        }

        return written == 0 ? text : result.Append(text, written, text.Length - written).ToString();
    }

    /// <summary>Looks also at how a JSON text in the text reads. It is written out only where something of it has to be covered.</summary>
    public static string ApplyThrough(string text, string stage, IReadOnlyList<TextRule> rules, GuardrailLog log)
    {
        var covered = Apply(text, stage, rules, log);
        var (reads, _) = Escapes.WriteOut(covered, last: true);
        return reads == covered || Apply(reads, stage, rules, log) is var after && after == reads ? covered : after;
    }

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
/// One text that comes in pieces. A piece is let go as soon as nothing in it can belong to something that is not whole yet, however long that may
/// become: what is let go in the end is exactly what would be let go of the whole text at once.
/// </summary>
internal sealed class Passage
{
    // What stands before a match decides, too; so much of what has gone stays in sight.
    private const int Context = 64;

    private readonly List<Sought> _sought;
    private readonly GuardrailLog _log;
    private readonly List<(Finding Finding, TextRule Rule)> _found = [];
    private readonly StringBuilder _more = new();
    private readonly bool _isJson;

    // An escape that is not whole.
    private string _escape = "";
    private string _text = "";
    private int _length;
    private int _forgotten;
    private int _released;

    /// <param name="isJson">The text is JSON, whose characters may be spelled in numbers; it is let go written out.</param>
    public Passage(IReadOnlyList<TextRule> rules, GuardrailLog log, bool isJson = false) =>
        (_sought, _log, _isJson) = ([.. rules.SelectMany(rule => rule.Searches.Select(search => new Sought(rule, search)))], log, isJson);

    public bool IsEmpty => _length == _released && _escape.Length == 0;

    /// <param name="last">Nothing comes after.</param>
    /// <returns>What may be let go now.</returns>
    public string Take(string more, bool last)
    {
        if (_isJson)
        {
            var said = _escape + more;
            (more, var read) = Escapes.WriteOut(said, last);
            _escape = said[read..];
        }

        _more.Append(more);
        _length += more.Length;
        var end = _length;
        foreach (var each in _sought)
        {
            each.Decided = each.Frontier.Add(more, each.From);
            end = last ? end : Math.Min(end, each.Decided);
        }

        if (!last && end <= _released)
        {
            // Nothing can be let go, so nothing need be looked at: a long wait costs no more than a short one.
            return "";
        }

        _text += _more;
        _more.Clear();
        _sought.ForEach(each => Look(each, last));

        TextSearch.Sort(_found);
        end = Whole(Math.Max(_released, end));
        var free = new StringBuilder(end - _released);
        var written = _released;
        var told = 0;
        foreach (var (finding, rule) in _found.TakeWhile(each => each.Finding.Start < end))
        {
            told++;
            _log.Add(Stages.Output, rule.Action, finding.Found, rule.Name);
            if (rule.Action == GuardrailAction.Mask && finding.End > written)
            {
                if (finding.Start >= written)
                {
                    free.Append(_text, written - _forgotten, finding.Start - written).Append(TextSearch.Cover(finding));
                }

                written = finding.End;
            }
        }

        _found.RemoveRange(0, told);
        free.Append(_text, written - _forgotten, end - written);
        _released = end;
        var forget = Math.Max(0, _released - Context - _forgotten);
        _text = _text[forget..];
        _forgotten += forget;
        return free.ToString();
    }

    private void Look(Sought each, bool last)
    {
        if (last || each.Decided > each.From)
        {
            var found = new List<Finding>();
            each.From = _forgotten + each.Search.Find(_text, each.From - _forgotten, last ? int.MaxValue : each.Decided - _forgotten, found);
            _found.AddRange(found.Select(finding => (finding with { Start = finding.Start + _forgotten }, each.Rule)));
        }
    }

    // What reaches beyond stays whole, and then so does what it overlaps; and so does a character of two halves.
    private int Whole(int end)
    {
        for (var before = -1; before != end;)
        {
            before = end;
            foreach (var (finding, _) in _found)
            {
                if (finding.Start < end && finding.End > end)
                {
                    end = finding.Start;
                }
            }

            if (end > _released && end - _forgotten < _text.Length && char.IsLowSurrogate(_text[end - _forgotten]) && char.IsHighSurrogate(_text[end - 1 - _forgotten]))
            {
                end--;
            }
        }

        return end;
    }

    private sealed class Sought(TextRule rule, Search search)
    {
        public TextRule Rule => rule;

        public Search Search => search;

        public Frontier Frontier { get; } = search.Track();

        /// <summary>Where the search goes on.</summary>
        public int From { get; set; }

        /// <summary>Up to where it is decided what is found.</summary>
        public int Decided { get; set; }
    }
}
