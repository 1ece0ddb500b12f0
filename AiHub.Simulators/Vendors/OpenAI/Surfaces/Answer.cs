using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <summary>What a vendor answers to a request that is not chat, and what it counts.</summary>
public sealed record Answer(int InputTokens, int OutputTokens)
{
    /// <summary>The whole of it.</summary>
    public JsonObject? Document { get; init; }

    /// <summary>Or its events, or its bytes.</summary>
    public IReadOnlyList<Step> Pieces { get; init; } = [];

    public string ContentType { get; init; } = "application/json";

    public bool TellsUsage => Document?["usage"] is not null || Document?["meta"] is not null || Pieces.OfType<Step.Event>().Any(step => step.HasUsage);
}
