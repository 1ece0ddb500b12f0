using AiHub.Domain.Payments;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Storage;

/// <summary>The tables of channels' bills, and of what was booked of them.</summary>
internal static class BillTables
{
    public static void Conventions(ModelConfigurationBuilder configuration)
    {
        configuration.Properties<ChannelBillStatus>().HaveConversion<Words<ChannelBillStatus>>();
        configuration.Properties<BillLineKind>().HaveConversion<Words<BillLineKind>>();
        configuration.Properties<BillVerdict>().HaveConversion<Words<BillVerdict>>();
        configuration.Properties<ChannelAccount>().HaveConversion<Words<ChannelAccount>>();
        configuration.Properties<ChannelJournalKind>().HaveConversion<Words<ChannelJournalKind>>();
    }

    public static void Map(ModelBuilder model)
    {
        model.Entity<ChannelBill>(bill =>
        {
            bill.HasIndex(row => new { row.Channel, row.Day }).IsUnique();
            bill.HasIndex(row => new { row.Day, row.Id });
            bill.HasIndex(row => row.NextAttemptAt).HasFilter("next_attempt_at is not null");
        });
        model.Entity<ChannelBillLine>(line =>
        {
            line.HasIndex(row => new { row.BillId, row.Reference }).IsUnique();
            line.HasIndex(row => row.OrderId).HasFilter("order_id is not null");
            line.HasIndex(row => row.RefundId).HasFilter("refund_id is not null");
            line.ToTable(table => table.HasCheckConstraint("ck_channel_bill_lines_accepted", "(accepted_at is null) = (accepted_reason is null)"));
            line.HasOne<ChannelBill>().WithMany().HasForeignKey(row => row.BillId);
            line.HasOne<Access.User>().WithMany().HasForeignKey(row => row.AcceptedBy);
        });
        model.Entity<ChannelJournal>(journal =>
        {
            journal.HasIndex(row => row.IdempotencyKey).IsUnique();
            journal.HasIndex(row => new { row.BillId, row.Reference });
            journal.HasIndex(row => row.EffectiveAt);
            journal.HasOne<ChannelBill>().WithMany().HasForeignKey(row => row.BillId);
        });
        model.Entity<ChannelEntry>(entry =>
        {
            entry.ToTable(table => table.HasCheckConstraint("ck_channel_entries_amount", "amount <> 0"));
            entry.Property(row => row.Id).UseIdentityAlwaysColumn();
            entry.HasOne<ChannelJournal>().WithMany().HasForeignKey(row => row.JournalId);
        });
    }
}
