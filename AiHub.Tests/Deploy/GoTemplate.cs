using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AiHub.Tests.Deploy;

/// <summary>
/// Renders Helm's template language as far as the chart uses it. What it does not know it refuses: a template that says something new has to be
/// taught here first. Values are null, <see cref="bool"/>, <see cref="double"/>, <see cref="string"/>, lists and maps, as Helm reads them from YAML.
/// </summary>
internal sealed partial class GoTemplate
{
    private readonly Dictionary<string, Node[]> _defined = [];

    /// <summary>Reads a file: keeps the templates it defines, and renders the rest when it is asked to.</summary>
    public Func<object?, string> Add(string text)
    {
        var nodes = new Parser(text, _defined).File();
        return dot => Render(nodes, Scope.Of(dot));
    }

    private string Render(IEnumerable<Node> nodes, Scope scope)
    {
        var result = new StringBuilder();
        foreach (var node in nodes)
        {
            Render(node, scope, result);
        }

        return result.ToString();
    }

    private void Render(Node node, Scope scope, StringBuilder result)
    {
        switch (node)
        {
            case Literal literal:
                result.Append(literal.Text);
                break;
            case Output output:
                result.Append(Print(Value(output.Of, scope)));
                break;
            case Assign assign:
                scope.Declare(assign.Variable, Value(assign.To, scope));
                break;
            case If choice:
                var taken = choice.Branches.FirstOrDefault(branch => IsTrue(Value(branch.When, scope)));
                result.Append(Render(taken.Body ?? choice.Else, scope.Inner()));
                break;
            case With with:
                var about = Value(with.About, scope);
                result.Append(IsTrue(about) ? Render(with.Body, scope.Inner(about)) : Render(with.Else, scope.Inner()));
                break;
            case Range range:
                foreach (var (key, item) in Items(Value(range.Over, scope)))
                {
                    var turn = scope.Inner(item);
                    turn.Declare(range.Key, key);
                    turn.Declare(range.Item, item);
                    result.Append(Render(range.Body, turn));
                }

                break;
            default:
                throw new NotSupportedException(node.ToString());
        }
    }

    private object? Value(Term term, Scope scope) => term switch
    {
        Constant constant => constant.Is,
        Field field => field.Path.Aggregate(field.Variable is null ? scope.Dot : scope.Get(field.Variable), Member),
        // Both stop at the first argument that decides.
        Call { Function: "and" or "or" } call => call.Arguments[..^1].Select(argument => (object?[])[Value(argument, scope)]).FirstOrDefault(value => IsTrue(value[0]) == (call.Function == "or")) is [var decided]
            ? decided
            : Value(call.Arguments[^1], scope),
        Call call => Apply(call.Function, [.. call.Arguments.Select(argument => Value(argument, scope))]),
        _ => throw new NotSupportedException(term.ToString()),
    };

    private object? Apply(string function, object?[] given) => function switch
    {
        "include" => Render(_defined[(string)given[0]!], Scope.Of(given[1])),
        "required" => given[1] is null or "" ? throw new InvalidOperationException((string)given[0]!) : given[1],
        "default" => IsTrue(given[1]) ? given[1] : given[0],
        "quote" => "\"" + Print(given[0]).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"",
        "int" => (long)(double)given[0]!,
        "trunc" => Print(given[1]) is var text && (int)(double)given[0]! is var length && text.Length > length ? text[..length] : text,
        "trimSuffix" => Print(given[1]) is var text && text.EndsWith((string)given[0]!, StringComparison.Ordinal) ? text[..^((string)given[0]!).Length] : text,
        "nindent" => "\n" + string.Join('\n', Print(given[1]).Split('\n').Select(line => new string(' ', (int)(double)given[0]!) + line)),
        "toYaml" => Yaml(given[0], 0).TrimEnd('\n'),
        "list" => given.ToList(),
        "dict" => given.Chunk(2).ToDictionary(pair => (string)pair[0]!, pair => pair[1]),
        "index" => given.Skip(1).Aggregate(given[0], (value, key) => Member(value, (string)key!)),
        "eq" => Equals(given[0], given[1]),
        "ne" => !Equals(given[0], given[1]),
        "not" => !IsTrue(given[0]),
        _ => throw new NotSupportedException($"The function {function}"),
    };

    // Helm lets a missing name be nothing; here it is a mistake.
    private static object? Member(object? value, string name) =>
        ((IReadOnlyDictionary<string, object?>)value!).TryGetValue(name, out var member) ? member : throw new KeyNotFoundException($"There is no {name}.");

    private static IEnumerable<(object Key, object? Item)> Items(object? value) => value switch
    {
        null => [],
        List<object?> list => list.Select((item, index) => ((object)(double)index, item)),
        Dictionary<string, object?> map => map.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => ((object)entry.Key, entry.Value)),
        _ => throw new NotSupportedException($"range over {value}"),
    };

    private static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool truth => truth,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        Dictionary<string, object?> map => map.Count > 0,
        _ => true,
    };

    private static string Print(object? value) => value switch
    {
        null => "",
        bool truth => truth ? "true" : "false",
        // As Go prints it: a large number that was not made whole by "int" arrives with an exponent.
        double number => Math.Abs(number) >= 1e6 ? number.ToString("0.################e+00", CultureInfo.InvariantCulture) : number.ToString(CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        string text => text,
        _ => throw new NotSupportedException($"A {value.GetType().Name} is printed; use toYaml."),
    };

    private static string Yaml(object? value, int indent)
    {
        var space = new string(' ', indent);
        return value switch
        {
            List<object?> { Count: > 0 } list => string.Concat(list.Select(item => $"{space}- {Yaml(item, indent + 2).TrimStart()}")),
            Dictionary<string, object?> { Count: > 0 } map => string.Concat(Items(map).Select(entry =>
                $"{space}{entry.Key}:{(entry.Item is List<object?> { Count: > 0 } or Dictionary<string, object?> { Count: > 0 } ? "\n" + Yaml(entry.Item, indent + 2) : " " + Yaml(entry.Item, 0))}")),
            List<object?> => "[]\n",
            Dictionary<string, object?> => "{}\n",
            string text => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"\n",
            null => "null\n",
            _ => Print(value) + "\n",
        };
    }

    private abstract record Node;
    private sealed record Literal(string Text) : Node;
    private sealed record Output(Term Of) : Node;
    private sealed record Assign(string Variable, Term To) : Node;
    private sealed record If((Term When, Node[] Body)[] Branches, Node[] Else) : Node;
    private sealed record With(Term About, Node[] Body, Node[] Else) : Node;
    private sealed record Range(string? Key, string? Item, Term Over, Node[] Body) : Node;

    private abstract record Term;
    private sealed record Constant(object? Is) : Term;
    private sealed record Field(string? Variable, string[] Path) : Term;
    private sealed record Call(string Function, Term[] Arguments) : Term;

    private sealed class Scope(Scope? outer, object? dot)
    {
        private readonly Dictionary<string, object?> _variables = [];

        public object? Dot => dot;

        public static Scope Of(object? dot)
        {
            var scope = new Scope(null, dot);
            scope.Declare("$", dot);
            return scope;
        }

        public Scope Inner() => new(this, dot);

        public Scope Inner(object? about) => new(this, about);

        public void Declare(string? name, object? value)
        {
            if (name is not null)
            {
                _variables[name] = value;
            }
        }

        public object? Get(string name) => _variables.TryGetValue(name, out var value) ? value : outer is null ? throw new KeyNotFoundException($"{name} was not declared.") : outer.Get(name);
    }

    private sealed class Parser(string text, Dictionary<string, Node[]> defined)
    {
        private readonly List<(bool IsAction, string Text)> _pieces = Pieces(text);
        private int _at;
        private List<string> _words = [];
        private int _word;

        public Node[] File()
        {
            var nodes = Body(out var end);
            return end is null ? nodes : throw new FormatException($"{end} ends nothing.");
        }

        // {{- takes away the white space before it, -}} what follows.
        private static List<(bool, string)> Pieces(string text)
        {
            var pieces = new List<(bool, string)>();
            var from = 0;
            var trim = false;
            foreach (Match action in Action().Matches(text))
            {
                var before = text[from..action.Index];
                before = trim ? before.TrimStart() : before;
                pieces.Add((false, action.Groups["left"].Success ? before.TrimEnd() : before));
                pieces.Add((true, action.Groups["text"].Value.Trim()));
                trim = action.Groups["right"].Success;
                from = action.Index + action.Length;
            }

            pieces.Add((false, trim ? text[from..].TrimStart() : text[from..]));
            return pieces;
        }

        /// <param name="end">The word that ended the body: end or else; null at the end of the file.</param>
        private Node[] Body(out string? end)
        {
            var nodes = new List<Node>();
            while (_at < _pieces.Count)
            {
                var (isAction, piece) = _pieces[_at++];
                if (!isAction)
                {
                    nodes.Add(new Literal(piece));
                    continue;
                }

                if (piece.StartsWith("/*", StringComparison.Ordinal))
                {
                    continue;
                }

                (_words, _word) = ([.. Word().Matches(piece).Select(word => word.Value)], 0);
                if (_words.Sum(word => word.Length) != piece.Count(character => !char.IsWhiteSpace(character)) + Spaces(_words))
                {
                    throw new FormatException($"What is {{{{{piece}}}}}?");
                }

                switch (_words[0])
                {
                    case "end" or "else":
                        end = _words[0];
                        return [.. nodes];
                    case "define":
                        var name = _words[1][1..^1];
                        defined[name] = Body(out var over);
                        Expect(over, "end");
                        break;
                    case "if":
                        nodes.Add(Choice());
                        break;
                    case "with":
                        _word++;
                        var about = Pipeline();
                        var body = Body(out end);
                        nodes.Add(new With(about, body, Otherwise(end)));
                        break;
                    case "range":
                        nodes.Add(Loop());
                        break;
                    case var variable when variable[0] == '$' && _words.Count > 1 && _words[1] == ":=":
                        _word = 2;
                        nodes.Add(new Assign(_words[0], Pipeline()));
                        break;
                    default:
                        nodes.Add(new Output(Pipeline()));
                        break;
                }
            }

            end = null;
            return [.. nodes];
        }

        private If Choice()
        {
            var branches = new List<(Term, Node[])>();
            while (true)
            {
                _word++;
                var when = Pipeline();
                branches.Add((when, Body(out var end)));
                if (end == "else" && _words.Count > 1)
                {
                    _word = 1;
                    Expect(_words[1], "if");
                    continue;
                }

                return new If([.. branches], Otherwise(end));
            }
        }

        private Node[] Otherwise(string? end)
        {
            if (end != "else")
            {
                Expect(end, "end");
                return [];
            }

            var body = Body(out var over);
            Expect(over, "end");
            return body;
        }

        private Range Loop()
        {
            _word = 1;
            string? key = null, item = null;
            if (_words[1][0] == '$' && _words.Count > 3 && _words[2] is ":=" or ",")
            {
                (key, item) = _words[2] == "," ? (_words[1], _words[3]) : (null, _words[1]);
                _word = _words.IndexOf(":=") + 1;
            }

            var over = Pipeline();
            var body = Body(out var end);
            Expect(end, "end");
            return new Range(key, item, over, body);
        }

        // What is before a bar becomes the last argument of what is after it.
        private Term Pipeline()
        {
            var term = Command(null);
            while (_word < _words.Count && _words[_word] == "|")
            {
                _word++;
                term = Command(term);
            }

            return term;
        }

        private Term Command(Term? piped)
        {
            if (char.IsLetter(_words[_word][0]) && _words[_word] is not ("true" or "false"))
            {
                var function = _words[_word++];
                var arguments = new List<Term>();
                while (_word < _words.Count && _words[_word] is not ("|" or ")"))
                {
                    arguments.Add(Operand());
                }

                return new Call(function, piped is null ? [.. arguments] : [.. arguments, piped]);
            }

            return piped is null ? Operand() : throw new FormatException($"{_words[_word]} takes nothing.");
        }

        private Term Operand()
        {
            var word = _words[_word++];
            if (word == "(")
            {
                var inner = Pipeline();
                Expect(_words[_word++], ")");
                return inner;
            }

            return word[0] switch
            {
                '"' => new Constant(Regex.Unescape(word[1..^1])),
                '.' => new Field(null, word.Split('.', StringSplitOptions.RemoveEmptyEntries)),
                '$' => word.Split('.') is var parts ? new Field(parts[0], parts[1..]) : throw new FormatException(word),
                _ when char.IsDigit(word[0]) => new Constant(double.Parse(word, CultureInfo.InvariantCulture)),
                _ when word is "true" or "false" => new Constant(word == "true"),
                _ => new Call(word, []),
            };
        }

        private static int Spaces(List<string> words) => words.Sum(word => word.Count(char.IsWhiteSpace));

        private static void Expect(string? found, string wanted)
        {
            if (found != wanted)
            {
                throw new FormatException($"{wanted} is missing.");
            }
        }
    }

    [GeneratedRegex(@"\{\{(?<left>- )?(?<text>(?:""(?:[^""\\]|\\.)*""|.)*?)(?<right> -)?\}\}", RegexOptions.Singleline)]
    private static partial Regex Action();

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"|\(|\)|\||:=|,|\$\w*(?:\.\w+)*|(?:\.\w+)+|\.|\w+
        """)]
    private static partial Regex Word();
}
