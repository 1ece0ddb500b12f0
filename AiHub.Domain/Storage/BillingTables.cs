using System.Text.Json;
using System.Text.Json.Serialization;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace AiHub.Domain.Storage;

/// <summary>The tables of subscriptions, of what is owed, and of money that comes by other ways than an order.</summary>
internal static class BillingTables
{
    public static void Conventions(ModelConfigurationBuilder configuration)
    {
        configuration.Properties<PlanInterval>().HaveConversion<Words<PlanInterval>>();
        configuration.Properties<Collection>().HaveConversion<Words<Collection>>();
        configuration.Properties<SubscriptionChargeKind>().HaveConversion<Words<SubscriptionChargeKind>>();
        configuration.Properties<SubscriptionChargeStatus>().HaveConversion<Words<SubscriptionChargeStatus>>();
        configuration.Properties<DunningReason>().HaveConversion<Words<DunningReason>>();
        configuration.Properties<DunningStage>().HaveConversion<Words<DunningStage>>();
        configuration.Properties<BillingMailKind>().HaveConversion<Words<BillingMailKind>>();
        configuration.Properties<DisputeStatus>().HaveConversion<Words<DisputeStatus>>();
        configuration.Properties<PaymentStanding>().HaveConversion<Words<PaymentStanding>>();
    }

    public static void MapSubscriptions(ModelBuilder model)
    {
        model.Entity<Organization>().Property(row => row.Standing).HasDefaultValueSql("'good'").HasSentinel(PaymentStanding.Good);
        model.Entity<Subscription>(subscription =>
        {
            subscription.Property(row => row.Interval).HasDefaultValueSql("'month'").HasSentinel(PlanInterval.Month);
            subscription.Property(row => row.Collection).HasDefaultValueSql("'none'").HasSentinel(Collection.None);
            subscription.Property(row => row.Version).HasDefaultValue(0);
            subscription.HasIndex(row => row.PaidThrough).HasFilter("status = 'active' and paid_through is not null");
            subscription.ToTable(table =>
            {
                table.HasCheckConstraint("ck_subscriptions_paid", "(paid_months is null) = (paid_through is null)");
                table.HasCheckConstraint("ck_subscriptions_next", "(next_plan_id is null) = (next_interval is null)");
            });
            subscription.HasOne<Plan>().WithMany().HasForeignKey(row => row.NextPlanId);
        });
        model.Entity<SubscriptionCharge>(charge =>
        {
            charge.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            charge.Property(row => row.Lines).HasColumnType("jsonb").HasConversion<SubscriptionLines, SubscriptionLinesComparer>();
            charge.ToTable(table => table.HasCheckConstraint("ck_subscription_charges_amount", "amount_minor >= 0 and tokens >= 0"));
            charge.HasIndex(row => new { row.OrganizationId, row.IdempotencyKey }).IsUnique();
            charge.HasIndex(row => new { row.OrganizationId, row.AppliedAt });
            // One charge at a time waits for its money.
            charge.HasIndex(row => row.SubscriptionId).IsUnique().HasFilter("status = 'open'");
            charge.HasOne<Subscription>().WithMany().HasForeignKey(row => new { row.SubscriptionId, row.OrganizationId }).HasPrincipalKey(row => new { row.Id, row.OrganizationId });
            charge.HasOne<Plan>().WithMany().HasForeignKey(row => row.PlanId);
            OfOrganization(charge);
        });
        model.Entity<PaymentMethod>(method =>
        {
            method.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            method.HasIndex(row => row.OrganizationId).IsUnique().HasFilter("removed_at is null");
            method.HasOne<Access.User>().WithMany().HasForeignKey(row => row.UserId);
            OfOrganization(method);
        });
        model.Entity<AutoTopUp>(setting =>
        {
            setting.ToTable("auto_top_ups", table => table.HasCheckConstraint("ck_auto_top_ups_amounts", "below_nanos >= 0 and amount_minor > 0 and monthly_cap_minor >= amount_minor"));
            setting.HasKey(row => row.OrganizationId);
            OfOrganization(setting);
        });
        model.Entity<DunningCase>(dunning =>
        {
            dunning.HasIndex(row => row.SubjectId).IsUnique().HasFilter("closed_at is null");
            dunning.HasIndex(row => row.OrganizationId);
            OfOrganization(dunning);
        });
        model.Entity<BillingMail>(mail =>
        {
            mail.Property(row => row.Values).HasColumnType("jsonb").HasConversion<JsonWords, JsonWordsComparer>();
            mail.HasIndex(row => new { row.OrganizationId, row.Key, row.UserId }).IsUnique();
            mail.HasIndex(row => row.NextAttemptAt).HasFilter("next_attempt_at is not null");
            mail.HasOne<Access.User>().WithMany().HasForeignKey(row => row.UserId);
            OfOrganization(mail);
        });
        model.Entity<Dispute>(dispute =>
        {
            dispute.HasIndex(row => row.Reference).IsUnique();
            dispute.HasOne<PaymentOrder>().WithMany().HasForeignKey(row => new { row.OrderId, row.OrganizationId }).HasPrincipalKey(order => new { order.Id, order.OrganizationId });
            OfOrganization(dispute);
        });
        model.Entity<RedemptionCode>(code =>
        {
            code.HasIndex(row => row.Hash).IsUnique();
            code.HasOne<CodeBatch>().WithMany().HasForeignKey(row => row.BatchId);
        });
        model.Entity<Redemption>(redemption =>
        {
            redemption.HasIndex(row => row.CodeId).IsUnique();
            redemption.HasOne<RedemptionCode>().WithMany().HasForeignKey(row => row.CodeId);
            redemption.HasIndex(row => new { row.OrganizationId, row.BatchId });
            OfOrganization(redemption);
        });
    }

    private static void OfOrganization<T>(EntityTypeBuilder<T> entity) where T : class =>
        entity.HasOne<Organization>().WithMany().HasForeignKey("OrganizationId");
}

internal static class SubscriptionJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static string Write(IReadOnlyList<SubscriptionLine> lines) => JsonSerializer.Serialize(lines, Options);

    public static IReadOnlyList<SubscriptionLine> Read(string text) => JsonSerializer.Deserialize<List<SubscriptionLine>>(text, Options)!;
}

internal sealed class SubscriptionLines() : ValueConverter<IReadOnlyList<SubscriptionLine>, string>(lines => SubscriptionJson.Write(lines), text => SubscriptionJson.Read(text));

internal sealed class SubscriptionLinesComparer() : ValueComparer<IReadOnlyList<SubscriptionLine>>(
    (left, right) => left!.SequenceEqual(right!),
    lines => lines.Aggregate(0, (hash, line) => HashCode.Combine(hash, line)),
    lines => lines.ToList());
