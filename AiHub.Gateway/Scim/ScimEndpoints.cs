using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Management;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Scim;

/// <summary>Marks the endpoints a directory calls.</summary>
public sealed class ScimEndpoint;

/// <summary>One call of an organization's directory.</summary>
public sealed record ScimCall(Guid OrganizationId, string Root, AuditActor Actor, HttpContext Http, DateTimeOffset Now)
{
    public CancellationToken Aborted => Http.RequestAborted;

    public static ValueTask<ScimCall?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<ScimCall>());

    /// <summary>Which part of a list is wanted: one-based, and as many as may be.</summary>
    public (int Start, int Count) Page()
    {
        var start = int.TryParse(Http.Request.Query["startIndex"], out var first) ? Math.Max(1, first) : 1;
        var count = int.TryParse(Http.Request.Query["count"], out var most) ? Math.Clamp(most, 0, ScimSchemas.MostResults) : ScimSchemas.MostResults / 2;
        return (start, count);
    }

    public bool Excludes(string attribute) => Http.Request.Query["excludedAttributes"].ToString().Split(',', StringSplitOptions.TrimEntries).Contains(attribute, StringComparer.OrdinalIgnoreCase);

    public async Task<JsonObject> BodyAsync()
    {
        try
        {
            return await JsonNode.ParseAsync(Http.Request.Body, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }, cancellationToken: Aborted) as JsonObject
                ?? throw new ScimException(StatusCodes.Status400BadRequest, "The body must be a JSON object.", "invalidSyntax");
        }
        catch (JsonException)
        {
            throw new ScimException(StatusCodes.Status400BadRequest, "The body is not valid JSON.", "invalidSyntax");
        }
    }
}

/// <summary>
/// SCIM 2.0 under <c>/scim/v2</c>: an organization's directory (Entra ID, Okta, …) makes, changes and ends memberships and teams. Which
/// organization is a matter of the token alone.
/// </summary>
public static class ScimEndpoints
{
    public const string Path = "/scim/v2";

    private const int MaxBodyBytes = 1024 * 1024;
    private const int CallsPerMinute = 1200;
    private const string Bearer = "Bearer ";

    private static readonly TimeSpan UseIsNews = TimeSpan.FromMinutes(1);

    public static void MapScim(this WebApplication app)
    {
        var scim = app.MapGroup(Path).WithMetadata(new ScimEndpoint(), new RequestSizeLimitAttribute(MaxBodyBytes));
        scim.AddEndpointFilter(EnterAsync);

        scim.MapGet("/ServiceProviderConfig", (ScimCall call) => ScimAnswer.Ok(ScimSchemas.ServiceProviderConfig(call.Root)));
        MapCatalog(scim, "/ResourceTypes", ScimSchemas.ResourceTypes);
        MapCatalog(scim, "/Schemas", ScimSchemas.Schemas);

        scim.MapGet("/Users", ScimUsers.ListAsync);
        scim.MapPost("/Users", ScimUsers.CreateAsync);
        scim.MapGet("/Users/{id}", ScimUsers.FindAsync);
        scim.MapPut("/Users/{id}", ScimUsers.ReplaceAsync);
        scim.MapPatch("/Users/{id}", ScimUsers.PatchAsync);
        scim.MapDelete("/Users/{id}", ScimUsers.DeleteAsync);

        scim.MapGet("/Groups", ScimGroups.ListAsync);
        scim.MapPost("/Groups", ScimGroups.CreateAsync);
        scim.MapGet("/Groups/{id}", ScimGroups.FindAsync);
        scim.MapPut("/Groups/{id}", ScimGroups.ReplaceAsync);
        scim.MapPatch("/Groups/{id}", ScimGroups.PatchAsync);
        scim.MapDelete("/Groups/{id}", ScimGroups.DeleteAsync);

        scim.Map("/{**rest}", () => ScimAnswer.NotFound("resource"));
    }

    private static void MapCatalog(RouteGroupBuilder scim, string path, Func<string, IReadOnlyList<JsonObject>> all)
    {
        scim.MapGet(path, (ScimCall call) => ScimAnswer.Ok(ScimSchemas.ListOf(all(call.Root), all(call.Root).Count, 1)));
        scim.MapGet(path + "/{id}", (string id, ScimCall call) =>
            all(call.Root).FirstOrDefault(entry => entry["id"]!.GetValue<string>() == id) is { } found ? ScimAnswer.Ok(found) : ScimAnswer.NotFound("resource"));
    }

    private static async ValueTask<object?> EnterAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (ScimException refused)
        {
            return refused.Answer;
        }
    }

    /// <summary>Opens the door before anything of the request is read.</summary>
    public static IApplicationBuilder UseScim(this IApplicationBuilder app) => app.UseWhen(
        context => context.GetEndpoint()?.Metadata.GetMetadata<ScimEndpoint>() is not null,
        scim => scim.Use(async (context, next) =>
        {
            if (await KnockAsync(context) is { } refused)
            {
                await refused.ExecuteAsync(context);
                return;
            }

            await next(context);
        }));

    private static async Task<ScimAnswer?> KnockAsync(HttpContext http)
    {
        var services = http.RequestServices;
        var db = services.GetRequiredService<HubDb>();
        var limits = services.GetRequiredService<AttemptLimits>();
        var now = services.GetRequiredService<TimeProvider>().Now();
        if (http.Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            || SignInTokens.ReadScim(header[Bearer.Length..].Trim()) is not { } hash
            || await db.FindScimToken(hash).AsNoTracking().FirstOrDefaultAsync(http.RequestAborted) is not { } token)
        {
            return ScimAnswer.Error(StatusCodes.Status401Unauthorized, "The token is missing, unknown or revoked. An owner of the organization makes one.");
        }

        if (limits.Admit("scim", token.OrganizationId.ToString(), CallsPerMinute, TimeSpan.FromMinutes(1)) is { } wait)
        {
            http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
            return ScimAnswer.Error(StatusCodes.Status429TooManyRequests, $"At most {CallsPerMinute} calls a minute.");
        }

        if (token.LastUsedAt is null || now - token.LastUsedAt >= UseIsNews)
        {
            await db.InOrganizationAsync(
                token.OrganizationId,
                () => db.ScimTokens.Where(row => row.Id == token.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.LastUsedAt, now), http.RequestAborted),
                http.RequestAborted);
        }

        http.Features.Set(new ScimCall(
            token.OrganizationId,
            $"{http.Request.Scheme}://{http.Request.Host}{Path}",
            // The directory acts for whoever made its token.
            new AuditActor(token.CreatedBy, token.Id, ClientAddress.Of(http), http.RequestId()),
            http,
            now));
        return null;
    }
}

/// <summary>Answers what went wrong in a directory's call in its own words, and tells it nothing of ours.</summary>
public sealed partial class ScimFailures(ILogger<ScimFailures> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.Metadata.GetMetadata<ScimEndpoint>() is null || httpContext.RequestAborted.IsCancellationRequested)
        {
            return false;
        }

        if (exception is BadHttpRequestException refused)
        {
            await ScimAnswer.Error(refused.StatusCode, "The request could not be read.", "invalidSyntax").ExecuteAsync(httpContext);
            return true;
        }

        LogFailed(exception, httpContext.TraceIdentifier);
        await ScimAnswer.Error(StatusCodes.Status500InternalServerError, $"Something went wrong on our side (request {httpContext.TraceIdentifier}).").ExecuteAsync(httpContext);
        return true;
    }

    [LoggerMessage(LogLevel.Error, "A call of a directory failed (request {Request}).")]
    private partial void LogFailed(Exception failure, string request);
}
