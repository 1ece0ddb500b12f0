using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Routing;
using Microsoft.Net.Http.Headers;

namespace AiHub.Gateway.Models;

/// <summary>
/// Lists of models as clients are sent them. Many programs ask for the list before every call, so it is made once for each catalogue
/// and all callers who may call everything, and a caller who has it already is told only that.
/// </summary>
public sealed class ModelListings(Func<CatalogueSnapshot> catalogue, Router router, TimeProvider time)
{
    // Prices begin and end, and with them what can be called.
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(1);

    private readonly ConditionalWeakTable<CatalogueSnapshot, ConcurrentDictionary<(Currency, string), Listing>> _made = [];

    /// <param name="shape">The dialect the list is written in.</param>
    public Listing Of(Caller caller, string shape, Func<IEnumerable<Model>, byte[]> write)
    {
        if (!caller.MayCallEverything)
        {
            return Make();
        }

        var made = _made.GetOrCreateValue(catalogue());
        return made.TryGetValue((caller.Currency, shape), out var listing) && time.GetUtcNow() - listing.At < Lasts
            ? listing
            : made[(caller.Currency, shape)] = Make();

        Listing Make() => new(time.GetUtcNow(), write(router.Callable(caller)));
    }
}

/// <summary>A list with its tag: sent whole, or as 304 to whoever has it.</summary>
public sealed class Listing(DateTimeOffset at, byte[] body) : IResult
{
    private readonly EntityTagHeaderValue _tag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 16))}\"");

    public DateTimeOffset At => at;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var headers = response.GetTypedHeaders();
        headers.ETag = _tag;
        // It depends on the key, and may be shown again only after asking.
        headers.CacheControl = new CacheControlHeaderValue { Private = true, NoCache = true };
        response.Headers.Vary = HeaderNames.Authorization;

        if (httpContext.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(_tag, useStrongComparison: false) || known == EntityTagHeaderValue.Any))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await response.BodyWriter.WriteAsync(body, httpContext.RequestAborted);
        }
    }
}
