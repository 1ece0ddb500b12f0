using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the API reference shows of invoices.</summary>
public static class InvoiceExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 2, 1, 1, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset From = new(2025, 12, 31, 16, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2026, 1, 31, 16, 0, 0, TimeSpan.Zero);

    public static readonly CreditNoteView CreditNote = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120021"), "AIH-CN-2026-000001", "20", "1.13", "offset", "service credit", Moment);
    public static readonly InvoiceView Invoice = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120020"), "AIH-2026-000123", "usage", "finalized", "CNY", "282.08", "16.92", "299", "0", "20", "279", "增值税 VAT", true,
        From, To, Moment, Moment.AddDays(15), null,
        [new InvoiceLineView(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120022"), "DeepSeek V4 Flash usage", 4200, 120_000_000, 30_000_000, "299", "6", "16.92")], [CreditNote]);
    public static readonly InvoicePayment Payment = new("alipay");
    public static readonly BillingProfileView Profile = new("杭州示例科技有限公司", "杭州市西湖区", "91330106MA27XXXX0X", "finance@example.com", "zh-CN");
    public static readonly HubInvoiceView OfHub = new(
        Invoice.Id, Examples.Organization.Id, "Lin's organization", Invoice.Number, "usage", "finalized", "CNY", "282.08", "16.92", "299", "279", Moment, Moment.AddDays(15), null);
    public static readonly InvoiceReason Reason = new("made out to the wrong company");
    public static readonly InvoiceTransfer Transfer = new("ICBC 20260214 000123");
    public static readonly NewCreditNote NewCreditNote = new("20.00", "offset", "service credit");
    public static readonly LegalEntityView Entity = new("cn", "CNY", "示例云科技有限公司", "上海市", "91310000MA1XXXXX0X", "billing@example.com", "招商银行 6225 …", "AIH", "Asia/Shanghai", "增值税 VAT", "6", true, 15);
    public static readonly LegalEntityChange EntityChange = new("示例云科技有限公司", "上海市", "91310000MA1XXXXX0X", "billing@example.com", "招商银行 6225 …", "Asia/Shanghai", "增值税 VAT", "6", true, 15);

    private static readonly Text Party = new("As it is printed on invoices.", "打印在账单上的内容。");

    /// <summary>Of invoices, fapiao and finance.</summary>
    public static readonly IReadOnlyDictionary<(Type, string), Text> Fields = new Dictionary<(Type, string), Text>([.. FapiaoExamples.Fields, .. FinanceExamples.Fields, .. BillExamples.Fields])
    {
        [(typeof(HubInvoiceDetail), "invoice")] = new("The invoice.", "账单。"),
        [(typeof(InvoiceView), "kind")] = new("top_up, usage or subscription.", "top_up、usage 或 subscription。"),
        [(typeof(InvoiceView), "status")] = new("finalized, paid, overdue, void or uncollectible.", "finalized、paid、overdue、void 或 uncollectible。"),
        [(typeof(HubInvoiceView), "kind")] = new("top_up, usage or subscription.", "top_up、usage 或 subscription。"),
        [(typeof(HubInvoiceView), "status")] = new("finalized, paid, overdue, void or uncollectible.", "finalized、paid、overdue、void 或 uncollectible。"),
        [(typeof(InvoiceView), "due")] = new("What is still to be paid.", "尚未支付的金额。"),
        [(typeof(InvoiceView), "paid")] = new("What has been paid.", "已支付的金额。"),
        [(typeof(InvoiceView), "credited")] = new("What credit notes have given back.", "贷项通知单已冲减的金额。"),
        [(typeof(InvoiceView), "period_starts_at")] = new("When the period it is for began; null for a receipt.", "所属账期的开始时间；收据为 null。"),
        [(typeof(InvoiceView), "period_ends_at")] = new("When the period it is for ended; null for a receipt.", "所属账期的结束时间；收据为 null。"),
        [(typeof(InvoiceView), "lines")] = new("What it is for.", "账单明细。"),
        [(typeof(InvoiceView), "credit_notes")] = new("What has been given back of it.", "对应的贷项通知单。"),
        [(typeof(InvoiceLineView), "description")] = new("In the language asked for.", "明细说明，按请求的语言返回。"),
        [(typeof(InvoiceLineView), "calls")] = new("How many calls; null where there is nothing to count.", "调用次数；无可计数时为 null。"),
        [(typeof(InvoiceLineView), "input_tokens")] = new("Tokens sent; null where there is nothing to count.", "输入令牌数；无可计数时为 null。"),
        [(typeof(InvoiceLineView), "output_tokens")] = new("Tokens received; null where there is nothing to count.", "输出令牌数；无可计数时为 null。"),
        [(typeof(InvoiceLineView), "amount")] = new("With tax where prices hold it, else without.", "含税定价时为含税金额，否则为不含税金额。"),
        [(typeof(InvoiceLineView), "tax")] = new("This line's share of the tax.", "该行分摊的税额。"),
        [(typeof(CreditNoteView), "disposition")] = new("Where the amount went: refund, to_wallet or offset.", "款项去向：refund、to_wallet 或 offset。"),
        [(typeof(CreditNoteView), "total")] = new("What is given back, with tax.", "冲减金额（含税）。"),
        [(typeof(CreditNoteView), "tax")] = new("The tax in it.", "其中的税额。"),
        [(typeof(CreditNoteView), "reason")] = new("Why.", "原因。"),
        [(typeof(InvoicePayment), "channel")] = new("stripe, alipay or wechat_pay; “channels” says which are open.", "stripe、alipay 或 wechat_pay；可用渠道请查询“channels”。"),
        [(typeof(InvoicePayment), "scene")] = PaymentExamples.Scene,
        [(typeof(InvoicePayment), "open_id")] = PaymentExamples.OpenId,
        [(typeof(InvoicePayment), "wechat_code")] = PaymentExamples.WechatCode,
        [(typeof(BillingProfileView), "name")] = new("Whom invoices are made out to.", "账单抬头。"),
        [(typeof(BillingProfileView), "email")] = new("Where invoices are sent; null sends none.", "账单接收邮箱；null 表示不发送。"),
        [(typeof(BillingProfileView), "language")] = new("zh-CN or en: the language invoices are sent in.", "zh-CN 或 en：发送账单所用的语言。"),
        [(typeof(InvoiceReason), "reason")] = new("Why; kept with the invoice.", "原因，随账单保存。"),
        [(typeof(InvoiceTransfer), "reference")] = new("The bank's reference of the transfer.", "银行转账流水号。"),
        [(typeof(NewCreditNote), "amount")] = new("With tax where prices hold it, else without.", "含税定价时为含税金额，否则为不含税金额。"),
        [(typeof(NewCreditNote), "disposition")] = new("to_wallet: into the wallet, of a paid invoice; offset: off what is still due.", "to_wallet：退入钱包（已支付的账单）；offset：从应付金额中抵扣。"),
        [(typeof(NewCreditNote), "reason")] = new("Why; printed on it.", "原因，打印在单据上。"),
        [(typeof(LegalEntityView), "id")] = new("Its id.", "编号。"),
    };

    public static readonly IReadOnlyDictionary<string, Text> Shared = new Dictionary<string, Text>([.. FapiaoExamples.Shared, .. FinanceExamples.Shared])
    {
        ["number"] = new("Its number, without gaps within seller and year.", "编号，按销售方与年度连续编排。"),
        ["subtotal"] = new("Without tax; a decimal string.", "不含税金额，十进制字符串。"),
        ["tax"] = new("Tax; a decimal string.", "税额，十进制字符串。"),
        ["total"] = new("With tax; a decimal string.", "含税总额，十进制字符串。"),
        ["due"] = new("What is still to be paid; a decimal string.", "尚未支付的金额，十进制字符串。"),
        ["tax_name"] = new("What the tax is called.", "税种名称。"),
        ["tax_rate"] = new("In percent.", "税率（百分比）。"),
        ["tax_inclusive"] = new("Whether prices hold the tax.", "价格是否含税。"),
        ["issued_at"] = new("When it became final.", "开具时间。"),
        ["due_at"] = new("Until when it is to be paid; null when nothing is.", "付款期限；无须付款时为 null。"),
        ["paid_at"] = new("When it was paid; null until then.", "付款时间；未付款时为 null。"),
        ["address"] = Party,
        ["tax_id"] = new("Unified social credit code, VAT number or EIN.", "统一社会信用代码、增值税号或 EIN。"),
        ["bank_details"] = new("Where to pay by bank transfer; printed as it stands.", "银行转账信息，按原样打印。"),
        ["number_prefix"] = new("Begins the numbers of its invoices.", "账单编号前缀。"),
        ["payment_days"] = new("Days until an invoice is overdue.", "账单逾期前的天数。"),
        ["organization_id"] = new("The organization's id.", "组织编号。"),
        ["organization_name"] = new("The organization's name.", "组织名称。"),
    };
}
