using System.Security.Claims;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>Who is signed in, and by which session.</summary>
public sealed record Person(Guid UserId, Guid SessionId)
{
    public static Guid IdOf(ClaimsPrincipal principal) => Guid.Parse(principal.FindFirstValue(ClaimTypes.NameIdentifier)!);

    public static ValueTask<Person> BindAsync(HttpContext context) =>
        ValueTask.FromResult(new Person(IdOf(context.User), Guid.Parse(context.User.FindFirstValue(BearerSessions.SessionIdClaim)!)));
}
