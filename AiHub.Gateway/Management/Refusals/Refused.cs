using System.Text.Json;
using AiHub.Contracts;
using Microsoft.Net.Http.Headers;

namespace AiHub.Gateway.Management.Refusals;

/// <summary>A refusal on its way to the caller, written in the caller's language.</summary>
public sealed record Refused(ProblemKind Kind, object[] Values) : IResult, IStatusCodeHttpResult
{
    private static readonly JsonSerializerOptions Wire = Json.ConfigureStrict(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    });

    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    int? IStatusCodeHttpResult.StatusCode => Kind.Status;

    public static Refused Because(ProblemKind kind, params object[] values) => new(kind, values);

    public static Refused Later(ProblemKind kind, TimeSpan wait)
    {
        // Rounded up: a caller who waits exactly as long as told must get through.
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        return new Refused(kind, [seconds]) { RetryAfter = TimeSpan.FromSeconds(seconds) };
    }

    public async Task ExecuteAsync(HttpContext context)
    {
        var language = context.Request.Language();
        var response = context.Response;
        int? retryAfter = RetryAfter is { } wait ? (int)wait.TotalSeconds : null;

        AnswerHeaders.Set(context);
        response.StatusCode = Kind.Status;
        response.Headers.ContentLanguage = language.Tag();
        response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptLanguage);
        if (retryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (Kind.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = Kind == ProblemKind.MissingToken ? "Bearer" : $"Bearer error=\"invalid_token\", error_description=\"{Kind.Code}\"";
        }

        var problem = new ProblemView(
            $"{context.Request.Scheme}://{context.Request.Host}{Docs.ProblemPage.Path}#{Kind.Code}",
            Kind.Title.In(language),
            Kind.Status,
            Kind.Detail.In(language, Values),
            Kind.Code,
            context.TraceIdentifier,
            Errors,
            retryAfter);

        await response.WriteAsJsonAsync(problem, Wire, "application/problem+json", context.RequestAborted);
    }
}

/// <summary>What every answer of the management API carries.</summary>
public static class AnswerHeaders
{
    public static void Set(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
    }
}
