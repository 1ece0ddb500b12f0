namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>How a model behind the Messages API wants to be told to think.</summary>
public enum ThinkingStyle
{
    /// <summary>It does not.</summary>
    None,

    /// <summary><c>thinking {type: enabled, budget_tokens}</c>.</summary>
    Budget,

    /// <summary><c>thinking {type: adaptive}</c> with <c>output_config.effort</c>.</summary>
    Adaptive,
}

/// <summary>What a translation must know about the model behind the Messages API. Data of the catalogue, not code.</summary>
public sealed record MessagesTarget
{
    /// <summary>The vendor's name of the model; null leaves the client's.</summary>
    public string? Model { get; init; }

    /// <summary>The most tokens that are paid for; null when the client's own limit is enough.</summary>
    public long? OutputCap { get; init; }

    /// <summary>Sent when the client named no limit: Anthropic insists on one.</summary>
    public required long MaxOutputTokens { get; init; }

    public ThinkingStyle Thinking { get; init; } = ThinkingStyle.Adaptive;

    /// <summary>False for models that refuse <c>temperature</c>, <c>top_p</c> and <c>top_k</c>.</summary>
    public bool TakesSampling { get; init; } = true;

    /// <summary>True for models that take system messages in the midst of a conversation; for others they all move to its beginning.</summary>
    public bool TakesSystemTurns { get; init; }
}
