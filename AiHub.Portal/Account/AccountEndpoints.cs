using AiHub.Contracts;
using AiHub.Portal.Management;
using AiHub.Portal.Preferences;
using AiHub.Portal.SignIn;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.Account;

/// <summary>What the buttons of the security page do.</summary>
public static class AccountEndpoints
{
    public const string PagePath = "/account/security";
    public const string PasskeyPath = "/account/passkeys";
    public const string ResendPath = "/account/email/resend";

    public static string EndSessionPath(Guid id) => $"/account/sessions/{id}/end";

    public static string DeletePasskeyPath(Guid id) => $"{PasskeyPath}/{id}/delete";

    public static string RenamePasskeyPath(Guid id) => $"{PasskeyPath}/{id}/rename";

    public static void MapAccount(this IEndpointRouteBuilder app)
    {
        Map("/account/sessions/{id:guid}/end", async (Guid id, ManagementClient management, CancellationToken ct) =>
        {
            await management.EndSessionAsync(id, ct);
            return Back("session");
        });
        Map(PasskeyPath + "/{id:guid}/delete", async (Guid id, ManagementClient management, CancellationToken ct) =>
        {
            await management.DeletePasskeyAsync(id, ct);
            return Back("passkey-deleted");
        });
        Map(PasskeyPath + "/{id:guid}/rename", async (Guid id, HttpContext context, ManagementClient management, CancellationToken ct) =>
        {
            var form = await context.Request.ReadFormAsync(ct);
            var answer = await management.RenamePasskeyAsync(id, form["name"].ToString().Trim(), ct);
            return Back(answer.Problem is null ? "passkey-renamed" : null);
        });
        Map(ResendPath, async (ManagementClient management, CancellationToken ct) => Back(await management.ResendVerificationAsync(ct) is null ? "mail" : "mail-later"));
        Map(PasskeyPath + "/begin", async (HttpContext context, ManagementClient management, CancellationToken ct) =>
        {
            var form = await context.Request.ReadFormAsync(ct);
            return PasskeySignInEndpoints.Passed(await management.BeginPasskeyAsync(form["password"].ToString() is { Length: > 0 } password ? password : null, ct));
        });
        Map(PasskeyPath, async (HttpContext context, ManagementClient management, CancellationToken ct) =>
        {
            var form = await context.Request.ReadFormAsync(ct);
            if (PasskeySignInEndpoints.ReadJson(form["credential"]) is not { } credential)
            {
                return TypedResults.BadRequest();
            }

            var answer = await management.CreatePasskeyAsync(new NewPasskey(form["ticket"].ToString(), credential, form["name"].ToString() is { Length: > 0 } name ? name : null), ct);
            return answer.Problem is null ? TypedResults.Json(new { location = $"{PagePath}?done=passkey" }) : PasskeySignInEndpoints.Passed(answer);
        });

        void Map(string path, Delegate handler) => app.MapPost(path, handler).WithMetadata(new AuthorizeAttribute()).RequireFormToken();
    }

    private static IResult Back(string? done) => TypedResults.LocalRedirect(done is null ? PagePath : $"{PagePath}?done={done}");
}
