using Microsoft.ML.Tokenizers;

namespace AiHub.Simulators;

/// <summary>Counts and cuts text the way current OpenAI models do (o200k).</summary>
public static class Tokens
{
    private static readonly TiktokenTokenizer O200k = TiktokenTokenizer.CreateForEncoding("o200k_base");

    public static int Count(string text) => text.Length == 0 ? 0 : O200k.CountTokens(text);

    public static IReadOnlyList<int> Encode(string text) => O200k.EncodeToIds(text);

    public static IEnumerable<string> Split(string text) => O200k.EncodeToTokens(text, out _).Select(token => token.Value);

    /// <summary>The longest beginning of <paramref name="text"/> that is at most <paramref name="count"/> tokens and cuts no character in two.</summary>
    public static string Take(string text, int count)
    {
        if (count <= 0)
        {
            return string.Empty;
        }

        var end = O200k.GetIndexByTokenCount(text, count, out _, out _);

        return end > 0 && end < text.Length && char.IsLowSurrogate(text[end]) ? text[..(end - 1)] : text[..end];
    }
}
