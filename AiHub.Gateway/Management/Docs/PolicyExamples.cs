using System.Text.Json;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>Examples of own vendor keys, guardrails and kept contents, and what their fields mean.</summary>
public static class PolicyExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 31, 8, 30, 0, TimeSpan.Zero);

    public static readonly OwnVendorKeyView OwnKey = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120041"), "openai", "our contract", "9f3a", "api.openai.com", null, "preferred", true, 0, Moment, null);
    public static readonly OwnVendorKeyTerms OwnKeyTerms = new(0, 50, [new OwnVendorKeyVendor("openai", "OpenAI", "api.openai.com", ["openai/gpt-6-luna"])]);
    public static readonly NewOwnVendorKey NewOwnKey = new("openai", "our contract", "sk-0123456789ab9f3a");
    public static readonly OwnVendorKeyChange OwnKeyChange = new(Use: "fallback");
    public static readonly OwnVendorKeyRotation OwnKeyRotation = new("sk-0123456789ab77c1");
    public static readonly SavedOwnVendorKey SavedOwnKey = new(OwnKey, new EndpointTest(true, 200, 412, null));
    public static readonly GuardrailView Guardrail = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120042"), null, "personal data", "pii", "mask", ["input", "output"], ["cn_id", "cn_mobile", "email"], null, null, null, null, false, true, Moment, Moment);
    public static readonly NewGuardrail NewGuardrail = new("personal data", "pii", "mask", ["input", "output"], ["cn_id", "cn_mobile", "email"]);
    public static readonly GuardrailChange GuardrailChange = new(Action: "block");
    public static readonly CreatedGuardrail CreatedGuardrail = new(Guardrail, null);
    public static readonly GuardrailTrial Trial = new("Call me at 13812345678");
    public static readonly GuardrailTrialResult TrialResult = new("masked", "Call me at [CN_MOBILE]", [new GuardrailDecision("input", "mask", "cn_mobile", "personal data")], []);
    public static readonly CapturedContentView Content = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120043"), Moment, Moment.AddDays(30),
        JsonSerializer.SerializeToElement(new { model = "openai/gpt-6-luna", messages = new[] { new { role = "user", content = "Hello!" } } }), ["Hello! How can I help?"]);

    public static readonly IReadOnlyDictionary<(Type, string), Text> Fields = new Dictionary<(Type, string), Text>
    {
        [(typeof(OwnVendorKeyView), "host")] = new("The only host the key is sent to.", "密钥仅发送到此主机。"),
        [(typeof(OwnVendorKeyView), "enabled")] = new("False while it is switched off.", "停用时为 false。"),
        [(typeof(OwnVendorKeyView), "base_url")] = new("The organization's own endpoint; null for the vendor's.", "组织自有端点；null 表示厂商官方端点。"),
        [(typeof(OwnVendorKeyView), "tested_at")] = new("When it was last tried with a short call; null when this key never was.", "最近一次测试的时间；该密钥从未测试则为 null。"),
        [(typeof(OwnVendorKeyView), "test_error")] = new("What went wrong in the last test; null when it was answered.", "最近一次测试的错误信息；测试成功则为 null。"),
        [(typeof(OwnVendorKeyView), "last_used_at")] = new("When it last answered a call; null when it never has.", "最近一次完成调用的时间；从未使用则为 null。"),
        [(typeof(OwnVendorKeyTerms), "most")] = new("How many keys an organization may bring.", "每个组织可添加的密钥数量。"),
        [(typeof(OwnVendorKeyTerms), "vendors")] = new("The vendors that keys may be for.", "可添加密钥的厂商。"),
        [(typeof(OwnVendorKeyVendor), "name")] = new("The vendor's name.", "厂商名称。"),
        [(typeof(OwnVendorKeyVendor), "host")] = new("Where its keys are sent to.", "密钥发送到的主机。"),
        [(typeof(OwnVendorKeyVendor), "models")] = new("The chat models that a key can be tested with.", "可用于测试密钥的对话模型。"),
        [(typeof(GuardrailTrial), "text")] = new("The text to look at.", "待检查的文本。"),
        [(typeof(GuardrailTrial), "stage")] = new("input or output: as somebody tells it a model, or as a model says it.", "input（发送给模型的文本）或 output（模型返回的文本）。"),
        [(typeof(GuardrailTrial), "team_id")] = new("With this team's guardrails besides the organization's own; null without any team's.", "同时使用该团队的护栏；null 表示仅使用组织的护栏。"),
        [(typeof(GuardrailTrial), "guardrail_id")] = new("Only this one, also while it is switched off; null for all that are switched on.", "仅使用该护栏（停用时也可）；null 表示所有已启用的护栏。"),
        [(typeof(GuardrailTrialResult), "outcome")] = new("passed, flagged, masked or blocked.", "passed（通过）、flagged（标记）、masked（遮盖）或 blocked（拦截）。"),
        [(typeof(GuardrailTrialResult), "text")] = new("The text as it would go on; null when it would not.", "放行后的文本；被拦截则为 null。"),
        [(typeof(GuardrailTrialResult), "decisions")] = new("What each guardrail did.", "各护栏的处理结果。"),
        [(typeof(GuardrailTrialResult), "not_asked")] = new("Names of guardrails that only look at real calls.", "仅检查真实调用的护栏名称。"),
        [(typeof(NewOwnVendorKey), "key")] = new("The vendor's key. It is never shown again.", "厂商密钥，之后不再显示。"),
        [(typeof(NewOwnVendorKey), "base_url")] = new("An endpoint of your own that speaks the vendor's dialect: https, and not in a private network.", "使用该厂商协议的自有端点：须为 https，且不在内网。"),
        [(typeof(NewOwnVendorKey), "test")] = new("Whether the key has to answer a short call before it is saved; by default it has.", "保存前是否须通过一次简短调用的测试；默认需要。"),
        [(typeof(NewOwnVendorKey), "model")] = new("The model to test it with; null takes one that the vendor serves.", "用于测试的模型；null 表示任选该厂商提供的模型。"),
        [(typeof(OwnVendorKeyRotation), "key")] = new("The vendor's new key.", "新的厂商密钥。"),
        [(typeof(OwnVendorKeyRotation), "test")] = new("Whether the new key has to answer a short call first; by default it has.", "新密钥是否须先通过一次简短调用的测试；默认需要。"),
        [(typeof(OwnVendorKeyRotation), "model")] = new("The model to test it with; null takes one that the vendor serves.", "用于测试的模型；null 表示任选该厂商提供的模型。"),
        [(typeof(OwnVendorKeyChange), "name")] = new("The new name; null leaves it.", "新名称；null 表示不变。"),
        [(typeof(OwnVendorKeyChange), "enabled")] = new("False switches it off, true on again; null leaves it.", "false 停用，true 重新启用；null 表示不变。"),
        [(typeof(SavedOwnVendorKey), "key")] = new("The key as lists show it.", "列表中显示的密钥。"),
        [(typeof(SavedOwnVendorKey), "test")] = new("What the short call came to; null when none was made.", "测试调用的结果；未测试则为 null。"),
        [(typeof(GuardrailView), "kind")] = new("regex, keywords, pii, moderation or webhook.", "regex（正则）、keywords（关键词）、pii（个人信息）、moderation（内容审核）或 webhook。"),
        [(typeof(GuardrailView), "enabled")] = new("False while it is switched off.", "停用时为 false。"),
        [(typeof(GuardrailView), "team_id")] = new("The team it is for; null for the whole organization.", "所属团队；null 表示整个组织。"),
        [(typeof(GuardrailView), "updated_at")] = new("When it was last changed.", "最近一次修改的时间。"),
        [(typeof(GuardrailView), "model")] = new("The moderation model.", "内容审核模型。"),
        [(typeof(GuardrailView), "url")] = new("Where the webhook is.", "Webhook 地址。"),
        [(typeof(NewGuardrail), "kind")] = new("regex, keywords, pii, moderation or webhook.", "regex（正则）、keywords（关键词）、pii（个人信息）、moderation（内容审核）或 webhook。"),
        [(typeof(NewGuardrail), "team_id")] = new("Only for this team; null for the whole organization.", "仅用于该团队；null 表示整个组织。"),
        [(typeof(NewGuardrail), "model")] = new("A moderation model of the catalogue; its calls are paid like any other.", "目录中的内容审核模型；其调用与其他调用一样计费。"),
        [(typeof(NewGuardrail), "url")] = new("The webhook's address: https, and not in a private network.", "Webhook 地址：须为 https，且不在内网。"),
        [(typeof(GuardrailChange), "name")] = new("The new name; null leaves it.", "新名称；null 表示不变。"),
        [(typeof(GuardrailChange), "enabled")] = new("False switches it off, true on again; null leaves it.", "false 停用，true 重新启用；null 表示不变。"),
        [(typeof(GuardrailChange), "model")] = new("Another moderation model; null leaves it.", "更换内容审核模型；null 表示不变。"),
        [(typeof(GuardrailChange), "url")] = new("Another address; null leaves it.", "更换地址；null 表示不变。"),
        [(typeof(CreatedGuardrail), "guardrail")] = new("The guardrail as lists show it.", "列表中显示的护栏。"),
        [(typeof(CreatedGuardrail), "secret")] = new("What the webhook's requests are signed with (Standard Webhooks), shown this once; null for other kinds.", "Webhook 请求的签名密钥（Standard Webhooks），仅显示这一次；其他类型为 null。"),
        [(typeof(GuardrailDecision), "stage")] = new("input or output.", "input（输入）或 output（输出）。"),
        [(typeof(GuardrailDecision), "found")] = new("The kind of personal data or the category; empty for the rest. What was found is not kept.", "个人信息的种类或审核类别；其他类型为空。不保存所发现的内容。"),
        [(typeof(GuardrailDecision), "name")] = new("The guardrail's name at that time.", "当时的护栏名称。"),
        [(typeof(ContentRules), "capture")] = new("Whether prompts and answers are kept, encrypted. A team can only say no where its organization says yes.", "是否加密保存提示词与回答。团队只能在组织允许时选择不保存。"),
        [(typeof(ContentRules), "retention_days")] = new("Days until they are deleted, 1 to 365. The shorter of the organization's and the team's holds.", "保存天数，1 到 365；取组织与团队中较短者。"),
        [(typeof(CapturedContentView), "captured_at")] = new("When it was kept.", "保存时间。"),
        [(typeof(CapturedContentView), "expires_at")] = new("When it is deleted.", "删除时间。"),
        [(typeof(CapturedContentView), "request")] = new("The request as vendors were told it, in Chat Completions' words.", "发送给厂商的请求，以 Chat Completions 格式表示。"),
        [(typeof(CapturedContentView), "answer")] = new("The texts of the answer, one for each choice.", "回答文本，每个候选一项。"),
        [(typeof(ChargeExplanation), "own_key")] = new("The organization's own vendor key that was used; null for the hub's.", "所使用的组织自有厂商密钥；使用平台密钥时为 null。"),
        [(typeof(OwnKeyCharge), "key_id")] = new("The own vendor key's id.", "自有厂商密钥编号。"),
        [(typeof(OwnKeyCharge), "name")] = new("Its name; null when it has been removed since.", "密钥名称；已删除则为 null。"),
        [(typeof(OwnKeyCharge), "arithmetic")] = new("How the fee was reckoned, written out.", "手续费的计算过程。"),
        [(typeof(UsageRequest), "guardrails")] = new("What guardrails did to the call.", "护栏对该调用的处理。"),
        [(typeof(PolicyRules), "content")] = new("Whether what is said in calls is kept; null leaves it as it is.", "是否保存调用内容；null 表示不变。"),
        [(typeof(PolicyView), "content")] = new("Whether what is said in calls is kept; null when nothing was decided.", "是否保存调用内容；从未设置则为 null。"),
        [(typeof(PolicyRules), "default_parameters")] = new("Parameters for calls that do not say, such as {\"temperature\": 0.2}; an empty object removes them, null leaves them as they are. A team's go before its organization's.", "调用未指定时采用的参数，例如 {\"temperature\": 0.2}；空对象表示清除，null 表示不变。团队的设置优先于组织。"),
        [(typeof(PolicyView), "default_parameters")] = new("Parameters for calls that do not say.", "调用未指定时采用的参数。"),
    };

    public static readonly IReadOnlyDictionary<string, Text> Shared = new Dictionary<string, Text>
    {
        ["use"] = new("preferred (before the hub's keys), fallback (when they fail) or only (instead of the hub's keys at this vendor).", "preferred（优先于平台密钥）、fallback（平台密钥失败时使用）或 only（在该厂商仅使用自有密钥）。"),
        ["fee_basis_points"] = new("What the hub charges for calls with it, in ten-thousandths of the vendor's list price.", "平台对使用该密钥的调用收取的手续费，以厂商标价的万分之一计。"),
        ["rotated_at"] = new("When the key was last replaced; null when never.", "最近一次更换密钥的时间；从未更换则为 null。"),
        ["action"] = new("block, mask or flag.", "block（拦截）、mask（遮盖）或 flag（标记）。"),
        ["stages"] = new("input, output or both.", "input（输入）、output（输出）或两者。"),
        ["terms"] = new(
            "Regular expressions (without look-around and back-references); words; kinds of personal data (cn_id, cn_mobile, email, bank_card, ip, api_key; empty means all of them); or the moderation categories that count (empty means all).",
            "正则表达式（不支持环视与反向引用）；词语；个人信息种类（cn_id、cn_mobile、email、bank_card、ip、api_key；为空表示全部）；或需拦截的审核类别（为空表示全部）。"),
        ["timeout_ms"] = new("How long the moderation or the webhook may take, 100 to 10,000.", "内容审核或 Webhook 的超时毫秒数，100 到 10,000。"),
        ["unreadable"] = new("Whether pictures, sound and files that are not text count as found in a request: a call with any is refused, or flagged where the action is flag. Only for guardrails that look at input.", "是否将请求中的图片、声音与非文本文件视为命中：包含此类内容的调用将被拒绝；处理方式为 flag 时仅标记。仅适用于检查输入的护栏。"),
        ["on_failure"] = new("Whether calls go on (open) or are refused (closed) when the moderation or the webhook does not answer.", "内容审核或 Webhook 无响应时，放行（open）或拒绝（closed）调用。"),
        ["own_key_id"] = new("The organization's own vendor key that was used; null for the hub's.", "所使用的组织自有厂商密钥；使用平台密钥时为 null。"),
        ["vendor_cost"] = new("With an own vendor key: what the vendor charges its owner, at list price. It is not part of the cost.", "使用自有密钥时：厂商按标价向密钥所有者收取的费用，不计入平台费用。"),
    };
}
