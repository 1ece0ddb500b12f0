using System.Text.Json.Serialization;

namespace AiHub.AppHost.Embedded.Processes;

/// <summary>What the AppHost writes to the guard, one JSON object a line: <c>{"start":{"id":1,"file":"…"}}</c> or <c>{"stop":{"id":1,"grace_ms":5000}}</c>.</summary>
internal sealed record GuardOrder(ProcessPlan? Start = null, StopOrder? Stop = null);

internal sealed record StopOrder(int Id, int GraceMs);

/// <summary>What the guard answers: a pid, a line of output, an exit code, or why a process could not be started.</summary>
internal sealed record GuardNews(int Id, int? Pid = null, string? Line = null, bool IsError = false, int? ExitCode = null, string? Failure = null);

/// <summary>A process to start. Its environment is exactly <see cref="Environment"/>; nothing is inherited.</summary>
internal sealed record ProcessPlan(
    string File,
    IReadOnlyList<string> Arguments,
    string WorkingDirectory,
    IReadOnlyDictionary<string, string> Environment)
{
    public int Id { get; init; }

    /// <summary>The account to run as; null for our own.</summary>
    public string? UserName { get; init; }

    /// <summary>The signal that asks for a clean end; PostgreSQL wants SIGINT, where SIGTERM would wait for its clients.</summary>
    public int StopSignal { get; init; } = SigTerm;

    public const int SigInt = 2;
    public const int SigTerm = 15;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(GuardOrder))]
[JsonSerializable(typeof(GuardNews))]
internal sealed partial class GuardJson : JsonSerializerContext;
