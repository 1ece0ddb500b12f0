using System.Net;
using AiHub.Contracts;

namespace AiHub.Portal.Management;

/// <summary>What came back for something the visitor asked for: the value, or the problem they can act on.</summary>
public readonly record struct Answer<T>(T? Value, ProblemView? Problem) where T : class;

/// <summary>The management API could not answer what a page needs.</summary>
public sealed class ManagementException(HttpStatusCode status, ProblemView? problem)
    : Exception($"The management API answered {(int)status} {problem?.Code}".TrimEnd())
{
    public HttpStatusCode Status => status;
}

public static class Problems
{
    public static IReadOnlyList<string> ErrorsOf(this ProblemView? problem, string field) =>
        problem?.Errors is { } errors && errors.TryGetValue(field, out var messages) ? messages : [];
}
