using System.Collections.Frozen;
using System.Text.Json;
using AiHub.Domain.Tenancy;
using static AiHub.Domain.Tenancy.Role;

namespace AiHub.Gateway.Access;

/// <summary>What can be done in an organization. The wire names (<c>keys.write</c>) are the scopes of management keys.</summary>
public enum Permission
{
    OrganizationRead,
    OrganizationWrite,
    OrganizationTransfer,
    OrganizationClose,
    MembersRead,
    MembersWrite,
    TeamsRead,
    TeamsWrite,
    KeysRead,

    /// <summary>Make keys, and change one's own.</summary>
    KeysWrite,

    /// <summary>Change everybody's keys.</summary>
    KeysManage,
    ModelsCall,
    UsageRead,
    BillingRead,
    BillingWrite,
    BudgetsRead,
    BudgetsWrite,
    PolicyRead,
    PolicyWrite,
    VendorKeysRead,
    VendorKeysWrite,
    AuditRead,
    ContentRead,
    SignInWrite,

    /// <summary>Make the tokens with which a directory makes and ends memberships.</summary>
    ProvisioningWrite,
}

/// <summary>The one table of who may do what: role × permission. Endpoints name a permission, never a role.</summary>
public static class Permissions
{
    private static readonly Role[] Everybody = [Owner, Admin, Role.Billing, Developer, Viewer];

    private static readonly FrozenDictionary<Permission, Role[]> Roles = new Dictionary<Permission, Role[]>
    {
        [Permission.OrganizationRead] = Everybody,
        [Permission.OrganizationWrite] = [Owner, Admin],
        [Permission.OrganizationTransfer] = [Owner],
        [Permission.OrganizationClose] = [Owner],
        [Permission.MembersRead] = Everybody,
        [Permission.MembersWrite] = [Owner, Admin],
        [Permission.TeamsRead] = Everybody,
        [Permission.TeamsWrite] = [Owner, Admin],
        [Permission.KeysRead] = Everybody,
        [Permission.KeysWrite] = [Owner, Admin, Developer],
        [Permission.KeysManage] = [Owner, Admin],
        [Permission.ModelsCall] = [Owner, Admin, Developer],
        [Permission.UsageRead] = Everybody,
        [Permission.BillingRead] = Everybody,
        [Permission.BillingWrite] = [Owner, Admin, Role.Billing],
        [Permission.BudgetsRead] = Everybody,
        [Permission.BudgetsWrite] = [Owner, Admin, Role.Billing],
        [Permission.PolicyRead] = Everybody,
        [Permission.PolicyWrite] = [Owner, Admin],
        [Permission.VendorKeysRead] = [Owner, Admin],
        [Permission.VendorKeysWrite] = [Owner, Admin],
        [Permission.AuditRead] = [Owner, Admin],
        [Permission.ContentRead] = [Owner, Admin],
        [Permission.SignInWrite] = [Owner, Admin],
        [Permission.ProvisioningWrite] = [Owner],
    }.ToFrozenDictionary();

    // Only a person at the keyboard gives an organization away or ends it; calling models is the other kind of key.
    private static readonly FrozenSet<Permission> NeverOfKeys =
        [Permission.OrganizationTransfer, Permission.OrganizationClose, Permission.SignInWrite, Permission.ProvisioningWrite, Permission.ModelsCall];

    private static readonly FrozenDictionary<string, Permission> ByName = Enum.GetValues<Permission>().ToFrozenDictionary(Name);

    /// <summary>What a management key may be given, by name.</summary>
    public static readonly IReadOnlyList<string> Scopes = [.. Enum.GetValues<Permission>().Where(permission => !NeverOfKeys.Contains(permission)).Select(Name)];

    public static IReadOnlyList<Role> RolesWith(Permission permission) => Roles[permission];

    public static bool May(this Role role, Permission permission) => Roles[permission].Contains(role);

    public static IReadOnlyList<string> Of(Role role) => [.. Enum.GetValues<Permission>().Where(permission => role.May(permission)).Select(Name)];

    /// <summary>Whether one may make, change or remove a member of the other role. Nobody acts on their equals.</summary>
    public static bool Outranks(this Role role, Role other) => Rank(role) > Rank(other);

    public static string Name(Permission permission)
    {
        var words = JsonNamingPolicy.SnakeCaseLower.ConvertName(permission.ToString());
        var last = words.LastIndexOf('_');
        return $"{words[..last]}.{words[(last + 1)..]}";
    }

    public static Permission? Find(string name) => ByName.TryGetValue(name, out var permission) ? permission : null;

    private static int Rank(Role role) => role switch { Owner => 2, Admin => 1, _ => 0 };
}
