using System.Security.Claims;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>Who is signed in, and by which session.</summary>
public sealed record Person(Guid UserId, Guid SessionId)
{
    public static Person Of(ClaimsPrincipal principal) => new(
        Guid.Parse(principal.FindFirstValue(ClaimTypes.NameIdentifier)!),
        Guid.Parse(principal.FindFirstValue(BearerSessions.SessionIdClaim)!));

    public static ValueTask<Person> BindAsync(HttpContext context) => ValueTask.FromResult(Of(context.User));
}
