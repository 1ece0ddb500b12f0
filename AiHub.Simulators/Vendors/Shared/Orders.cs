using System.Globalization;
using System.Text.RegularExpressions;

namespace AiHub.Simulators.Vendors.Shared;

/// <summary>What a prompt may order of the models that are the same at every vendor: <c>lorem 50</c>, <c>slow 500 20</c>.</summary>
public static partial class Orders
{
    /// <summary>Where neither the prompt nor a limit says how many.</summary>
    public const int UsualWords = 100;

    private const int MostWords = 100_000;

    private static readonly string[] LoremWords =
        ("lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua ut enim ad minim "
        + "veniam quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat duis aute irure dolor in reprehenderit in "
        + "voluptate velit esse cillum dolore eu fugiat nulla pariatur excepteur sint occaecat cupidatat non proident sunt in culpa qui officia "
        + "deserunt mollit anim id est laborum").Split(' ');

    /// <summary>How many words <c>lorem N</c> asks for; null when it is not there.</summary>
    public static int? Lorem(string text) =>
        LoremOrder().Match(text) is { Success: true } order ? Math.Min(int.Parse(order.Groups[1].ValueSpan, CultureInfo.InvariantCulture), MostWords) : null;

    /// <summary>Words that fill a limit of tokens: each is at least one token, so one word more always reaches it.</summary>
    public static int Filling(int tokens) => Math.Min(tokens, MostWords) + 1;

    /// <param name="first">Which of the words it begins with; an answer that shall differ begins elsewhere.</param>
    public static string LoremText(int words, int first = 0) =>
        string.Join(' ', Enumerable.Range(0, words).Select(index => LoremWords[(int)((uint)(first + index) % LoremWords.Length)]));

    /// <summary>Long enough to break in the middle, with characters of two, three and four bytes to break in two.</summary>
    public static string TroubledText() => string.Join(' ', Enumerable.Range(0, 5).Select(index => $"{LoremText(3, index * 3)} 模拟供应商 é 😀"));

    /// <summary>First wait and the waits between pieces; only the model <c>slow</c> has any.</summary>
    public static (TimeSpan First, TimeSpan Between) Pace(string model, string text, SimulatorOptions options)
    {
        if (model != "slow")
        {
            return default;
        }

        return SlowOrder().Match(text) is { Success: true } order
            ? (Milliseconds(order.Groups[1]), Milliseconds(order.Groups[2]))
            : (options.SlowFirstToken, options.SlowBetweenChunks);

        static TimeSpan Milliseconds(Group group) => TimeSpan.FromMilliseconds(int.Parse(group.ValueSpan, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"\blorem\s+(\d{1,6})\b", RegexOptions.IgnoreCase)]
    private static partial Regex LoremOrder();

    [GeneratedRegex(@"\bslow\s+(\d{1,6})\s+(\d{1,6})\b", RegexOptions.IgnoreCase)]
    private static partial Regex SlowOrder();
}
