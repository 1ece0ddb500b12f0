using System.Text.Json;
using AiHub.Gateway.Dialects.OpenRouter;
using AiHub.Gateway.Errors;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace AiHub.Gateway.Management.Refusals;

/// <summary>Marks the endpoints whose failures are answered here.</summary>
public sealed class ManagementEndpoint;

/// <summary>Turns what ASP.NET Core or the database throws in a management call into one of its problems.</summary>
public sealed partial class RefusedRequests(ILogger<RefusedRequests> logger) : IExceptionHandler
{
    private static readonly TimeSpan DatabasePause = TimeSpan.FromSeconds(5);

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (context.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.Metadata.GetMetadata<ManagementEndpoint>() is null)
        {
            return false;
        }

        if (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer; 499 is what logs and metrics call that.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        await Translate(context, exception).ExecuteAsync(context);
        return true;
    }

    /// <summary>For answers ASP.NET Core leaves empty: no such route, wrong method, a body over the limit.</summary>
    public static async Task FillAsync(StatusCodeContext empty)
    {
        if (OpenRouterEndpoints.Owns(empty.HttpContext.Request.Path))
        {
            await ErrorAnswers.FillAsync(empty);
            return;
        }

        var kind = empty.HttpContext.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ProblemKind.NotFound,
            StatusCodes.Status405MethodNotAllowed => ProblemKind.MethodNotAllowed,
            StatusCodes.Status413PayloadTooLarge => ProblemKind.BodyTooLarge,
            StatusCodes.Status415UnsupportedMediaType => ProblemKind.UnsupportedMediaType,
            >= 400 and < 500 => ProblemKind.InvalidRequest,
            _ => ProblemKind.InternalError,
        };

        await Of(kind).ExecuteAsync(empty.HttpContext);
    }

    private static Refused Of(ProblemKind kind) => kind == ProblemKind.BodyTooLarge
        ? Refused.Because(kind, ManagementApi.MaxBodyBytes)
        : Refused.Because(kind);

    private Refused Translate(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Of(ProblemKind.BodyTooLarge);
            case BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType }:
                return Of(ProblemKind.UnsupportedMediaType);
            case BadHttpRequestException { InnerException: JsonException json }:
                return OfJson(json, context.Request.Language());
            case BadHttpRequestException:
                return Of(ProblemKind.InvalidJson);
        }

        if (IsDatabaseAway(exception))
        {
            LogDatabaseAway(exception, context.TraceIdentifier);
            return Refused.Later(ProblemKind.Unavailable, DatabasePause);
        }

        LogBug(exception, context.TraceIdentifier);
        return Of(ProblemKind.InternalError);
    }

    private static bool IsDatabaseAway(Exception exception) =>
        exception is RetryLimitExceededException or NpgsqlException { IsTransient: true } || (exception.InnerException is { } inner && IsDatabaseAway(inner));

    // System.Text.Json tells these cases apart by its message only.
    private static Refused OfJson(JsonException json, Language language)
    {
        var field = FieldOf(json.Path);
        if (field.Length == 0 || json.InnerException is JsonException)
        {
            return Refused.Because(ProblemKind.InvalidJson);
        }

        var errors = new FieldErrors(language);
        if (json.Message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal))
        {
            errors.Add(field, FieldText.Unknown, field);
            return Refused.Because(ProblemKind.UnknownMember, field) with { Errors = errors.ToDictionary() };
        }

        if (json.Message.StartsWith("Duplicate property", StringComparison.Ordinal))
        {
            errors.Add(field, FieldText.Duplicate, field);
        }
        else
        {
            errors.Add(field, FieldText.WrongType);
        }

        return errors.Refuse();
    }

    // "$.limits.requests_per_minute" or "$['odd name']"; the name is the caller's own text, so its length is bounded here.
    private static string FieldOf(string? path)
    {
        var field = (path ?? "").TrimStart('$').TrimStart('.');
        field = field.StartsWith("['", StringComparison.Ordinal) && field.EndsWith("']", StringComparison.Ordinal) ? field[2..^2] : field;
        return field.Length > 100 ? field[..100] : field;
    }

    [LoggerMessage(LogLevel.Error, "Management call {Request} failed in a way nobody foresaw.")]
    private partial void LogBug(Exception exception, string request);

    [LoggerMessage(LogLevel.Warning, "Management call {Request} was refused because the database does not answer.")]
    private partial void LogDatabaseAway(Exception exception, string request);
}
