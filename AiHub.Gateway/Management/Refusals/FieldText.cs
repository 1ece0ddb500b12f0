namespace AiHub.Gateway.Management.Refusals;

/// <summary>What can be wrong with one field.</summary>
public static class FieldText
{
    public static readonly Text Required = new("This field is required.", "此字段必填。");
    public static readonly Text WrongType = new("This value has the wrong type.", "该值的类型不正确。");
    public static readonly Text Unknown = new("This call does not know the field “{0}”.", "此接口没有字段“{0}”。");
    public static readonly Text Duplicate = new("The field “{0}” appears more than once.", "字段“{0}”出现了多次。");
    public static readonly Text Length = new("Must be {0} to {1} characters long.", "长度须为 {0} 到 {1} 个字符。");
    public static readonly Text MaxLength = new("Must not be longer than {0} characters.", "长度不得超过 {0} 个字符。");
    public static readonly Text MaxItems = new("Must not have more than {0} items.", "不得超过 {0} 项。");
    public static readonly Text Range = new("Must be between {0} and {1}.", "须介于 {0} 和 {1} 之间。");
    public static readonly Text AtMost = new("The plan allows at most {0}.", "当前套餐最多允许 {0}。");
    public static readonly Text ControlCharacter = new("Must not contain control characters.", "不得包含控制字符。");
    public static readonly Text Email = new("Must be an e-mail address such as name@example.com.", "须为有效的邮箱地址，例如 name@example.com。");
    public static readonly Text OneOf = new("Must be one of: {0}.", "须为以下之一：{0}。");
    public static readonly Text TimeZone = new("Must be an IANA time zone such as Asia/Shanghai.", "须为 IANA 时区名称，例如 Asia/Shanghai。");
    public static readonly Text Future = new("Must be in the future.", "须晚于当前时间。");
    public static readonly Text UnknownModels = new("These models do not exist or are not available: {0}.", "以下模型不存在或不可用：{0}。");
    public static readonly Text Date = new("Must be a date such as 2026-01-31.", "须为日期，例如 2026-01-31。");
    public static readonly Text DateOrder = new("Must not be before “from”.", "不得早于“from”。");
    public static readonly Text DateRange = new("A range may have at most {0} days.", "时间范围最多 {0} 天。");
    public static readonly Text Guid = new("Must be an id such as 01981c2e-7a10-7c3e-8b5e-0242ac120002.", "须为编号，例如 01981c2e-7a10-7c3e-8b5e-0242ac120002。");
    public static readonly Text Cursor = new("This is not a cursor of this list; start again without it.", "该游标不属于此列表；请去掉游标重新查询。");
    public static readonly Text Amount = new("Must be an amount such as 100 or 19.99, with at most two decimals.", "须为金额，例如 100 或 19.99，最多两位小数。");
    public static readonly Text OrganizationCurrency = new("The organization is billed in {0}.", "该组织以 {0} 结算。");
    public static readonly Text PasswordCommon = new("This password is on the lists attackers try first; choose another.", "该密码过于常见，极易被猜中；请更换。");
    public static readonly Text PasswordIsEmail = new("The password must not be the e-mail address.", "密码不得与邮箱相同。");

    public static readonly Text UnknownVendors = new("These vendors do not exist: {0}.", "以下厂商不存在：{0}。");
    public static readonly Text Network = new("Must be IP addresses or networks such as 192.0.2.7 or 192.0.2.0/24; not so: {0}.", "须为 IP 地址或网段，例如 192.0.2.7 或 192.0.2.0/24；不符合的有：{0}。");
    public static readonly Text Tag = new("Names are up to 40 of a–z, 0–9, “_”, “-” and “.”, values 1 to 100 characters; not so: {0}.", "名称最多 40 个字符，仅限 a–z、0–9、“_”、“-”与“.”；值为 1 到 100 个字符；不符合的有：{0}。");
    public static readonly Text UnknownScopes = new("Must be “models” alone, or some of: {0}.", "须为单独的“models”，或从以下选择：{0}。");
    public static readonly Text BeyondCreator = new("A key cannot do more than whoever creates it; too much: {0}.", "密钥的权限不得超出其创建者；超出的有：{0}。");
    public static readonly Text UnknownTeam = new("Must be a team of this organization that the key's owner is in.", "须为密钥所有者所在的、属于本组织的团队。");
    public static readonly Text UnknownServiceAccount = new("Must be a service account of this organization.", "须为本组织的服务账号。");

    public static IReadOnlyList<Text> All { get; } =
    [
        Required, WrongType, Unknown, Duplicate, Length, MaxLength, MaxItems, Range, AtMost, ControlCharacter, Email, OneOf, TimeZone, Future,
        UnknownModels, Date, DateOrder, DateRange, Guid, Cursor, Amount, OrganizationCurrency, PasswordCommon, PasswordIsEmail,
        UnknownVendors, Network, Tag, UnknownScopes, BeyondCreator, UnknownTeam, UnknownServiceAccount,
    ];
}
