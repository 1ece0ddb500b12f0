using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>Examples of single sign-on and provisioning, and what their fields mean.</summary>
public static class SignOnExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 31, 8, 30, 0, TimeSpan.Zero);

    private const string Ticket = "aik_…";

    public static readonly SignOnChange Change = new("https://login.example.com", "ai-hub", "example.com", "…", "developer", true, false);
    public static readonly SignOnView View = new(
        "https://login.example.com", "ai-hub", true, "example.com", "developer", true, false,
        "https://hub.example.com/sign-in/sso/callback", "_ai-hub.example.com", "ai-hub-domain-verification=…", Moment, Moment);
    public static readonly SignOnBegin Begin = new("wei@example.com");
    public static readonly SignOnBegun Begun = new(OrganizationExamples.Company.Id, "Acme", "https://login.example.com/authorize?response_type=code&…", Ticket, 600);
    public static readonly SignOnAnswer Answer = new(Ticket, "…", "…", "https://login.example.com");
    public static readonly NewScimToken NewToken = new("Entra ID");
    public static readonly CreatedScimToken CreatedToken = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120030"), "Entra ID", "aic_…", "https://api.example.com/scim/v2", Moment);
    public static readonly ScimTokenView Token = new(CreatedToken.Id, "Entra ID", "9xYz", Moment, Moment);

    private static readonly Text Issuer = new("The provider's issuer, to the letter.", "身份提供方的 issuer，须完全一致。");
    private static readonly Text ClientId = new("What the provider calls this hub.", "在身份提供方注册的客户端编号。");
    private static readonly Text Domain = new("The e-mail domain whose people the provider speaks for.", "由该身份提供方负责的邮箱域名。");
    private static readonly Text DefaultRole = new("What a person becomes at their first sign-in: billing, developer or viewer.", "首次登录时授予的角色：billing、developer 或 viewer。");
    private static readonly Text Enabled = new("Whether people can sign in with it.", "是否启用。");
    private static readonly Text Required = new("Members other than owners get in by single sign-on only.", "除所有者外，成员只能通过单点登录进入组织。");

    public static readonly IReadOnlyDictionary<(Type, string), Text> Fields = new Dictionary<(Type, string), Text>
    {
        [(typeof(SignOnChange), "issuer")] = Issuer,
        [(typeof(SignOnChange), "client_id")] = ClientId,
        [(typeof(SignOnChange), "client_secret")] = new("Null leaves the one there is; needed again when the issuer changes.", "null 表示不变；更换 issuer 时须重新填写。"),
        [(typeof(SignOnChange), "domain")] = Domain,
        [(typeof(SignOnChange), "default_role")] = DefaultRole,
        [(typeof(SignOnChange), "enabled")] = Enabled,
        [(typeof(SignOnChange), "required")] = Required,
        [(typeof(SignOnView), "issuer")] = Issuer,
        [(typeof(SignOnView), "client_id")] = ClientId,
        [(typeof(SignOnView), "has_client_secret")] = new("Whether a client secret is kept.", "是否已保存客户端密钥。"),
        [(typeof(SignOnView), "domain")] = Domain,
        [(typeof(SignOnView), "default_role")] = DefaultRole,
        [(typeof(SignOnView), "enabled")] = Enabled,
        [(typeof(SignOnView), "required")] = Required,
        [(typeof(SignOnView), "redirect_uri")] = new("What the provider must be told to send people back to.", "需在身份提供方登记的回调地址。"),
        [(typeof(SignOnView), "proof_name")] = new("The name of the TXT record that proves the domain.", "用于验证域名的 TXT 记录名称。"),
        [(typeof(SignOnView), "proof_value")] = new("What that record must say.", "该 TXT 记录的值。"),
        [(typeof(SignOnView), "domain_verified_at")] = new("When the domain was proven; null while it is not.", "域名验证时间；未验证时为 null。"),
        [(typeof(SignOnView), "updated_at")] = new("When it was last changed.", "最近修改时间。"),
        [(typeof(SignOnBegun), "organization_id")] = new("Whose provider it is.", "身份提供方所属组织的编号。"),
        [(typeof(SignOnBegun), "organization_name")] = new("Whose provider it is.", "身份提供方所属的组织。"),
        [(typeof(SignOnBegun), "authorization_url")] = new("Where to send the browser.", "浏览器应前往的地址。"),
        [(typeof(SignOnBegun), "ticket")] = new("Kept by whoever began, and given back to end it.", "由发起方保留，完成登录时提交。"),
        [(typeof(SignOnBegun), "expires_in")] = new("Seconds until it ends.", "剩余有效秒数。"),
        [(typeof(SignOnAnswer), "ticket")] = new("From the answer to the first step.", "第一步返回的 ticket。"),
        [(typeof(SignOnAnswer), "state")] = new("`state` of the redirect.", "回调地址中的 `state`。"),
        [(typeof(SignOnAnswer), "code")] = new("`code` of the redirect.", "回调地址中的 `code`。"),
        [(typeof(SignOnAnswer), "issuer")] = new("`iss` of the redirect, if there is one.", "回调地址中的 `iss`（如有）。"),
        [(typeof(CreatedScimToken), "token")] = new("For the directory's settings. It is shown this once and cannot be recovered.", "用于目录服务的设置。仅显示这一次，之后无法找回。"),
        [(typeof(CreatedScimToken), "base_url")] = new("The address the directory is given.", "目录服务中填写的地址。"),
        [(typeof(ScimTokenView), "last_four")] = new("The last four characters.", "令牌的最后四个字符。"),
        [(typeof(ScimTokenView), "last_used_at")] = new("When the directory last called; null when never.", "目录服务最近一次调用的时间；从未调用则为 null。"),
    };
}
