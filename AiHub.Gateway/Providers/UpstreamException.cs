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

    /// <summary>The vendor's content policy does not let the request through.</summary>
    Filtered,

    /// <summary>The vendor cannot be told something that the caller insists on; it was not asked.</summary>
    Unsupported,
}

/// <summary>Whose doing a failure is. Only the vendor's own doing says something about the vendor.</summary>
public enum FailureOrigin
{
    Caller,

    /// <summary>A rule about what may be asked, the vendor's or the caller's own.</summary>
    Policy,

    Vendor,

    /// <summary>The hub's: it came with credentials the vendor does not accept.</summary>
    Gateway,
}

/// <summary>What else would fail the same way, hence what to leave alone.</summary>
public enum FailureScope
{
    /// <summary>Nothing but this request.</summary>
    Request,

    /// <summary>Everything asked with this key, until somebody mends it: unknown, revoked, out of money.</summary>
    DeadKey,

    /// <summary>Everything asked of this model with this key; other models it may serve.</summary>
    ForbiddenKey,

    /// <summary>Everything asked with this key for a while; another key may pass.</summary>
    BusyKey,

    /// <summary>Everything asked of this endpoint, with whichever key.</summary>
    Endpoint,
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

    /// <summary>It is about a key that the caller's own organization brought.</summary>
    public bool OfOwnKey { get; set; }

    /// <summary>True when another upstream may succeed where this one did not.</summary>
    public bool MayFallBack => Failure is not (ProviderFailure.Rejected or ProviderFailure.Filtered);

    public FailureOrigin Origin => Failure switch
    {
        ProviderFailure.Rejected => FailureOrigin.Caller,
        ProviderFailure.Filtered or ProviderFailure.Unsupported => FailureOrigin.Policy,
        ProviderFailure.Unauthorized => FailureOrigin.Gateway,
        _ => FailureOrigin.Vendor,
    };

    public FailureScope Scope => Failure switch
    {
        ProviderFailure.Rejected or ProviderFailure.Filtered or ProviderFailure.Unsupported => FailureScope.Request,
        ProviderFailure.Unauthorized => StatusCode == HttpStatusCode.Forbidden ? FailureScope.ForbiddenKey : FailureScope.DeadKey,
        ProviderFailure.Busy when StatusCode is null or HttpStatusCode.TooManyRequests => FailureScope.BusyKey,
        _ => FailureScope.Endpoint,
    };
}
