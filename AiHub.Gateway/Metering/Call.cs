using AiHub.Domain.Accounts;
using AiHub.Domain.Usage;
using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Metering;

/// <summary>One admitted call, whatever it asks for: by whom, who may answer, what is held for it and, at the end, what it came to.</summary>
public abstract class AdmittedCall
{
    public required Guid Id { get; init; }

    public required Caller Caller { get; init; }

    /// <summary>The client's dialect and operation, as usage records name it.</summary>
    public required string Surface { get; init; }

    public required RoutePlan Plan { get; init; }

    public required Hold Hold { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The same moment on the monotonic clock.</summary>
    public required long ReceivedTimestamp { get; init; }

    /// <summary>The caller sees the answer while it is made.</summary>
    public abstract bool Streamed { get; }

    public Attempts Attempts { get; } = new();

    /// <summary>What guardrails did to it.</summary>
    public GuardrailLog Guarded { get; set; } = new();

    /// <summary>The call as it was settled; null until then.</summary>
    public UsageRecord? Usage { get; set; }
}

/// <summary>An admitted text call.</summary>
public sealed class Call : AdmittedCall
{
    public required ChatRequest Request { get; init; }

    /// <summary>What the hold was reckoned from; an estimated settlement never goes beyond it.</summary>
    public required Reservation Reserved { get; init; }

    /// <summary>The most tokens one choice may have; null when the client's own limit, or the model's, is enough.</summary>
    public long? OutputCap { get; init; }

    public override bool Streamed => Request.Stream;
}

/// <summary>The names of what can be asked for, as usage records have them.</summary>
public static class Surfaces
{
    public const string Chat = "openai.chat";
    public const string Completions = "openai.completions";
    public const string Responses = "openai.responses";
    public const string Messages = "anthropic.messages";
    public const string OpenRouter = "openrouter.chat";
}

/// <summary>A call that may begin, or why nothing could be held for it.</summary>
public readonly record struct CallOutcome(Call? Call, HoldRefusal? Refusal);
