using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;

namespace AiHub.Tests.Payments;

/// <summary>Orders as the books keep them, without a channel.</summary>
internal static class TestOrders
{
    public const string Merchant = "test";

    public static async Task<PaymentOrder> OrderAsync(
        this HubDb db, Customer customer, Currency currency, long amountMinor, DateTimeOffset now, PaymentPurpose purpose = PaymentPurpose.TopUp, SubscriptionCharge? charge = null, bool saves = false)
    {
        var order = new PaymentOrder
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = customer.Id,
            UserId = customer.OwnerId,
            Purpose = purpose,
            Channel = PaymentChannelId.Stripe,
            Scene = PaymentScene.Desktop,
            ClientAddress = "127.0.0.1",
            Currency = currency,
            AmountMinor = amountMinor,
            OutTradeNo = Guid.CreateVersion7(now).ToString("N"),
            ChargeId = charge?.Id,
            SavesMethod = saves,
            CreatedAt = now,
            ExpiresAt = now.AddHours(1),
        };
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            db.PaymentOrders.Add(order);
            await db.SaveChangesAsync();
        }, default);
        db.ChangeTracker.Clear();
        return order;
    }

    /// <summary>An order that only its channel hears of.</summary>
    public static PaymentOrder Unkept(PaymentChannelId channel, long amountMinor, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        OrganizationId = Guid.CreateVersion7(now),
        UserId = Guid.CreateVersion7(now),
        Purpose = PaymentPurpose.TopUp,
        Channel = channel,
        Scene = PaymentScene.Desktop,
        ClientAddress = "127.0.0.1",
        Currency = Currency.CNY,
        AmountMinor = amountMinor,
        OutTradeNo = Guid.CreateVersion7(now).ToString("N"),
        CreatedAt = now,
        ExpiresAt = now.AddMinutes(15),
    };

    /// <summary>What the channel says when the order was paid as it was made.</summary>
    public static PaymentProof Proof(this PaymentOrder order, DateTimeOffset now) =>
        new(order.Channel, Merchant, null, order.Currency.ToString(), order.AmountMinor, $"pi_{order.Id:N}", now);

    public static Task<CreditOutcome> CreditAsync(this HubDb db, PaymentOrder order, PaymentProof proof, DateTimeOffset now) =>
        db.CreditOrderAsync(order.Id, proof, Merchant, null, now, default);

    public static Refund Refund(this PaymentOrder order, long amountMinor, DateTimeOffset now, string? number = null) => new()
    {
        Id = Guid.CreateVersion7(now),
        OrganizationId = order.OrganizationId,
        OrderId = order.Id,
        AmountMinor = amountMinor,
        OutRefundNo = number ?? Guid.CreateVersion7(now).ToString("N"),
        Reason = "not needed",
        CreatedAt = now,
    };
}
