using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the fields of organizations, members, teams, invitations and keys mean.</summary>
public static class OrganizationFields
{
    private static readonly Text RoleInOrganization = new("admin, billing, developer or viewer.", "admin、billing、developer 或 viewer。");
    private static readonly Text Team = new("The team's id.", "团队编号。");

    public static readonly IReadOnlyDictionary<(Type, string), Text> All = new Dictionary<(Type, string), Text>
    {
        [(typeof(NewOrganization), "currency")] = new("Billing currency, USD or CNY; it cannot be changed later. By default CNY if Accept-Language prefers Chinese, else USD.", "结算货币，USD 或 CNY，之后不可更改。Accept-Language 以中文优先时默认为 CNY，否则为 USD。"),
        [(typeof(OrganizationChange), "name")] = new("The new name; null leaves it.", "新名称；null 表示不变。"),
        [(typeof(OrganizationChange), "time_zone")] = new("The new IANA time zone; null leaves it.", "新的 IANA 时区；null 表示不变。"),
        [(typeof(OwnershipTransfer), "user_id")] = new("The member who becomes the owner.", "将成为所有者的成员。"),
        [(typeof(Me), "permissions")] = new("What you may do in this organization.", "您在该组织中的权限。"),
        [(typeof(Me), "operator")] = new("Whether you run this hub.", "您是否为平台运营者。"),
        [(typeof(MemberView), "user_id")] = new("The member's user id.", "成员的用户编号。"),
        [(typeof(MemberView), "kind")] = new("person or service_account.", "person（用户）或 service_account（服务账号）。"),
        [(typeof(MemberView), "email")] = new("E-mail address; null for a service account.", "邮箱；服务账号为 null。"),
        [(typeof(MemberView), "display_name")] = new("How others see the member.", "显示名称。"),
        [(typeof(MemberView), "role")] = new("owner, admin, billing, developer or viewer.", "owner、admin、billing、developer 或 viewer。"),
        [(typeof(MemberView), "teams")] = new("Ids of the teams they are in.", "所在团队的编号。"),
        [(typeof(MemberView), "joined_at")] = new("When they joined.", "加入时间。"),
        [(typeof(RoleChange), "role")] = RoleInOrganization,
        [(typeof(NewInvitation), "role")] = RoleInOrganization,
        [(typeof(NewInvitation), "team_id")] = new("A team to join as well.", "同时加入的团队。"),
        [(typeof(InvitationView), "role")] = RoleInOrganization,
        [(typeof(InvitationView), "team_id")] = new("A team to join as well.", "同时加入的团队。"),
        [(typeof(InvitationView), "invited_by")] = new("Who invited.", "邀请人。"),
        [(typeof(InvitationView), "expires_at")] = new("Until when it can be accepted.", "可接受的截止时间。"),
        [(typeof(CreatedInvitation), "token")] = new("Lets the owner of the address join, once. It is shown this once and cannot be recovered.", "受邀邮箱的主人可凭此加入一次。仅显示这一次，之后无法找回。"),
        [(typeof(CreatedInvitation), "role")] = RoleInOrganization,
        [(typeof(CreatedInvitation), "team_id")] = new("A team to join as well.", "同时加入的团队。"),
        [(typeof(CreatedInvitation), "expires_at")] = new("Until when it can be accepted.", "可接受的截止时间。"),
        [(typeof(InvitationToken), "token")] = new("The token of the invitation.", "邀请令牌。"),
        [(typeof(InvitationPreview), "organization_name")] = new("Where the invitation leads.", "邀请加入的组织。"),
        [(typeof(InvitationPreview), "role")] = RoleInOrganization,
        [(typeof(InvitationPreview), "team_name")] = new("A team to join as well.", "同时加入的团队。"),
        [(typeof(InvitationPreview), "invited_by")] = new("Who invited.", "邀请人。"),
        [(typeof(InvitationPreview), "expires_at")] = new("Until when it can be accepted.", "可接受的截止时间。"),
        [(typeof(TeamView), "members")] = new("How many members it has.", "成员数。"),
        [(typeof(TeamView), "keys")] = new("How many keys it has.", "密钥数。"),
        [(typeof(TeamMemberView), "user_id")] = new("The member's user id.", "成员的用户编号。"),
        [(typeof(TeamMemberView), "display_name")] = new("How others see the member.", "显示名称。"),
        [(typeof(TeamMemberView), "role")] = new("lead or member.", "lead（负责人）或 member（成员）。"),
        [(typeof(TeamMemberView), "joined_at")] = new("When they joined the team.", "加入团队的时间。"),
        [(typeof(TeamRoleChange), "role")] = new("lead or member.", "lead（负责人）或 member（成员）。"),
        [(typeof(NewServiceAccount), "role")] = new("billing, developer or viewer.", "billing、developer 或 viewer。"),
        [(typeof(NewServiceAccount), "team_id")] = new("A team to join as well.", "同时加入的团队。"),
        [(typeof(OperatorClaim), "setup_token")] = new("Printed once when the database was first migrated.", "首次迁移数据库时输出一次的令牌。"),
        [(typeof(HubOrganizationView), "personal")] = new("True for the organization made at registration.", "注册时创建的个人组织为 true。"),
        [(typeof(HubOrganizationView), "status")] = new("active, suspended or closed.", "active（正常）、suspended（已停用）或 closed（已关闭）。"),
        [(typeof(HubOrganizationView), "plan")] = new("The plan's id; null without a subscription.", "套餐编号；没有订阅则为 null。"),
        [(typeof(HubOrganizationView), "owner_email")] = new("The owner's address.", "所有者邮箱。"),
        [(typeof(HubOrganizationView), "members")] = new("How many members it has.", "成员数。"),
        [(typeof(StatusReason), "reason")] = new("Why; written to the organization's audit log.", "原因，将写入组织的审计日志。"),
        [(typeof(NewApiKey), "team_id")] = new("The team its usage belongs to; the owner must be in it.", "用量所归属的团队；密钥所有者须在其中。"),
        [(typeof(NewApiKey), "service_account_id")] = new("A service account to own the key; by default you do. For owners and admins.", "由某个服务账号拥有该密钥；默认归您所有。仅限所有者与管理员。"),
        [(typeof(NewApiKey), "scopes")] = new("`models` alone (the default), or management permissions such as `keys.write`: a key either calls models or manages.", "单独的 `models`（默认），或若干管理权限，例如 `keys.write`：密钥要么调用模型，要么用于管理。"),
        [(typeof(ApiKeyChange), "name")] = new("The new name; null leaves it.", "新名称；null 表示不变。"),
        [(typeof(ApiKeyChange), "expires_at")] = new("The new end; null leaves it.", "新的失效时间；null 表示不变。"),
        [(typeof(ApiKeyChange), "never_expires")] = new("True takes the end away.", "true 表示取消失效时间。"),
        [(typeof(ApiKeyChange), "allowed_models")] = new("Replaces the list; empty means all; null leaves it.", "替换列表；空表示全部；null 表示不变。"),
        [(typeof(ApiKeyChange), "allowed_vendors")] = new("Replaces the list; empty means all; null leaves it.", "替换列表；空表示全部；null 表示不变。"),
        [(typeof(ApiKeyChange), "allowed_ips")] = new("Replaces the list; empty means everywhere; null leaves it.", "替换列表；空表示不限；null 表示不变。"),
        [(typeof(ApiKeyChange), "tags")] = new("Replaces the tags; null leaves them.", "替换标签；null 表示不变。"),
        [(typeof(ApiKeyChange), "limits")] = new("Replaces the key's own limits; null leaves them.", "替换密钥自身的限制；null 表示不变。"),
        [(typeof(ApiKeyChange), "enabled")] = new("False switches the key off, true on again; null leaves it.", "false 停用密钥，true 重新启用；null 表示不变。"),
        [(typeof(KeyRotation), "overlap_seconds")] = new("How long the old secret still works, 0 to 604800; by default a day.", "旧密钥继续有效的秒数，0 到 604800；默认一天。"),
        [(typeof(ApiKeyView), "owner_id")] = new("The user or service account that owns it.", "拥有该密钥的用户或服务账号。"),
        [(typeof(ApiKeyView), "enabled")] = new("False while it is switched off.", "停用时为 false。"),
        [(typeof(ApiKeyView), "previous_expires_at")] = new("Until when the secret before the last rotation works; null if there is none.", "上次轮换前的旧密钥的失效时间；没有则为 null。"),
    };

    public static readonly IReadOnlyDictionary<string, Text> Shared = new Dictionary<string, Text>
    {
        ["team_id"] = Team,
        ["scopes"] = new("What the key is for: `models` alone, or management permissions.", "密钥的用途：单独的 `models`，或若干管理权限。"),
        ["allowed_vendors"] = new("Vendors its calls may go to; empty means all the organization may use.", "其调用可使用的厂商；为空表示组织可用的全部厂商。"),
        ["allowed_ips"] = new("Addresses and networks (CIDR) it may be used from; empty means everywhere.", "可使用该密钥的 IP 地址与网段（CIDR）；为空表示不限。"),
        ["tags"] = new("Names and values its usage is filed under.", "用于归类用量的标签（名称与值）。"),
    };
}
