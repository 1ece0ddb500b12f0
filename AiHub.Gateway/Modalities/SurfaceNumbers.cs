using System.Globalization;
using System.Text;
using AiHub.Gateway.Dialects;

namespace AiHub.Gateway.Modalities;

/// <summary>Finds single values in a vendor's JSON without building anything.</summary>
internal static class SurfaceNumbers
{
    /// <summary>The whole number at the end of a path like <c>meta</c>, <c>billed_units</c>, <c>search_units</c>.</summary>
    public static long? Whole(ReadOnlySpan<byte> json, params ReadOnlySpan<string> path) => SurfaceRequest.Whole(Encoding.UTF8.GetString(At(json, path)));

    /// <summary>The same of a number of seconds; a begun one counts.</summary>
    public static long? WholeUp(ReadOnlySpan<byte> json, params ReadOnlySpan<string> path) =>
        decimal.TryParse(Encoding.UTF8.GetString(At(json, path)), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 1_000_000_000
            ? (long)decimal.Ceiling(number)
            : null;

    public static ReadOnlySpan<byte> At(ReadOnlySpan<byte> json, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            json = Member(json, name);
        }

        return json;
    }

    private static ReadOnlySpan<byte> Member(ReadOnlySpan<byte> json, string name)
    {
        var wanted = Encoding.UTF8.GetBytes(name);
        var members = new JsonMembers(json);
        while (members.Next())
        {
            if (members.Name.SequenceEqual(wanted))
            {
                return members.Value;
            }
        }

        return default;
    }
}
