namespace AiHub.Domain.Catalog;

/// <summary>What is not counted in tokens. A quantity is kept whether or not the model is priced by it.</summary>
/// <param name="Seconds">Of sound that was heard; begun ones count.</param>
/// <param name="Characters">Of text that was read out.</param>
/// <param name="SearchUnits">Queries against up to a hundred documents each.</param>
public readonly record struct UnitUsage(long Images = 0, long Seconds = 0, long Characters = 0, long SearchUnits = 0);

/// <summary>All that a call used.</summary>
public readonly record struct Consumption(TokenUsage Tokens, UnitUsage Units = default);
