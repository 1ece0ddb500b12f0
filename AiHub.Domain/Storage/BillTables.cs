using AiHub.Domain.Payments;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Storage;

/// <summary>The tables of channels' bills.</summary>
internal static class BillTables
{
    public static void Conventions(ModelConfigurationBuilder configuration)
    {
        configuration.Properties<ChannelBillStatus>().HaveConversion<Words<ChannelBillStatus>>();
        configuration.Properties<BillLineKind>().HaveConversion<Words<BillLineKind>>();
        configuration.Properties<BillVerdict>().HaveConversion<Words<BillVerdict>>();
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
    }
}
