using System.Net;
using Microsoft.SemanticKernel;

namespace AiHub.Gateway.Providers;

public enum ProviderFailure
{
    /// <summary>The vendor answers, but not now: 429, 503, 529.</summary>
    Busy,

    /// <summary>The vendor does not answer, or not for this model: refused, reset, 5xx, 404.</summary>
    Unavailable,

    /// <summary>The request itself is at fault; another vendor would refuse it too.</summary>
    Rejected,

    /// <summary>The vendor does not accept the hub's own credentials, or its account there is empty.</summary>
    Unauthorized,

    /// <summary>What came back is not the dialect: HTML with 200, a garbage frame, an answer without choices.</summary>
    Malformed,

    /// <summary>The answer broke off before its end.</summary>
    Truncated,

    /// <summary>The vendor kept us waiting longer than one of our own timers allows.</summary>
    Timeout,
}

/// <summary>The one exception that leaves a connector when an upstream fails. It is never thrown for a caller that went away.</summary>
/// <remarks>The message is the hub's own and safe to show; the vendor's words are only in <see cref="HttpOperationException.ResponseContent"/>.</remarks>
public sealed class UpstreamException(
    ProviderFailure failure,
    string message,
    HttpStatusCode? status = null,
    string? body = null,
    TimeSpan? retryAfter = null,
    Exception? cause = null) : HttpOperationException(status, body, message, cause)
{
    public ProviderFailure Failure { get; } = failure;

    /// <summary>How long the vendor asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>True when another upstream may succeed where this one did not.</summary>
    public bool MayFallBack => Failure != ProviderFailure.Rejected;
}
