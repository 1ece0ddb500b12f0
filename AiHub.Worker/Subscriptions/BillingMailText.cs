using System.Globalization;
using System.Text.Json;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;

namespace AiHub.Worker.Subscriptions;

/// <summary>The words of messages about money, in the language of whoever reads them.</summary>
internal static class BillingMailText
{
    public static (string Subject, string Body) Of(TakenBillingMail message)
    {
        var values = JsonSerializer.Deserialize<Dictionary<string, string>>(message.Values, JsonSerializerOptions.Default)!;
        var kind = Enum.Parse<BillingMailKind>(message.Kind.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
        var chinese = message.Language.StartsWith("zh", StringComparison.OrdinalIgnoreCase);
        var (subject, body) = chinese ? Chinese(kind, values, message) : English(kind, values, message);
        return (
            $"{subject} · {message.OrganizationName}",
            chinese ? $"{body}\n\n请在控制台的“账单”页面查看与付款。\n" : $"{body}\n\nSee and pay it on the billing page of the portal.\n");
    }

    private static (string Subject, string Body) English(BillingMailKind kind, Dictionary<string, string> values, TakenBillingMail message) => kind switch
    {
        BillingMailKind.RenewalReminder => ("Your plan ends soon", $"The {Of(values, "plan")} plan is paid through {Day(values, message)}. The next term costs {Of(values, "amount")} {Of(values, "currency")}."),
        BillingMailKind.GraceBegan => ("Your plan has ended", $"The paid time of the {Of(values, "plan")} plan is over. Pay the next term by {Day(values, message)}; after that the organization is on the free plan."),
        BillingMailKind.FellToFree => ("You are on the free plan now", "The next term was not paid, so the organization is on the free plan. Nothing was deleted; choose a plan whenever you like."),
        BillingMailKind.PaymentFailed => ("A payment did not go through", "We could not collect what is due. We will try again; you can also pay at once."),
        BillingMailKind.PaymentReminder => ("A payment is still due", "What is due has still not been paid. Seven days after the due date new calls are refused."),
        BillingMailKind.Restricted => ("New calls are refused now", "A payment is seven days overdue, so new calls are refused. They go through again as soon as it is paid."),
        BillingMailKind.Suspended => ("Your API keys are suspended", "A payment is fourteen days overdue, so the API keys are suspended. Nothing was deleted; everything works again as soon as it is paid."),
        BillingMailKind.Recovered => ("Thank you, everything works again", "What was due is settled, and calls go through."),
        BillingMailKind.Renewed => ("Your plan was renewed", $"The {Of(values, "plan")} plan is paid through {Day(values, message)}."),
        BillingMailKind.AutoTopUpStopped => ("The automatic top-up has stopped", Of(values, "reason") switch
        {
            "cap_reached" => "The monthly cap you set is reached, so the balance is not refilled any more. Set it again to go on.",
            _ => "The saved card was refused, so the balance is not refilled any more. Set it again to go on.",
        }),
        BillingMailKind.DisputeOpened => ("A payment was disputed", $"The bank has taken back {Amount(values)} of order {Of(values, "order")}. As much of the balance is set aside until it is decided; what was spent already is due."),
        BillingMailKind.PaymentKept => ("Your payment is in the balance", $"Invoice {Of(values, "invoice")} was no longer waiting for the {Amount(values)} of order {Of(values, "order")}: it had been paid, changed or voided meanwhile. The amount is in the purchased balance; you can use it or have it refunded."),
        _ => ("A dispute was decided", Of(values, "won") == "true"
            ? $"The dispute about order {Of(values, "order")} was decided for us; the balance that was set aside is back."
            : $"The dispute about order {Of(values, "order")} was decided for the card holder; the balance that was set aside is gone."),
    };

    private static (string Subject, string Body) Chinese(BillingMailKind kind, Dictionary<string, string> values, TakenBillingMail message) => kind switch
    {
        BillingMailKind.RenewalReminder => ("套餐即将到期", $"{Of(values, "plan")} 套餐已付费至 {Day(values, message)}。下一周期费用为 {Of(values, "amount")} {Of(values, "currency")}。"),
        BillingMailKind.GraceBegan => ("套餐已到期", $"{Of(values, "plan")} 套餐的付费周期已结束。请在 {Day(values, message)} 前支付下一周期，否则组织将转为免费套餐。"),
        BillingMailKind.FellToFree => ("已转为免费套餐", "由于未支付下一周期，组织已转为免费套餐。数据均已保留，您可随时重新选择套餐。"),
        BillingMailKind.PaymentFailed => ("扣款失败", "应付款项扣款失败，系统将自动重试。您也可以立即付款。"),
        BillingMailKind.PaymentReminder => ("仍有款项未付", "应付款项尚未支付。逾期七天后将不再接受新的调用。"),
        BillingMailKind.Restricted => ("已暂停新的调用", "款项已逾期七天，新的调用将被拒绝。付款后立即恢复。"),
        BillingMailKind.Suspended => ("API 密钥已停用", "款项已逾期十四天，API 密钥已停用。数据均已保留，付款后立即恢复。"),
        BillingMailKind.Recovered => ("感谢付款，服务已恢复", "应付款项已结清，调用已恢复正常。"),
        BillingMailKind.Renewed => ("套餐已续费", $"{Of(values, "plan")} 套餐已付费至 {Day(values, message)}。"),
        BillingMailKind.AutoTopUpStopped => ("自动充值已停止", Of(values, "reason") switch
        {
            "cap_reached" => "已达到您设置的月度上限，余额不再自动充值。重新设置后即可恢复。",
            _ => "已保存的卡被拒绝，余额不再自动充值。重新设置后即可恢复。",
        }),
        BillingMailKind.DisputeOpened => ("一笔付款被拒付", $"银行已撤回订单 {Of(values, "order")} 的 {Amount(values)}。裁定前将冻结相应余额；已消费的部分需要补足。"),
        BillingMailKind.PaymentKept => ("付款已计入余额", $"账单 {Of(values, "invoice")} 在您支付订单 {Of(values, "order")}（{Amount(values)}）之前已付清、变更或作废。该款项已计入充值余额，可继续使用或申请退款。"),
        _ => ("拒付争议已裁定", Of(values, "won") == "true"
            ? $"订单 {Of(values, "order")} 的争议已裁定为有效付款，冻结的余额已恢复。"
            : $"订单 {Of(values, "order")} 的争议已裁定退还持卡人，冻结的余额已扣除。"),
    };

    private static string Of(Dictionary<string, string> values, string name) => values.GetValueOrDefault(name, "");

    private static string Amount(Dictionary<string, string> values) =>
        $"{MinorUnits.ToText(long.Parse(values.GetValueOrDefault("amount", "0"), CultureInfo.InvariantCulture))} {Of(values, "currency")}";

    private static string Day(Dictionary<string, string> values, TakenBillingMail message) =>
        DateTimeOffset.TryParse(Of(values, "day"), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var day)
            ? TimeZoneInfo.ConvertTime(day, TimeZoneInfo.FindSystemTimeZoneById(message.TimeZone)).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
            : "";
}
