using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using Microsoft.OpenApi;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What each field of each contract means, in both languages, as the API reference shows it.</summary>
public static class FieldDescriptions
{
    private static readonly Dictionary<string, Text> Shared = new()
    {
        ["id"] = new("Its id.", "编号。"),
        ["name"] = new("Its name.", "名称。"),
        ["created_at"] = new("When it was created.", "创建时间。"),
        ["currency"] = new("ISO 4217 code: USD or CNY.", "ISO 4217 货币代码：USD 或 CNY。"),
        ["email"] = new("E-mail address.", "邮箱。"),
        ["access_token"] = new("Sent as `Authorization: Bearer …` with every other call.", "在其他调用中以 `Authorization: Bearer …` 发送。"),
        ["refresh_token"] = new("Exchanged once for a new pair of tokens.", "可一次性换取一对新令牌。"),
        ["expires_in"] = new("Seconds until the access token ends.", "访问令牌的剩余有效秒数。"),
        ["token_type"] = new("Always Bearer.", "固定为 Bearer。"),
        ["time_zone"] = new("IANA time zone in which days and periods are counted.", "用于划分日期与计费周期的 IANA 时区。"),
        ["from"] = new("First day, in the organization's time zone.", "起始日期（组织所在时区）。"),
        ["to"] = new("Last day, included.", "结束日期（包含当天）。"),
        ["requests"] = new("Calls, successful or not.", "调用次数（含失败）。"),
        ["failed"] = new("Calls that failed.", "失败的调用次数。"),
        ["tokens"] = new("Tokens as counted by the vendor.", "厂商统计的令牌数。"),
        ["plan_tokens"] = new("Weighted plan tokens of the calls.", "按模型权重折算的套餐令牌数。"),
        ["cost"] = new("At list price, whoever pays; a decimal string.", "按目录价计算的费用（不论由谁支付），十进制字符串。"),
        ["charged"] = new("What was taken from the wallet; the plan covered the rest. A decimal string.", "从钱包扣除的金额，其余由套餐承担；十进制字符串。"),
        ["prefix"] = new("The first characters, to recognise the key by.", "密钥开头的若干字符，便于识别。"),
        ["last_four"] = new("The last four characters.", "密钥的最后四个字符。"),
        ["expires_at"] = new("When it stops working; null means never.", "失效时间；null 表示永不过期。"),
        ["allowed_models"] = new("Models this key may call; empty means all the organization may use.", "该密钥可调用的模型；为空表示组织可用的全部模型。"),
        ["limits"] = new("Limits of this key, tighter than the plan's.", "该密钥的限制，比套餐更严格。"),
        ["requests_per_minute"] = new("Calls per minute; null means no limit of its own.", "每分钟调用次数；null 表示不另设限制。"),
        ["plan"] = new("The plan's id.", "套餐编号。"),
        ["starts_at"] = new("When the period started.", "周期开始时间。"),
        ["ends_at"] = new("When the period ends.", "周期结束时间。"),
        ["data"] = new("The items of this page.", "本页内容。"),
        ["next_cursor"] = new("Pass it as `cursor` to read on; null on the last page.", "作为 `cursor` 传入以读取下一页；最后一页为 null。"),
        ["user"] = new("The person.", "用户。"),
        ["organization"] = new("The organization this call is about.", "本次调用所针对的组织。"),
        ["limit"] = new("Tokens granted for the period; null means unlimited.", "本周期的令牌额度；null 表示不限量。"),
        ["used"] = new("Tokens used up.", "已使用的令牌数。"),
        ["held"] = new("Set aside for calls that are under way.", "为进行中的调用预留。"),
        ["model"] = new("Model id.", "模型编号。"),
        ["vendor"] = new("Id of the vendor that serves the model.", "提供该模型的厂商编号。"),
    };

    private static readonly Dictionary<(Type, string), Text> Own = new()
    {
        [(typeof(RegisterRequest), "password")] = new("8 to 256 characters; common passwords are refused.", "8 到 256 个字符；不接受常见密码。"),
        [(typeof(RegisterRequest), "display_name")] = new("How others see you; by default the part of the address before the @.", "显示名称；默认取邮箱 @ 之前的部分。"),
        [(typeof(RegisterRequest), "organization_name")] = new("Name of your personal organization.", "个人组织的名称。"),
        [(typeof(RegisterRequest), "currency")] = new("Billing currency, USD or CNY; it cannot be changed later. By default CNY if Accept-Language prefers Chinese, else USD.", "结算货币，USD 或 CNY，之后不可更改。Accept-Language 以中文优先时默认为 CNY，否则为 USD。"),
        [(typeof(RegisterRequest), "time_zone")] = new("IANA time zone; by default Asia/Shanghai for CNY, else UTC.", "IANA 时区；CNY 默认 Asia/Shanghai，否则为 UTC。"),
        [(typeof(LoginRequest), "password")] = new("The password.", "密码。"),
        [(typeof(UserView), "display_name")] = new("How others see the user.", "显示名称。"),
        [(typeof(OrganizationView), "role")] = new("Your role: owner, admin, billing, developer or viewer.", "您的角色：owner、admin、billing、developer 或 viewer。"),
        [(typeof(OrganizationView), "personal")] = new("True for the organization made at registration.", "注册时创建的个人组织为 true。"),
        [(typeof(Me), "organizations")] = new("All the organizations you belong to.", "您所属的全部组织。"),
        [(typeof(NewApiKey), "name")] = new("What you call the key.", "密钥的名称。"),
        [(typeof(ApiKeyView), "owner")] = new("Who created it.", "创建者。"),
        [(typeof(ApiKeyView), "last_used_at")] = new("When it was last used, to the minute or so; null if never.", "最近一次使用时间（约精确到分钟）；从未使用则为 null。"),
        [(typeof(CreatedApiKey), "key")] = new("The whole key. It is shown this once and cannot be recovered.", "完整密钥。仅显示这一次，之后无法找回。"),
        [(typeof(ModelView), "name")] = new("Name for people.", "便于阅读的名称。"),
        [(typeof(ModelView), "context_length")] = new("Most tokens of prompt and answer together.", "输入与输出合计的最大令牌数。"),
        [(typeof(ModelView), "max_output_tokens")] = new("Most tokens of an answer.", "单次回答的最大令牌数。"),
        [(typeof(ModelView), "input_modalities")] = new("What it reads: text, image, audio, file.", "支持的输入：text、image、audio、file。"),
        [(typeof(ModelView), "output_modalities")] = new("What it writes.", "支持的输出。"),
        [(typeof(ModelView), "price")] = new("List price in the organization's currency.", "以组织结算货币计的目录价。"),
        [(typeof(ModelView), "input_weight")] = new("Plan tokens one token of input counts as.", "每个输入令牌折算的套餐令牌数。"),
        [(typeof(ModelView), "output_weight")] = new("Plan tokens one token of output counts as.", "每个输出令牌折算的套餐令牌数。"),
        [(typeof(PriceView), "input")] = new("Per million tokens of input.", "每百万输入令牌的价格。"),
        [(typeof(PriceView), "output")] = new("Per million tokens of output.", "每百万输出令牌的价格。"),
        [(typeof(PriceView), "cache_read")] = new("Per million tokens of input read from the vendor's cache; null if it is the price of input.", "每百万命中厂商缓存的输入令牌的价格；null 表示与输入价格相同。"),
        [(typeof(PlanView), "monthly_price")] = new("Per month, a decimal string; null means negotiated.", "每月价格，十进制字符串；null 表示面议。"),
        [(typeof(PlanView), "monthly_tokens")] = new("Weighted tokens a month; null means unlimited.", "每月套餐令牌数；null 表示不限量。"),
        [(typeof(PlanView), "requests_per_minute")] = new("Calls per minute of the whole organization; null means unlimited.", "整个组织每分钟的调用次数；null 表示不限。"),
        [(typeof(PlanView), "allows_overage")] = new("Whether calls beyond the quota may be paid from the wallet.", "超出额度后是否可以从钱包付费。"),
        [(typeof(UsageCurrent), "period")] = new("The current period; null before the first grant.", "当前周期；尚未发放额度时为 null。"),
        [(typeof(UsageCurrent), "quota")] = new("Plan tokens of the period.", "本周期的套餐令牌。"),
        [(typeof(UsageCurrent), "rate_limit")] = new("How fast the organization may call.", "组织的调用频率限制。"),
        [(typeof(QuotaView), "remaining")] = new("What is left: limit − used − held; null means unlimited.", "剩余额度：limit − used − held；null 表示不限量。"),
        [(typeof(QuotaView), "resets_at")] = new("When the next grant comes.", "下一次发放额度的时间。"),
        [(typeof(TokensView), "input")] = new("Tokens of input, cached ones included.", "输入令牌数，含缓存命中。"),
        [(typeof(TokensView), "output")] = new("Tokens of output, reasoning included.", "输出令牌数，含推理。"),
        [(typeof(TokensView), "cached")] = new("Of the input: read from the vendor's cache.", "输入中命中厂商缓存的部分。"),
        [(typeof(TokensView), "reasoning")] = new("Of the output: reasoning.", "输出中用于推理的部分。"),
        [(typeof(TokensView), "total")] = new("Input and output.", "输入与输出之和。"),
        [(typeof(UsageHistory), "days")] = new("Every day of the range, days without calls included.", "范围内的每一天，包含没有调用的日期。"),
        [(typeof(UsageDay), "date")] = new("The day, in the organization's time zone.", "日期（组织所在时区）。"),
        [(typeof(UsageCost), "by")] = new("What the groups are: model, key or vendor.", "分组方式：model、key 或 vendor。"),
        [(typeof(UsageCost), "groups")] = new("Dearest first.", "按费用从高到低排列。"),
        [(typeof(UsageCost), "total")] = new("The sum of all groups.", "全部分组之和。"),
        [(typeof(UsageGroup), "id")] = new("Model id, key id or vendor id.", "模型、密钥或厂商的编号。"),
        [(typeof(UsageGroup), "label")] = new("What to show for it.", "显示名称。"),
        [(typeof(UsageRequest), "id")] = new("The id the caller received in `x-request-id`.", "调用方在 `x-request-id` 中收到的编号。"),
        [(typeof(UsageRequest), "occurred_at")] = new("When it was called.", "调用时间。"),
        [(typeof(UsageRequest), "key_id")] = new("The key it was called with.", "所用密钥的编号。"),
        [(typeof(UsageRequest), "key_name")] = new("The key's name.", "所用密钥的名称。"),
        [(typeof(UsageRequest), "surface")] = new("The dialect and operation, such as openai.chat.", "接口类型与操作，例如 openai.chat。"),
        [(typeof(UsageRequest), "status")] = new("succeeded, cancelled (the caller hung up) or failed.", "succeeded（成功）、cancelled（调用方断开）或 failed（失败）。"),
        [(typeof(UsageRequest), "error_code")] = new("Why it failed; null on success.", "失败原因；成功时为 null。"),
        [(typeof(UsageRequest), "streamed")] = new("Whether the answer was streamed.", "是否流式返回。"),
        [(typeof(UsageRequest), "finish_reason")] = new("Why the answer ended, in the vendor's word.", "回答的结束原因（厂商返回）。"),
        [(typeof(UsageRequest), "source")] = new("vendor: counted by the vendor; estimated: counted by the hub because the vendor said nothing.", "vendor：由厂商统计；estimated：厂商未返回时由本系统估算。"),
        [(typeof(UsageRequest), "plan_tokens_charged")] = new("Weighted tokens taken from the plan.", "从套餐额度中扣除的令牌数。"),
        [(typeof(UsageRequest), "latency_ms")] = new("Until the end of the answer, in milliseconds.", "到回答结束的耗时（毫秒）。"),
        [(typeof(UsageRequest), "time_to_first_token_ms")] = new("Until the first token, in milliseconds.", "首个令牌的延迟（毫秒）。"),
        [(typeof(UsageRequest), "journal_id")] = new("The ledger's journal of this call; null if nothing was charged.", "该调用的账本凭证编号；未扣费则为 null。"),
        [(typeof(WalletView), "purchased")] = new("Paid in and not yet used.", "充值余额。"),
        [(typeof(WalletView), "granted")] = new("Given by the hub, used before purchased money.", "赠送余额，先于充值余额使用。"),
        [(typeof(WalletView), "available")] = new("purchased + granted − held.", "可用余额：purchased + granted − held。"),
        [(typeof(WalletView), "held")] = new("Set aside for calls that are under way.", "为进行中的调用冻结的金额。"),
        [(typeof(SubscriptionView), "status")] = new("active, or suspended.", "active（正常）或 suspended（已停用）。"),
        [(typeof(SubscriptionView), "current_period")] = new("The period that runs now.", "当前周期。"),
        [(typeof(SubscriptionView), "allows_overage")] = new("Whether calls beyond the quota are paid from the wallet.", "超出额度后是否从钱包付费。"),
        [(typeof(SubscriptionView), "plan")] = new("The plan subscribed to.", "所订阅的套餐。"),
        [(typeof(ProblemView), "type")] = new("A page that explains the code.", "解释该错误码的页面。"),
        [(typeof(ProblemView), "title")] = new("The kind of problem, in the language of Accept-Language.", "错误类别，语言随 Accept-Language。"),
        [(typeof(ProblemView), "status")] = new("The HTTP status, again.", "HTTP 状态码。"),
        [(typeof(ProblemView), "detail")] = new("What to do about it.", "应如何处理。"),
        [(typeof(ProblemView), "code")] = new("Stable name of the problem, for programs.", "稳定的错误码，供程序判断。"),
        [(typeof(ProblemView), "request_id")] = new("Tell it to support.", "请提供给技术支持。"),
        [(typeof(ProblemView), "errors")] = new("What is wrong with each field, by its name.", "各字段的问题，以字段名为键。"),
        [(typeof(ProblemView), "retry_after")] = new("Seconds to wait before trying again.", "再次尝试前应等待的秒数。"),
    };

    /// <summary>Replaces what ASP.NET Core took from XML comments, which would be English in the Chinese document too.</summary>
    public static void Describe(OpenApiDocument document, Language language)
    {
        foreach (var (name, schema) in document.Components?.Schemas ?? new Dictionary<string, IOpenApiSchema>())
        {
            schema.Description = null;
            foreach (var (field, property) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>())
            {
                property.Description = Find(name, field)?.In(language);
            }
        }
    }

    private static Text? Find(string schema, string field) =>
        Own.Concat(OrganizationFields.All).Concat(BudgetExamples.Fields).FirstOrDefault(own => own.Key.Item1.Name == schema && own.Key.Item2 == field).Value
        ?? Shared.GetValueOrDefault(field)
        ?? OrganizationFields.Shared.GetValueOrDefault(field)
        ?? BudgetExamples.Shared.GetValueOrDefault(field);
}
