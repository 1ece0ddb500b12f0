namespace AiHub.Contracts;

/// <summary>How far an import is; both zero before it has begun, and when it is long over.</summary>
public sealed record ImportProgress(int Done, int Total);
