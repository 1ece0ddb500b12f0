using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;

namespace AiHub.Gateway.Guardrails;

/// <summary>
/// What a regular expression may still become: a machine that reads a text once and knows from where on a match may have begun that is not whole
/// yet. .NET's own engine finds matches in what is there, but cannot tell what more text would make of it. It never takes a match that is possible
/// for impossible; anchors it takes for granted, so it may wait a little longer than it must.
/// </summary>
internal sealed class Automaton
{
    /// <summary>So many characters, taken one by one, may a pattern describe; a counted repetition counts each time.</summary>
    public const int MostSteps = 2_000;

    // An anchor or a check at a match's end looks so far beyond it.
    private const int Beyond = 2;

    private readonly CharSet[] _sets;
    private readonly int[][] _follow;
    private readonly int[] _first;

    private Automaton(CharSet[] sets, int[][] follow, int[] first) => (_sets, _follow, _first) = (sets, follow, first);

    /// <returns>Null when the pattern uses what this reader does not know.</returns>
    /// <exception cref="TooLongPatternException">It describes more than <see cref="MostSteps"/> characters.</exception>
    public static Automaton? Of(string pattern)
    {
        var parser = new Parser(pattern);
        if (parser.Parse() is not { } root)
        {
            return null;
        }

        var builder = new Builder();
        var whole = builder.Build(root);
        return builder.Finish(whole);
    }

    public Run Begin() => new(this);

    /// <summary>One text on its way.</summary>
    public sealed class Run(Automaton machine)
    {
        private int[] _begun = Empty(machine);
        private int[] _next = Empty(machine);
        private List<int> _active = [];
        private List<int> _coming = [];
        private int _length;

        /// <summary>Where the earliest match begins that more text might make or change; the text's length when there is none.</summary>
        public int Undecided { get; private set; }

        /// <param name="from">Matches are only looked for from here on.</param>
        public void Add(ReadOnlySpan<char> more, int from)
        {
            foreach (var character in more)
            {
                foreach (var state in _active)
                {
                    if (machine._sets[state].Has(character))
                    {
                        Reach(state, _begun[state]);
                    }
                }

                foreach (var state in machine._first)
                {
                    if (machine._sets[state].Has(character))
                    {
                        Reach(state, _length);
                    }
                }

                foreach (var state in _active)
                {
                    _begun[state] = int.MaxValue;
                }

                (_begun, _next, _active, _coming) = (_next, _begun, _coming, _active);
                _coming.Clear();
                _length++;
            }

            Undecided = _length;
            foreach (var state in _active)
            {
                // Of several that came here only the first is known; one that begins too early may hide another that does not.
                Undecided = Math.Min(Undecided, _begun[state] = Math.Max(_begun[state], from));
            }
        }

        private void Reach(int state, int begun)
        {
            foreach (var after in machine._follow[state])
            {
                if (_next[after] == int.MaxValue)
                {
                    _coming.Add(after);
                }

                _next[after] = Math.Min(_next[after], begun);
            }
        }

        private static int[] Empty(Automaton machine)
        {
            var states = new int[machine._sets.Length];
            Array.Fill(states, int.MaxValue);
            return states;
        }
    }

    /// <summary>Which characters may stand in one place.</summary>
    private abstract class CharSet
    {
        public static readonly CharSet Any = new Everything();

        public abstract bool Has(char character);

        public static CharSet Of(char character) => new Single(character);

        /// <summary>What .NET itself takes this piece of a pattern for, asked once a character.</summary>
        public static CharSet Of(string piece, RegexOptions options) => Asked.Known.GetOrAdd((piece, options), static of => new Asked(of.Piece, of.Options));

        private sealed class Everything : CharSet
        {
            public override bool Has(char character) => true;
        }

        private sealed class Single(char only) : CharSet
        {
            public override bool Has(char character) => character == only;
        }

        private sealed class Asked : CharSet
        {
            private const int Ascii = 128;

            public static readonly ConcurrentDictionary<(string Piece, RegexOptions Options), CharSet> Known = new();

            private readonly Regex _one;
            private readonly bool[] _ascii = new bool[Ascii];
            private readonly ConcurrentDictionary<char, bool> _others = new();

            public Asked(string piece, RegexOptions options)
            {
                _one = new Regex($@"\A(?:{piece})\z", options | RegexOptions.CultureInvariant);
                for (var character = 0; character < Ascii; character++)
                {
                    _ascii[character] = _one.IsMatch([(char)character]);
                }
            }

            public override bool Has(char character) =>
                character < Ascii ? _ascii[character] : _others.GetOrAdd(character, static (each, one) => one.IsMatch([each]), _one);
        }
    }

    private abstract record Node
    {
        public static readonly Node Nothing = new Sequence([]);

        public sealed record Place(CharSet Set) : Node;

        public sealed record Sequence(IReadOnlyList<Node> Parts) : Node;

        public sealed record Choice(IReadOnlyList<Node> Parts) : Node;

        /// <param name="Most">Null: without end.</param>
        public sealed record Repeat(Node Part, int Least, int? Most) : Node;
    }

    /// <summary>Reads the pieces that patterns without look-around and back-references are made of.</summary>
    private sealed class Parser(string pattern)
    {
        private int _at;
        private RegexOptions _options;

        /// <returns>Null when there is something in it that is not known here.</returns>
        public Node? Parse() => Choice() is { } node && _at == pattern.Length ? node : null;

        private Node? Choice()
        {
            // Options set in the middle of a group end with it.
            var before = _options;
            var choices = new List<Node>();
            var parts = new List<Node>();
            while (_at < pattern.Length && pattern[_at] != ')')
            {
                if (pattern[_at] == '|')
                {
                    _at++;
                    choices.Add(new Node.Sequence(parts));
                    parts = [];
                }
                else if (Part() is { } part)
                {
                    parts.Add(part);
                }
                else
                {
                    return null;
                }
            }

            choices.Add(new Node.Sequence(parts));
            _options = before;
            return choices.Count == 1 ? choices[0] : new Node.Choice(choices);
        }

        private Node? Part()
        {
            var node = Atom();
            while (node is not null && Quantity() is (var least, var most))
            {
                node = new Node.Repeat(node, least, most);
            }

            return node;
        }

        private Node? Atom()
        {
            var start = _at;
            switch (pattern[_at++])
            {
                case '(':
                    return Group();
                case '[':
                    return Class() ? Asked(start) : null;
                case '\\':
                    return Escape(start);
                case '^' or '$':
                    return Node.Nothing;
                case '.':
                    return new Node.Place(_options.HasFlag(RegexOptions.Singleline) ? CharSet.Any : CharSet.Of("[^\n]", RegexOptions.None));
                case var character:
                    return _options.HasFlag(RegexOptions.IgnoreCase) ? new Node.Place(CharSet.Of(Regex.Escape(character.ToString()), _options)) : new Node.Place(CharSet.Of(character));
            }
        }

        private Node.Place Asked(int start) => new(CharSet.Of(pattern[start.._at], _options & RegexOptions.IgnoreCase));

        private Node? Escape(int start)
        {
            if (_at == pattern.Length)
            {
                return null;
            }

            switch (pattern[_at++])
            {
                case 'b' or 'B' or 'A' or 'z' or 'Z':
                    return Node.Nothing;
                case 'p' or 'P':
                    var end = pattern.IndexOf('}', _at);
                    _at = end + 1;
                    return end < 0 ? null : Asked(start);
                case 'x':
                    _at += 2;
                    break;
                case 'u':
                    _at += 4;
                    break;
                case 'c':
                    _at++;
                    break;
                case 'k' or 'G' or (>= '0' and <= '9'):
                    return null;
            }

            return _at <= pattern.Length ? Asked(start) : null;
        }

        /// <returns>False when it is not closed, or holds what is not known.</returns>
        private bool Class()
        {
            if (_at < pattern.Length && pattern[_at] == '^')
            {
                _at++;
            }

            for (var first = true; _at < pattern.Length; first = false)
            {
                switch (pattern[_at++])
                {
                    case ']' when !first:
                        return true;
                    case '\\':
                        _at++;
                        break;
                    case '-' when _at < pattern.Length && pattern[_at] == '[':
                        _at++;
                        if (!Class())
                        {
                            return false;
                        }

                        break;
                    case '[' when _at < pattern.Length && pattern[_at] is ':' or '.' or '=':
                        return false;
                }
            }

            return false;
        }

        private Node? Group()
        {
            var before = _options;
            if (_at < pattern.Length && pattern[_at] == '?')
            {
                _at++;
                if (Rest.StartsWith('#'))
                {
                    _at = pattern.IndexOf(')', _at) + 1;
                    return _at == 0 ? null : Node.Nothing;
                }

                if (Rest is ['<' or '\'', var name, ..] && (char.IsLetter(name) || name == '_'))
                {
                    _at = pattern.IndexOf(Rest[0] == '<' ? '>' : '\'', _at + 1) + 1;
                }
                else if (!Options(out var alone))
                {
                    return null;
                }
                else if (alone)
                {
                    return Node.Nothing;
                }
            }

            var inner = Choice();
            _options = before;
            return inner is not null && _at < pattern.Length && pattern[_at++] == ')' ? inner : null;
        }

        // The i of (?i:…) and of (?i); the latter holds for what follows in the group around it.
        private bool Options(out bool alone)
        {
            alone = false;
            var on = true;
            for (; _at < pattern.Length; _at++)
            {
                var option = pattern[_at] switch { 'i' => RegexOptions.IgnoreCase, 's' => RegexOptions.Singleline, 'm' => RegexOptions.Multiline, 'n' => RegexOptions.ExplicitCapture, _ => RegexOptions.None };
                if (pattern[_at] is ':' or ')')
                {
                    alone = pattern[_at++] == ')';
                    return true;
                }

                if (pattern[_at] == '-')
                {
                    on = false;
                }
                else if (option == RegexOptions.None)
                {
                    return false;
                }
                else
                {
                    _options = on ? _options | option : _options & ~option;
                }
            }

            return false;
        }

        private (int Least, int? Most)? Quantity()
        {
            (int, int?)? quantity = Rest switch
            {
                ['*', ..] => (0, null),
                ['+', ..] => (1, null),
                ['?', ..] => (0, 1),
                _ => null,
            };
            if (quantity is not null)
            {
                _at++;
            }
            else if (Rest.StartsWith('{') && Rest.IndexOf('}') is > 1 and var close && Counts(Rest[1..close]) is { } counted)
            {
                quantity = counted;
                _at += close + 1;
            }

            // As few as possible are still as many as it takes.
            _at += quantity is not null && Rest.StartsWith('?') ? 1 : 0;
            return quantity;
        }

        // 3   3,   3,5
        private static (int Least, int? Most)? Counts(ReadOnlySpan<char> text)
        {
            var comma = text.IndexOf(',');
            return !int.TryParse(comma < 0 ? text : text[..comma], NumberStyles.None, CultureInfo.InvariantCulture, out var least) ? null
                : comma < 0 ? (least, least)
                : comma == text.Length - 1 ? (least, null)
                : int.TryParse(text[(comma + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? (least, most)
                : null;
        }

        private ReadOnlySpan<char> Rest => pattern.AsSpan(_at);
    }

    /// <summary>Numbers the places of a pattern and notes which may come after which.</summary>
    private sealed class Builder
    {
        private readonly List<CharSet> _sets = [];
        private readonly List<HashSet<int>> _follow = [];

        public Span Build(Node node) => node switch
        {
            Node.Place place => Once(place.Set),
            Node.Choice choice => Among(choice.Parts),
            Node.Sequence sequence => Chain(sequence.Parts.Select(Build)),
            Node.Repeat repeat => Again(repeat),
            _ => throw new ArgumentOutOfRangeException(nameof(node)),
        };

        public Automaton Finish(Span whole)
        {
            var ends = whole.Last;
            for (var step = 0; step < Beyond; step++)
            {
                var after = Add(CharSet.Any);
                Link(ends, [after]);
                ends = [after];
            }

            return new Automaton([.. _sets], [.. _follow.Select(after => after.ToArray())], [.. whole.First]);
        }

        private int Add(CharSet set)
        {
            if (_sets.Count == MostSteps + Beyond)
            {
                throw new TooLongPatternException();
            }

            _sets.Add(set);
            _follow.Add([]);
            return _sets.Count - 1;
        }

        private Span Once(CharSet set)
        {
            var state = Add(set);
            return new Span(false, [state], [state]);
        }

        private Span Among(IReadOnlyList<Node> parts)
        {
            var spans = parts.Select(Build).ToList();
            return new Span(spans.Any(span => span.MayBeEmpty), [.. spans.SelectMany(span => span.First)], [.. spans.SelectMany(span => span.Last)]);
        }

        private Span Chain(IEnumerable<Span> spans)
        {
            var whole = new Span(true, [], []);
            foreach (var span in spans)
            {
                Link(whole.Last, span.First);
                whole = new Span(
                    whole.MayBeEmpty && span.MayBeEmpty,
                    whole.MayBeEmpty ? [.. whole.First, .. span.First] : whole.First,
                    span.MayBeEmpty ? [.. whole.Last, .. span.Last] : span.Last);
            }

            return whole;
        }

        private Span Again(Node.Repeat repeat)
        {
            var copies = Math.Max(1, repeat.Most ?? repeat.Least);
            if (repeat.Most == 0)
            {
                return new Span(true, [], []);
            }

            var whole = new Span(true, [], []);
            var ends = new List<int>();
            for (var copy = 0; copy < copies; copy++)
            {
                var span = Build(repeat.Part);
                if (span.First.Count == 0)
                {
                    return new Span(true, [], []);
                }

                Link(whole.Last, span.First);
                whole = new Span(
                    whole.MayBeEmpty && span.MayBeEmpty,
                    whole.MayBeEmpty ? [.. whole.First, .. span.First] : whole.First,
                    span.MayBeEmpty ? [.. whole.Last, .. span.Last] : span.Last);
                if (copy >= repeat.Least - 1)
                {
                    ends.AddRange(whole.Last);
                }

                if (repeat.Most is null && copy == copies - 1)
                {
                    Link(span.Last, span.First);
                }
            }

            return new Span(whole.MayBeEmpty || repeat.Least == 0, whole.First, [.. ends.Distinct()]);
        }

        private void Link(IReadOnlyList<int> from, IReadOnlyList<int> to)
        {
            foreach (var state in from)
            {
                _follow[state].UnionWith(to);
            }
        }

        /// <param name="First">Where it may begin.</param>
        /// <param name="Last">Where it may end.</param>
        public sealed record Span(bool MayBeEmpty, IReadOnlyList<int> First, IReadOnlyList<int> Last);
    }
}

/// <summary>A pattern describes more characters than can be followed at once.</summary>
internal sealed class TooLongPatternException() : Exception($"It may take more than {Automaton.MostSteps} characters one by one; use * or + instead of large counts.");
