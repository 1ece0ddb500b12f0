using AiHub.Gateway.Access;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Modalities;

/// <summary>What is asked of models besides chat, as OpenAI's clients ask it.</summary>
public static class SurfaceEndpoint
{
    public static void MapSurfaces(this IEndpointRouteBuilder routes)
    {
        foreach (var surface in Surface.All)
        {
            routes.MapPost($"/{surface.Path}", (HttpContext context, ApiKeys keys, SurfaceCalls calls, TimeProvider time) => AnswerAsync(surface, context, keys, calls, time));
        }
    }

    private static async Task<IResult> AnswerAsync(Surface surface, HttpContext context, ApiKeys keys, SurfaceCalls calls, TimeProvider time)
    {
        var received = time.GetTimestamp();
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var (request, unreadable) = await SurfaceRequest.ReadAsync(surface, context.Request, context.RequestAborted);
        return request is null ? unreadable! : await calls.AnswerAsync(context, caller, request, RoutePreferences.None, received);
    }
}
