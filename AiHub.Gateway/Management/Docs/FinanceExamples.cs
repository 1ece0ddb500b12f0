using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the API reference shows of finance.</summary>
public static class FinanceExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 2, 1, 1, 0, 0, TimeSpan.Zero);

    public static readonly RevenueRow Revenue = new("2026-01-31", "CNY", "1250.25", "398", "-20", "0", "-1.5", "-92.1", "1534.65");
    public static readonly ChannelTotals Channel = new("wechat_pay", "CNY", 42, "4200", 1, "100", "24.6", "4075.4", "3000");
    public static readonly Receivable Receivable = new(Examples.Organization.Id, "Lin's organization", "CNY", "299", "0", Moment.AddDays(15));
    public static readonly ModelMargin Model = new("deepseek/deepseek-v4-flash", "deepseek", "CNY", 4200, "299", "250", "254.15", "44.85");
    public static readonly HubOrderView Order = new(
        PaymentExamples.Order.Id, Examples.Organization.Id, "Lin's organization", "top_up", "wechat_pay", "paid", "CNY", "100", "0", PaymentExamples.Order.OutTradeNo, "4200002345202601310000000000", Moment, Moment);
    public static readonly HubOrderDetail Detail = new(
        Order, null, Moment.AddMinutes(15), null, null, 2,
        [new HubRefundView(PaymentExamples.Refund.Id, "processing", "20", "CNY", "not needed", null, "r8q0m1d7c5v2n9b6k3j0h8g5f2d9s6a4", Moment.AddHours(1), null)]);
    public static readonly HubDisputeView Dispute = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120023"), Examples.Organization.Id, "Lin's organization", PaymentExamples.Order.Id, PaymentExamples.Order.OutTradeNo, "dp_1PQrStUvWxYz", "open", "USD",
        "20", "12.5", "fraudulent", Moment, Moment.AddDays(9), null);
    public static readonly NewVendorTerms NewTerms = new("deepseek", "85", Moment);
    public static readonly VendorTermsView Terms = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120040"), "deepseek", "85", Moment);

    private static readonly Text Overdue = new("The part of it that is overdue.", "其中已逾期的金额。");

    public static readonly IReadOnlyDictionary<(Type, string), Text> Fields = new Dictionary<(Type, string), Text>
    {
        [(typeof(RevenueRow), "key")] = new("The day, the plan's id or the organization's id.", "日期、套餐编号或组织编号。"),
        [(typeof(RevenueRow), "usage")] = new("What calls earned.", "调用收入。"),
        [(typeof(RevenueRow), "subscriptions")] = new("What plans earned.", "套餐收入。"),
        [(typeof(RevenueRow), "promotions")] = new("Given away; below zero.", "赠送金额，为负数。"),
        [(typeof(RevenueRow), "breakage")] = new("Granted money that expired.", "过期的赠送金额。"),
        [(typeof(RevenueRow), "written_off")] = new("Never collected; below zero.", "核销金额，为负数。"),
        [(typeof(RevenueRow), "tax")] = new("Tax inside prices; below zero.", "价内税额，为负数。"),
        [(typeof(RevenueRow), "net")] = new("All of it together.", "合计净收入。"),
        [(typeof(ChannelTotals), "channel")] = new("stripe, alipay, wechat_pay or bank.", "stripe、alipay、wechat_pay 或 bank。"),
        [(typeof(ChannelTotals), "paid")] = new("What came in.", "收款金额。"),
        [(typeof(ChannelTotals), "paid_count")] = new("How many payments.", "收款笔数。"),
        [(typeof(ChannelTotals), "refunded")] = new("What went back.", "退款金额。"),
        [(typeof(ChannelTotals), "refunded_count")] = new("How many refunds.", "退款笔数。"),
        [(typeof(ChannelTotals), "net")] = new("Paid less refunded less fees.", "收款减退款减手续费。"),
        [(typeof(ChannelTotals), "fees")] = new("What the channel kept, less what it gave back, as booked in the ledger.", "渠道手续费（扣除返还），取自账本。"),
        [(typeof(ChannelTotals), "paid_out")] = new("What the channel paid out to the hub's bank account, as booked in the ledger.", "渠道结算到银行账户的金额，取自账本。"),
        [(typeof(Receivable), "open")] = new("Invoiced and not paid.", "已出账未支付的金额。"),
        [(typeof(Receivable), "overdue")] = Overdue,
        [(typeof(Receivable), "oldest_due_at")] = new("When the oldest of it is due.", "最早一笔的付款期限。"),
        [(typeof(ModelMargin), "calls")] = new("How many calls.", "调用次数。"),
        [(typeof(ModelMargin), "model_id")] = new("Model id.", "模型编号。"),
        [(typeof(ModelMargin), "vendor_id")] = new("Vendor id.", "厂商编号。"),
        [(typeof(ModelMargin), "list_price")] = new("What the calls were worth at their customers' prices, whoever paid.", "按各客户适用价格计算的金额（不论由谁支付）。"),
        [(typeof(ModelMargin), "vendor_cost")] = new("What the vendor gets for them: its list price as recorded with each call, by its terms. What was agreed with customers does not change it.", "应付厂商的金额：按每次调用记录的厂商目录价与结算条款计算，不受客户协议价影响。"),
        [(typeof(ModelMargin), "margin")] = new("Their worth less vendor cost.", "上述金额减厂商成本。"),
        [(typeof(HubOrderView), "purpose")] = new("What is paid for.", "支付用途。"),
        [(typeof(HubOrderView), "channel")] = new("Who collects the money.", "收款渠道。"),
        [(typeof(HubOrderView), "status")] = new("created, pending, paid, closed or failed.", "created、pending、paid、closed 或 failed。"),
        [(typeof(HubOrderView), "amount")] = new("What is to be paid.", "应付金额。"),
        [(typeof(HubOrderView), "refunded")] = new("What has gone back or is on its way.", "已退款及退款中的金额。"),
        [(typeof(HubOrderView), "out_trade_no")] = new("The order's number at the channel.", "订单在支付渠道的商户订单号。"),
        [(typeof(HubOrderView), "channel_trade_no")] = new("What the channel calls the payment; null until it is paid.", "渠道交易号；未支付时为 null。"),
        [(typeof(HubOrderDetail), "order")] = new("The order.", "订单。"),
        [(typeof(HubOrderDetail), "failure")] = new("What the channel said last, where it would not do what it was asked; null otherwise.", "渠道最近一次返回的失败原因；没有时为 null。"),
        [(typeof(HubOrderDetail), "expires_at")] = new("Until when it can be paid.", "支付截止时间。"),
        [(typeof(HubOrderDetail), "closed_at")] = new("When it was closed; null while it is not.", "关闭时间；未关闭时为 null。"),
        [(typeof(HubOrderDetail), "next_check_at")] = new("When the channel is asked about it next; null when there is nothing left to ask.", "下次向渠道核实的时间；无需核实时为 null。"),
        [(typeof(HubOrderDetail), "checks")] = new("How often the channel has been asked.", "已向渠道核实的次数。"),
        [(typeof(HubOrderDetail), "refunds")] = new("Each refund of the order.", "该订单的各笔退款。"),
        [(typeof(HubRefundView), "status")] = new("requested, processing, succeeded or failed.", "requested、processing、succeeded 或 failed。"),
        [(typeof(HubRefundView), "amount")] = new("What goes back.", "退款金额。"),
        [(typeof(HubRefundView), "reason")] = new("Why.", "退款原因。"),
        [(typeof(HubRefundView), "failure")] = new("Why the channel refused; null otherwise.", "渠道拒绝的原因；其他情况为 null。"),
        [(typeof(HubRefundView), "out_refund_no")] = new("The refund's number at the channel.", "退款在支付渠道的商户退款单号。"),
        [(typeof(HubRefundView), "completed_at")] = new("When it ended; null until then.", "完成时间；未完成时为 null。"),
        [(typeof(HubDisputeView), "order_id")] = new("The order whose payment was taken back.", "被撤回付款的订单。"),
        [(typeof(HubDisputeView), "out_trade_no")] = new("The order's number at the channel.", "订单在支付渠道的商户订单号。"),
        [(typeof(HubDisputeView), "reference")] = new("The channel's name for the dispute.", "争议在支付渠道的编号。"),
        [(typeof(HubDisputeView), "status")] = new("open, won or lost.", "open（处理中）、won（胜诉）或 lost（败诉）。"),
        [(typeof(HubDisputeView), "amount")] = new("What the bank took back.", "银行撤回的金额。"),
        [(typeof(HubDisputeView), "set_aside")] = new("What was taken out of the wallet until it is decided; the rest is owed.", "裁定前从钱包预留的金额；其余部分计为欠款。"),
        [(typeof(HubDisputeView), "reason")] = new("What the bank says.", "银行给出的原因。"),
        [(typeof(HubDisputeView), "opened_at")] = new("When.", "发起时间。"),
        [(typeof(HubDisputeView), "evidence_due_at")] = new("Until when the bank takes evidence; null where the channel does not say.", "银行接受证据的截止时间；渠道未提供时为 null。"),
        [(typeof(HubDisputeView), "closed_at")] = new("When it was decided; null until then.", "裁定时间；未裁定时为 null。"),
        [(typeof(NewVendorTerms), "vendor_id")] = new("Vendor id.", "厂商编号。"),
        [(typeof(VendorTermsView), "vendor_id")] = new("Vendor id.", "厂商编号。"),
        [(typeof(NewVendorTerms), "valid_from")] = new("From when on; now if null.", "生效时间；null 表示立即生效。"),
        [(typeof(VendorTermsView), "valid_from")] = new("From when on.", "生效时间。"),
    };

    public static readonly IReadOnlyDictionary<string, Text> Shared = new Dictionary<string, Text>
    {
        ["cost_percent"] = new("What the vendor charges, in percent of its list price.", "厂商结算价占目录价的百分比。"),
    };
}
