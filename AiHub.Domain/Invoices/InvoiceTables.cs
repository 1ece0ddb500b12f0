using AiHub.Domain.Payments;
using AiHub.Domain.Storage;
using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AiHub.Domain.Invoices;

/// <summary>How invoices are kept.</summary>
internal static class InvoiceTables
{
    public static void Conventions(ModelConfigurationBuilder configuration)
    {
        configuration.Properties<InvoiceKind>().HaveConversion<Words<InvoiceKind>>();
        configuration.Properties<InvoiceStatus>().HaveConversion<Words<InvoiceStatus>>();
        configuration.Properties<InvoiceLineKind>().HaveConversion<Words<InvoiceLineKind>>();
        configuration.Properties<FapiaoTitleKind>().HaveConversion<Words<FapiaoTitleKind>>();
        configuration.Properties<FapiaoKind>().HaveConversion<Words<FapiaoKind>>();
        configuration.Properties<FapiaoStatus>().HaveConversion<Words<FapiaoStatus>>();
        configuration.Properties<CreditDisposition>().HaveConversion<Words<CreditDisposition>>();
    }

    public static void Map(ModelBuilder model)
    {
        model.Entity<LegalEntity>(entity =>
        {
            entity.ToTable(table => table.HasCheckConstraint("ck_legal_entities_tax", "tax_basis_points between 0 and 10000 and payment_days between 0 and 365"));
            entity.HasIndex(row => row.Currency).IsUnique();
        });
        model.Entity<BillingProfile>(profile =>
        {
            profile.HasKey(row => row.OrganizationId);
            OfOrganization(profile);
        });
        model.Entity<Invoice>(invoice =>
        {
            invoice.ToTable(table =>
            {
                table.HasCheckConstraint("ck_invoices_total", "total_minor = subtotal_minor + tax_minor and total_minor >= 0");
                table.HasCheckConstraint("ck_invoices_number", "(status = 'draft') = (number is null) and (number is null) = (sequence is null) and (number is null) = (year is null)");
                table.HasCheckConstraint("ck_invoices_paid", "paid_minor >= 0 and credited_minor >= 0 and paid_minor <= total_minor and credited_minor <= total_minor");
            });
            invoice.Ignore(row => row.DueMinor).Ignore(row => row.Total);
            invoice.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            // One of a kind of thing, unless the one before was voided.
            invoice.HasIndex(row => new { row.OrganizationId, row.Source }).IsUnique().HasFilter("status <> 'void'");
            invoice.HasIndex(row => new { row.LegalEntityId, row.Year, row.Sequence }).IsUnique();
            invoice.HasIndex(row => row.Number).IsUnique();
            invoice.HasIndex(row => new { row.OrganizationId, row.CreatedAt });
            invoice.HasIndex(row => row.DueAt).HasFilter("status = 'finalized'");
            invoice.HasIndex(row => row.OrderId).HasFilter("order_id is not null");
            invoice.Property(row => row.Seller).HasColumnType("jsonb");
            invoice.Property(row => row.Buyer).HasColumnType("jsonb");
            invoice.HasOne<LegalEntity>().WithMany().HasForeignKey(row => row.LegalEntityId);
            invoice.HasOne<PaymentOrder>().WithMany().HasForeignKey(row => new { row.OrderId, row.OrganizationId }).HasPrincipalKey(order => new { order.Id, order.OrganizationId });
            OfOrganization(invoice);
        });
        model.Entity<InvoiceLine>(line =>
        {
            line.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            line.HasIndex(row => new { row.InvoiceId, row.Position }).IsUnique();
            line.HasOne<Invoice>().WithMany().HasForeignKey(row => new { row.InvoiceId, row.OrganizationId }).HasPrincipalKey(invoice => new { invoice.Id, invoice.OrganizationId });
            OfOrganization(line);
        });
        model.Entity<UsageMonth>(month =>
        {
            month.HasKey(row => new { row.OrganizationId, row.EndsAt });
            month.HasOne<Invoice>().WithMany().HasForeignKey(row => new { row.InvoiceId, row.OrganizationId }).HasPrincipalKey(invoice => new { invoice.Id, invoice.OrganizationId });
            OfOrganization(month);
        });
        model.Entity<ContractFee>(fee =>
        {
            fee.ToTable("contract_fees", table =>
            {
                table.HasCheckConstraint("ck_contract_fees_amount", "amount_minor > 0");
                table.HasCheckConstraint("ck_contract_fees_span", "ends_on is null or ends_on > starts_on");
            });
            fee.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            fee.HasIndex(row => new { row.OrganizationId, row.StartsOn }).IsUnique();
            OfOrganization(fee);
        });
        model.Entity<ContractFeeCharge>(charge =>
        {
            charge.ToTable("contract_fee_charges", table => table.HasCheckConstraint("ck_contract_fee_charges_amount", "amount_minor >= 0 and ends_on > starts_on"));
            charge.HasKey(row => new { row.FeeId, row.StartsOn });
            charge.HasIndex(row => row.InvoiceId);
            charge.HasOne<ContractFee>().WithMany().HasForeignKey(row => new { row.FeeId, row.OrganizationId }).HasPrincipalKey(fee => new { fee.Id, fee.OrganizationId });
            charge.HasOne<Invoice>().WithMany().HasForeignKey(row => new { row.InvoiceId, row.OrganizationId }).HasPrincipalKey(invoice => new { invoice.Id, invoice.OrganizationId });
            OfOrganization(charge);
        });
        model.Entity<CreditLimit>(limit =>
        {
            limit.HasKey(row => row.OrganizationId);
            limit.ToTable(table => table.HasCheckConstraint("ck_credit_limits_nanos", "nanos >= 0"));
            OfOrganization(limit);
        });
        model.Entity<InvoiceSeries>(series =>
        {
            series.HasKey(row => new { row.LegalEntityId, row.Series, row.Year });
            series.HasOne<LegalEntity>().WithMany().HasForeignKey(row => row.LegalEntityId);
        });
        model.Entity<InvoiceDocument>(document =>
        {
            document.HasIndex(row => new { row.SubjectId, row.Language }).IsUnique();
            OfOrganization(document);
        });
        model.Entity<InvoiceMail>(mail =>
        {
            mail.HasIndex(row => row.SubjectId).IsUnique();
            mail.HasIndex(row => row.NextAttemptAt).HasFilter("sent_at is null and parked_at is null");
            OfOrganization(mail);
        });
        model.Entity<CreditNote>(note =>
        {
            note.ToTable(table => table.HasCheckConstraint("ck_credit_notes_total", "total_minor = subtotal_minor + tax_minor and total_minor > 0"));
            note.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            note.HasIndex(row => new { row.LegalEntityId, row.Year, row.Sequence }).IsUnique();
            note.HasIndex(row => row.Number).IsUnique();
            note.HasIndex(row => row.RefundId).IsUnique();
            note.HasIndex(row => row.InvoiceId);
            note.HasOne<Invoice>().WithMany().HasForeignKey(row => new { row.InvoiceId, row.OrganizationId }).HasPrincipalKey(invoice => new { invoice.Id, invoice.OrganizationId });
            note.HasOne<LegalEntity>().WithMany().HasForeignKey(row => row.LegalEntityId);
            note.HasOne<Refund>().WithMany().HasForeignKey(row => row.RefundId);
            OfOrganization(note);
        });
        model.Entity<CreditNoteLine>(line =>
        {
            line.HasKey(row => new { row.CreditNoteId, row.InvoiceLineId });
            line.HasIndex(row => row.InvoiceLineId);
            line.ToTable(table => table.HasCheckConstraint("ck_credit_note_lines_amount", "amount_minor <> 0"));
            line.HasOne<CreditNote>().WithMany().HasForeignKey(row => new { row.CreditNoteId, row.OrganizationId }).HasPrincipalKey(note => new { note.Id, note.OrganizationId });
            line.HasOne<InvoiceLine>().WithMany().HasForeignKey(row => new { row.InvoiceLineId, row.OrganizationId }).HasPrincipalKey(row => new { row.Id, row.OrganizationId });
            OfOrganization(line);
        });
    }

    public static void MapFapiao(ModelBuilder model)
    {
        model.Entity<VendorTerms>(terms =>
        {
            terms.ToTable(table => table.HasCheckConstraint("ck_vendor_terms_basis_points", "basis_points between 0 and 20000"));
            terms.HasIndex(row => new { row.VendorId, row.ValidFrom });
            terms.HasOne<Catalog.Vendor>().WithMany().HasForeignKey(row => row.VendorId);
        });
        model.Entity<FinanceSpan>(span =>
        {
            span.ToTable("finance_spans", table => table.HasCheckConstraint("ck_finance_spans_order", "starts_at < ends_at"));
            span.HasKey(row => row.StartsAt);
        });
        model.Entity<FinanceModelSum>(sum =>
        {
            sum.ToTable("finance_model_sums");
            sum.HasKey(row => new { row.StartsAt, row.ModelId, row.VendorId, row.Currency });
            sum.HasOne<FinanceSpan>().WithMany().HasForeignKey(row => row.StartsAt);
        });
        model.Entity<FinanceRevenueSum>(sum =>
        {
            sum.ToTable("finance_revenue_sums");
            sum.HasKey(row => new { row.StartsAt, row.OrganizationId, row.PlanId, row.Kind, row.Currency });
            sum.HasOne<FinanceSpan>().WithMany().HasForeignKey(row => row.StartsAt);
            OfOrganization(sum);
        });
        model.Entity<FinanceMark>(mark =>
        {
            mark.ToTable("finance_marks");
            mark.HasNoKey();
            mark.HasIndex(row => row.At);
        });
        model.Entity<FinanceHorizon>(horizon =>
        {
            horizon.ToTable("finance_horizon");
            horizon.HasKey(row => row.SeenAt);
        });
        model.Entity<FapiaoTitle>(title =>
        {
            title.ToTable(table => table.HasCheckConstraint("ck_fapiao_titles_company", "(kind = 'company') = (tax_id is not null)"));
            title.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            title.HasIndex(row => row.OrganizationId);
            OfOrganization(title);
        });
        model.Entity<FapiaoRequest>(request =>
        {
            request.ToTable(table =>
            {
                table.HasCheckConstraint("ck_fapiao_requests_amount", "amount_minor > 0 and tax_minor between 0 and amount_minor");
                table.HasCheckConstraint("ck_fapiao_requests_number", "(number is not null) = (status in ('issued', 'red_pending', 'reversed'))");
                table.HasCheckConstraint("ck_fapiao_requests_red", "(red_number is not null) = (status = 'reversed')");
            });
            request.HasIndex(row => row.Number).IsUnique();
            request.HasIndex(row => row.RedNumber).IsUnique();
            request.HasIndex(row => new { row.OrganizationId, row.IdempotencyKey }).IsUnique();
            request.HasIndex(row => new { row.OrganizationId, row.CreatedAt });
            request.HasIndex(row => new { row.Status, row.CreatedAt });
            request.HasOne<FapiaoTitle>().WithMany().HasForeignKey(row => new { row.TitleId, row.OrganizationId }).HasPrincipalKey(title => new { title.Id, title.OrganizationId });
            request.HasOne<Access.User>().WithMany().HasForeignKey(row => row.UserId);
            OfOrganization(request);
        });
    }

    private static void OfOrganization<T>(EntityTypeBuilder<T> entity) where T : class =>
        entity.HasOne<Organization>().WithMany().HasForeignKey("OrganizationId");
}
