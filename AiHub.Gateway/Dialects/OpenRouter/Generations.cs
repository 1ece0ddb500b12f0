using System.Diagnostics.CodeAnalysis;

namespace AiHub.Gateway.Dialects.OpenRouter;

/// <summary>A generation is a call by another name: <c>gen-</c> and the id it is on record under.</summary>
internal static class Generations
{
    private const string Prefix = "gen-";

    public static string Name(Guid call) => $"{Prefix}{call:N}";

    public static bool TryParse([NotNullWhen(true)] string? name, out Guid call)
    {
        call = default;
        return name is not null && Guid.TryParse(name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name, out call);
    }
}
