using AiHub.Portal.Management;
using AiHub.Portal.Preferences;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiHub.Portal.Billing;

/// <summary>The buttons beside the plan: cancel, go on after all, pay the next term from the balance. What they came to, the page shows.</summary>
public static class PlanActions
{
    public const string Path = "/billing/plan";

    public static void MapPlanActions(this IEndpointRouteBuilder app)
    {
        foreach (var action in (string[])["cancel", "resume", "renew"])
        {
            app.MapPost($"{Path}/{action}", (ManagementClient management, CancellationToken ct) => AskAsync(action, management, ct)).WithMetadata(new AuthorizeAttribute()).RequireFormToken();
        }
    }

    private static async Task<RedirectHttpResult> AskAsync(string action, ManagementClient management, CancellationToken ct)
    {
        var problem = action == "renew" ? await management.RenewFromBalanceAsync(ct) : await management.OnSubscriptionAsync(action, ct);
        return TypedResults.LocalRedirect(problem is null ? Path : $"{Path}?refused={Uri.EscapeDataString(problem.Code)}");
    }
}
