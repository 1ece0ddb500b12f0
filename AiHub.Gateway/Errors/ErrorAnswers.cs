using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Providers;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace AiHub.Gateway.Errors;

/// <summary>Answers everything that went wrong outside of the management API in the shape OpenAI's clients understand, and tells them nothing of ours.</summary>
public sealed partial class ErrorAnswers(ILogger<ErrorAnswers> logger) : IExceptionHandler
{
    private static readonly TimeSpan DatabasePause = TimeSpan.FromSeconds(2);

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.Metadata.GetMetadata<ManagementEndpoint>() is not null)
        {
            return false;
        }

        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer; 499 is what logs and metrics call that.
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        await Translate(httpContext, exception).ExecuteAsync(httpContext);
        return true;
    }

    /// <summary>For answers ASP.NET Core leaves empty: no such path, or not with this method.</summary>
    public static Task FillAsync(StatusCodeContext empty)
    {
        var context = empty.HttpContext;
        if (context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed && HttpMethods.IsOptions(context.Request.Method))
        {
            // Somebody only asks what is allowed, and Allow says it.
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        var error = context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => OpenAIError.Of(404, $"Unknown request URL: {context.Request.Method} {context.Request.Path}. Please check the URL for typos, or see the docs at /docs.") with { Code = "unknown_url" },
            StatusCodes.Status405MethodNotAllowed => OpenAIError.Of(405, $"Not allowed to {context.Request.Method} on {context.Request.Path}. (HINT: it takes {context.Response.Headers.Allow}.)") with { Code = "method_not_supported" },
            var status => OpenAIError.Of(status, $"The request was refused with status {status}."),
        };
        return error.ExecuteAsync(context);
    }

    internal static OpenAIError Blocked(AnswerBlockedException blocked) => OpenAIError.BadRequest(
        $"The guardrail '{blocked.Guardrail}' of your organization does not let the model's answer through. The call was made and is charged. Ask for something else, or ask whoever decides your organization's policy.",
        code: InputGuard.Code).Final();

    private OpenAIError Translate(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case UpstreamException failure:
                LogUpstream(failure.Failure, failure.Message, context.TraceIdentifier);
                return UpstreamErrors.Of(failure);
            case AnswerBlockedException blocked:
                return Blocked(blocked);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return OpenAIError.Of(StatusCodes.Status413PayloadTooLarge, "The request is too large for this hub.") with { Code = "request_too_large" };
            case BadHttpRequestException refused:
                return OpenAIError.Of(refused.StatusCode, "The request could not be read.");
        }

        if (IsDatabaseAway(exception))
        {
            LogDatabaseAway(exception, context.TraceIdentifier);
            return OpenAIError.Of(StatusCodes.Status503ServiceUnavailable, "The hub cannot answer right now. Please try again in a moment.") with
            {
                Code = "hub_unavailable",
                RetryAfter = DatabasePause,
            };
        }

        LogBug(exception, context.TraceIdentifier);
        return OpenAIError.Of(StatusCodes.Status500InternalServerError, $"The server had an error while processing your request. Sorry about that! (request id {context.TraceIdentifier})");
    }

    private static bool IsDatabaseAway(Exception exception) =>
        exception is RetryLimitExceededException or NpgsqlException { IsTransient: true } || (exception.InnerException is { } inner && IsDatabaseAway(inner));

    [LoggerMessage(LogLevel.Warning, "No vendor answered request {Request} ({Failure}): {Reason}")]
    private partial void LogUpstream(ProviderFailure failure, string reason, string request);

    [LoggerMessage(LogLevel.Warning, "Request {Request} was refused because the database does not answer.")]
    private partial void LogDatabaseAway(Exception failure, string request);

    [LoggerMessage(LogLevel.Error, "Request {Request} failed in a way nobody foresaw.")]
    private partial void LogBug(Exception failure, string request);
}

public static class ErrorAnswersExtensions
{
    public static IServiceCollection AddErrorAnswers(this IServiceCollection services) => services.AddExceptionHandler<ErrorAnswers>();
}
