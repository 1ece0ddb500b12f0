namespace AiHub.Domain.Usage;

/// <summary>How long the last answers of a model were, in tokens: what gateways reckon the next one from. A statistic, not a record.</summary>
public sealed class OutputSample
{
    public required string ModelId { get; init; }
    public required int[] Outputs { get; set; }
    public required DateTimeOffset UpdatedAt { get; set; }
}
