using System.Diagnostics;
using System.Net;
using AiHub.Portal.Management;
using Polly.CircuitBreaker;
using Polly.Timeout;
using StackExchange.Redis;

namespace AiHub.Portal.Errors;

public static class ErrorPages
{
    public const string Path = "/error";

    public static IApplicationBuilder UseErrorPages(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandlingPath = Path,
            CreateScopeForErrors = true,
            StatusCodeSelector = StatusOf,
            SuppressDiagnosticsCallback = context => IsOrdinary(context.Exception),
        });
        app.UseStatusCodePagesWithReExecute(Path, "?status={0}", createScopeForStatusCodePages: true);
        return app;
    }

    /// <summary>What to quote to support: the trace that also runs through the gateway.</summary>
    public static string RequestId(HttpContext context) => Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;

    private static int StatusOf(Exception failure) => failure switch
    {
        ManagementException { Status: HttpStatusCode.Unauthorized } => StatusCodes.Status401Unauthorized,
        ManagementException { Status: HttpStatusCode.NotFound } => StatusCodes.Status404NotFound,
        ManagementException { Status: HttpStatusCode.Forbidden } => StatusCodes.Status403Forbidden,
        ManagementException or HttpRequestException or TimeoutRejectedException or BrokenCircuitException => StatusCodes.Status503ServiceUnavailable,
        // The cache holds the key ring of the cookies.
        RedisException or TimeoutException => StatusCodes.Status503ServiceUnavailable,
        BadHttpRequestException bad => bad.StatusCode,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static bool IsOrdinary(Exception failure) => StatusOf(failure) < StatusCodes.Status500InternalServerError;
}
