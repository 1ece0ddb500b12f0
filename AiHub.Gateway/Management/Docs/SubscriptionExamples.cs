using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the API reference shows of subscriptions, saved methods, disputes, codes and contracts.</summary>
public static class SubscriptionExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 4, 16, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset TermEnd = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly IReadOnlyList<SubscriptionLineView> Lines =
    [
        new("unused", "developer", "month", Moment, TermEnd, "-14.02"),
        new("remaining", "pro", "month", Moment, TermEnd, "47.85"),
    ];

    public static readonly PaymentMethodView Method = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120020"), "stripe", "visa", "4242", Moment);
    public static readonly PlanChangePreview Preview = new("pro", "month");
    public static readonly PlanQuoteView Quote = new("pro", "month", "at_once", "USD", "33.83", Lines, Moment, TermEnd, 1_933_333, Moment);
    public static readonly PlanChangeRequest Change = new("pro", "month", "stripe", true, Moment);
    public static readonly RenewalRequest Renewal = new("alipay");
    public static readonly PlanChangeView Changed = new("awaiting_payment", Examples.Subscription, Quote, PaymentExamples.Order);
    public static readonly SubscriptionChargeView Charge = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120021"), "upgrade", "pro", "month", "33.83", "USD", Lines, 1_933_333, TermEnd, Moment);
    public static readonly AutoTopUpRequest SetAutoTopUp = new("5.00", "20.00", "200.00");
    public static readonly AutoTopUpView AutoTopUp = new("USD", "5", "20", "200", null, null, Method, "20", new(PaymentExamples.Order.Id, "paid", "20", Moment, null));
    public static readonly CodeRedemption Redeem = new("ABCDE-FGHJK-LMNPQ-RSTUV");
    public static readonly RedemptionView Redemption = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120022"), "10", "USD", Moment, TermEnd);
    public static readonly DisputeView Dispute = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120023"), PaymentExamples.Order.Id, "open", "20", "USD", "fraudulent", Moment, null, Moment.AddDays(9));
    public static readonly ContractTerms Contract = new("enterprise", "5000.00", 200_000_000, new ContractFeeTerms("300.00", "month", new DateOnly(2026, 1, 15), new DateOnly(2026, 12, 31)));
    public static readonly NewPriceDiscount NewDiscount = new("15", "contract 2026-01, annex 2", "acme", "acme/*");
    public static readonly PriceDiscountView Discount = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac12d150"), "15", "acme", "acme/*", new DateTimeOffset(2026, 1, 15, 0, 0, 0, TimeSpan.Zero), null, "contract 2026-01, annex 2", "01981c2e-7a10-7c3e-8b5e-0242ac120002");
    public static readonly NewCodeBatch NewBatch = new("Spring campaign", "USD", "10.00", 100, new DateTimeOffset(2030, 12, 31, 0, 0, 0, TimeSpan.Zero), 1, 90);
    public static readonly CodeBatchView Batch = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120024"), "Spring campaign", "USD", "10", 100, 0, 1, NewBatch.RedeemBefore, 90, Moment, null);

    private static readonly Text OfVendor = new("Only of what this vendor serves; null of everybody's.", "仅限该厂商提供的服务；null 表示不限厂商。");
    private static readonly Text OfModels = new("Only of this model, or of all that begin so where it ends with `*`; null of all.", "仅限该模型；以 `*` 结尾时为具有该前缀的全部模型；null 表示全部。");
    private static readonly Text Plan = new("The plan's id, from “plans”.", "套餐编号，见“plans”。");
    private static readonly Text Interval = new("month or year.", "month（月）或 year（年）。");
    private static readonly Text Amount = new("Decimal string.", "十进制字符串。");

    public static readonly IReadOnlyDictionary<(Type, string), Text> Fields = new Dictionary<(Type, string), Text>
    {
        [(typeof(SubscriptionView), "interval")] = Interval,
        [(typeof(SubscriptionView), "collection")] = new("none, prepaid (term by term), automatic (from the saved card) or contract.", "none、prepaid（逐期支付）、automatic（自动从已保存的卡扣款）或 contract（合同）。"),
        [(typeof(SubscriptionView), "paid_through")] = new("Until when is paid; null where nothing has to be.", "已付费至；无需付费时为 null。"),
        [(typeof(SubscriptionView), "next_plan_id")] = new("What follows then, where something else does; free when it was canceled.", "到期后变更为的套餐；已取消时为 free。"),
        [(typeof(SubscriptionView), "next_interval")] = new("How that one is paid.", "该套餐的付费周期。"),
        [(typeof(SubscriptionView), "standing")] = new("good, restricted (no new calls) or suspended (keys are refused): what is overdue has come to.", "good（正常）、restricted（不接受新调用）或 suspended（密钥被拒绝）：逾期的后果。"),
        [(typeof(SubscriptionView), "method")] = new("The saved card; null when there is none.", "已保存的卡；没有时为 null。"),
        [(typeof(SubscriptionView), "overdue")] = new("What is overdue, the oldest of it; null when nothing is.", "逾期的款项（最早的一笔）；没有时为 null。"),
        [(typeof(OverdueView), "reason")] = new("subscription, invoice or dispute.", "subscription（套餐）、invoice（账单）或 dispute（拒付）。"),
        [(typeof(OverdueView), "since")] = new("Since when.", "逾期起始时间。"),
        [(typeof(OverdueView), "next_attempt_at")] = new("When the saved card is tried again; null when it is not.", "下次尝试从已保存的卡扣款的时间；不再尝试时为 null。"),
        [(typeof(OverdueView), "restricted_at")] = new("From when on new calls are refused; null where the plan ends instead.", "开始拒绝新调用的时间；套餐到期即终止时为 null。"),
        [(typeof(OverdueView), "suspended_at")] = new("From when on the keys are refused.", "开始拒绝密钥的时间。"),
        [(typeof(OverdueView), "plan_ends_at")] = new("When a prepaid plan becomes the free one; null where it does not.", "预付套餐转为免费套餐的时间；不适用时为 null。"),
        [(typeof(PlanChangePreview), "plan_id")] = Plan,
        [(typeof(PlanChangePreview), "interval")] = Interval,
        [(typeof(PlanChangePreview), "proration_at")] = new("The moment it is computed for; now when left out.", "计算所依据的时刻；省略时为当前时间。"),
        [(typeof(PlanChangeRequest), "plan_id")] = Plan,
        [(typeof(PlanChangeRequest), "interval")] = Interval,
        [(typeof(PlanChangeRequest), "channel")] = new("stripe, alipay, wechat_pay, or balance: from the purchased money of the wallet. Not needed where nothing is due.", "stripe、alipay、wechat_pay，或 balance（使用充值余额）。无需付款时可省略。"),
        [(typeof(PlanChangeRequest), "auto_renew")] = new("With stripe: keeps the card and renews by itself (default).", "使用 stripe 时：保存该卡并自动续费（默认）。"),
        [(typeof(PlanChangeRequest), "proration_at")] = new("The moment of a preview at most 15 minutes old: exactly what it showed is charged.", "15 分钟内预览返回的时刻：按预览金额收取。"),
        [(typeof(PlanChangeRequest), "scene")] = PaymentExamples.Scene,
        [(typeof(PlanChangeRequest), "open_id")] = PaymentExamples.OpenId,
        [(typeof(PlanChangeRequest), "wechat_code")] = PaymentExamples.WechatCode,
        [(typeof(RenewalRequest), "channel")] = new("stripe, alipay, wechat_pay or balance.", "stripe、alipay、wechat_pay 或 balance。"),
        [(typeof(RenewalRequest), "scene")] = PaymentExamples.Scene,
        [(typeof(RenewalRequest), "open_id")] = PaymentExamples.OpenId,
        [(typeof(RenewalRequest), "wechat_code")] = PaymentExamples.WechatCode,
        [(typeof(SubscriptionLineView), "kind")] = new("fee (a whole term), unused (a credit for what is left at the old price) or remaining (the same time at the new price).", "fee（整个周期）、unused（旧套餐剩余时间的抵扣）或 remaining（新套餐剩余时间的费用）。"),
        [(typeof(SubscriptionLineView), "plan_id")] = Plan,
        [(typeof(SubscriptionLineView), "interval")] = Interval,
        [(typeof(SubscriptionLineView), "from")] = new("From when.", "起始时间。"),
        [(typeof(SubscriptionLineView), "to")] = new("Until when.", "结束时间。"),
        [(typeof(SubscriptionLineView), "amount")] = new("Decimal string; negative is a credit.", "十进制字符串；负数为抵扣。"),
        [(typeof(PlanQuoteView), "plan_id")] = Plan,
        [(typeof(PlanQuoteView), "interval")] = Interval,
        [(typeof(PlanQuoteView), "timing")] = new("at_once, or at_term_end: then nothing is due now and it can be called off until then.", "at_once（立即生效）或 at_term_end（周期结束后生效，此前可撤销，现在无需付款）。"),
        [(typeof(PlanQuoteView), "due")] = new("What is due now: the sum of the lines.", "现在应付的金额，即各行之和。"),
        [(typeof(PlanQuoteView), "lines")] = new("What it is made of; an invoice carries the same lines.", "费用明细；账单包含相同的明细。"),
        [(typeof(PlanQuoteView), "effective_at")] = new("When the plan changes.", "套餐变更的时间。"),
        [(typeof(PlanQuoteView), "paid_through")] = new("Until when is paid afterwards.", "变更后已付费至。"),
        [(typeof(PlanQuoteView), "tokens")] = new("What is granted on top in the month that runs.", "当月额外发放的令牌数。"),
        [(typeof(PlanQuoteView), "proration_at")] = new("The moment it was computed for.", "计算所依据的时刻。"),
        [(typeof(PlanChangeView), "outcome")] = new("applied, scheduled, or awaiting_payment: then the order has to be paid.", "applied（已生效）、scheduled（已排期）或 awaiting_payment（等待支付订单）。"),
        [(typeof(PlanChangeView), "subscription")] = new("As it is now.", "当前的订阅。"),
        [(typeof(PlanChangeView), "quote")] = new("What it costs.", "变更的费用。"),
        [(typeof(PlanChangeView), "order")] = new("What has to be paid; null when nothing has to be.", "需要支付的订单；无需支付时为 null。"),
        [(typeof(SubscriptionChargeView), "kind")] = new("start, upgrade or renewal.", "start、upgrade 或 renewal。"),
        [(typeof(SubscriptionChargeView), "plan_id")] = Plan,
        [(typeof(SubscriptionChargeView), "interval")] = Interval,
        [(typeof(SubscriptionChargeView), "amount")] = Amount,
        [(typeof(SubscriptionChargeView), "lines")] = new("What it is made of.", "费用明细。"),
        [(typeof(SubscriptionChargeView), "tokens")] = new("What it granted on top in the month that ran.", "当月额外发放的令牌数。"),
        [(typeof(SubscriptionChargeView), "paid_through")] = new("Until when it paid.", "付费至。"),
        [(typeof(SubscriptionChargeView), "applied_at")] = new("When it came into force.", "生效时间。"),
        [(typeof(PaymentMethodView), "channel")] = new("Where it is saved.", "保存该支付方式的渠道。"),
        [(typeof(PaymentMethodView), "brand")] = new("The card's brand.", "卡组织。"),
        [(typeof(PaymentMethodView), "last_four")] = new("The last four digits.", "卡号末四位。"),
        [(typeof(AutoTopUpRequest), "below")] = new("Decimal string: less than this in the wallet refills it.", "十进制字符串：余额低于此值时自动充值。"),
        [(typeof(AutoTopUpRequest), "amount")] = new("Decimal string: by this.", "十进制字符串：每次充值的金额。"),
        [(typeof(AutoTopUpRequest), "monthly_cap")] = new("Decimal string: never more than this in a calendar month.", "十进制字符串：每个自然月的充值上限。"),
        [(typeof(AutoTopUpView), "below")] = Amount,
        [(typeof(AutoTopUpView), "amount")] = Amount,
        [(typeof(AutoTopUpView), "monthly_cap")] = Amount,
        [(typeof(AutoTopUpView), "stopped_at")] = new("When it stopped; null while it works.", "停止时间；正常工作时为 null。"),
        [(typeof(AutoTopUpView), "stop_reason")] = new("declined, cap_reached or method_removed; null while it works.", "declined（支付被拒）、cap_reached（达到上限）或 method_removed（支付方式已删除）；正常工作时为 null。"),
        [(typeof(AutoTopUpView), "method")] = new("The saved card.", "已保存的卡。"),
        [(typeof(AutoTopUpView), "this_month")] = new("What the calendar month has taken so far, orders under way included.", "本自然月已充值的金额，含进行中的订单。"),
        [(typeof(AutoTopUpView), "last")] = new("The newest order it made; null when there is none.", "最近一次自动充值的订单；没有时为 null。"),
        [(typeof(AutoTopUpTry), "order_id")] = new("The order.", "订单编号。"),
        [(typeof(AutoTopUpTry), "status")] = new("created, pending, paid, closed or failed.", "created、pending、paid、closed 或 failed。"),
        [(typeof(AutoTopUpTry), "amount")] = Amount,
        [(typeof(AutoTopUpTry), "failure")] = new("What the channel said when it would not take the money; null otherwise.", "渠道拒绝扣款时返回的原因；其他情况为 null。"),
        [(typeof(CodeRedemption), "code")] = new("As it was given; case, blanks and hyphens do not count.", "兑换码；不区分大小写，空格与连字符忽略。"),
        [(typeof(RedemptionView), "amount")] = Amount,
        [(typeof(RedemptionView), "redeemed_at")] = new("When.", "兑换时间。"),
        [(typeof(RedemptionView), "expires_at")] = new("When what it granted expires; null is never.", "赠送余额的到期时间；null 表示永不过期。"),
        [(typeof(DisputeView), "order_id")] = new("The order whose payment was taken back.", "被撤回付款的订单。"),
        [(typeof(DisputeView), "status")] = new("open, won or lost.", "open（处理中）、won（胜诉）或 lost（败诉）。"),
        [(typeof(DisputeView), "amount")] = Amount,
        [(typeof(DisputeView), "reason")] = new("What the bank says.", "银行给出的原因。"),
        [(typeof(DisputeView), "opened_at")] = new("When.", "发起时间。"),
        [(typeof(DisputeView), "evidence_due_at")] = new("Until when the bank takes evidence; null where the channel does not say.", "银行接受证据的截止时间；渠道未提供时为 null。"),
        [(typeof(DisputeView), "closed_at")] = new("When it was decided; null until then.", "裁定时间；未裁定时为 null。"),
        [(typeof(ContractTerms), "plan_id")] = Plan,
        [(typeof(ContractTerms), "credit_limit")] = new("Decimal string in the organization's currency: how far below zero its wallet may go.", "十进制字符串，以组织货币计：钱包允许透支的额度。"),
        [(typeof(ContractTerms), "fee")] = new("What is invoiced beside what is used; null is nothing.", "用量之外另行出账的合同服务费；null 表示没有。"),
        [(typeof(ContractFeeTerms), "amount")] = new("Decimal string in the organization's currency, with at most two decimals: for each month or year.", "十进制字符串，以组织货币计，最多两位小数：每月或每年的金额。"),
        [(typeof(ContractFeeTerms), "interval")] = new("month: charged on the invoice of each calendar month, for the days of it that the contract covers. year: charged when a year of the contract begins.", "month：计入每个自然月的账单，按合同覆盖的天数计算。year：在每个合同年度开始的当月账单中收取。"),
        [(typeof(ContractFeeTerms), "from")] = new("The first day it covers, in the organization's time zone. Days that are on an invoice already stay as they were charged.", "覆盖的第一天（组织时区）。已出账的日期保持不变。"),
        [(typeof(ContractFeeTerms), "until")] = new("The last day it covers; null while no end is known.", "覆盖的最后一天；尚无结束日期时为 null。"),
        [(typeof(NewPriceDiscount), "percent")] = new("What is taken off the public price, in percent; decimal string with at most two decimals.", "较公开价格优惠的百分比，十进制字符串，最多两位小数。"),
        [(typeof(NewPriceDiscount), "vendor_id")] = OfVendor,
        [(typeof(NewPriceDiscount), "model")] = OfModels,
        [(typeof(NewPriceDiscount), "valid_from")] = new("From when it holds; now if null.", "生效时间；null 表示立即生效。"),
        [(typeof(NewPriceDiscount), "valid_to")] = new("Until when; null while no end is known.", "失效时间；尚无结束时间时为 null。"),
        [(typeof(NewPriceDiscount), "source")] = new("Where it was agreed.", "约定的依据。"),
        [(typeof(PriceDiscountView), "percent")] = new("What is taken off the public price, in percent.", "较公开价格优惠的百分比。"),
        [(typeof(PriceDiscountView), "vendor_id")] = OfVendor,
        [(typeof(PriceDiscountView), "model")] = OfModels,
        [(typeof(PriceDiscountView), "source")] = new("Where it was agreed.", "约定的依据。"),
        [(typeof(PriceDiscountView), "approved_by")] = new("The operator who set it.", "设定该折扣的运营者。"),
        [(typeof(ContractTerms), "monthly_tokens")] = new("What is granted each month; null is the plan's own.", "每月发放的令牌数；null 表示按套餐。"),
        [(typeof(NewCodeBatch), "name")] = new("What operators call it.", "批次名称。"),
        [(typeof(NewCodeBatch), "currency")] = new("USD or CNY: organizations in the other cannot redeem it.", "USD 或 CNY：其他货币的组织无法兑换。"),
        [(typeof(NewCodeBatch), "amount")] = new("Decimal string: what each code grants.", "十进制字符串：每个兑换码的金额。"),
        [(typeof(NewCodeBatch), "count")] = new("How many codes.", "兑换码数量。"),
        [(typeof(NewCodeBatch), "redeem_before")] = new("Until when they can be redeemed.", "兑换截止时间。"),
        [(typeof(NewCodeBatch), "per_organization")] = new("How many of them one organization may redeem.", "每个组织最多可兑换的数量。"),
        [(typeof(NewCodeBatch), "grant_days")] = new("How long what a code grants lasts; null is for ever.", "赠送余额的有效天数；null 表示永久。"),
        [(typeof(CodeBatchView), "name")] = new("What operators call it.", "批次名称。"),
        [(typeof(CodeBatchView), "amount")] = Amount,
        [(typeof(CodeBatchView), "count")] = new("How many codes.", "兑换码数量。"),
        [(typeof(CodeBatchView), "redeemed")] = new("How many have been redeemed.", "已兑换数量。"),
        [(typeof(CodeBatchView), "per_organization")] = new("How many of them one organization may redeem.", "每个组织最多可兑换的数量。"),
        [(typeof(CodeBatchView), "redeem_before")] = new("Until when they can be redeemed.", "兑换截止时间。"),
        [(typeof(CodeBatchView), "grant_days")] = new("How long what a code grants lasts; null is for ever.", "赠送余额的有效天数；null 表示永久。"),
        [(typeof(CodeBatchView), "revoked_at")] = new("When it was revoked; null while it can be redeemed.", "作废时间；有效时为 null。"),
        [(typeof(CreatedCodeBatch), "batch")] = new("The batch.", "批次。"),
        [(typeof(CreatedCodeBatch), "codes")] = new("Shown this once.", "仅显示一次。"),
    };
}
