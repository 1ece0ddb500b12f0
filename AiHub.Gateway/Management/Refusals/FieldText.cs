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
    public static readonly Text BalanceQuirk = new("Must be a path, a field for the amount and a currency, such as “/user/balance data.available CNY”.", "须依次为路径、金额字段与货币，例如“/user/balance data.available CNY”。");
    public static readonly Text JsonObject = new("Must be a JSON object.", "须为 JSON 对象。");
    public static readonly Text Pairs = new("Must be pairs set apart by spaces, such as “{0}”.", "须为以空格分隔的键值对，例如“{0}”。");
    public static readonly Text Range = new("Must be between {0} and {1}.", "须介于 {0} 和 {1} 之间。");
    public static readonly Text AtMost = new("The plan allows at most {0}.", "当前套餐最多允许 {0}。");
    public static readonly Text ControlCharacter = new("Must not contain control characters.", "不得包含控制字符。");
    public static readonly Text Email = new("Must be an e-mail address such as name@example.com.", "须为有效的邮箱地址，例如 name@example.com。");
    public static readonly Text OwnEmail = new("This is your address already.", "这已经是您的邮箱。");
    public static readonly Text NeedsInput = new("Only a guardrail that looks at input can.", "仅适用于检查输入的护栏。");
    public static readonly Text OtherPassword = new("This is not the password chosen when registering.", "与注册时设置的密码不一致。");
    public static readonly Text OneOf = new("Must be one of: {0}.", "须为以下之一：{0}。");
    public static readonly Text TimeZone = new("Must be an IANA time zone such as Asia/Shanghai.", "须为 IANA 时区名称，例如 Asia/Shanghai。");
    public static readonly Text Future = new("Must be in the future.", "须晚于当前时间。");
    public static readonly Text UnknownModels = new("These models do not exist or are not available: {0}.", "以下模型不存在或不可用：{0}。");
    public static readonly Text Date = new("Must be a date such as 2026-01-31.", "须为日期，例如 2026-01-31。");
    public static readonly Text DateOrder = new("Must not be before “from”.", "不得早于“from”。");
    public static readonly Text DateRange = new("A range may have at most {0} days.", "时间范围最多 {0} 天。");
    public static readonly Text Guid = new("Must be an id such as 01981c2e-7a10-7c3e-8b5e-0242ac120002.", "须为编号，例如 01981c2e-7a10-7c3e-8b5e-0242ac120002。");
    public static readonly Text Cursor = new("This is not a cursor of this list; start again without it.", "该游标不属于此列表；请去掉游标重新查询。");
    public static readonly Text OrganizationCurrency = new("The organization is billed in {0}.", "该组织以 {0} 结算。");
    public static readonly Text PasswordCommon = new("This password is on the lists attackers try first; choose another.", "该密码过于常见，极易被猜中；请更换。");
    public static readonly Text PasswordBreached = new("This password is known from data breaches; choose another.", "该密码已在数据泄露中出现过；请更换。");
    public static readonly Text Domain = new("Must be a domain such as example.com.", "须为域名，例如 example.com。");
    public static readonly Text PasswordIsEmail = new("The password must not be the e-mail address.", "密码不得与邮箱相同。");

    public static readonly Text UnknownVendors = new("These vendors do not exist: {0}.", "以下厂商不存在：{0}。");
    public static readonly Text Network = new("Must be IP addresses or networks such as 192.0.2.7 or 192.0.2.0/24; not so: {0}.", "须为 IP 地址或网段，例如 192.0.2.7 或 192.0.2.0/24；不符合的有：{0}。");
    public static readonly Text Tag = new("Names are up to 40 of a–z, 0–9, “_”, “-” and “.”, values 1 to 100 characters; not so: {0}.", "名称最多 40 个字符，仅限 a–z、0–9、“_”、“-”与“.”；值为 1 到 100 个字符；不符合的有：{0}。");
    public static readonly Text UnknownScopes = new("Must be “models” alone, or some of: {0}.", "须为单独的“models”，或从以下选择：{0}。");
    public static readonly Text BeyondCreator = new("A key cannot do more than whoever creates it; too much: {0}.", "密钥的权限不得超出其创建者；超出的有：{0}。");
    public static readonly Text UnknownTeam = new("Must be a team of this organization that the key's owner is in.", "须为密钥所有者所在的、属于本组织的团队。");
    public static readonly Text UnknownServiceAccount = new("Must be a service account of this organization.", "须为本组织的服务账号。");
    public static readonly Text SocialCreditCode = new("Must be the 18 characters of a unified social credit code; the last one proves the others.", "须为 18 位统一社会信用代码，且校验位正确。");
    public static readonly Text OfWechat = new("Needed in the scene wechat, and nowhere else.", "仅在 wechat 场景下必填，其他场景请勿填写。");

    public static readonly Text OfCompany = new("Only a company has one.", "仅企业抬头填写。");
    public static readonly Text SpecialTitle = new("A special fapiao needs a company with address, phone, bank and account.", "开具专票须使用填写了地址、电话、开户行与银行账号的企业抬头。");
    public static readonly Text Slug = new("Lower-case letters, digits and hyphens only.", "只能使用小写字母、数字和连字符。");
    public static readonly Text Url = new("Must be an http or https address without a user name.", "须为不含用户名的 http 或 https 地址。");
    public static readonly Text ModelId = new("Must be author/slug, such as acme/turbo.", "须为“作者/名称”的形式，例如 acme/turbo。");
    public static readonly Text Price = new("Must be a price of at most nine decimals, such as 0.25.", "须为最多九位小数的价格，例如 0.25。");
    public static readonly Text Hours = new("Must be hours of a week, such as “Asia/Shanghai mon-fri 09:00-12:00 except cn-statutory”.", "须为每周时段，例如“Asia/Shanghai mon-fri 09:00-12:00 except cn-statutory”。");
    public static readonly Text DayOfYear = new("All days must be in {0}.", "所有日期须在 {0} 年内。");
    public static readonly Text WebhookUrl = new("Must be a URL that begins with https://.", "须为以 https:// 开头的网址。");
    public static readonly Text OutboundUrl = new("Must be a public https address without user name, fragment or unusual port.", "须为公网 https 地址，不含用户名、片段或非常用端口。");
    public static readonly Text Pattern = new("“{0}” is no regular expression that can be used: {1}", "“{0}”不是可用的正则表达式：{1}");
    public static readonly Text Amount = new("Must be an amount such as 10.50, more than zero.", "须为大于零的金额，例如 10.50。");
    public static readonly Text UnknownChannel = new("One of these channels does not exist.", "其中有不存在的渠道。");

    public static readonly Text Past = new("Must not be in the future.", "不得晚于当前时间。");
    public static readonly Text ModelOrVendor = new("A budget is of one model or of one vendor, not of both.", "预算只能针对单个模型或单个厂商，不能同时指定。");
    public static readonly Text NotHere = new("There is nothing with this id here.", "此处没有该编号对应的内容。");
    public static readonly Text TokenAmount = new("Must be a whole number of tokens, such as 100000.", "须为整数令牌数，例如 100000。");
    public static readonly Text MoneyAmount = new("Must be an amount such as 10.00, with at most nine decimals.", "须为金额，例如 10.00，最多九位小数。");

    public static readonly Text QuoteTooOld = new("Must be the moment of a preview of the last 15 minutes.", "须为 15 分钟内预览返回的时刻。");
    public static readonly Text Owed = new("More than that is owed already; the limit can be lowered when it has been paid.", "当前欠款已超过该额度；付清后方可调低。");
    public static readonly Text FeeInvoiced = new("Must not be before {0}: the days until then are on an invoice.", "不得早于 {0}：此前的日期已出账。");
    public static readonly Text BeforeOrganization = new("Must not be before the organization was created.", "不得早于组织的创建日期。");
    public static readonly Text Percent = new("Must be a percentage such as 15 or 12.5, more than zero and at most 100.", "须为大于零且不超过 100 的百分比，例如 15 或 12.5。");
    public static readonly Text Country = new("Must be a country code of two capital letters, such as CN.", "须为两位大写国家代码，例如 CN。");

    public static IReadOnlyList<Text> All { get; } =
    [
        BalanceQuirk, SocialCreditCode, OfCompany, OfWechat, Owed, FeeInvoiced, BeforeOrganization, Percent, SpecialTitle, Slug, Url, ModelId, Price, Hours, DayOfYear,
        Required, WrongType, Unknown, Duplicate, Length, MaxLength, MaxItems, Range, AtMost, ControlCharacter, Email, OwnEmail, OtherPassword, NeedsInput, OneOf, TimeZone, Future,
        UnknownModels, Date, DateOrder, DateRange, Guid, Cursor, PasswordCommon, PasswordBreached, PasswordIsEmail, Domain,
        JsonObject, Pairs, UnknownVendors, Network, Tag, UnknownScopes, BeyondCreator, UnknownTeam, UnknownServiceAccount, Country,
        WebhookUrl, OutboundUrl, Pattern, Amount, OrganizationCurrency, UnknownChannel,
        QuoteTooOld, Past, ModelOrVendor, NotHere, TokenAmount, MoneyAmount,
    ];
}
