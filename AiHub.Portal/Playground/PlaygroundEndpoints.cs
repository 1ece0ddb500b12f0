using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using AiHub.Contracts;
using AiHub.Portal.Management;
using AiHub.Portal.Parts;
using AiHub.Portal.Preferences;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace AiHub.Portal.Playground;

/// <summary>What an answer came to, written for people.</summary>
public sealed record PlaygroundFigures(string Cost, string Input, string Output, string Latency, string? FirstToken, string Address);

public static class PlaygroundEndpoints
{
    public const string AnswersPath = "/playground/answers";
    public const string CallsPath = "/playground/calls/";

    private const int LargestRequest = 24 * 1024 * 1024;
    private const string RequestId = "x-request-id";
    private const string Client = "playground";

    public static IServiceCollection AddPlayground(this IServiceCollection services)
    {
        services.AddScoped<PlaygroundKey>();
        // An answer is asked for once and takes as long as it takes: no retries, no time limit of the portal's own. The method is marked as a preview.
#pragma warning disable EXTEXP0001
        services.AddHttpClient(Client, http =>
            {
                http.BaseAddress = new Uri("https+http://gateway/v1/");
                http.Timeout = Timeout.InfiniteTimeSpan;
            })
            .RemoveAllResilienceHandlers();
#pragma warning restore EXTEXP0001
        return services;
    }

    public static void MapPlayground(this IEndpointRouteBuilder app)
    {
        app.MapPost(AnswersPath, AnswerAsync).WithMetadata(new AuthorizeAttribute(), new RequestSizeLimitAttribute(LargestRequest)).RequireFormToken();
        app.MapGet(CallsPath + "{id:guid}", FiguresAsync).WithMetadata(new AuthorizeAttribute());
    }

    /// <summary>Passes the request to the public API with the visitor's key and the answer back piece by piece. When the visitor stops, so does the vendor.</summary>
    private static async Task<IResult> AnswerAsync(HttpContext context, PlaygroundKey key, IHttpClientFactory clients, CancellationToken ct)
    {
        var (secret, problem) = await key.SecretAsync(ct);
        if (secret is null)
        {
            return TypedResults.Json(new { error = new { message = $"{problem!.Title} {problem.Detail}", code = problem.Code } }, statusCode: problem.Status);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "chat/completions") { Content = new StreamContent(context.Request.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        request.Headers.AcceptLanguage.Add(new StringWithQualityHeaderValue(CultureInfo.CurrentUICulture.Name));
        using var answer = await clients.CreateClient(Client).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
        {
            // Somebody revoked it.
            await key.ForgetAsync();
        }

        var response = context.Response;
        response.StatusCode = (int)answer.StatusCode;
        response.ContentType = answer.Content.Headers.ContentType?.ToString();
        response.Headers.CacheControl = "no-store";
        if (answer.Headers.TryGetValues(RequestId, out var ids))
        {
            response.Headers[RequestId] = ids.First();
        }

        await using var pieces = await answer.Content.ReadAsStreamAsync(ct);
        var buffer = new byte[16 * 1024];
        for (int read; (read = await pieces.ReadAsync(buffer, ct)) > 0;)
        {
            await response.Body.WriteAsync(buffer.AsMemory(0, read), ct);
            await response.Body.FlushAsync(ct);
        }

        return Results.Empty;
    }

    private static async Task<Results<JsonHttpResult<PlaygroundFigures>, NoContent>> FiguresAsync(Guid id, HttpContext context, ManagementClient management, CancellationToken ct)
    {
        context.Response.Headers.CacheControl = "no-store";
        UsageRequest call;
        try
        {
            call = (await management.ExplainAsync(id, ct)).Request;
        }
        catch (ManagementException failure) when (failure.Status == HttpStatusCode.NotFound)
        {
            // Stopped a moment ago; what it came to is not recorded yet.
            return TypedResults.NoContent();
        }

        return TypedResults.Json(
            new PlaygroundFigures(
                AmountText.Rounded(call.Cost, call.Currency).Exact,
                Show.Number(call.Tokens.Input),
                Show.Number(call.Tokens.Output),
                Show.Latency(call.LatencyMs),
                call.TimeToFirstTokenMs is { } first ? Show.Latency(first) : null,
                $"/logs/{call.Id}"),
            Json.Options);
    }
}
