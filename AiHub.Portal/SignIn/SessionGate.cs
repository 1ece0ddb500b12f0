using System.Net;
using System.Security.Claims;
using AiHub.Contracts;
using AiHub.Portal.Management;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.SignIn;

/// <summary>Opens the <see cref="Session"/> for every endpoint that needs one: renews tokens that are about to end, and lets go of sessions that have ended.</summary>
public sealed class SessionGate(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context, Session session, ManagementClient management, SessionRenewal renewal)
    {
        if (context.User.Identity?.IsAuthenticated is true && Wants(context.GetEndpoint()))
        {
            if (await OpenAsync(context, management, renewal) is { } opened)
            {
                session.Open(opened.AccessToken, opened.Me);
            }
            else
            {
                await context.SignOutAsync();
                context.User = new ClaimsPrincipal(new ClaimsIdentity());
            }
        }

        await next(context);
    }

    private static bool Wants(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<IAuthorizeData>() is not null || endpoint?.Metadata.GetMetadata<WelcomesAttribute>() is not null;

    private static async Task<(string AccessToken, Me Me)?> OpenAsync(HttpContext context, ManagementClient management, SessionRenewal renewal)
    {
        var ticket = await context.AuthenticateAsync();
        if (SessionTokens.From(ticket.Properties) is not { } kept || await renewal.FreshAsync(kept) is not { } tokens)
        {
            return null;
        }

        if (tokens != kept)
        {
            await context.SignInAsync(context.User, tokens.ToProperties());
        }

        return await MeAsync(context, management, tokens.Access) is { } me ? (tokens.Access, me) : null;
    }

    private static async Task<Me?> MeAsync(HttpContext context, ManagementClient management, string accessToken)
    {
        var chosen = context.ChosenOrganization();
        try
        {
            return await management.MeAsync(accessToken, chosen, context.RequestAborted);
        }
        catch (ManagementException failure) when (chosen is not null && failure.Status is (HttpStatusCode.NotFound or HttpStatusCode.Forbidden))
        {
            // They have left it, it asks for single sign-on, or it was the choice of somebody else in this browser.
            context.ForgetOrganization();
            return await management.MeAsync(accessToken, organization: null, context.RequestAborted);
        }
    }
}

/// <summary>A page that anybody may read and that knows whoever is signed in.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class WelcomesAttribute : Attribute;

public static class SignInCookie
{
    /// <summary>Signs in somebody whose account was opened a moment ago.</summary>
    public static Task EnterAsync(this HttpContext context, Registered registered, TimeProvider time) => context.SignInAsync(
        registered.User.Email, SessionTokens.Of(new TokenPair(registered.AccessToken, registered.RefreshToken, registered.ExpiresIn), time.GetUtcNow()));

    /// <summary>Signs the visitor in with what registration or sign-in returned.</summary>
    public static Task SignInAsync(this HttpContext context, string email, SessionTokens tokens)
    {
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, email)], CookieAuthenticationDefaults.AuthenticationScheme);
        return context.SignInAsync(new ClaimsPrincipal(identity), tokens.ToProperties());
    }
}
