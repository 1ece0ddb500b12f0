using AiHub.Portal.Management;
using AiHub.Portal.Preferences;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiHub.Portal.Budgets;

public static class BudgetEnding
{
    public static string Path(Guid id) => $"/budgets/{id}/end";

    public static void MapBudgetEnding(this IEndpointRouteBuilder app) =>
        app.MapPost("/budgets/{id:guid}/end", EndAsync).WithMetadata(new AuthorizeAttribute()).RequireFormToken();

    private static async Task<RedirectHttpResult> EndAsync(Guid id, ManagementClient management, CancellationToken ct)
    {
        await management.EndBudgetAsync(id, ct);
        return TypedResults.LocalRedirect("/budgets?ended=true");
    }
}
