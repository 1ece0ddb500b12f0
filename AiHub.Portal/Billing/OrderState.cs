using AiHub.Portal.Management;
using AiHub.Portal.Preferences;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiHub.Portal.Billing;

/// <summary>What an open order page asks until the order is final, and the button that asks the channel.</summary>
public static class OrderState
{
    public static string Path(Guid id) => $"/billing/orders/{id}";

    public static void MapOrderState(this IEndpointRouteBuilder app)
    {
        app.MapGet("/billing/orders/{id:guid}/state", StateAsync).WithMetadata(new AuthorizeAttribute());
        app.MapPost("/billing/orders/{id:guid}/check", CheckAsync).WithMetadata(new AuthorizeAttribute()).RequireFormToken();
    }

    private static async Task<IResult> StateAsync(Guid id, HttpContext context, ManagementClient management, CancellationToken ct)
    {
        var order = await management.OrderAsync(id, ct);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(order.Status);
    }

    private static async Task<RedirectHttpResult> CheckAsync(Guid id, ManagementClient management, CancellationToken ct)
    {
        await management.CheckOrderAsync(id, ct);
        return TypedResults.LocalRedirect($"{Path(id)}?checked=true");
    }
}
