using AiHub.Domain.Access;
using AiHub.Domain.Accounts;
using AiHub.Domain.Alerts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Invoices;
using AiHub.Domain.Mails;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Storage;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AiHub.Domain;

/// <summary>
/// The database. Rows of an organization are seen and written only inside <see cref="InOrganization"/>; users, sessions and the catalogue
/// belong to all. Balances, holds and journals are read here and moved by the ledger alone.
/// </summary>
public sealed class HubDb : DbContext
{
    public HubDb(DbContextOptions<HubDb> options) : base(HubDbOptions.Complete(options))
    {
        // A SaveChanges of one row would otherwise run without a transaction, hence without a tenant, and be refused.
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
    }

    public CurrentTenant Tenant { get; } = new();

    public DbSet<Organization> Organizations => Set<Organization>();
    public DbSet<Team> Teams => Set<Team>();
    public DbSet<Membership> Memberships => Set<Membership>();
    public DbSet<TeamMembership> TeamMemberships => Set<TeamMembership>();

    public DbSet<User> Users => Set<User>();
    public DbSet<Session> Sessions => Set<Session>();
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();
    public DbSet<Policy> Policies => Set<Policy>();
    public DbSet<Guardrail> Guardrails => Set<Guardrail>();
    public DbSet<Invitation> Invitations => Set<Invitation>();
    public DbSet<PlatformOperator> Operators => Set<PlatformOperator>();
    public DbSet<SetupToken> SetupTokens => Set<SetupToken>();
    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();
    public DbSet<ProtectionKey> ProtectionKeys => Set<ProtectionKey>();

    public DbSet<Ticket> Tickets => Set<Ticket>();
    public DbSet<Authenticator> Authenticators => Set<Authenticator>();
    public DbSet<RecoveryCode> RecoveryCodes => Set<RecoveryCode>();
    public DbSet<Passkey> Passkeys => Set<Passkey>();
    public DbSet<SignOn> SignOns => Set<SignOn>();
    public DbSet<SignOnIdentity> SignOnIdentities => Set<SignOnIdentity>();
    public DbSet<ScimToken> ScimTokens => Set<ScimToken>();
    public DbSet<ScimUser> ScimUsers => Set<ScimUser>();
    public DbSet<ScimGroup> ScimGroups => Set<ScimGroup>();
    public DbSet<OutgoingMail> OutgoingMails => Set<OutgoingMail>();
    internal DbSet<TakenMail> TakenMails => Set<TakenMail>();

    public DbSet<Vendor> Vendors => Set<Vendor>();
    public DbSet<Model> Models => Set<Model>();
    public DbSet<Upstream> Upstreams => Set<Upstream>();
    public DbSet<PriceRow> Prices => Set<PriceRow>();
    public DbSet<PriceDiscount> PriceDiscounts => Set<PriceDiscount>();
    public DbSet<VendorKey> VendorKeys => Set<VendorKey>();
    public DbSet<OwnVendorKey> OwnVendorKeys => Set<OwnVendorKey>();
    public DbSet<PriceProposal> PriceProposals => Set<PriceProposal>();
    public DbSet<Holiday> Holidays => Set<Holiday>();

    public DbSet<Plan> Plans => Set<Plan>();
    public DbSet<Subscription> Subscriptions => Set<Subscription>();
    public DbSet<Period> Periods => Set<Period>();
    public DbSet<Budget> Budgets => Set<Budget>();
    public DbSet<BudgetWindow> BudgetWindows => Set<BudgetWindow>();

    public DbSet<RateLimit> RateLimits => Set<RateLimit>();

    public DbSet<UsageRecord> UsageRecords => Set<UsageRecord>();
    public DbSet<CapturedContent> CapturedContents => Set<CapturedContent>();
    public DbSet<OutputSample> OutputSamples => Set<OutputSample>();
    public DbSet<EndpointSpan> EndpointSpans => Set<EndpointSpan>();
    public DbSet<UsageRollup> UsageRollups => Set<UsageRollup>();

    public DbSet<AlertChannel> AlertChannels => Set<AlertChannel>();
    public DbSet<AlertRule> AlertRules => Set<AlertRule>();
    public DbSet<AlertFiring> AlertFirings => Set<AlertFiring>();
    public DbSet<AlertDelivery> AlertDeliveries => Set<AlertDelivery>();
    internal DbSet<AlertMessage> AlertMessages => Set<AlertMessage>();

    public DbSet<Account> Accounts => Set<Account>();
    public DbSet<Balance> Balances => Set<Balance>();
    public DbSet<Lot> Lots => Set<Lot>();
    public DbSet<LotDraw> LotDraws => Set<LotDraw>();
    public DbSet<HoldRow> Holds => Set<HoldRow>();
    public DbSet<Journal> Journals => Set<Journal>();
    public DbSet<Entry> Entries => Set<Entry>();
    public DbSet<AuditRun> AuditRuns => Set<AuditRun>();

    public DbSet<PaymentOrder> PaymentOrders => Set<PaymentOrder>();
    public DbSet<Refund> PaymentRefunds => Set<Refund>();
    public DbSet<InboundNotice> InboundNotices => Set<InboundNotice>();
    public DbSet<SubscriptionCharge> SubscriptionCharges => Set<SubscriptionCharge>();
    public DbSet<PaymentMethod> PaymentMethods => Set<PaymentMethod>();
    public DbSet<AutoTopUp> AutoTopUps => Set<AutoTopUp>();
    public DbSet<DunningCase> DunningCases => Set<DunningCase>();
    public DbSet<BillingMail> BillingMails => Set<BillingMail>();
    public DbSet<Dispute> Disputes => Set<Dispute>();
    public DbSet<CodeBatch> CodeBatches => Set<CodeBatch>();
    public DbSet<RedemptionCode> RedemptionCodes => Set<RedemptionCode>();
    public DbSet<Redemption> Redemptions => Set<Redemption>();
    public DbSet<EnabledChannel> PaymentChannels => Set<EnabledChannel>();
    public DbSet<ChannelBill> ChannelBills => Set<ChannelBill>();
    public DbSet<ChannelBillLine> ChannelBillLines => Set<ChannelBillLine>();
    public DbSet<ChannelJournal> ChannelJournals => Set<ChannelJournal>();
    public DbSet<ChannelEntry> ChannelEntries => Set<ChannelEntry>();

    public DbSet<LegalEntity> LegalEntities => Set<LegalEntity>();
    public DbSet<BillingProfile> BillingProfiles => Set<BillingProfile>();
    public DbSet<Invoice> Invoices => Set<Invoice>();
    public DbSet<InvoiceLine> InvoiceLines => Set<InvoiceLine>();
    public DbSet<UsageMonth> UsageMonths => Set<UsageMonth>();
    public DbSet<ContractFee> ContractFees => Set<ContractFee>();
    public DbSet<ContractFeeCharge> ContractFeeCharges => Set<ContractFeeCharge>();
    public DbSet<CreditLimit> CreditLimits => Set<CreditLimit>();
    public DbSet<InvoiceSeries> InvoiceSeries => Set<InvoiceSeries>();
    public DbSet<InvoiceDocument> InvoiceDocuments => Set<InvoiceDocument>();
    public DbSet<InvoiceMail> InvoiceMails => Set<InvoiceMail>();
    public DbSet<CreditNote> CreditNotes => Set<CreditNote>();
    public DbSet<CreditNoteLine> CreditNoteLines => Set<CreditNoteLine>();
    public DbSet<VendorTerms> VendorTerms => Set<VendorTerms>();
    public DbSet<FapiaoTitle> FapiaoTitles => Set<FapiaoTitle>();
    public DbSet<FapiaoRequest> FapiaoRequests => Set<FapiaoRequest>();

    /// <summary>Finds a key by its hash, in whichever organization it is. Needs no tenant.</summary>
    public IQueryable<FoundApiKey> FindApiKey(byte[] hash) => FromExpression(() => FindApiKey(hash));

    /// <summary>The organizations a user belongs to. Needs no tenant.</summary>
    public IQueryable<OrganizationOfUser> OrganizationsOfUser(Guid userId) => FromExpression(() => OrganizationsOfUser(userId));

    /// <summary>The invitation a token opens, while it can be accepted. Needs no tenant.</summary>
    public IQueryable<FoundInvitation> FindInvitation(byte[] hash, DateTimeOffset now) => FromExpression(() => FindInvitation(hash, now));

    /// <summary>The single sign-on an e-mail domain leads to: proven and switched on. Needs no tenant.</summary>
    public IQueryable<FoundSignOn> FindSignOn(string domain) => FromExpression(() => FindSignOn(domain));

    /// <summary>Finds a SCIM token that works, in whichever organization it is. Needs no tenant.</summary>
    public IQueryable<FoundScimToken> FindScimToken(byte[] hash) => FromExpression(() => FindScimToken(hash));

    /// <summary>Every organization whose name or owner's address contains a text, newest first. For operators; needs no tenant.</summary>
    public IQueryable<OrganizationOfHub> OrganizationsOfHub(string? text) => FromExpression(() => OrganizationsOfHub(text));

    /// <summary>
    /// The subscriptions that lack a period they should have by now, in the order of their organizations' ids, beginning after one. Needs no tenant.
    /// </summary>
    public IQueryable<SubscriptionTerms> SubscriptionsDue(DateTimeOffset now, Guid after, int count) =>
        FromExpression(() => SubscriptionsDue(now, after, count));

    /// <summary>Every limit the calls of a key are under, its plan's and its organization's included. Needs no tenant.</summary>
    public IQueryable<LimitOfKey> LimitsOfKey(Guid keyId) => FromExpression(() => LimitsOfKey(keyId));

    protected override void ConfigureConventions(ModelConfigurationBuilder configuration)
    {
        configuration.Properties<DateTimeOffset>().HaveConversion<UtcInstant>();
        configuration.Properties<Currency>().HaveConversion<string>();
        configuration.Properties<Role>().HaveConversion<Words<Role>>();
        configuration.Properties<TeamRole>().HaveConversion<Words<TeamRole>>();
        configuration.Properties<OrganizationStatus>().HaveConversion<Words<OrganizationStatus>>();
        configuration.Properties<PlanCycle>().HaveConversion<Words<PlanCycle>>();
        configuration.Properties<SubscriptionStatus>().HaveConversion<Words<SubscriptionStatus>>();
        configuration.Properties<ModelKind>().HaveConversion<Words<ModelKind>>();
        configuration.Properties<BudgetScope>().HaveConversion<Words<BudgetScope>>();
        configuration.Properties<BudgetPeriod>().HaveConversion<Words<BudgetPeriod>>();
        configuration.Properties<BudgetAlignment>().HaveConversion<Words<BudgetAlignment>>();
        configuration.Properties<PriceComponent>().HaveConversion<Words<PriceComponent>>();
        configuration.Properties<ProposalStatus>().HaveConversion<Words<ProposalStatus>>();
        configuration.Properties<AccountKind>().HaveConversion<Words<AccountKind>>();
        configuration.Properties<HoldState>().HaveConversion<Words<HoldState>>();
        configuration.Properties<UsageStatus>().HaveConversion<Words<UsageStatus>>();
        configuration.Properties<UsageSource>().HaveConversion<Words<UsageSource>>();
        configuration.Properties<UsageGrain>().HaveConversion<Words<UsageGrain>>();
        configuration.Properties<AlertKind>().HaveConversion<Words<AlertKind>>();
        configuration.Properties<AlertChannelKind>().HaveConversion<Words<AlertChannelKind>>();
        configuration.Properties<AlertDeliveryState>().HaveConversion<Words<AlertDeliveryState>>();
        configuration.Properties<LimitOwner>().HaveConversion<Words<LimitOwner>>();
        configuration.Properties<PaymentChannelId>().HaveConversion<Words<PaymentChannelId>>();
        configuration.Properties<PaymentPurpose>().HaveConversion<Words<PaymentPurpose>>();
        configuration.Properties<PaymentOrderStatus>().HaveConversion<Words<PaymentOrderStatus>>();
        configuration.Properties<PaymentScene>().HaveConversion<Words<PaymentScene>>();
        configuration.Properties<RefundStatus>().HaveConversion<Words<RefundStatus>>();
        configuration.Properties<OwnKeyUse>().HaveConversion<Words<OwnKeyUse>>();
        configuration.Properties<GuardrailKind>().HaveConversion<Words<GuardrailKind>>();
        configuration.Properties<GuardrailAction>().HaveConversion<Words<GuardrailAction>>();
        BillingTables.Conventions(configuration);
        BillTables.Conventions(configuration);
        configuration.Properties<NoticeKind>().HaveConversion<Words<NoticeKind>>();
        configuration.Properties<TicketPurpose>().HaveConversion<Words<TicketPurpose>>();
        configuration.Properties<MailState>().HaveConversion<Words<MailState>>();
        InvoiceTables.Conventions(configuration);
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        MapTenancy(model);
        MapAccess(model);
        SignInModel.Map(model);
        MapCatalog(model);
        MapQuotas(model);
        MapLimits(model);
        MapUsage(model);
        MapAlerts(model);
        MapAccounts(model);
        MapBudgets(model);
        MapPayments(model);
        BillingTables.MapSubscriptions(model);
        BillTables.Map(model);
        InvoiceTables.Map(model);
        InvoiceTables.MapFapiao(model);

        foreach (var key in model.Model.GetEntityTypes().SelectMany(entity => entity.GetKeys()).Where(key => key.IsPrimaryKey()))
        {
            foreach (var property in key.Properties.Where(property => property.DeclaringType.ClrType != typeof(Entry)))
            {
                // Ids are made by whoever makes the row, so that they are known before it is saved.
                property.ValueGenerated = ValueGenerated.Never;
            }
        }

        foreach (var foreignKey in model.Model.GetEntityTypes().SelectMany(entity => entity.GetForeignKeys()))
        {
            foreignKey.DeleteBehavior = DeleteBehavior.Restrict;
        }
    }

    private static void MapTenancy(ModelBuilder model)
    {
        model.Entity<Team>(team =>
        {
            team.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            team.HasIndex(row => new { row.OrganizationId, row.Name }).IsUnique().HasFilter("archived_at is null");
            OfOrganization(team);
        });
        model.Entity<Membership>(membership =>
        {
            membership.HasKey(row => new { row.OrganizationId, row.UserId });
            membership.HasIndex(row => row.UserId);
            membership.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
            OfOrganization(membership);
        });
        model.Entity<TeamMembership>(membership =>
        {
            membership.HasKey(row => new { row.TeamId, row.UserId });
            membership.HasIndex(row => new { row.OrganizationId, row.UserId });
            membership.HasOne<Team>().WithMany().HasForeignKey(row => new { row.TeamId, row.OrganizationId }).HasPrincipalKey(team => new { team.Id, team.OrganizationId });
            // Only members of the organization can be members of its teams.
            membership.HasOne<Membership>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.UserId });
            OfOrganization(membership);
        });
        model.Entity<OrganizationOfHub>().HasNoKey().ToTable((string?)null);
        model.HasDbFunction(typeof(HubDb).GetMethod(nameof(OrganizationsOfHub))!).HasName("organizations_of_hub");
        model.Entity<OrganizationOfUser>().HasNoKey().ToTable((string?)null);
        model.HasDbFunction(typeof(HubDb).GetMethod(nameof(OrganizationsOfUser), [typeof(Guid)])!).HasName("organizations_of_user");
    }

    private static void MapAccess(ModelBuilder model)
    {
        model.Entity<User>(user =>
        {
            user.HasIndex(row => row.NormalizedEmail).IsUnique();
            user.Property(row => row.ConcurrencyStamp).IsConcurrencyToken();
            user.HasIndex(row => row.ServiceAccountOf).HasFilter("service_account_of is not null");
            user.HasOne<Organization>().WithMany().HasForeignKey(row => row.ServiceAccountOf);
        });
        model.Entity<Session>(session =>
        {
            session.HasIndex(row => row.AccessHash).IsUnique();
            session.HasIndex(row => row.RefreshHash).IsUnique();
            session.HasIndex(row => row.PreviousRefreshHash);
            session.HasIndex(row => row.UserId);
            session.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
        });
        model.Entity<ApiKey>(key =>
        {
            key.HasIndex(row => row.Hash).IsUnique();
            key.HasIndex(row => row.PreviousHash).IsUnique().HasFilter("previous_hash is not null");
            key.HasIndex(row => new { row.OrganizationId, row.UserId });
            key.Property(row => row.Tags).HasColumnType("jsonb").HasConversion<JsonWords, JsonWordsComparer>();
            key.HasIndex(row => new { row.OrganizationId, row.CreatedAt });
            key.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
            // With the organization, so that a key can never point at another organization's team.
            key.HasOne<Team>().WithMany().HasForeignKey(row => new { row.TeamId, row.OrganizationId }).HasPrincipalKey(team => new { team.Id, team.OrganizationId });
            OfOrganization(key);
        });
        model.Entity<AuditEntry>(entry =>
        {
            entry.HasKey(row => new { row.OrganizationId, row.Sequence });
            entry.Property(row => row.Details).HasColumnType("jsonb");
            OfOrganization(entry);
        });
        model.Entity<Guardrail>(guardrail =>
        {
            guardrail.HasIndex(row => row.OrganizationId);
            guardrail.HasOne<Team>().WithMany().HasForeignKey(row => new { row.TeamId, row.OrganizationId }).HasPrincipalKey(team => new { team.Id, team.OrganizationId });
            OfOrganization(guardrail);
        });
        model.Entity<Policy>(policy =>
        {
            policy.Property(row => row.DefaultParameters).HasColumnType("jsonb");
            policy.HasOne<Team>().WithMany().HasForeignKey(row => new { row.TeamId, row.OrganizationId }).HasPrincipalKey(team => new { team.Id, team.OrganizationId });
            OfOrganization(policy);
        });
        model.Entity<Invitation>(invitation =>
        {
            invitation.HasIndex(row => row.Hash).IsUnique();
            // One open invitation an address: the next one replaces it.
            invitation.HasIndex(row => new { row.OrganizationId, row.NormalizedEmail }).IsUnique().HasFilter("accepted_at is null and revoked_at is null");
            invitation.HasOne<User>().WithMany().HasForeignKey(row => row.InvitedBy);
            invitation.HasOne<Team>().WithMany().HasForeignKey(row => new { row.TeamId, row.OrganizationId }).HasPrincipalKey(team => new { team.Id, team.OrganizationId });
            OfOrganization(invitation);
        });
        model.Entity<PlatformOperator>(entity =>
        {
            entity.ToTable("operators").HasKey(row => row.UserId);
            entity.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
        });
        model.Entity<SetupToken>().HasKey(row => row.Hash);
        model.Entity<FoundInvitation>().HasNoKey().ToTable((string?)null);
        model.HasDbFunction(typeof(HubDb).GetMethod(nameof(FindInvitation))!).HasName("find_invitation");
        model.Entity<FoundApiKey>(found =>
        {
            found.HasNoKey().ToTable((string?)null);
            found.Property(row => row.Tags).HasColumnType("jsonb").HasConversion<JsonWords, JsonWordsComparer>();
        });
        model.HasDbFunction(typeof(HubDb).GetMethod(nameof(FindApiKey), [typeof(byte[])])!).HasName("find_api_key");
    }

    private static void MapCatalog(ModelBuilder model)
    {
        model.Entity<Vendor>().Property(row => row.Quirks).HasColumnType("jsonb").HasConversion<JsonWords, JsonWordsComparer>();
        model.Entity<Model>(entity =>
        {
            entity.ComplexProperty(row => row.Weights);
            entity.HasIndex(row => row.Aliases).HasMethod("gin");
        });
        model.Entity<Upstream>(upstream =>
        {
            upstream.HasIndex(row => new { row.ModelId, row.VendorId, row.VendorModel, row.Region, row.KeyPool }).IsUnique();
            upstream.HasOne<Model>().WithMany().HasForeignKey(row => row.ModelId);
            upstream.HasOne<Vendor>().WithMany().HasForeignKey(row => row.VendorId);
        });
        model.Entity<PriceRow>(price =>
        {
            price.ToTable("prices", table =>
            {
                table.HasCheckConstraint("ck_prices_not_negative", "nanos_per_million >= 0 and min_prompt_tokens >= 0");
                table.HasCheckConstraint("ck_prices_span", "valid_to is null or valid_to >= valid_from");
            });
            price.Ignore(row => row.Slot);
            price.HasIndex(row => new { row.UpstreamId, row.Component, row.Currency, row.MinPromptTokens, row.ServiceTier, row.Hours })
                .HasDatabaseName("ix_prices_open").IsUnique().HasFilter("valid_to is null and customer_id is null");
            price.HasIndex(row => new { row.CustomerId, row.UpstreamId, row.Component, row.Currency, row.MinPromptTokens, row.ServiceTier, row.Hours })
                .HasDatabaseName("ix_prices_open_of_customers").IsUnique().HasFilter("valid_to is null and customer_id is not null");
            price.HasOne<Organization>().WithMany().HasForeignKey(row => row.CustomerId);
            price.HasOne<Upstream>().WithMany().HasForeignKey(row => row.UpstreamId);
        });
        model.Entity<PriceDiscount>(discount =>
        {
            discount.ToTable("price_discounts", table =>
            {
                table.HasCheckConstraint("ck_price_discounts_basis_points", $"basis_points between 1 and {PriceDiscount.Whole}");
                table.HasCheckConstraint("ck_price_discounts_span", "valid_to is null or valid_to >= valid_from");
            });
            discount.HasIndex(row => new { row.CustomerId, row.VendorId, row.ModelPattern }).HasDatabaseName("ix_price_discounts_open").IsUnique().HasFilter("valid_to is null");
            discount.HasIndex(row => new { row.CustomerId, row.ValidFrom });
            discount.HasOne<Organization>().WithMany().HasForeignKey(row => row.CustomerId);
        });
        model.Entity<PriceProposal>(proposal =>
        {
            proposal.Ignore(row => row.Slot);
            proposal.HasIndex(row => new { row.Status, row.ProposedAt });
            proposal.HasOne<Upstream>().WithMany().HasForeignKey(row => row.UpstreamId);
        });
        model.Entity<VendorKey>(key =>
        {
            key.HasIndex(row => new { row.VendorId, row.Pool });
            key.HasOne<Vendor>().WithMany().HasForeignKey(row => row.VendorId);
        });
        model.Entity<OwnVendorKey>(key =>
        {
            key.HasIndex(row => row.OrganizationId);
            key.HasOne<Vendor>().WithMany().HasForeignKey(row => row.VendorId);
            OfOrganization(key);
        });
        model.Entity<Holiday>().HasKey(row => new { row.Calendar, row.Day });
    }

    private static void MapQuotas(ModelBuilder model)
    {
        model.Entity<Subscription>(subscription =>
        {
            subscription.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            subscription.HasIndex(row => row.OrganizationId).IsUnique().HasFilter("status = 'active'");
            subscription.HasOne<Plan>().WithMany().HasForeignKey(row => row.PlanId);
            OfOrganization(subscription);
        });
        model.Entity<Period>(period =>
        {
            period.ToTable(table => table.HasCheckConstraint("ck_periods_span", "ends_at > starts_at"));
            period.HasIndex(row => new { row.SubscriptionId, row.Sequence }).IsUnique();
            period.HasIndex(row => new { row.OrganizationId, row.StartsAt });
            period.HasOne<Subscription>().WithMany().HasForeignKey(row => new { row.SubscriptionId, row.OrganizationId })
                .HasPrincipalKey(subscription => new { subscription.Id, subscription.OrganizationId });
            OfOrganization(period);
        });
        model.Entity<SubscriptionTerms>().HasNoKey().ToTable((string?)null);
        model.HasDbFunction(typeof(HubDb).GetMethod(nameof(SubscriptionsDue))!).HasName("subscriptions_due");
    }

    private static void MapLimits(ModelBuilder model)
    {
        model.Entity<RateLimit>(limit =>
        {
            limit.HasKey(row => new { row.OrganizationId, row.Owner, row.SubjectId });
            limit.ToTable("rate_limits", table => table.HasCheckConstraint(
                "ck_rate_limits_positive", "requests_per_minute > 0 and tokens_per_minute > 0 and concurrency > 0"));
            OfOrganization(limit);
        });
        model.Entity<LimitOfKey>().HasNoKey().ToTable((string?)null);
        model.HasDbFunction(typeof(HubDb).GetMethod(nameof(LimitsOfKey))!).HasName("limits_of_key");
    }

    private static void MapUsage(ModelBuilder model)
    {
        model.Entity<UsageRecord>(record =>
        {
            // The table is partitioned by month (00-partitions.sql), so the month has to be in the key. That a request is
            // recorded once is the hold's doing: one hold a request, settled once.
            record.HasKey(row => new { row.Id, row.OccurredAt });
            record.ComplexProperty(row => row.Tokens, tokens => tokens.Ignore(usage => usage.Input).Ignore(usage => usage.Output).Ignore(usage => usage.Total));
            record.ComplexProperty(row => row.Units);
            record.Property(row => row.Tried).HasColumnType("jsonb").HasConversion<JsonAttempts, JsonAttemptsComparer>();
            record.ComplexProperty(row => row.Cost, cost =>
            {
                cost.Property(money => money.Nanos).HasColumnName("cost_nanos");
                cost.Property(money => money.Currency).HasColumnName("currency");
            });
            record.HasIndex(row => new { row.OrganizationId, row.OccurredAt, row.Id });
            record.HasIndex(row => new { row.OrganizationId, row.KeyId, row.OccurredAt });
            record.HasIndex(row => new { row.OrganizationId, row.ModelId, row.OccurredAt, row.Id });
            // Few, and looked for.
            record.HasIndex(row => new { row.OrganizationId, row.Status, row.OccurredAt, row.Id }).HasFilter("status <> 'succeeded'");
            // When an own vendor key last answered; most calls have none and cost nothing here.
            record.HasIndex(row => new { row.OwnKeyId, row.OccurredAt }).HasFilter("own_key_id is not null");
            OfOrganization(record);
        });
        model.Entity<CapturedContent>(content =>
        {
            content.HasIndex(row => row.ExpiresAt);
            OfOrganization(content);
        });
        model.Entity<UsagePending>(pending =>
        {
            pending.ToTable("usage_pending");
            pending.HasKey(row => new { row.OrganizationId, row.Id });
        });
        model.Entity<UsageRollup>(rollup =>
        {
            rollup.HasNoKey();
            rollup.HasIndex(row => new { row.OrganizationId, row.Grain, row.StartsAt, row.KeyId, row.ModelId, row.VendorId, row.UserId, row.TeamId, row.Tags })
                .IsUnique().AreNullsDistinct(false);
            OfOrganization(rollup);
        });
        model.Entity<UsageSum>(sum =>
        {
            sum.ToTable("usage_sums");
            sum.HasKey(row => new { row.OrganizationId, row.Grain, row.Dimension, row.Value, row.StartsAt });
            OfOrganization(sum);
        });
    }

    private static void MapAlerts(ModelBuilder model)
    {
        model.Entity<AlertChannel>(channel =>
        {
            channel.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            OfOrganization(channel);
        });
        model.Entity<AlertRule>(OfOrganization);
        model.Entity<AlertMessage>().HasNoKey().ToTable((string?)null);
        model.Entity<AlertFiring>(firing =>
        {
            firing.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            // Once per period and threshold, whoever notices and however often.
            firing.HasIndex(row => new { row.SourceId, row.Period, row.Threshold }).IsUnique();
            firing.HasIndex(row => new { row.OrganizationId, row.FiredAt, row.Id });
            OfOrganization(firing);
        });
        model.Entity<AlertDelivery>(delivery =>
        {
            delivery.HasIndex(row => new { row.FiringId, row.ChannelId }).IsUnique();
            delivery.HasIndex(row => row.NextAttemptAt).HasFilter("state = 'pending'");
            delivery.HasOne<AlertFiring>().WithMany().HasForeignKey(row => new { row.FiringId, row.OrganizationId }).HasPrincipalKey(firing => new { firing.Id, firing.OrganizationId });
            delivery.HasOne<AlertChannel>().WithMany().HasForeignKey(row => new { row.ChannelId, row.OrganizationId }).HasPrincipalKey(channel => new { channel.Id, channel.OrganizationId });
            OfOrganization(delivery);
        });
    }

    private static void MapAccounts(ModelBuilder model)
    {
        model.Entity<Account>(account =>
        {
            account.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            account.HasIndex(row => new { row.OrganizationId, row.Kind, row.Unit }).IsUnique();
            OfOrganization(account);
        });
        model.Entity<Balance>(balance =>
        {
            balance.HasKey(row => row.AccountId);
            balance.ToTable(table =>
            {
                table.HasCheckConstraint("ck_balances_held", "held >= 0");
                table.HasCheckConstraint("ck_balances_floor", "posted - held >= floor and floor <= 0");
            });
            OfAccount(balance);
        });
        model.Entity<Lot>(lot =>
        {
            lot.ToTable(table => table.HasCheckConstraint("ck_lots_remaining", "0 <= held and held <= remaining and remaining <= original"));
            lot.HasIndex(row => row.AccountId).HasFilter("remaining > 0");
            lot.HasIndex(row => row.ExpiresAt).HasFilter("expired_at is null");
            OfAccount(lot);
        });
        model.Entity<LotDraw>(draw =>
        {
            draw.HasKey(row => new { row.LotId, row.JournalId });
            draw.ToTable(table => table.HasCheckConstraint("ck_lot_draws_amount", "amount <> 0"));
            draw.HasIndex(row => new { row.OrganizationId, row.JournalId });
            draw.HasOne<Lot>().WithMany().HasForeignKey(row => row.LotId);
            draw.HasOne<Journal>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.JournalId });
            OfOrganization(draw);
        });
        model.Entity<HoldRow>(hold =>
        {
            hold.ToTable("holds", table => table.HasCheckConstraint(
                "ck_holds_not_negative",
                "asked_tokens >= 0 and asked_nanos >= 0 and plan_tokens >= 0 and granted_nanos >= 0 and purchased_nanos >= 0"));
            hold.HasIndex(row => new { row.OrganizationId, row.RequestId }).IsUnique();
            hold.HasIndex(row => row.ExpiresAt).HasFilter("state = 'held'");
            OfOrganization(hold);
        });
        model.Entity<Journal>(journal =>
        {
            journal.HasKey(row => new { row.OrganizationId, row.Id });
            journal.HasIndex(row => new { row.OrganizationId, row.IdempotencyKey }).IsUnique();
            journal.HasIndex(row => new { row.OrganizationId, row.ReversesId }).IsUnique().HasFilter("reverses_id is not null");
            journal.HasOne<Journal>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.ReversesId });
            OfOrganization(journal);
        });
        model.Entity<Entry>(entry =>
        {
            entry.ToTable(table => table.HasCheckConstraint("ck_entries_amount", "amount <> 0"));
            entry.Property(row => row.Id).UseIdentityAlwaysColumn();
            // With the organization: a journal whose entries span two organizations cannot be written.
            entry.HasOne<Journal>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.JournalId });
            // An account's newest entries are the end of this.
            entry.HasIndex(row => new { row.AccountId, row.OrganizationId, row.Id });
            OfAccount(entry);
        });
    }

    private static void MapBudgets(ModelBuilder model)
    {
        model.Entity<Budget>(budget =>
        {
            budget.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            budget.ToTable(table =>
            {
                table.HasCheckConstraint("ck_budgets_amount", "amount >= 0 and coalesce(raised_amount, 0) >= 0");
                table.HasCheckConstraint("ck_budgets_raise", "(raised_amount is null) = (raised_until is null)");
                table.HasCheckConstraint("ck_budgets_one_thing", "model_id is null or vendor_id is null");
            });
            budget.HasIndex(row => new { row.OrganizationId, row.SubjectId }).HasFilter("ended_at is null");
            OfOrganization(budget);
        });
        model.Entity<BudgetWindow>(window =>
        {
            window.HasKey(row => new { row.BudgetId, row.StartsAt });
            window.ToTable(table => table.HasCheckConstraint("ck_budget_windows_not_negative", "held >= 0 and used >= opening and opening >= 0"));
            window.HasOne<Budget>().WithMany().HasForeignKey(row => new { row.BudgetId, row.OrganizationId })
                .HasPrincipalKey(budget => new { budget.Id, budget.OrganizationId });
            OfOrganization(window);
        });
        model.Entity<OutputSample>(sample =>
        {
            sample.HasKey(row => row.ModelId);
            sample.HasOne<Model>().WithMany().HasForeignKey(row => row.ModelId);
        });
        model.Entity<EndpointSpan>(span =>
        {
            span.HasKey(row => new { row.StartsAt, row.ModelId, row.EndpointId });
            span.HasOne<Model>().WithMany().HasForeignKey(row => row.ModelId);
        });
        model.Entity<AuditRun>(run =>
        {
            run.Property(row => row.Looked).HasColumnType("jsonb");
            run.HasIndex(row => row.FinishedAt);
        });
    }

    private static void MapPayments(ModelBuilder model)
    {
        model.Entity<PaymentOrder>(order =>
        {
            order.ToTable(table => table.HasCheckConstraint("ck_payment_orders_amount", "amount_minor > 0"));
            order.HasAlternateKey(row => new { row.Id, row.OrganizationId });
            order.HasIndex(row => row.OutTradeNo).IsUnique();
            order.HasIndex(row => new { row.OrganizationId, row.IdempotencyKey }).IsUnique();
            order.HasIndex(row => new { row.OrganizationId, row.CreatedAt });
            // One payment of a channel pays one order.
            order.HasIndex(row => new { row.Channel, row.ChannelTradeNo }).IsUnique();
            order.HasIndex(row => row.NextCheckAt).HasFilter("next_check_at is not null");
            order.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
            order.Property(row => row.SavesMethod).HasDefaultValue(false);
            order.Property(row => row.AppParameters).HasColumnType("jsonb");
            // One refill at a time.
            order.HasIndex(row => row.OrganizationId).HasDatabaseName("ix_payment_orders_refill").IsUnique().HasFilter("purpose = 'auto_top_up' and status in ('created', 'pending')");
            order.HasIndex(row => row.ChargeId).HasFilter("charge_id is not null");
            order.HasOne<SubscriptionCharge>().WithMany().HasForeignKey(row => new { row.ChargeId, row.OrganizationId }).HasPrincipalKey(charge => new { charge.Id, charge.OrganizationId });
            order.HasOne<PaymentMethod>().WithMany().HasForeignKey(row => new { row.PaymentMethodId, row.OrganizationId }).HasPrincipalKey(method => new { method.Id, method.OrganizationId });
            order.HasOne<Invoice>().WithMany().HasForeignKey(row => new { row.InvoiceId, row.OrganizationId }).HasPrincipalKey(invoice => new { invoice.Id, invoice.OrganizationId });
            OfOrganization(order);
        });
        model.Entity<Refund>(refund =>
        {
            refund.ToTable("payment_refunds", table => table.HasCheckConstraint("ck_payment_refunds_amount", "amount_minor > 0"));
            refund.HasIndex(row => row.OutRefundNo).IsUnique();
            refund.HasIndex(row => new { row.OrganizationId, row.IdempotencyKey }).IsUnique();
            refund.HasIndex(row => row.NextCheckAt).HasFilter("next_check_at is not null");
            refund.HasOne<PaymentOrder>().WithMany().HasForeignKey(row => new { row.OrderId, row.OrganizationId }).HasPrincipalKey(order => new { order.Id, order.OrganizationId });
            OfOrganization(refund);
        });
        model.Entity<InboundNotice>(notice =>
        {
            notice.HasIndex(row => new { row.Channel, row.EventId }).IsUnique();
            notice.HasIndex(row => row.NextAttemptAt).HasFilter("handled_at is null and parked_at is null");
        });
        model.Entity<EnabledChannel>(channel => channel.ToTable("payment_channels"));
    }

    private static void OfOrganization<T>(EntityTypeBuilder<T> entity) where T : class =>
        entity.HasOne<Organization>().WithMany().HasForeignKey("OrganizationId");

    private static void OfAccount<T>(EntityTypeBuilder<T> entity) where T : class =>
        entity.HasOne<Account>().WithMany().HasForeignKey("AccountId", "OrganizationId").HasPrincipalKey("Id", "OrganizationId");
}
