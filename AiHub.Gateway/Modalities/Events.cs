using System.Text;
using AiHub.Gateway.Dialects;

namespace AiHub.Gateway.Modalities;

/// <summary>The events of streams that are not chat name themselves: <c>{"type":"transcript.text.done",…}</c>.</summary>
internal static class Events
{
    public static string? TypeOf(ReadOnlySpan<byte> json)
    {
        var members = new JsonMembers(json);
        while (members.Next())
        {
            if (members.Name.SequenceEqual("type"u8))
            {
                return members.Value.Length > 2 ? Encoding.UTF8.GetString(members.Value[1..^1]) : null;
            }
        }

        return null;
    }

    /// <summary>Whether an event of this type finishes what was asked for.</summary>
    public static bool Finishes(string? type) =>
        type is not null && (type.EndsWith(".done", StringComparison.Ordinal) || type.EndsWith(".completed", StringComparison.Ordinal));
}
