using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the API reference shows of channels' bills.</summary>
public static class BillExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 2, 1, 2, 30, 0, TimeSpan.Zero);

    public static readonly ChannelBillView Bill = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120050"), "wechat_pay", new DateOnly(2026, 1, 31), "differs", 43, 1,
        [new ChannelBillSum("CNY", 42, "4200", 1, "100", "24.6", "4075.4", "3000")], 1, null, Moment, Moment.AddMinutes(10));

    public static readonly ChannelBillLineView Line = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120051"), "payment", "missing_here", "4200002345202601310000000000", "CNY", "100", null, "0.6", "CNY", Moment.AddHours(-12),
        PaymentExamples.Order.OutTradeNo, "4200002345202601310000000000", null, PaymentExamples.Order.Id, Examples.Organization.Id, "Lin's organization", null, null);

    public static readonly BillAcceptance Acceptance = new("paid by another system of ours");

    private static readonly Text Attempts = new("How often the channel was asked for it.", "已向渠道获取的次数。");

    public static readonly IReadOnlyDictionary<(Type, string), Text> Fields = new Dictionary<(Type, string), Text>
    {
        [(typeof(ChannelBillView), "channel")] = new("stripe, alipay or wechat_pay.", "stripe、alipay 或 wechat_pay。"),
        [(typeof(ChannelBillView), "day")] = new("In the channel's own time: Beijing's for Alipay and WeChat Pay, UTC for Stripe.", "按渠道时区计的日期：支付宝与微信支付为北京时间，Stripe 为 UTC。"),
        [(typeof(ChannelBillView), "status")] = new("waiting, matched or differs.", "waiting（等待）、matched（一致）或 differs（有差异）。"),
        [(typeof(ChannelBillView), "lines")] = new("How many lines are compared.", "参与核对的明细条数。"),
        [(typeof(ChannelBillView), "differences")] = new("How many are not as the books say, and not accepted.", "未处理的差异条数。"),
        [(typeof(ChannelBillView), "sums")] = new("What it adds up to, one for each currency.", "按货币汇总的金额。"),
        [(typeof(ChannelBillView), "attempts")] = Attempts,
        [(typeof(ChannelBillView), "error")] = new("Why it could not be had the last time; null if it could.", "最近一次获取失败的原因；成功时为 null。"),
        [(typeof(ChannelBillView), "compared_at")] = new("When it was compared last; null before.", "最近一次核对时间；尚未核对时为 null。"),
        [(typeof(ChannelBillView), "next_attempt_at")] = new("When it is asked for again; null when it is settled.", "下次获取时间；核对完成时为 null。"),
        [(typeof(ChannelBillSum), "paid_count")] = new("How many payments.", "收款笔数。"),
        [(typeof(ChannelBillSum), "paid")] = new("What came in.", "收款金额。"),
        [(typeof(ChannelBillSum), "refunded_count")] = new("How many refunds and disputes.", "退款与争议笔数。"),
        [(typeof(ChannelBillSum), "refunded")] = new("What went back.", "退回金额。"),
        [(typeof(ChannelBillSum), "fees")] = new("What the channel kept, less what it gave back, as booked in the ledger.", "渠道手续费（扣除返还），取自账本。"),
        [(typeof(ChannelBillSum), "net")] = new("Paid less refunded less fees.", "收款减退回减手续费。"),
        [(typeof(ChannelBillSum), "paid_out")] = new("What the channel paid out to the hub's bank account, as booked in the ledger.", "渠道结算到银行账户的金额，取自账本。"),
        [(typeof(ChannelBillLineView), "kind")] = new("payment, refund, refund_failed, dispute, dispute_won, payout, funds (the account at the channel moved otherwise than its trades say) or other.", "payment、refund、refund_failed、dispute、dispute_won、payout（提现）、funds（渠道账户资金与交易不符）或 other。"),
        [(typeof(ChannelBillLineView), "verdict")] = new("matched; missing_here: the channel has it, the books do not; missing_there: the other way round; amount_differs; or none: nothing to compare.", "matched（一致）；missing_here（渠道有、账上无）；missing_there（账上有、渠道无）；amount_differs（金额不符）；none（无需核对）。"),
        [(typeof(ChannelBillLineView), "reference")] = new("What the line is called on this bill.", "该明细在账单中的标识。"),
        [(typeof(ChannelBillLineView), "amount")] = new("What the channel says; below zero when money went back; null for missing_there.", "渠道金额；退回为负数；missing_there 时为 null。"),
        [(typeof(ChannelBillLineView), "our_amount")] = new("What the books say; null for missing_here.", "账上金额；missing_here 时为 null。"),
        [(typeof(ChannelBillLineView), "fee")] = new("What the channel kept for it.", "渠道对该笔收取的手续费。"),
        [(typeof(ChannelBillLineView), "fee_currency")] = new("The fee's currency; channels that convert keep it in another one than was paid.", "手续费币种；渠道换汇时可能与支付币种不同。"),
        [(typeof(ChannelBillLineView), "occurred_at")] = new("When it happened.", "发生时间。"),
        [(typeof(ChannelBillLineView), "out_trade_no")] = new("The order's number at the channel; null where the bill has none.", "商户订单号；账单未提供时为 null。"),
        [(typeof(ChannelBillLineView), "channel_trade_no")] = new("What the channel calls the payment.", "渠道交易号。"),
        [(typeof(ChannelBillLineView), "out_refund_no")] = new("The refund's number at the channel; null if it is none.", "商户退款单号；不是退款时为 null。"),
        [(typeof(ChannelBillLineView), "order_id")] = new("Our order; null if none was found.", "对应的订单编号；未找到时为 null。"),
        [(typeof(ChannelBillLineView), "accepted_reason")] = new("Why an operator settled the difference; null while it is open.", "运营者确认差异的原因；未处理时为 null。"),
        [(typeof(ChannelBillLineView), "accepted_at")] = new("When it was settled; null while it is open.", "确认时间；未处理时为 null。"),
        [(typeof(BillAcceptance), "reason")] = new("Why it needs nothing more.", "无需进一步处理的原因。"),
    };
}
