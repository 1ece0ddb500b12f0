using System.Text.Json;
using AiHub.Contracts;
using AiHub.Portal.Management;
using AiHub.Portal.Preferences;

namespace AiHub.Portal.SignIn;

/// <summary>What the script on the sign-in page talks to while the browser asks its authenticator.</summary>
public static class PasskeySignInEndpoints
{
    public const string Path = "/sign-in/passkey";

    public static void MapPasskeySignIn(this IEndpointRouteBuilder app)
    {
        app.MapPost(Path + "/begin", BeginAsync).RequireFormToken();
        app.MapPost(Path, SignInAsync).RequireFormToken();
    }

    private static async Task<IResult> BeginAsync(ManagementClient management, CancellationToken ct) => Passed(await management.BeginPasskeySignInAsync(ct));

    private static async Task<IResult> SignInAsync(HttpContext context, ManagementClient management, TimeProvider time, CancellationToken ct)
    {
        var form = await context.Request.ReadFormAsync(ct);
        if (ReadJson(form["credential"]) is not { } credential)
        {
            return TypedResults.BadRequest();
        }

        var answer = await management.SignInWithPasskeyAsync(new PasskeySignIn(form["ticket"].ToString(), credential), ct);
        if (answer.Value is not { } tokens)
        {
            return Passed(answer);
        }

        // Who it is, the passkey has said; the cookie names the address as after any other sign-in.
        var me = await management.MeAsync(tokens.AccessToken, organization: null, ct);
        await context.SignInAsync(me!.User.Email, SessionTokens.Of(tokens, time.GetUtcNow()));
        return TypedResults.Json(new { location = ReturnUrl.Local(form[SignInRegistration.ReturnParameter], SignInRegistration.OverviewPath) });
    }

    internal static JsonElement? ReadJson(string? text)
    {
        try
        {
            using var document = JsonDocument.Parse(text ?? "");
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The gateway's answer, as it gave it.</summary>
    internal static IResult Passed<T>(Answer<T> answer) where T : class => answer.Value is { } value
        ? TypedResults.Json(value, Json.Options)
        : TypedResults.Json(new { title = answer.Problem!.Title, detail = answer.Problem.Detail }, statusCode: answer.Problem.Status);
}
