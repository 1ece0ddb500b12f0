using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Errors;

/// <summary>What a vendor's failure means for the caller. The vendor's own words are passed on only where they are about the caller's request.</summary>
internal static class UpstreamErrors
{
    private static readonly TimeSpan UsualPause = TimeSpan.FromSeconds(5);

    public static string Code(ProviderFailure failure) => failure switch
    {
        ProviderFailure.Busy => "upstream_busy",
        ProviderFailure.Unavailable => "upstream_unavailable",
        ProviderFailure.Rejected => "upstream_rejected",
        ProviderFailure.Unauthorized => "upstream_unauthorized",
        ProviderFailure.Malformed => "upstream_malformed",
        ProviderFailure.Truncated => "upstream_truncated",
        ProviderFailure.Timeout => "upstream_timeout",
        ProviderFailure.Filtered => "content_policy_violation",
        ProviderFailure.Unsupported => "unsupported_parameter",
        _ => throw new ArgumentOutOfRangeException(nameof(failure)),
    };

    public static int Status(ProviderFailure failure) => failure switch
    {
        ProviderFailure.Busy or ProviderFailure.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ProviderFailure.Timeout => StatusCodes.Status504GatewayTimeout,
        ProviderFailure.Filtered or ProviderFailure.Unsupported => StatusCodes.Status400BadRequest,
        _ => StatusCodes.Status502BadGateway,
    };

    /// <summary>The word for it in the vocabulary of mid-stream errors.</summary>
    public static string ErrorType(ProviderFailure failure) => failure switch
    {
        ProviderFailure.Busy => "provider_overloaded",
        ProviderFailure.Timeout => "timeout",
        ProviderFailure.Rejected or ProviderFailure.Unsupported => "invalid_request",
        ProviderFailure.Filtered => "content_policy_violation",
        _ => "provider_unavailable",
    };

    public static string Message(ProviderFailure failure) => failure switch
    {
        ProviderFailure.Busy => "The model's provider is busy. Please try again in a moment.",
        ProviderFailure.Unavailable => "The model's provider cannot be reached. Please try again in a moment.",
        ProviderFailure.Unauthorized => "The model's provider does not accept this hub. Its operator must check the provider's key and balance.",
        ProviderFailure.Malformed => "The model's provider sent an answer that cannot be understood.",
        ProviderFailure.Truncated => "The model's provider broke off its answer.",
        ProviderFailure.Timeout => "The model's provider took too long to answer.",
        ProviderFailure.Rejected => "The model's provider rejected the request.",
        ProviderFailure.Filtered => "The content policy of the model's provider does not let this request through.",
        ProviderFailure.Unsupported => "No provider of this model can be told everything the request insists on (provider.require_parameters).",
        _ => throw new ArgumentOutOfRangeException(nameof(failure)),
    };

    public static OpenAIError Of(UpstreamException failure)
    {
        if (failure.Failure is ProviderFailure.Rejected or ProviderFailure.Filtered)
        {
            return OfRejection(failure);
        }

        if (failure.Failure == ProviderFailure.Unsupported)
        {
            // The hub's own words, which name what it is.
            return OpenAIError.BadRequest(failure.Message, code: Code(failure.Failure));
        }

        var message = failure is { OfOwnKey: true, Failure: ProviderFailure.Unauthorized }
            ? "The model's provider does not accept your organization's own vendor key. Whoever manages it must check the key and its balance."
            : Message(failure.Failure);
        var error = new OpenAIError(Status(failure.Failure), message, OpenAIError.ServerError, null, Code(failure.Failure));
        return failure.Failure switch
        {
            ProviderFailure.Busy or ProviderFailure.Unavailable => error with { RetryAfter = failure.RetryAfter ?? UsualPause },
            ProviderFailure.Unauthorized => error.Final(),
            _ => error,
        };
    }

    private static OpenAIError OfRejection(UpstreamException failure)
    {
        var vendor = VendorError.Read(failure.ResponseContent);
        return new OpenAIError(
            (int?)failure.StatusCode is { } status and >= 400 and < 500 ? status : StatusCodes.Status400BadRequest,
            vendor?.Message ?? Message(failure.Failure),
            vendor?.Type ?? "invalid_request_error",
            vendor?.Param,
            vendor?.Code ?? Code(failure.Failure)).Final();
    }
}
