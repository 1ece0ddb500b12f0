using System.Security.Claims;
using AiHub.Domain.Access;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Management.SignIn;

namespace AiHub.Gateway.Management;

/// <summary>Who the audit log is to say it was.</summary>
public static class Audits
{
    /// <param name="http">The call that makes the change.</param>
    /// <param name="userId">Whose it is when nobody is signed in yet.</param>
    public static AuditActor Actor(this HttpContext http, Guid? userId = null) => new(
        userId ?? Read(http, ClaimTypes.NameIdentifier),
        Read(http, BearerSessions.KeyIdClaim),
        ClientAddress.Of(http),
        http.RequestId());

    private static Guid? Read(HttpContext http, string claim) => Guid.TryParse(http.User.FindFirstValue(claim), out var id) ? id : null;
}
