using System.Diagnostics;
using System.Net;
using System.Text.Json.Serialization;
using AiHub.Gateway.Dialects.OpenAI;
using Microsoft.SemanticKernel;

namespace AiHub.Gateway.Providers;

/// <summary>Execution settings that carry a client's request as it came, so that a connector can send it on without understanding it.</summary>
public sealed class HubExecutionSettings : PromptExecutionSettings
{
    [JsonIgnore]
    public required ChatRequest Request { get; init; }

    /// <summary>The most tokens one choice may have, when less is paid for than the client asked.</summary>
    [JsonIgnore]
    public long? OutputCap { get; init; }

    /// <summary>Rather not ask this vendor than leave anything out that it cannot be told.</summary>
    [JsonIgnore]
    public bool RequireParameters { get; init; }

    /// <summary>What the connector learned on the way.</summary>
    [JsonIgnore]
    public UpstreamExchange Exchange { get; } = new();
}

/// <summary>What became known about one call to a vendor besides its answer.</summary>
public sealed class UpstreamExchange
{
    /// <summary>The call's span, if it is traced.</summary>
    public Activity? Span { get; set; }

    public HttpStatusCode? Status { get; set; }

    /// <summary>Paths of what the client asked for and this vendor could not be told.</summary>
    public IReadOnlyList<string> Dropped { get; set; } = [];

    /// <summary>What the vendor called its answer, if that is passed on.</summary>
    public string? ContentType { get; set; }

    /// <summary>The answer comes in one piece.</summary>
    public bool IsWhole { get; set; }

    /// <summary>From sending to the first piece of the answer.</summary>
    public TimeSpan? TimeToFirstToken { get; set; }

    /// <summary>From sending to the end, however it ended.</summary>
    public TimeSpan? Duration { get; set; }

    /// <summary>The vendor took the request and began to answer; from here on it charges for the prompt.</summary>
    public bool Accepted => Status is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices;
}
