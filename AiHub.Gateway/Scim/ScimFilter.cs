using System.Text;

namespace AiHub.Gateway.Scim;

/// <summary>One condition of a filter: <c>userName eq "wei@example.com"</c>.</summary>
public readonly record struct ScimCondition(string Attribute, string Value);

/// <summary>
/// Filters as directories send them: equality, joined by <c>and</c>. What is not understood is refused, because answering with more than was asked
/// for would make a directory take somebody for somebody else.
/// </summary>
public static class ScimFilter
{
    private const int Longest = 1000;

    public static IReadOnlyList<ScimCondition> Parse(string? filter)
    {
        if (string.IsNullOrWhiteSpace(filter))
        {
            return [];
        }

        if (filter.Length > Longest)
        {
            throw ScimException.InvalidFilter($"A filter has at most {Longest} characters.");
        }

        var words = Words(filter);
        var conditions = new List<ScimCondition>();
        for (var at = 0; at < words.Count; at += 4)
        {
            if (at + 2 >= words.Count || words[at].Quoted || words[at + 1].Quoted || !words[at + 1].Text.Equals("eq", StringComparison.OrdinalIgnoreCase)
                || (at + 3 < words.Count && (words[at + 3].Quoted || !words[at + 3].Text.Equals("and", StringComparison.OrdinalIgnoreCase) || at + 4 == words.Count)))
            {
                throw ScimException.InvalidFilter("Filters are made of: attribute eq \"value\", joined by and.");
            }

            conditions.Add(new ScimCondition(words[at].Text, words[at + 2].Text));
        }

        return conditions;
    }

    private static List<(string Text, bool Quoted)> Words(string filter)
    {
        var words = new List<(string, bool)>();
        for (var at = 0; at < filter.Length;)
        {
            if (char.IsWhiteSpace(filter[at]))
            {
                at++;
            }
            else if (filter[at] == '"')
            {
                words.Add((Quoted(filter, ref at), true));
            }
            else
            {
                var start = at;
                while (at < filter.Length && !char.IsWhiteSpace(filter[at]) && filter[at] != '"')
                {
                    at++;
                }

                words.Add((filter[start..at], false));
            }
        }

        return words;
    }

    private static string Quoted(string filter, ref int at)
    {
        var text = new StringBuilder();
        for (at++; at < filter.Length; at++)
        {
            switch (filter[at])
            {
                case '"':
                    at++;
                    return text.ToString();
                case '\\' when at + 1 < filter.Length:
                    text.Append(filter[++at]);
                    break;
                default:
                    text.Append(filter[at]);
                    break;
            }
        }

        throw ScimException.InvalidFilter("A quoted value does not end.");
    }
}
