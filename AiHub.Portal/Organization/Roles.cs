using AiHub.Contracts;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Organization;

/// <summary>The words for roles, and which of them a visitor can give.</summary>
public static class Roles
{
    public const string Owner = "owner";
    public const string ServiceAccount = "service_account";

    private static readonly string[] Given = ["admin", "billing", "developer", "viewer"];

    public static readonly IReadOnlyList<string> OfServiceAccounts = ["developer", "billing", "viewer"];

    public static string Name(string role) => role switch
    {
        "lead" => Text.Role_Lead,
        "member" => Text.Role_Member,
        _ => Show.Role(role),
    };

    public static string Explained(string role) => role switch
    {
        "admin" => Text.Role_AdminHint,
        "billing" => Text.Role_BillingHint,
        "developer" => Text.Role_DeveloperHint,
        _ => Text.Role_ViewerHint,
    };

    /// <summary>Nobody makes, changes or removes their equals.</summary>
    public static bool Outranks(string role, string other) => Rank(role) > Rank(other);

    public static IEnumerable<string> GivenBy(string role) => Given.Where(other => Outranks(role, other)).Reverse();

    public static bool MayChange(this Me me, MemberView member) => me.Permissions.Contains("members.write") && Outranks(me.Organization.Role, member.Role);

    private static int Rank(string role) => role switch { Owner => 2, "admin" => 1, _ => 0 };
}
