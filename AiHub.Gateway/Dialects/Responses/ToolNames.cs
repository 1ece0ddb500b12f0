using System.Security.Cryptography;
using System.Text;

namespace AiHub.Gateway.Dialects.Responses;

internal enum ToolKind
{
    Function,

    /// <summary>Takes free text instead of JSON. Chat models see a function with one string parameter, <c>input</c>.</summary>
    Custom,
}

/// <summary>A tool as the client named it.</summary>
internal sealed record ToolName(ToolKind Kind, string Name, string? Namespace);

/// <summary>Which of the client's tools a chat model means by a function name.</summary>
internal sealed class ToolNames
{
    private const int LongestName = 64;

    private readonly Dictionary<string, ToolName> _byFunction = new(StringComparer.Ordinal);

    /// <summary>The function name a chat model knows the tool by; the same for the same tool in every turn.</summary>
    public static string Function(string? space, string name)
    {
        if (string.IsNullOrEmpty(space))
        {
            return name;
        }

        var full = space.EndsWith("__", StringComparison.Ordinal) ? space + name : $"{space}__{name}";
        if (full.Length <= LongestName)
        {
            return full;
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(full)))[..8];
        return $"{full[..(LongestName - 9)]}_{digest}";
    }

    public void Add(ToolName tool) => _byFunction[Function(tool.Namespace, tool.Name)] = tool;

    public ToolName Of(string function) =>
        _byFunction.TryGetValue(function, out var tool) ? tool : new ToolName(ToolKind.Function, function, null);
}
