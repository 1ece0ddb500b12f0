using AiHub.Domain.Payments;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management;

/// <summary>Why nothing goes back.</summary>
public static class RefundTexts
{
    public static readonly Text NotPaid = new("This order has not been paid.", "该订单尚未支付。");
    public static readonly Text MoreThanPaid = new("All refunds and disputes together would exceed what was paid.", "累计退款与争议金额将超过实付金额。");
    public static readonly Text Spent = new("What is left of purchased money does not cover it; granted money and credit cannot be refunded.", "剩余的充值余额不足；赠送余额与信用额度不可退款。");

    public static Text Of(RefundRefusal refusal) => refusal switch
    {
        RefundRefusal.OrderNotPaid => NotPaid,
        RefundRefusal.MoreThanPaid => MoreThanPaid,
        _ => Spent,
    };
}
