using System.Buffers;
using System.Text.RegularExpressions;

namespace AiHub.Gateway.Guardrails;

/// <summary>Something to be found in texts, from left to right, in a text that is whole or one that still grows: with the same result.</summary>
internal abstract class Search
{
    /// <summary>Adds what is found that begins before <paramref name="before"/>.</summary>
    /// <returns>From where to go on.</returns>
    public abstract int Find(string text, int from, int before, List<Finding> found);

    public abstract Frontier Track();

    public void FindAll(string text, List<Finding> found) => Find(text, 0, int.MaxValue, found);
}

/// <summary>Up to where a growing text is decided: whatever begins before is found, or will never be.</summary>
internal abstract class Frontier
{
    /// <param name="from">From where the search goes on.</param>
    /// <returns>The first place where something may have begun that is not whole.</returns>
    public abstract int Add(ReadOnlySpan<char> more, int from);
}

/// <summary>Finds what a regular expression matches.</summary>
/// <param name="isIt">What must hold besides; what it refuses may hide the beginning of another.</param>
/// <param name="expand">What is found in a match, when it is not the match itself.</param>
internal sealed class PatternSearch(
    string pattern, string kind = "", Func<string, Match, bool>? isIt = null, Action<string, Match, List<Finding>>? expand = null) : Search
{
    private readonly Regex _pattern = PersonalData.Linear(pattern);
    private readonly Automaton? _automaton = Automaton.Of(pattern);

    public override int Find(string text, int from, int before, List<Finding> found)
    {
        while (from < before && from <= text.Length && _pattern.Match(text, from) is { Success: true } match && match.Index < before)
        {
            if (isIt is not null && !isIt(text, match))
            {
                from = match.Index + 1;
                continue;
            }

            if (expand is not null)
            {
                expand(text, match, found);
            }
            else if (match.Length > 0)
            {
                found.Add(new Finding(match.Index, match.Length, kind));
            }

            from = match.Index + Math.Max(1, match.Length);
        }

        return Math.Max(from, Math.Min(before, text.Length));
    }

    public override Frontier Track() => _automaton is null ? new Never() : new Followed(_automaton.Begin());

    private sealed class Followed(Automaton.Run run) : Frontier
    {
        public override int Add(ReadOnlySpan<char> more, int from)
        {
            run.Add(more, from);
            return run.Undecided;
        }
    }

    // Nobody knows what it may become, so all of it stays.
    private sealed class Never : Frontier
    {
        public override int Add(ReadOnlySpan<char> more, int from) => 0;
    }
}

/// <summary>Finds words and phrases that stand by themselves; of several the longest.</summary>
internal sealed class WordSearch : Search
{
    private readonly string[] _words;
    private readonly SearchValues<string> _search;
    private readonly int _longest;

    public WordSearch(IEnumerable<string> words)
    {
        _words = [.. words.OrderByDescending(word => word.Length)];
        _search = SearchValues.Create(_words, StringComparison.OrdinalIgnoreCase);
        _longest = _words[0].Length;
    }

    public override int Find(string text, int from, int before, List<Finding> found)
    {
        while (from < Math.Min(before, text.Length))
        {
            var at = text.AsSpan(from).IndexOfAny(_search);
            if (at < 0 || from + at >= before)
            {
                break;
            }

            var start = from + at;
            var word = Array.Find(_words, each => text.AsSpan(start).StartsWith(each, StringComparison.OrdinalIgnoreCase) && StandsAlone(text, start, each.Length));
            if (word is not null)
            {
                found.Add(new Finding(start, word.Length, ""));
            }

            from = start + (word?.Length ?? 1);
        }

        return Math.Max(from, Math.Min(before, text.Length));
    }

    public override Frontier Track() => new Beginnings(_words, _longest);

    // A word of letters is not the middle of another word; scripts without spaces have no such middle.
    private static bool StandsAlone(string text, int start, int length)
    {
        var end = start + length;
        return !(start > 0 && char.IsAsciiLetterOrDigit(text[start]) && char.IsAsciiLetterOrDigit(text[start - 1]))
            && !(end < text.Length && char.IsAsciiLetterOrDigit(text[end - 1]) && char.IsAsciiLetterOrDigit(text[end]));
    }

    // A word is decided with the character after it.
    private sealed class Beginnings(string[] words, int longest) : Frontier
    {
        private readonly HashSet<char> _first = [.. words.Select(word => char.ToUpperInvariant(word[0]))];
        private string _end = "";
        private int _length;

        public override int Add(ReadOnlySpan<char> more, int from)
        {
            _length += more.Length;
            _end = string.Concat(_end, more);
            _end = _end[Math.Max(0, _end.Length - longest)..];
            for (var at = 0; at < _end.Length; at++)
            {
                if (_first.Contains(char.ToUpperInvariant(_end[at])) && Array.Exists(words, word => word.AsSpan().StartsWith(_end.AsSpan(at), StringComparison.OrdinalIgnoreCase)))
                {
                    return _length - _end.Length + at;
                }
            }

            return _length;
        }
    }
}
