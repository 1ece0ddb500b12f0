using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the fields of the operators' contracts mean.</summary>
internal static class AdminFields
{
    public static IReadOnlyDictionary<string, Text> Shared { get; } = new Dictionary<string, Text>
    {
        ["base_url"] = new("Where it is called, up to the dialect's own paths.", "调用地址，不含接口自身的路径。"),
        ["dialect"] = new("The API it speaks: openai, azure, anthropic, responses or gemini.", "所用接口：openai、azure、anthropic、responses 或 gemini。"),
        ["key_variable"] = new("The environment variable that may hold its key; null if it needs none.", "可存放其密钥的环境变量；无需密钥时为 null。"),
        ["enabled"] = new("Whether it is used.", "是否启用。"),
        ["country"] = new("The country under whose law it serves, ISO 3166; null when unknown.", "所属法域的国家代码（ISO 3166）；未知时为 null。"),
        ["retains_prompts"] = new("Whether it keeps prompts; null when unknown, which counts as yes.", "是否留存提示内容；未知（null）按留存处理。"),
        ["trains_on_prompts"] = new("Whether it trains on prompts; null when unknown, which counts as yes.", "是否将提示内容用于训练；未知（null）按会用于训练处理。"),
        ["allow_private_network"] = new("Whether it may be at a private address.", "是否允许位于内网地址。"),
        ["quirks"] = new("How it differs from its dialect.", "与标准接口的差异。"),
        ["source"] = new("Where this comes from and as of when.", "信息来源与日期。"),
        ["pool"] = new("The pool of keys it belongs to.", "所属密钥池。"),
        ["vendor_id"] = new("The vendor's id.", "厂商编号。"),
        ["model_id"] = new("The model's id.", "模型编号。"),
        ["vendor_model"] = new("What the vendor calls the model.", "厂商对该模型的命名。"),
        ["region"] = new("Where it runs, in the vendor's word; empty when there is only one.", "所在区域（厂商命名）；仅有一个时为空。"),
        ["key_pool"] = new("Which of the vendor's keys it uses.", "使用的密钥池。"),
        ["priority"] = new("Lower is tried first.", "数值越小越先尝试。"),
        ["weight"] = new("Its share among endpoints of the same priority.", "同优先级端点之间的流量权重。"),
        ["kind"] = new("What it is called for: chat, embedding, image, speech, transcription, moderation or rerank.", "用途：chat、embedding、image、speech、transcription、moderation 或 rerank。"),
        ["aliases"] = new("Other names callers may use.", "调用方可使用的其他名称。"),
        ["context_length"] = new("Most tokens of prompt and answer together.", "输入与输出合计的最大令牌数。"),
        ["max_output_tokens"] = new("Most tokens of an answer.", "单次回答的最大令牌数。"),
        ["input_modalities"] = new("What it reads.", "支持的输入。"),
        ["output_modalities"] = new("What it writes.", "支持的输出。"),
        ["supported_parameters"] = new("Request parameters it knows.", "支持的请求参数。"),
        ["weights"] = new("How much its tokens and other units take from a plan, in thousandths of a plan token.", "其令牌与其他用量折算的套餐令牌数，以千分之一为单位。"),
        ["auto_rank"] = new("Its place among the models `auto` chooses from; null when it is none of them.", "在 `auto` 候选模型中的次序；不参与时为 null。"),
        ["endpoint_id"] = new("The endpoint's id.", "端点编号。"),
        ["component"] = new("What is priced: input, output, cache_read, image …", "计价项目：input、output、cache_read、image 等。"),
        ["price"] = new("Per million tokens or characters, per image, second or search; a decimal string.", "每百万令牌或字符、每张图片、每秒或每次检索的价格，十进制字符串。"),
        ["min_prompt_tokens"] = new("The prompt length from which it holds for the whole call.", "提示达到该令牌数时，整次调用适用此价格。"),
        ["service_tier"] = new("The service class it is the price of; empty for the usual one.", "适用的服务等级；空表示默认等级。"),
        ["hours"] = new("The hours of the week in which it holds, such as `Asia/Shanghai mon-fri 09:00-12:00 except cn-statutory`; empty for always.", "适用时段，例如 `Asia/Shanghai mon-fri 09:00-12:00 except cn-statutory`；空表示全时段。"),
        ["valid_from"] = new("From when it holds.", "生效时间。"),
        ["valid_to"] = new("Until when it holds; null while no end is known.", "失效时间；未设定时为 null。"),
        ["approved_by"] = new("The operator who set or approved it; null for what was shipped.", "设定或批准该价格的运营者；随系统发布的价格为 null。"),
        ["proposed_at"] = new("When it was proposed.", "提案时间。"),
        ["decided_at"] = new("When it was decided upon; null while it waits.", "审批时间；待审批时为 null。"),
        ["decided_by"] = new("Who decided; null while it waits.", "审批人；待审批时为 null。"),
    };

    public static IReadOnlyDictionary<(Type, string), Text> Own { get; } = new Dictionary<(Type, string), Text>
    {
        [(typeof(VendorView), "keys")] = new("The hub's keys there.", "平台在该厂商的密钥。"),
        [(typeof(VendorKeyView), "host")] = new("The only host it is sent to.", "该密钥仅会发送到此主机。"),
        [(typeof(NewVendorKey), "key")] = new("The key. It is kept encrypted and never shown again.", "密钥。加密保存，不再显示。"),
        [(typeof(ModelWeights), "input")] = new("Per token of input.", "每个输入令牌。"),
        [(typeof(ModelWeights), "cache_read")] = new("Per token read from the vendor's cache.", "每个缓存命中令牌。"),
        [(typeof(ModelWeights), "output")] = new("Per token of output.", "每个输出令牌。"),
        [(typeof(ModelWeights), "image")] = new("Per image.", "每张图片。"),
        [(typeof(ModelWeights), "second")] = new("Per second of sound.", "每秒音频。"),
        [(typeof(ModelWeights), "character")] = new("Per character read out.", "每个合成字符。"),
        [(typeof(ModelWeights), "search_unit")] = new("Per search.", "每次检索。"),
        [(typeof(EndpointView), "rests_until")] = new("Not asked before then because it failed, as the answering gateway sees it; null while it is well.", "因失败而暂停调用至该时间（以应答网关的观察为准）；正常时为 null。"),
        [(typeof(EndpointTest), "succeeded")] = new("Whether it answered.", "是否成功应答。"),
        [(typeof(EndpointTest), "status")] = new("The vendor's HTTP status; null if there was none.", "厂商返回的 HTTP 状态码；没有时为 null。"),
        [(typeof(EndpointTest), "latency_ms")] = new("Until the end of the answer, in milliseconds.", "到应答结束的耗时（毫秒）。"),
        [(typeof(EndpointTest), "error")] = new("What went wrong; null on success.", "错误信息；成功时为 null。"),
        [(typeof(PriceEnd), "at")] = new("When it ends; now if null.", "结束时间；null 表示立即结束。"),
        [(typeof(PriceProposalView), "current")] = new("The price it would replace; null when there is none.", "将被替换的现行价格；没有时为 null。"),
        [(typeof(PriceProposalView), "status")] = new("pending, approved or rejected.", "pending（待审批）、approved（已批准）或 rejected（已驳回）。"),
        [(typeof(CatalogueImport), "catalogue")] = new("Vendors, models and prices, in the shape of the catalogue the hub ships with.", "厂商、模型与价格，格式与随系统发布的目录相同。"),
        [(typeof(CatalogueImported), "vendors")] = new("Vendors new or changed.", "新增或变更的厂商数。"),
        [(typeof(CatalogueImported), "models")] = new("Models new or changed.", "新增或变更的模型数。"),
        [(typeof(CatalogueImported), "endpoints")] = new("Endpoints new or changed.", "新增或变更的端点数。"),
        [(typeof(CatalogueImported), "prices_added")] = new("First prices, which hold at once.", "首次定价（立即生效）的数量。"),
        [(typeof(CatalogueImported), "prices_proposed")] = new("Prices that wait for approval.", "等待审批的价格数量。"),
        [(typeof(HolidayYear), "calendar")] = new("The calendar's name, as price hours spell it.", "日历名称，与价格时段中的写法一致。"),
        [(typeof(HolidayYear), "year")] = new("The year.", "年份。"),
        [(typeof(HolidayYear), "days")] = new("The days off.", "节假日日期。"),
    };
}
