using AiHub.Portal.Management;
using AiHub.Portal.Preferences;
using Microsoft.AspNetCore.Authentication;

namespace AiHub.Portal.SignIn;

public static partial class SignOut
{
    public const string Path = "/sign-out";

    public static void MapSignOut(this IEndpointRouteBuilder app) => app.MapPost(Path, SignOutAsync).RequireFormToken();

    private static async Task<IResult> SignOutAsync(HttpContext context, ManagementClient management, SessionRenewal renewal, ILogger<Session> logger)
    {
        var ticket = await context.AuthenticateAsync();
        try
        {
            if (SessionTokens.From(ticket.Properties) is { } kept && await renewal.FreshAsync(kept) is { } tokens)
            {
                await management.SignOutAsync(tokens.Access, context.RequestAborted);
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or ManagementException)
        {
            // Somebody asked this browser to forget them; that must work while the gateway is away.
            LogNotDelivered(logger, failure);
        }

        await context.SignOutAsync();
        return TypedResults.LocalRedirect("/");
    }

    [LoggerMessage(LogLevel.Warning, "A sign-out did not reach the gateway; the session there ends by itself.")]
    private static partial void LogNotDelivered(ILogger logger, Exception failure);
}
