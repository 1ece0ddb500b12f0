using System.Collections.Frozen;
using System.Globalization;
using System.Net;

namespace AiHub.Gateway.Providers;

/// <summary>
/// What vendors mean by the names of their errors, whatever status these come with. Numbers mean something else at every vendor, so those
/// are data of its row (<see cref="VendorQuirks.Errors"/>).
/// </summary>
internal static class VendorErrorCodes
{
    private static readonly FrozenDictionary<string, ProviderFailure> Known = Table(
        (ProviderFailure.Unauthorized,
        [
            // A key that is none, or that may not.
            "invalid_api_key", "invalid_authentication_error", "authentication_error", "AuthenticationError", "permission_error", "invalid_iam_token", "InvalidApiKey",
            "API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "CONSUMER_SUSPENDED", "UNAUTHENTICATED", "PERMISSION_DENIED", "account_deactivated", "AccessDenied",
            // An account without money, or a plan that is used up.
            "insufficient_quota", "credit_balance_exhausted", "enforced_spend_limit_reached", "billing_not_active", "billing_error", "insufficient_balance", "Arrearage",
            "AccountOverdueError", "exceeded_current_quota_error", "QuotaExceeded", "BILLING_DISABLED", "account_overdue", "coding_plan_hour_quota_exceeded",
            "coding_plan_week_quota_exceeded", "coding_plan_month_quota_exceeded",
        ]),
        (ProviderFailure.Busy,
        [
            "rate_limit_error", "rate_limit_exceeded", "rate_limit_reached_error", "RateLimitExceeded", "ModelAccountRpmRateLimitExceeded", "ModelAccountTpmRateLimitExceeded",
            "engine_overloaded_error", "overloaded_error", "ServerOverloaded", "server_is_overloaded", "slow_down", "Throttling", "limit_requests", "limit_burst_rate",
            "rpm_rate_limit_exceeded", "tpm_rate_limit_exceeded", "tpd_rate_limit_exceeded", "RequestBurstTooFast", "RESOURCE_EXHAUSTED", "UNAVAILABLE",
        ]),
        (ProviderFailure.Filtered,
        [
            "content_policy_violation", "content_filter", "ResponsibleAIPolicyViolation", "DataInspectionFailed", "data_inspection_failed", "SensitiveContentDetected",
            "InputTextSensitiveContentDetected", "InputImageSensitiveContentDetected", "moderation_blocked", "invalid_prompt", "risk_control_error",
        ]),
        (ProviderFailure.Unavailable,
        [
            "model_not_found", "not_found_error", "NOT_FOUND", "resource_not_found_error", "ModelNotOpen", "ModelNotFound", "InvalidEndpointOrModel", "DeploymentNotFound",
        ]),
        (ProviderFailure.Timeout, ["timeout_error", "DEADLINE_EXCEEDED", "RequestTimeOut"]),
        (ProviderFailure.Rejected, ["context_length_exceeded", "string_above_max_length", "request_too_large"]));

    // Too general to overrule a status; without one they are all there is.
    private static readonly FrozenDictionary<string, ProviderFailure> General = Table(
        (ProviderFailure.Rejected, ["invalid_request_error", "INVALID_ARGUMENT", "InvalidParameter", "FAILED_PRECONDITION"]),
        (ProviderFailure.Unavailable, ["api_error", "server_error", "INTERNAL", "InternalServiceError", "InternalError"]));

    /// <param name="status">Null when the error came with status 200.</param>
    public static ProviderFailure Of(VendorError? error, HttpStatusCode? status, VendorQuirks quirks)
    {
        if (error is { } named && (quirks.FailureOf(named.Code) ?? In(Known, named.Code) ?? In(Known, named.Type)) is { } known)
        {
            return known;
        }

        if (status is { } code)
        {
            return OfStatus((int)code);
        }

        return error is not { } told ? ProviderFailure.Unavailable
            : int.TryParse(told.Code, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 400 and <= 599 ? OfStatus(number)
            : In(General, told.Code) ?? In(General, told.Type) ?? ProviderFailure.Unavailable;
    }

    private static ProviderFailure OfStatus(int status) => status switch
    {
        401 or 402 or 403 => ProviderFailure.Unauthorized,
        404 => ProviderFailure.Unavailable,
        408 or 504 => ProviderFailure.Timeout,
        429 or 503 or 529 => ProviderFailure.Busy,
        >= 400 and < 500 => ProviderFailure.Rejected,
        >= 300 and < 400 => ProviderFailure.Malformed,
        _ => ProviderFailure.Unavailable,
    };

    // Throttling.RateQuota is a kind of Throttling.
    private static ProviderFailure? In(FrozenDictionary<string, ProviderFailure> table, string? code) =>
        code is null ? null
        : table.TryGetValue(code, out var failure) || (code.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && table.TryGetValue(code[..dot], out failure)) ? failure
        : null;

    private static FrozenDictionary<string, ProviderFailure> Table(params (ProviderFailure Failure, string[] Codes)[] rows) =>
        rows.SelectMany(row => row.Codes.Select(code => (code, row.Failure))).ToFrozenDictionary(row => row.code, row => row.Failure, StringComparer.OrdinalIgnoreCase);
}
