using System.Text.Json;
using AiHub.Gateway.Access;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Modalities;
using AiHub.Gateway.Routing;
using Wire = AiHub.Gateway.Dialects.Responses.Wire;

namespace AiHub.Gateway.Dialects.OpenRouter;

/// <summary>Embeddings whose request may say who shall answer it.</summary>
internal static class OpenRouterEmbeddings
{
    public static void MapOpenRouterEmbeddings(this IEndpointRouteBuilder routes) => routes.MapPost("/embeddings", AnswerAsync);

    private static async Task<IResult> AnswerAsync(HttpContext context, ApiKeys keys, SurfaceCalls calls, TimeProvider time)
    {
        var received = time.GetTimestamp();
        context.Response.Headers[OpenRouterEndpoints.GenerationHeader] = Generations.Name(RequestIds.RequestId(context));
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var body = await RequestBody.ReadOwnAsync(context.Request, context.RequestAborted);
        if (body.Error is { } unreadable)
        {
            return unreadable;
        }

        var (request, preferences, wrong) = Read(body.Json);
        return request is null ? wrong! : await calls.AnswerAsync(context, caller, request, preferences, received);
    }

    private static (SurfaceRequest? Request, RoutePreferences Preferences, OpenAIError? Error) Read(ReadOnlyMemory<byte> json)
    {
        var (request, error) = JsonRequest.Parse(Surface.RoutedEmbeddings, json);
        if (request is null)
        {
            return (null, RoutePreferences.None, error);
        }

        using var document = JsonDocument.Parse(json, Wire.Documents);
        (var preferences, error) = RoutingFields.Read(document.RootElement, RoutePreferences.None);
        if (error is not null)
        {
            return (null, preferences, error);
        }

        // Vectors of another model are in another space: there is none to fall back on.
        preferences = preferences with { FallbackModels = [] };
        return document.RootElement.EnumerateObject().Any(member => RoutingFields.Is(member.Name))
            ? (JsonRequest.Parse(Surface.RoutedEmbeddings, RoutingFields.TakenOut(document.RootElement, json.Length)).Request, preferences, null)
            : (request, preferences, null);
    }
}
