using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace AiHub.Domain.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "audit_runs",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    requested_by = table.Column<Guid>(type: "uuid", nullable: true),
                    looked = table.Column<string>(type: "jsonb", nullable: false),
                    violations = table.Column<long>(type: "bigint", nullable: false),
                    findings = table.Column<string[]>(type: "text[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_runs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "channel_bills",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    channel = table.Column<string>(type: "text", nullable: false),
                    day = table.Column<DateOnly>(type: "date", nullable: false),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ends_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    differences = table.Column<int>(type: "integer", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    next_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_error = table.Column<string>(type: "text", nullable: true),
                    compared_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_channel_bills", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "code_batches",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    count = table.Column<int>(type: "integer", nullable: false),
                    per_organization = table.Column<int>(type: "integer", nullable: false),
                    redeem_before = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    grant_days = table.Column<int>(type: "integer", nullable: true),
                    created_by = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_code_batches", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "finance_horizon",
                columns: table => new
                {
                    seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    transaction = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_finance_horizon", x => x.seen_at);
                });

            migrationBuilder.CreateTable(
                name: "finance_marks",
                columns: table => new
                {
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                });

            migrationBuilder.CreateTable(
                name: "finance_spans",
                columns: table => new
                {
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ends_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_finance_spans", x => x.starts_at);
                    table.CheckConstraint("ck_finance_spans_order", "starts_at < ends_at");
                });

            migrationBuilder.CreateTable(
                name: "holidays",
                columns: table => new
                {
                    calendar = table.Column<string>(type: "text", nullable: false),
                    day = table.Column<DateOnly>(type: "date", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_holidays", x => new { x.calendar, x.day });
                });

            migrationBuilder.CreateTable(
                name: "inbound_notices",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    channel = table.Column<string>(type: "text", nullable: false),
                    event_id = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    out_trade_no = table.Column<string>(type: "text", nullable: true),
                    channel_trade_no = table.Column<string>(type: "text", nullable: true),
                    out_refund_no = table.Column<string>(type: "text", nullable: true),
                    dispute_reference = table.Column<string>(type: "text", nullable: true),
                    dispute_reason = table.Column<string>(type: "text", nullable: true),
                    evidence_due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    merchant = table.Column<string>(type: "text", nullable: true),
                    app = table.Column<string>(type: "text", nullable: true),
                    currency = table.Column<string>(type: "text", nullable: true),
                    amount_minor = table.Column<long>(type: "bigint", nullable: true),
                    paid_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    body = table.Column<byte[]>(type: "bytea", nullable: false),
                    handled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    outcome = table.Column<string>(type: "text", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    next_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_error = table.Column<string>(type: "text", nullable: true),
                    parked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_inbound_notices", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "legal_entities",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    address = table.Column<string>(type: "text", nullable: false),
                    tax_id = table.Column<string>(type: "text", nullable: false),
                    email = table.Column<string>(type: "text", nullable: false),
                    bank_details = table.Column<string>(type: "text", nullable: false),
                    number_prefix = table.Column<string>(type: "text", nullable: false),
                    time_zone = table.Column<string>(type: "text", nullable: false),
                    tax_name = table.Column<string>(type: "text", nullable: false),
                    tax_basis_points = table.Column<int>(type: "integer", nullable: false),
                    tax_inclusive = table.Column<bool>(type: "boolean", nullable: false),
                    payment_days = table.Column<int>(type: "integer", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_legal_entities", x => x.id);
                    table.CheckConstraint("ck_legal_entities_tax", "tax_basis_points between 0 and 10000 and payment_days between 0 and 365");
                });

            migrationBuilder.CreateTable(
                name: "models",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    aliases = table.Column<string[]>(type: "text[]", nullable: false),
                    context_length = table.Column<int>(type: "integer", nullable: true),
                    max_output_tokens = table.Column<int>(type: "integer", nullable: true),
                    input_modalities = table.Column<string[]>(type: "text[]", nullable: false),
                    output_modalities = table.Column<string[]>(type: "text[]", nullable: false),
                    supported_parameters = table.Column<string[]>(type: "text[]", nullable: false),
                    auto_rank = table.Column<int>(type: "integer", nullable: true),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    managed = table.Column<bool>(type: "boolean", nullable: false),
                    source = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    weights_cache_read = table.Column<int>(type: "integer", nullable: false),
                    weights_character = table.Column<int>(type: "integer", nullable: false),
                    weights_image = table.Column<int>(type: "integer", nullable: false),
                    weights_input = table.Column<int>(type: "integer", nullable: false),
                    weights_output = table.Column<int>(type: "integer", nullable: false),
                    weights_search_unit = table.Column<int>(type: "integer", nullable: false),
                    weights_second = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_models", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "organizations",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    personal = table.Column<bool>(type: "boolean", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    time_zone = table.Column<string>(type: "text", nullable: false),
                    standing = table.Column<string>(type: "text", nullable: false, defaultValueSql: "'good'"),
                    caches_answers = table.Column<bool>(type: "boolean", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_organizations", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "outgoing_mails",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    address = table.Column<string>(type: "text", nullable: false),
                    subject = table.Column<string>(type: "text", nullable: false),
                    body = table.Column<string>(type: "text", nullable: true),
                    state = table.Column<string>(type: "text", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    next_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_error = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_outgoing_mails", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "payment_channels",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    currencies = table.Column<string>(type: "text", nullable: false),
                    seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    payer_url = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_payment_channels", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "plans",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    monthly_tokens = table.Column<long>(type: "bigint", nullable: true),
                    requests_per_minute = table.Column<int>(type: "integer", nullable: true),
                    tokens_per_minute = table.Column<int>(type: "integer", nullable: true),
                    concurrency = table.Column<int>(type: "integer", nullable: true),
                    allows_overage = table.Column<bool>(type: "boolean", nullable: false),
                    cycle = table.Column<string>(type: "text", nullable: false),
                    usd_nanos = table.Column<long>(type: "bigint", nullable: true),
                    cny_nanos = table.Column<long>(type: "bigint", nullable: true),
                    usd_year_nanos = table.Column<long>(type: "bigint", nullable: true),
                    cny_year_nanos = table.Column<long>(type: "bigint", nullable: true),
                    position = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_plans", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "protection_keys",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    xml = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_protection_keys", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "setup_tokens",
                columns: table => new
                {
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    used_by = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_setup_tokens", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "usage_pending",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    occurred_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_usage_pending", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "vendors",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    base_url = table.Column<string>(type: "text", nullable: false),
                    dialect = table.Column<string>(type: "text", nullable: false),
                    key_variable = table.Column<string>(type: "text", nullable: true),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    country = table.Column<string>(type: "text", nullable: true),
                    retains_prompts = table.Column<bool>(type: "boolean", nullable: true),
                    trains_on_prompts = table.Column<bool>(type: "boolean", nullable: true),
                    allow_private_network = table.Column<bool>(type: "boolean", nullable: false),
                    managed = table.Column<bool>(type: "boolean", nullable: false),
                    quirks = table.Column<string>(type: "jsonb", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_vendors", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "channel_journals",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    idempotency_key = table.Column<string>(type: "text", nullable: false),
                    bill_id = table.Column<Guid>(type: "uuid", nullable: false),
                    reference = table.Column<string>(type: "text", nullable: false),
                    channel = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    effective_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    booked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_channel_journals", x => x.id);
                    table.ForeignKey(
                        name: "fk_channel_journals_channel_bills_bill_id",
                        column: x => x.bill_id,
                        principalTable: "channel_bills",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "redemption_codes",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    batch_id = table.Column<Guid>(type: "uuid", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    last_four = table.Column<string>(type: "text", nullable: false),
                    redeemed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_redemption_codes", x => x.id);
                    table.ForeignKey(
                        name: "fk_redemption_codes_code_batches_batch_id",
                        column: x => x.batch_id,
                        principalTable: "code_batches",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "finance_model_sums",
                columns: table => new
                {
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    model_id = table.Column<string>(type: "text", nullable: false),
                    vendor_id = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    calls = table.Column<long>(type: "bigint", nullable: false),
                    list_nanos = table.Column<decimal>(type: "numeric", nullable: false),
                    charged_nanos = table.Column<decimal>(type: "numeric", nullable: false),
                    cost_nanos = table.Column<decimal>(type: "numeric", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_finance_model_sums", x => new { x.starts_at, x.model_id, x.vendor_id, x.currency });
                    table.ForeignKey(
                        name: "fk_finance_model_sums_finance_spans_starts_at",
                        column: x => x.starts_at,
                        principalTable: "finance_spans",
                        principalColumn: "starts_at",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "invoice_series",
                columns: table => new
                {
                    legal_entity_id = table.Column<string>(type: "text", nullable: false),
                    series = table.Column<string>(type: "text", nullable: false),
                    year = table.Column<int>(type: "integer", nullable: false),
                    last = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_invoice_series", x => new { x.legal_entity_id, x.series, x.year });
                    table.ForeignKey(
                        name: "fk_invoice_series_legal_entities_legal_entity_id",
                        column: x => x.legal_entity_id,
                        principalTable: "legal_entities",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "endpoint_spans",
                columns: table => new
                {
                    model_id = table.Column<string>(type: "text", nullable: false),
                    endpoint_id = table.Column<Guid>(type: "uuid", nullable: false),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    served = table.Column<long>(type: "bigint", nullable: false),
                    failed = table.Column<long>(type: "bigint", nullable: false),
                    first_tokens = table.Column<int[]>(type: "integer[]", nullable: false),
                    speeds = table.Column<int[]>(type: "integer[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_endpoint_spans", x => new { x.starts_at, x.model_id, x.endpoint_id });
                    table.ForeignKey(
                        name: "fk_endpoint_spans_models_model_id",
                        column: x => x.model_id,
                        principalTable: "models",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "output_samples",
                columns: table => new
                {
                    model_id = table.Column<string>(type: "text", nullable: false),
                    outputs = table.Column<int[]>(type: "integer[]", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_output_samples", x => x.model_id);
                    table.ForeignKey(
                        name: "fk_output_samples_models_model_id",
                        column: x => x.model_id,
                        principalTable: "models",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "accounts",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    unit = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_accounts", x => x.id);
                    table.UniqueConstraint("ak_accounts_id_organization_id", x => new { x.id, x.organization_id });
                    table.ForeignKey(
                        name: "fk_accounts_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "alert_channels",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    target = table.Column<string>(type: "text", nullable: false),
                    secret = table.Column<string>(type: "text", nullable: true),
                    language = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    removed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_alert_channels", x => x.id);
                    table.UniqueConstraint("ak_alert_channels_id_organization_id", x => new { x.id, x.organization_id });
                    table.ForeignKey(
                        name: "fk_alert_channels_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "alert_firings",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    source_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    period = table.Column<string>(type: "text", nullable: false),
                    threshold = table.Column<int>(type: "integer", nullable: false),
                    used_amount = table.Column<long>(type: "bigint", nullable: false),
                    of_amount = table.Column<long>(type: "bigint", nullable: false),
                    unit = table.Column<string>(type: "text", nullable: false),
                    resets_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    fired_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_alert_firings", x => x.id);
                    table.UniqueConstraint("ak_alert_firings_id_organization_id", x => new { x.id, x.organization_id });
                    table.ForeignKey(
                        name: "fk_alert_firings_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "alert_rules",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    thresholds = table.Column<int[]>(type: "integer[]", nullable: false),
                    below_nanos = table.Column<long>(type: "bigint", nullable: true),
                    channel_ids = table.Column<Guid[]>(type: "uuid[]", nullable: false),
                    episode = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    removed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_alert_rules", x => x.id);
                    table.ForeignKey(
                        name: "fk_alert_rules_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "audit_entries",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    sequence = table.Column<long>(type: "bigint", nullable: false),
                    occurred_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    actor_id = table.Column<Guid>(type: "uuid", nullable: true),
                    actor_key_id = table.Column<Guid>(type: "uuid", nullable: true),
                    action = table.Column<string>(type: "text", nullable: false),
                    subject = table.Column<string>(type: "text", nullable: false),
                    details = table.Column<string>(type: "jsonb", nullable: false),
                    address = table.Column<string>(type: "text", nullable: true),
                    request_id = table.Column<Guid>(type: "uuid", nullable: true),
                    previous_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_entries", x => new { x.organization_id, x.sequence });
                    table.ForeignKey(
                        name: "fk_audit_entries_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "auto_top_ups",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    payment_method_id = table.Column<Guid>(type: "uuid", nullable: false),
                    below_nanos = table.Column<long>(type: "bigint", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    monthly_cap_minor = table.Column<long>(type: "bigint", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    stopped_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    stop_reason = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_auto_top_ups", x => x.organization_id);
                    table.CheckConstraint("ck_auto_top_ups_amounts", "below_nanos >= 0 and amount_minor > 0 and monthly_cap_minor >= amount_minor");
                    table.ForeignKey(
                        name: "fk_auto_top_ups_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "billing_profiles",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    address = table.Column<string>(type: "text", nullable: false),
                    tax_id = table.Column<string>(type: "text", nullable: false),
                    email = table.Column<string>(type: "text", nullable: true),
                    language = table.Column<string>(type: "text", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_billing_profiles", x => x.organization_id);
                    table.ForeignKey(
                        name: "fk_billing_profiles_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "budgets",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    scope = table.Column<string>(type: "text", nullable: false),
                    subject_id = table.Column<Guid>(type: "uuid", nullable: false),
                    model_id = table.Column<string>(type: "text", nullable: true),
                    vendor_id = table.Column<string>(type: "text", nullable: true),
                    unit = table.Column<string>(type: "text", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false),
                    period = table.Column<string>(type: "text", nullable: false),
                    alignment = table.Column<string>(type: "text", nullable: false),
                    anchor = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    hard = table.Column<bool>(type: "boolean", nullable: false),
                    raised_amount = table.Column<long>(type: "bigint", nullable: true),
                    raised_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    alert_at = table.Column<int[]>(type: "integer[]", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    created_by = table.Column<Guid>(type: "uuid", nullable: true),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_budgets", x => x.id);
                    table.UniqueConstraint("ak_budgets_id_organization_id", x => new { x.id, x.organization_id });
                    table.CheckConstraint("ck_budgets_amount", "amount >= 0 and coalesce(raised_amount, 0) >= 0");
                    table.CheckConstraint("ck_budgets_one_thing", "model_id is null or vendor_id is null");
                    table.CheckConstraint("ck_budgets_raise", "(raised_amount is null) = (raised_until is null)");
                    table.ForeignKey(
                        name: "fk_budgets_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "captured_contents",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    captured_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    @protected = table.Column<byte[]>(name: "protected", type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_captured_contents", x => x.id);
                    table.ForeignKey(
                        name: "fk_captured_contents_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "contract_fees",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    interval = table.Column<string>(type: "text", nullable: false),
                    starts_on = table.Column<DateOnly>(type: "date", nullable: false),
                    ends_on = table.Column<DateOnly>(type: "date", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_contract_fees", x => x.id);
                    table.UniqueConstraint("ak_contract_fees_id_organization_id", x => new { x.id, x.organization_id });
                    table.CheckConstraint("ck_contract_fees_amount", "amount_minor > 0");
                    table.CheckConstraint("ck_contract_fees_span", "ends_on is null or ends_on > starts_on");
                    table.ForeignKey(
                        name: "fk_contract_fees_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "credit_limits",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    nanos = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_credit_limits", x => x.organization_id);
                    table.CheckConstraint("ck_credit_limits_nanos", "nanos >= 0");
                    table.ForeignKey(
                        name: "fk_credit_limits_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "dunning_cases",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    subject_id = table.Column<Guid>(type: "uuid", nullable: false),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    stage = table.Column<string>(type: "text", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    next_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    closed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dunning_cases", x => x.id);
                    table.ForeignKey(
                        name: "fk_dunning_cases_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "fapiao_titles",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    tax_id = table.Column<string>(type: "text", nullable: true),
                    address = table.Column<string>(type: "text", nullable: false),
                    phone = table.Column<string>(type: "text", nullable: false),
                    bank = table.Column<string>(type: "text", nullable: false),
                    bank_account = table.Column<string>(type: "text", nullable: false),
                    email = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    removed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_fapiao_titles", x => x.id);
                    table.UniqueConstraint("ak_fapiao_titles_id_organization_id", x => new { x.id, x.organization_id });
                    table.CheckConstraint("ck_fapiao_titles_company", "(kind = 'company') = (tax_id is not null)");
                    table.ForeignKey(
                        name: "fk_fapiao_titles_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "finance_revenue_sums",
                columns: table => new
                {
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    plan_id = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    amount_nanos = table.Column<decimal>(type: "numeric", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_finance_revenue_sums", x => new { x.starts_at, x.organization_id, x.plan_id, x.kind, x.currency });
                    table.ForeignKey(
                        name: "fk_finance_revenue_sums_finance_spans_starts_at",
                        column: x => x.starts_at,
                        principalTable: "finance_spans",
                        principalColumn: "starts_at",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_finance_revenue_sums_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "holds",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    request_id = table.Column<Guid>(type: "uuid", nullable: false),
                    team_id = table.Column<Guid>(type: "uuid", nullable: true),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    key_id = table.Column<Guid>(type: "uuid", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    asked_tokens = table.Column<long>(type: "bigint", nullable: false),
                    asked_nanos = table.Column<long>(type: "bigint", nullable: false),
                    plan_tokens = table.Column<long>(type: "bigint", nullable: false),
                    granted_nanos = table.Column<long>(type: "bigint", nullable: false),
                    purchased_nanos = table.Column<long>(type: "bigint", nullable: false),
                    lot_ids = table.Column<Guid[]>(type: "uuid[]", nullable: false),
                    lot_amounts = table.Column<long[]>(type: "bigint[]", nullable: false),
                    budget_ids = table.Column<Guid[]>(type: "uuid[]", nullable: false),
                    budget_starts = table.Column<DateTimeOffset[]>(type: "timestamp with time zone[]", nullable: false),
                    budget_amounts = table.Column<long[]>(type: "bigint[]", nullable: false),
                    budget_used = table.Column<long[]>(type: "bigint[]", nullable: true),
                    covers_tokens = table.Column<long>(type: "bigint", nullable: true),
                    covers_nanos = table.Column<long>(type: "bigint", nullable: true),
                    models = table.Column<string[]>(type: "text[]", nullable: false),
                    vendors = table.Column<string[]>(type: "text[]", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    closed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    settled_tokens = table.Column<long>(type: "bigint", nullable: true),
                    settled_nanos = table.Column<long>(type: "bigint", nullable: true),
                    written_off_nanos = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_holds", x => x.id);
                    table.CheckConstraint("ck_holds_not_negative", "asked_tokens >= 0 and asked_nanos >= 0 and plan_tokens >= 0 and granted_nanos >= 0 and purchased_nanos >= 0");
                    table.ForeignKey(
                        name: "fk_holds_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "invoice_documents",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    subject_id = table.Column<Guid>(type: "uuid", nullable: false),
                    language = table.Column<string>(type: "text", nullable: false),
                    content = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_invoice_documents", x => x.id);
                    table.ForeignKey(
                        name: "fk_invoice_documents_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "invoice_mails",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    subject_id = table.Column<Guid>(type: "uuid", nullable: false),
                    target = table.Column<string>(type: "text", nullable: false),
                    language = table.Column<string>(type: "text", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    next_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    parked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_error = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_invoice_mails", x => x.id);
                    table.ForeignKey(
                        name: "fk_invoice_mails_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "journals",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    idempotency_key = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    effective_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    booked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    memo = table.Column<string>(type: "text", nullable: true),
                    reverses_id = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_journals", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "fk_journals_journals_organization_id_reverses_id",
                        columns: x => new { x.organization_id, x.reverses_id },
                        principalTable: "journals",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_journals_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "price_discounts",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    customer_id = table.Column<Guid>(type: "uuid", nullable: false),
                    vendor_id = table.Column<string>(type: "text", nullable: false),
                    model_pattern = table.Column<string>(type: "text", nullable: false),
                    basis_points = table.Column<int>(type: "integer", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    valid_to = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    source = table.Column<string>(type: "text", nullable: false),
                    approved_by = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_price_discounts", x => x.id);
                    table.CheckConstraint("ck_price_discounts_basis_points", "basis_points between 1 and 10000");
                    table.CheckConstraint("ck_price_discounts_span", "valid_to is null or valid_to >= valid_from");
                    table.ForeignKey(
                        name: "fk_price_discounts_organizations_customer_id",
                        column: x => x.customer_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "rate_limits",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    owner = table.Column<string>(type: "text", nullable: false),
                    subject_id = table.Column<Guid>(type: "uuid", nullable: false),
                    requests_per_minute = table.Column<int>(type: "integer", nullable: true),
                    tokens_per_minute = table.Column<int>(type: "integer", nullable: true),
                    concurrency = table.Column<int>(type: "integer", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_rate_limits", x => new { x.organization_id, x.owner, x.subject_id });
                    table.CheckConstraint("ck_rate_limits_positive", "requests_per_minute > 0 and tokens_per_minute > 0 and concurrency > 0");
                    table.ForeignKey(
                        name: "fk_rate_limits_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "scim_tokens",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    last_four = table.Column<string>(type: "text", nullable: false),
                    created_by = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_scim_tokens", x => x.id);
                    table.ForeignKey(
                        name: "fk_scim_tokens_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "sign_ons",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    issuer = table.Column<string>(type: "text", nullable: false),
                    client_id = table.Column<string>(type: "text", nullable: false),
                    protected_secret = table.Column<string>(type: "text", nullable: true),
                    domain = table.Column<string>(type: "text", nullable: false),
                    domain_proof = table.Column<string>(type: "text", nullable: false),
                    domain_verified_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    default_role = table.Column<string>(type: "text", nullable: false),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    required = table.Column<bool>(type: "boolean", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sign_ons", x => x.organization_id);
                    table.ForeignKey(
                        name: "fk_sign_ons_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "teams",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    archived_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_teams", x => x.id);
                    table.UniqueConstraint("ak_teams_id_organization_id", x => new { x.id, x.organization_id });
                    table.ForeignKey(
                        name: "fk_teams_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "usage_records",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    occurred_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    team_id = table.Column<Guid>(type: "uuid", nullable: true),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    key_id = table.Column<Guid>(type: "uuid", nullable: false),
                    model_id = table.Column<string>(type: "text", nullable: false),
                    upstream_id = table.Column<Guid>(type: "uuid", nullable: false),
                    vendor_id = table.Column<string>(type: "text", nullable: false),
                    surface = table.Column<string>(type: "text", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    error_code = table.Column<string>(type: "text", nullable: true),
                    streamed = table.Column<bool>(type: "boolean", nullable: false),
                    finish_reason = table.Column<string>(type: "text", nullable: true),
                    plan_tokens = table.Column<long>(type: "bigint", nullable: false),
                    price_rows = table.Column<Guid[]>(type: "uuid[]", nullable: false),
                    tags = table.Column<string[]>(type: "text[]", nullable: false),
                    own_key_id = table.Column<Guid>(type: "uuid", nullable: true),
                    vendor_cost_nanos = table.Column<long>(type: "bigint", nullable: false),
                    fee_basis_points = table.Column<int>(type: "integer", nullable: false),
                    guardrails = table.Column<string[]>(type: "text[]", nullable: false),
                    latency = table.Column<TimeSpan>(type: "interval", nullable: false),
                    time_to_first_token = table.Column<TimeSpan>(type: "interval", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    tried = table.Column<string>(type: "jsonb", nullable: true),
                    plan_tokens_charged = table.Column<long>(type: "bigint", nullable: false),
                    charged_nanos = table.Column<long>(type: "bigint", nullable: false),
                    journal_id = table.Column<Guid>(type: "uuid", nullable: true),
                    currency = table.Column<string>(type: "text", nullable: false),
                    cost_nanos = table.Column<long>(type: "bigint", nullable: false),
                    tokens_audio_in = table.Column<long>(type: "bigint", nullable: false),
                    tokens_audio_out = table.Column<long>(type: "bigint", nullable: false),
                    tokens_cache_read = table.Column<long>(type: "bigint", nullable: false),
                    tokens_cache_write1h = table.Column<long>(type: "bigint", nullable: false),
                    tokens_cache_write5m = table.Column<long>(type: "bigint", nullable: false),
                    tokens_image_in = table.Column<long>(type: "bigint", nullable: false),
                    tokens_image_out = table.Column<long>(type: "bigint", nullable: false),
                    tokens_input_uncached = table.Column<long>(type: "bigint", nullable: false),
                    tokens_output_reasoning = table.Column<long>(type: "bigint", nullable: false),
                    tokens_output_text = table.Column<long>(type: "bigint", nullable: false),
                    units_characters = table.Column<long>(type: "bigint", nullable: false),
                    units_images = table.Column<long>(type: "bigint", nullable: false),
                    units_search_units = table.Column<long>(type: "bigint", nullable: false),
                    units_seconds = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_usage_records", x => new { x.id, x.occurred_at });
                    table.ForeignKey(
                        name: "fk_usage_records_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "usage_rollups",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    grain = table.Column<string>(type: "text", nullable: false),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    team_id = table.Column<Guid>(type: "uuid", nullable: true),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    key_id = table.Column<Guid>(type: "uuid", nullable: false),
                    model_id = table.Column<string>(type: "text", nullable: false),
                    vendor_id = table.Column<string>(type: "text", nullable: false),
                    tags = table.Column<string[]>(type: "text[]", nullable: false),
                    requests = table.Column<long>(type: "bigint", nullable: false),
                    failed = table.Column<long>(type: "bigint", nullable: false),
                    cancelled = table.Column<long>(type: "bigint", nullable: false),
                    input = table.Column<long>(type: "bigint", nullable: false),
                    output = table.Column<long>(type: "bigint", nullable: false),
                    cached = table.Column<long>(type: "bigint", nullable: false),
                    reasoning = table.Column<long>(type: "bigint", nullable: false),
                    plan_tokens = table.Column<long>(type: "bigint", nullable: false),
                    plan_tokens_charged = table.Column<long>(type: "bigint", nullable: false),
                    cost_nanos = table.Column<long>(type: "bigint", nullable: false),
                    charged_nanos = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.ForeignKey(
                        name: "fk_usage_rollups_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "usage_sums",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    grain = table.Column<string>(type: "text", nullable: false),
                    dimension = table.Column<string>(type: "text", nullable: false),
                    value = table.Column<string>(type: "text", nullable: false),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    requests = table.Column<long>(type: "bigint", nullable: false),
                    failed = table.Column<long>(type: "bigint", nullable: false),
                    cancelled = table.Column<long>(type: "bigint", nullable: false),
                    input = table.Column<long>(type: "bigint", nullable: false),
                    output = table.Column<long>(type: "bigint", nullable: false),
                    cached = table.Column<long>(type: "bigint", nullable: false),
                    reasoning = table.Column<long>(type: "bigint", nullable: false),
                    plan_tokens = table.Column<long>(type: "bigint", nullable: false),
                    plan_tokens_charged = table.Column<long>(type: "bigint", nullable: false),
                    cost_nanos = table.Column<long>(type: "bigint", nullable: false),
                    charged_nanos = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_usage_sums", x => new { x.organization_id, x.grain, x.dimension, x.value, x.starts_at });
                    table.ForeignKey(
                        name: "fk_usage_sums_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "users",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    email = table.Column<string>(type: "text", nullable: false),
                    normalized_email = table.Column<string>(type: "text", nullable: false),
                    email_confirmed = table.Column<bool>(type: "boolean", nullable: false),
                    password_hash = table.Column<string>(type: "text", nullable: true),
                    security_stamp = table.Column<string>(type: "text", nullable: true),
                    concurrency_stamp = table.Column<string>(type: "text", nullable: true),
                    lockout_end = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    lockout_enabled = table.Column<bool>(type: "boolean", nullable: false),
                    access_failed_count = table.Column<int>(type: "integer", nullable: false),
                    two_factor_enabled = table.Column<bool>(type: "boolean", nullable: false),
                    display_name = table.Column<string>(type: "text", nullable: false),
                    language = table.Column<string>(type: "text", nullable: false),
                    service_account_of = table.Column<Guid>(type: "uuid", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_users", x => x.id);
                    table.ForeignKey(
                        name: "fk_users_organizations_service_account_of",
                        column: x => x.service_account_of,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "subscriptions",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    plan_id = table.Column<string>(type: "text", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    anchor = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    interval = table.Column<string>(type: "text", nullable: false, defaultValueSql: "'month'"),
                    collection = table.Column<string>(type: "text", nullable: false, defaultValueSql: "'none'"),
                    paid_months = table.Column<int>(type: "integer", nullable: true),
                    paid_through = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    next_plan_id = table.Column<string>(type: "text", nullable: true),
                    next_interval = table.Column<string>(type: "text", nullable: true),
                    version = table.Column<int>(type: "integer", nullable: false, defaultValue: 0),
                    contract_tokens = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_subscriptions", x => x.id);
                    table.UniqueConstraint("ak_subscriptions_id_organization_id", x => new { x.id, x.organization_id });
                    table.CheckConstraint("ck_subscriptions_next", "(next_plan_id is null) = (next_interval is null)");
                    table.CheckConstraint("ck_subscriptions_paid", "(paid_months is null) = (paid_through is null)");
                    table.ForeignKey(
                        name: "fk_subscriptions_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_subscriptions_plans_next_plan_id",
                        column: x => x.next_plan_id,
                        principalTable: "plans",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_subscriptions_plans_plan_id",
                        column: x => x.plan_id,
                        principalTable: "plans",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "own_vendor_keys",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    vendor_id = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    @protected = table.Column<string>(name: "protected", type: "text", nullable: false),
                    last_four = table.Column<string>(type: "text", nullable: false),
                    host = table.Column<string>(type: "text", nullable: false),
                    base_url = table.Column<string>(type: "text", nullable: true),
                    use = table.Column<string>(type: "text", nullable: false),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    rotated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    tested_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    test_error = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_own_vendor_keys", x => x.id);
                    table.ForeignKey(
                        name: "fk_own_vendor_keys_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_own_vendor_keys_vendors_vendor_id",
                        column: x => x.vendor_id,
                        principalTable: "vendors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "upstreams",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    model_id = table.Column<string>(type: "text", nullable: false),
                    vendor_id = table.Column<string>(type: "text", nullable: false),
                    vendor_model = table.Column<string>(type: "text", nullable: false),
                    region = table.Column<string>(type: "text", nullable: false),
                    base_url = table.Column<string>(type: "text", nullable: true),
                    key_pool = table.Column<string>(type: "text", nullable: false),
                    priority = table.Column<int>(type: "integer", nullable: false),
                    weight = table.Column<int>(type: "integer", nullable: false),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    managed = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_upstreams", x => x.id);
                    table.ForeignKey(
                        name: "fk_upstreams_models_model_id",
                        column: x => x.model_id,
                        principalTable: "models",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_upstreams_vendors_vendor_id",
                        column: x => x.vendor_id,
                        principalTable: "vendors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "vendor_keys",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    vendor_id = table.Column<string>(type: "text", nullable: false),
                    pool = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    @protected = table.Column<string>(name: "protected", type: "text", nullable: false),
                    last_four = table.Column<string>(type: "text", nullable: false),
                    host = table.Column<string>(type: "text", nullable: false),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_vendor_keys", x => x.id);
                    table.ForeignKey(
                        name: "fk_vendor_keys_vendors_vendor_id",
                        column: x => x.vendor_id,
                        principalTable: "vendors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "vendor_terms",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    vendor_id = table.Column<string>(type: "text", nullable: false),
                    basis_points = table.Column<int>(type: "integer", nullable: false),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_vendor_terms", x => x.id);
                    table.CheckConstraint("ck_vendor_terms_basis_points", "basis_points between 0 and 20000");
                    table.ForeignKey(
                        name: "fk_vendor_terms_vendors_vendor_id",
                        column: x => x.vendor_id,
                        principalTable: "vendors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "channel_entries",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    journal_id = table.Column<Guid>(type: "uuid", nullable: false),
                    account = table.Column<string>(type: "text", nullable: false),
                    unit = table.Column<string>(type: "text", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_channel_entries", x => x.id);
                    table.CheckConstraint("ck_channel_entries_amount", "amount <> 0");
                    table.ForeignKey(
                        name: "fk_channel_entries_channel_journals_journal_id",
                        column: x => x.journal_id,
                        principalTable: "channel_journals",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "redemptions",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    code_id = table.Column<Guid>(type: "uuid", nullable: false),
                    batch_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    redeemed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_redemptions", x => x.id);
                    table.ForeignKey(
                        name: "fk_redemptions_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_redemptions_redemption_codes_code_id",
                        column: x => x.code_id,
                        principalTable: "redemption_codes",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "balances",
                columns: table => new
                {
                    account_id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    posted = table.Column<long>(type: "bigint", nullable: false),
                    held = table.Column<long>(type: "bigint", nullable: false),
                    floor = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_balances", x => x.account_id);
                    table.CheckConstraint("ck_balances_floor", "posted - held >= floor and floor <= 0");
                    table.CheckConstraint("ck_balances_held", "held >= 0");
                    table.ForeignKey(
                        name: "fk_balances_accounts_account_id_organization_id",
                        columns: x => new { x.account_id, x.organization_id },
                        principalTable: "accounts",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "lots",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    account_id = table.Column<Guid>(type: "uuid", nullable: false),
                    priority = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    expired_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    original = table.Column<long>(type: "bigint", nullable: false),
                    remaining = table.Column<long>(type: "bigint", nullable: false),
                    held = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_lots", x => x.id);
                    table.CheckConstraint("ck_lots_remaining", "0 <= held and held <= remaining and remaining <= original");
                    table.ForeignKey(
                        name: "fk_lots_accounts_account_id_organization_id",
                        columns: x => new { x.account_id, x.organization_id },
                        principalTable: "accounts",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "alert_deliveries",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    firing_id = table.Column<Guid>(type: "uuid", nullable: false),
                    channel_id = table.Column<Guid>(type: "uuid", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    next_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_error = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_alert_deliveries", x => x.id);
                    table.ForeignKey(
                        name: "fk_alert_deliveries_alert_channels_channel_id_organization_id",
                        columns: x => new { x.channel_id, x.organization_id },
                        principalTable: "alert_channels",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_alert_deliveries_alert_firings_firing_id_organization_id",
                        columns: x => new { x.firing_id, x.organization_id },
                        principalTable: "alert_firings",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_alert_deliveries_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "budget_windows",
                columns: table => new
                {
                    budget_id = table.Column<Guid>(type: "uuid", nullable: false),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    ends_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    opening = table.Column<long>(type: "bigint", nullable: false),
                    used = table.Column<long>(type: "bigint", nullable: false),
                    held = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_budget_windows", x => new { x.budget_id, x.starts_at });
                    table.CheckConstraint("ck_budget_windows_not_negative", "held >= 0 and used >= opening and opening >= 0");
                    table.ForeignKey(
                        name: "fk_budget_windows_budgets_budget_id_organization_id",
                        columns: x => new { x.budget_id, x.organization_id },
                        principalTable: "budgets",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_budget_windows_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "entries",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    journal_id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    account_id = table.Column<Guid>(type: "uuid", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false),
                    unit = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_entries", x => x.id);
                    table.CheckConstraint("ck_entries_amount", "amount <> 0");
                    table.ForeignKey(
                        name: "fk_entries_accounts_account_id_organization_id",
                        columns: x => new { x.account_id, x.organization_id },
                        principalTable: "accounts",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_entries_journals_organization_id_journal_id",
                        columns: x => new { x.organization_id, x.journal_id },
                        principalTable: "journals",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "guardrails",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    team_id = table.Column<Guid>(type: "uuid", nullable: true),
                    name = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    action = table.Column<string>(type: "text", nullable: false),
                    on_input = table.Column<bool>(type: "boolean", nullable: false),
                    on_output = table.Column<bool>(type: "boolean", nullable: false),
                    terms = table.Column<string[]>(type: "text[]", nullable: false),
                    model = table.Column<string>(type: "text", nullable: true),
                    url = table.Column<string>(type: "text", nullable: true),
                    secret = table.Column<string>(type: "text", nullable: true),
                    timeout_ms = table.Column<int>(type: "integer", nullable: false),
                    fails_open = table.Column<bool>(type: "boolean", nullable: false),
                    covers_unreadable = table.Column<bool>(type: "boolean", nullable: false),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_guardrails", x => x.id);
                    table.ForeignKey(
                        name: "fk_guardrails_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_guardrails_teams_team_id_organization_id",
                        columns: x => new { x.team_id, x.organization_id },
                        principalTable: "teams",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "policies",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    team_id = table.Column<Guid>(type: "uuid", nullable: true),
                    allowed_vendors = table.Column<string[]>(type: "text[]", nullable: false),
                    denied_vendors = table.Column<string[]>(type: "text[]", nullable: false),
                    allowed_models = table.Column<string[]>(type: "text[]", nullable: false),
                    denied_models = table.Column<string[]>(type: "text[]", nullable: false),
                    country = table.Column<string>(type: "text", nullable: true),
                    zero_retention = table.Column<bool>(type: "boolean", nullable: false),
                    required_tags = table.Column<string[]>(type: "text[]", nullable: false),
                    captures_content = table.Column<bool>(type: "boolean", nullable: true),
                    retention_days = table.Column<int>(type: "integer", nullable: true),
                    default_parameters = table.Column<string>(type: "jsonb", nullable: true),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_policies", x => x.id);
                    table.ForeignKey(
                        name: "fk_policies_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_policies_teams_team_id_organization_id",
                        columns: x => new { x.team_id, x.organization_id },
                        principalTable: "teams",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "scim_groups",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    team_id = table.Column<Guid>(type: "uuid", nullable: false),
                    external_id = table.Column<string>(type: "text", nullable: true),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_scim_groups", x => new { x.organization_id, x.team_id });
                    table.ForeignKey(
                        name: "fk_scim_groups_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_scim_groups_teams_team_id_organization_id",
                        columns: x => new { x.team_id, x.organization_id },
                        principalTable: "teams",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "api_keys",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    team_id = table.Column<Guid>(type: "uuid", nullable: true),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    prefix = table.Column<string>(type: "text", nullable: false),
                    last_four = table.Column<string>(type: "text", nullable: false),
                    previous_hash = table.Column<byte[]>(type: "bytea", nullable: true),
                    previous_expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    disabled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    scopes = table.Column<string[]>(type: "text[]", nullable: false),
                    allowed_models = table.Column<string[]>(type: "text[]", nullable: false),
                    allowed_vendors = table.Column<string[]>(type: "text[]", nullable: false),
                    allowed_ips = table.Column<string[]>(type: "text[]", nullable: false),
                    tags = table.Column<string>(type: "jsonb", nullable: false),
                    caches_answers = table.Column<bool>(type: "boolean", nullable: true),
                    requests_per_minute = table.Column<int>(type: "integer", nullable: true),
                    tokens_per_minute = table.Column<int>(type: "integer", nullable: true),
                    concurrency = table.Column<int>(type: "integer", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_api_keys", x => x.id);
                    table.ForeignKey(
                        name: "fk_api_keys_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_api_keys_teams_team_id_organization_id",
                        columns: x => new { x.team_id, x.organization_id },
                        principalTable: "teams",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_api_keys_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "authenticators",
                columns: table => new
                {
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    @protected = table.Column<string>(name: "protected", type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    confirmed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_step = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_authenticators", x => x.user_id);
                    table.ForeignKey(
                        name: "fk_authenticators_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "billing_mails",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    key = table.Column<string>(type: "text", nullable: false),
                    values = table.Column<string>(type: "jsonb", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    next_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_error = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_billing_mails", x => x.id);
                    table.ForeignKey(
                        name: "fk_billing_mails_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_billing_mails_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "channel_bill_lines",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    bill_id = table.Column<Guid>(type: "uuid", nullable: false),
                    reference = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    verdict = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: true),
                    our_amount_minor = table.Column<long>(type: "bigint", nullable: true),
                    fee_nanos = table.Column<long>(type: "bigint", nullable: false),
                    fee_currency = table.Column<string>(type: "text", nullable: false),
                    occurred_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    out_trade_no = table.Column<string>(type: "text", nullable: true),
                    channel_trade_no = table.Column<string>(type: "text", nullable: true),
                    out_refund_no = table.Column<string>(type: "text", nullable: true),
                    order_id = table.Column<Guid>(type: "uuid", nullable: true),
                    refund_id = table.Column<Guid>(type: "uuid", nullable: true),
                    accepted_reason = table.Column<string>(type: "text", nullable: true),
                    accepted_by = table.Column<Guid>(type: "uuid", nullable: true),
                    accepted_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_channel_bill_lines", x => x.id);
                    table.CheckConstraint("ck_channel_bill_lines_accepted", "(accepted_at is null) = (accepted_reason is null)");
                    table.ForeignKey(
                        name: "fk_channel_bill_lines_channel_bills_bill_id",
                        column: x => x.bill_id,
                        principalTable: "channel_bills",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_channel_bill_lines_users_accepted_by",
                        column: x => x.accepted_by,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "fapiao_requests",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    title_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    tax_minor = table.Column<long>(type: "bigint", nullable: false),
                    tax_basis_points = table.Column<int>(type: "integer", nullable: false),
                    remark = table.Column<string>(type: "text", nullable: false),
                    idempotency_key = table.Column<string>(type: "text", nullable: true),
                    number = table.Column<string>(type: "text", nullable: true),
                    red_number = table.Column<string>(type: "text", nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    issued_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    reversed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_fapiao_requests", x => x.id);
                    table.CheckConstraint("ck_fapiao_requests_amount", "amount_minor > 0 and tax_minor between 0 and amount_minor");
                    table.CheckConstraint("ck_fapiao_requests_number", "(number is not null) = (status in ('issued', 'red_pending', 'reversed'))");
                    table.CheckConstraint("ck_fapiao_requests_red", "(red_number is not null) = (status = 'reversed')");
                    table.ForeignKey(
                        name: "fk_fapiao_requests_fapiao_titles_title_id_organization_id",
                        columns: x => new { x.title_id, x.organization_id },
                        principalTable: "fapiao_titles",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_fapiao_requests_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_fapiao_requests_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "invitations",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    email = table.Column<string>(type: "text", nullable: false),
                    normalized_email = table.Column<string>(type: "text", nullable: false),
                    role = table.Column<string>(type: "text", nullable: false),
                    team_id = table.Column<Guid>(type: "uuid", nullable: true),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    invited_by = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    accepted_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    accepted_by = table.Column<Guid>(type: "uuid", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_invitations", x => x.id);
                    table.ForeignKey(
                        name: "fk_invitations_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_invitations_teams_team_id_organization_id",
                        columns: x => new { x.team_id, x.organization_id },
                        principalTable: "teams",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_invitations_users_invited_by",
                        column: x => x.invited_by,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "memberships",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    role = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_memberships", x => new { x.organization_id, x.user_id });
                    table.ForeignKey(
                        name: "fk_memberships_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_memberships_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "operators",
                columns: table => new
                {
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_operators", x => x.user_id);
                    table.ForeignKey(
                        name: "fk_operators_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "passkeys",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    credential_id = table.Column<byte[]>(type: "bytea", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    public_key = table.Column<byte[]>(type: "bytea", nullable: false),
                    sign_count = table.Column<long>(type: "bigint", nullable: false),
                    transports = table.Column<string[]>(type: "text[]", nullable: false),
                    user_verified = table.Column<bool>(type: "boolean", nullable: false),
                    backup_eligible = table.Column<bool>(type: "boolean", nullable: false),
                    backed_up = table.Column<bool>(type: "boolean", nullable: false),
                    attestation_object = table.Column<byte[]>(type: "bytea", nullable: false),
                    client_data_json = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_passkeys", x => x.id);
                    table.ForeignKey(
                        name: "fk_passkeys_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "payment_methods",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    channel = table.Column<string>(type: "text", nullable: false),
                    customer_reference = table.Column<string>(type: "text", nullable: false),
                    method_reference = table.Column<string>(type: "text", nullable: false),
                    brand = table.Column<string>(type: "text", nullable: false),
                    last_four = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    removed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_payment_methods", x => x.id);
                    table.UniqueConstraint("ak_payment_methods_id_organization_id", x => new { x.id, x.organization_id });
                    table.ForeignKey(
                        name: "fk_payment_methods_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_payment_methods_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "recovery_codes",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_recovery_codes", x => x.id);
                    table.ForeignKey(
                        name: "fk_recovery_codes_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "scim_users",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_name = table.Column<string>(type: "text", nullable: false),
                    external_id = table.Column<string>(type: "text", nullable: true),
                    given_name = table.Column<string>(type: "text", nullable: true),
                    family_name = table.Column<string>(type: "text", nullable: true),
                    display_name = table.Column<string>(type: "text", nullable: true),
                    active = table.Column<bool>(type: "boolean", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_scim_users", x => new { x.organization_id, x.user_id });
                    table.ForeignKey(
                        name: "fk_scim_users_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_scim_users_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "sessions",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    access_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    access_expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    refresh_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    previous_refresh_hash = table.Column<byte[]>(type: "bytea", nullable: true),
                    refresh_expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    sign_on_organization_id = table.Column<Guid>(type: "uuid", nullable: true),
                    user_agent = table.Column<string>(type: "text", nullable: true),
                    address = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sessions", x => x.id);
                    table.ForeignKey(
                        name: "fk_sessions_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "sign_on_identities",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    issuer = table.Column<string>(type: "text", nullable: false),
                    subject = table.Column<string>(type: "text", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sign_on_identities", x => new { x.organization_id, x.issuer, x.subject });
                    table.ForeignKey(
                        name: "fk_sign_on_identities_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_sign_on_identities_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "tickets",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    purpose = table.Column<string>(type: "text", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: true),
                    data = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tickets", x => x.id);
                    table.ForeignKey(
                        name: "fk_tickets_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "periods",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    subscription_id = table.Column<Guid>(type: "uuid", nullable: false),
                    sequence = table.Column<int>(type: "integer", nullable: false),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ends_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    granted_tokens = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_periods", x => x.id);
                    table.CheckConstraint("ck_periods_span", "ends_at > starts_at");
                    table.ForeignKey(
                        name: "fk_periods_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_periods_subscriptions_subscription_id_organization_id",
                        columns: x => new { x.subscription_id, x.organization_id },
                        principalTable: "subscriptions",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "subscription_charges",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    subscription_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: true),
                    kind = table.Column<string>(type: "text", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    from_plan_id = table.Column<string>(type: "text", nullable: false),
                    plan_id = table.Column<string>(type: "text", nullable: false),
                    interval = table.Column<string>(type: "text", nullable: false),
                    collection = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    lines = table.Column<string>(type: "jsonb", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    paid_months = table.Column<int>(type: "integer", nullable: false),
                    paid_through = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    tokens = table.Column<long>(type: "bigint", nullable: false),
                    tokens_expire_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    version = table.Column<int>(type: "integer", nullable: false),
                    idempotency_key = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    applied_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_subscription_charges", x => x.id);
                    table.UniqueConstraint("ak_subscription_charges_id_organization_id", x => new { x.id, x.organization_id });
                    table.CheckConstraint("ck_subscription_charges_amount", "amount_minor >= 0 and tokens >= 0");
                    table.ForeignKey(
                        name: "fk_subscription_charges_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_subscription_charges_plans_plan_id",
                        column: x => x.plan_id,
                        principalTable: "plans",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_subscription_charges_subscriptions_subscription_id_organiza",
                        columns: x => new { x.subscription_id, x.organization_id },
                        principalTable: "subscriptions",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "price_proposals",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    upstream_id = table.Column<Guid>(type: "uuid", nullable: false),
                    component = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    nanos_per_million = table.Column<long>(type: "bigint", nullable: false),
                    min_prompt_tokens = table.Column<long>(type: "bigint", nullable: false),
                    service_tier = table.Column<string>(type: "text", nullable: false),
                    hours = table.Column<string>(type: "text", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false),
                    proposed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    decided_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    decided_by = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_price_proposals", x => x.id);
                    table.ForeignKey(
                        name: "fk_price_proposals_upstreams_upstream_id",
                        column: x => x.upstream_id,
                        principalTable: "upstreams",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "prices",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    upstream_id = table.Column<Guid>(type: "uuid", nullable: false),
                    component = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    nanos_per_million = table.Column<long>(type: "bigint", nullable: false),
                    min_prompt_tokens = table.Column<long>(type: "bigint", nullable: false),
                    service_tier = table.Column<string>(type: "text", nullable: false),
                    hours = table.Column<string>(type: "text", nullable: false),
                    customer_id = table.Column<Guid>(type: "uuid", nullable: true),
                    valid_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    valid_to = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    source = table.Column<string>(type: "text", nullable: false),
                    approved_by = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_prices", x => x.id);
                    table.CheckConstraint("ck_prices_not_negative", "nanos_per_million >= 0 and min_prompt_tokens >= 0");
                    table.CheckConstraint("ck_prices_span", "valid_to is null or valid_to >= valid_from");
                    table.ForeignKey(
                        name: "fk_prices_organizations_customer_id",
                        column: x => x.customer_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_prices_upstreams_upstream_id",
                        column: x => x.upstream_id,
                        principalTable: "upstreams",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "lot_draws",
                columns: table => new
                {
                    lot_id = table.Column<Guid>(type: "uuid", nullable: false),
                    journal_id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    amount = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_lot_draws", x => new { x.lot_id, x.journal_id });
                    table.CheckConstraint("ck_lot_draws_amount", "amount <> 0");
                    table.ForeignKey(
                        name: "fk_lot_draws_journals_organization_id_journal_id",
                        columns: x => new { x.organization_id, x.journal_id },
                        principalTable: "journals",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_lot_draws_lots_lot_id",
                        column: x => x.lot_id,
                        principalTable: "lots",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_lot_draws_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "team_memberships",
                columns: table => new
                {
                    team_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    role = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_team_memberships", x => new { x.team_id, x.user_id });
                    table.ForeignKey(
                        name: "fk_team_memberships_memberships_organization_id_user_id",
                        columns: x => new { x.organization_id, x.user_id },
                        principalTable: "memberships",
                        principalColumns: new[] { "organization_id", "user_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_team_memberships_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_team_memberships_teams_team_id_organization_id",
                        columns: x => new { x.team_id, x.organization_id },
                        principalTable: "teams",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "contract_fee_charges",
                columns: table => new
                {
                    fee_id = table.Column<Guid>(type: "uuid", nullable: false),
                    starts_on = table.Column<DateOnly>(type: "date", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    ends_on = table.Column<DateOnly>(type: "date", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    invoice_id = table.Column<Guid>(type: "uuid", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_contract_fee_charges", x => new { x.fee_id, x.starts_on });
                    table.CheckConstraint("ck_contract_fee_charges_amount", "amount_minor >= 0 and ends_on > starts_on");
                    table.ForeignKey(
                        name: "fk_contract_fee_charges_contract_fees_fee_id_organization_id",
                        columns: x => new { x.fee_id, x.organization_id },
                        principalTable: "contract_fees",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_contract_fee_charges_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "credit_note_lines",
                columns: table => new
                {
                    credit_note_id = table.Column<Guid>(type: "uuid", nullable: false),
                    invoice_line_id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    tax_minor = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_credit_note_lines", x => new { x.credit_note_id, x.invoice_line_id });
                    table.CheckConstraint("ck_credit_note_lines_amount", "amount_minor <> 0");
                    table.ForeignKey(
                        name: "fk_credit_note_lines_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "credit_notes",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    invoice_id = table.Column<Guid>(type: "uuid", nullable: false),
                    legal_entity_id = table.Column<string>(type: "text", nullable: false),
                    number = table.Column<string>(type: "text", nullable: false),
                    year = table.Column<int>(type: "integer", nullable: false),
                    sequence = table.Column<int>(type: "integer", nullable: false),
                    disposition = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    currency = table.Column<string>(type: "text", nullable: false),
                    subtotal_minor = table.Column<long>(type: "bigint", nullable: false),
                    tax_minor = table.Column<long>(type: "bigint", nullable: false),
                    total_minor = table.Column<long>(type: "bigint", nullable: false),
                    refund_id = table.Column<Guid>(type: "uuid", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_credit_notes", x => x.id);
                    table.UniqueConstraint("ak_credit_notes_id_organization_id", x => new { x.id, x.organization_id });
                    table.CheckConstraint("ck_credit_notes_total", "total_minor = subtotal_minor + tax_minor and total_minor > 0");
                    table.ForeignKey(
                        name: "fk_credit_notes_legal_entities_legal_entity_id",
                        column: x => x.legal_entity_id,
                        principalTable: "legal_entities",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_credit_notes_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "disputes",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    order_id = table.Column<Guid>(type: "uuid", nullable: false),
                    reference = table.Column<string>(type: "text", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    taken_nanos = table.Column<long>(type: "bigint", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    opened_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    evidence_due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    closed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_disputes", x => x.id);
                    table.ForeignKey(
                        name: "fk_disputes_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "invoice_lines",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    invoice_id = table.Column<Guid>(type: "uuid", nullable: false),
                    position = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    description_zh = table.Column<string>(type: "text", nullable: false),
                    description_en = table.Column<string>(type: "text", nullable: false),
                    quantity = table.Column<long>(type: "bigint", nullable: true),
                    input_tokens = table.Column<long>(type: "bigint", nullable: true),
                    output_tokens = table.Column<long>(type: "bigint", nullable: true),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    tax_basis_points = table.Column<int>(type: "integer", nullable: false),
                    tax_minor = table.Column<long>(type: "bigint", nullable: false),
                    exact_nanos = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_invoice_lines", x => x.id);
                    table.UniqueConstraint("ak_invoice_lines_id_organization_id", x => new { x.id, x.organization_id });
                    table.ForeignKey(
                        name: "fk_invoice_lines_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "invoices",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    legal_entity_id = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    source = table.Column<string>(type: "text", nullable: false),
                    number = table.Column<string>(type: "text", nullable: true),
                    year = table.Column<int>(type: "integer", nullable: true),
                    sequence = table.Column<int>(type: "integer", nullable: true),
                    currency = table.Column<string>(type: "text", nullable: false),
                    subtotal_minor = table.Column<long>(type: "bigint", nullable: false),
                    tax_minor = table.Column<long>(type: "bigint", nullable: false),
                    total_minor = table.Column<long>(type: "bigint", nullable: false),
                    paid_minor = table.Column<long>(type: "bigint", nullable: false),
                    credited_minor = table.Column<long>(type: "bigint", nullable: false),
                    tax_name = table.Column<string>(type: "text", nullable: false),
                    tax_inclusive = table.Column<bool>(type: "boolean", nullable: false),
                    period_starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    period_ends_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    order_id = table.Column<Guid>(type: "uuid", nullable: true),
                    seller = table.Column<string>(type: "jsonb", nullable: true),
                    buyer = table.Column<string>(type: "jsonb", nullable: true),
                    language = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    finalized_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    paid_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_invoices", x => x.id);
                    table.UniqueConstraint("ak_invoices_id_organization_id", x => new { x.id, x.organization_id });
                    table.CheckConstraint("ck_invoices_number", "(status = 'draft') = (number is null) and (number is null) = (sequence is null) and (number is null) = (year is null)");
                    table.CheckConstraint("ck_invoices_paid", "paid_minor >= 0 and credited_minor >= 0 and paid_minor <= total_minor and credited_minor <= total_minor");
                    table.CheckConstraint("ck_invoices_total", "total_minor = subtotal_minor + tax_minor and total_minor >= 0");
                    table.ForeignKey(
                        name: "fk_invoices_legal_entities_legal_entity_id",
                        column: x => x.legal_entity_id,
                        principalTable: "legal_entities",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_invoices_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "payment_orders",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    purpose = table.Column<string>(type: "text", nullable: false),
                    channel = table.Column<string>(type: "text", nullable: false),
                    scene = table.Column<string>(type: "text", nullable: false),
                    status = table.Column<string>(type: "text", nullable: false),
                    client_address = table.Column<string>(type: "text", nullable: false),
                    payer_id = table.Column<string>(type: "text", nullable: true),
                    payer_code = table.Column<string>(type: "text", nullable: true),
                    currency = table.Column<string>(type: "text", nullable: false),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    out_trade_no = table.Column<string>(type: "text", nullable: false),
                    idempotency_key = table.Column<string>(type: "text", nullable: true),
                    invoice_id = table.Column<Guid>(type: "uuid", nullable: true),
                    channel_trade_no = table.Column<string>(type: "text", nullable: true),
                    channel_reference = table.Column<string>(type: "text", nullable: true),
                    redirect_url = table.Column<string>(type: "text", nullable: true),
                    frame_url = table.Column<string>(type: "text", nullable: true),
                    qr_code = table.Column<string>(type: "text", nullable: true),
                    app_parameters = table.Column<string>(type: "jsonb", nullable: true),
                    failure = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    paid_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    closed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    next_check_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    checks = table.Column<int>(type: "integer", nullable: false),
                    charge_id = table.Column<Guid>(type: "uuid", nullable: true),
                    payment_method_id = table.Column<Guid>(type: "uuid", nullable: true),
                    saves_method = table.Column<bool>(type: "boolean", nullable: false, defaultValue: false),
                    method_saved_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_payment_orders", x => x.id);
                    table.UniqueConstraint("ak_payment_orders_id_organization_id", x => new { x.id, x.organization_id });
                    table.CheckConstraint("ck_payment_orders_amount", "amount_minor > 0");
                    table.ForeignKey(
                        name: "fk_payment_orders_invoices_invoice_id_organization_id",
                        columns: x => new { x.invoice_id, x.organization_id },
                        principalTable: "invoices",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_payment_orders_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_payment_orders_payment_methods_payment_method_id_organizati",
                        columns: x => new { x.payment_method_id, x.organization_id },
                        principalTable: "payment_methods",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_payment_orders_subscription_charges_charge_id_organization_",
                        columns: x => new { x.charge_id, x.organization_id },
                        principalTable: "subscription_charges",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_payment_orders_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "usage_months",
                columns: table => new
                {
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    ends_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    invoice_id = table.Column<Guid>(type: "uuid", nullable: true),
                    carry_nanos = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_usage_months", x => new { x.organization_id, x.ends_at });
                    table.ForeignKey(
                        name: "fk_usage_months_invoices_invoice_id_organization_id",
                        columns: x => new { x.invoice_id, x.organization_id },
                        principalTable: "invoices",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_usage_months_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "payment_refunds",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    organization_id = table.Column<Guid>(type: "uuid", nullable: false),
                    order_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: true),
                    amount_minor = table.Column<long>(type: "bigint", nullable: false),
                    out_refund_no = table.Column<string>(type: "text", nullable: false),
                    idempotency_key = table.Column<string>(type: "text", nullable: true),
                    status = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    failure = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    completed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    next_check_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    checks = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_payment_refunds", x => x.id);
                    table.CheckConstraint("ck_payment_refunds_amount", "amount_minor > 0");
                    table.ForeignKey(
                        name: "fk_payment_refunds_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_payment_refunds_payment_orders_order_id_organization_id",
                        columns: x => new { x.order_id, x.organization_id },
                        principalTable: "payment_orders",
                        principalColumns: new[] { "id", "organization_id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "ix_accounts_organization_id_kind_unit",
                table: "accounts",
                columns: new[] { "organization_id", "kind", "unit" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_alert_channels_organization_id",
                table: "alert_channels",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_alert_deliveries_channel_id_organization_id",
                table: "alert_deliveries",
                columns: new[] { "channel_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_alert_deliveries_firing_id_channel_id",
                table: "alert_deliveries",
                columns: new[] { "firing_id", "channel_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_alert_deliveries_firing_id_organization_id",
                table: "alert_deliveries",
                columns: new[] { "firing_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_alert_deliveries_next_attempt_at",
                table: "alert_deliveries",
                column: "next_attempt_at",
                filter: "state = 'pending'");

            migrationBuilder.CreateIndex(
                name: "ix_alert_deliveries_organization_id",
                table: "alert_deliveries",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_alert_firings_organization_id_fired_at_id",
                table: "alert_firings",
                columns: new[] { "organization_id", "fired_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_alert_firings_source_id_period_threshold",
                table: "alert_firings",
                columns: new[] { "source_id", "period", "threshold" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_alert_rules_organization_id",
                table: "alert_rules",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_api_keys_hash",
                table: "api_keys",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_api_keys_organization_id_created_at",
                table: "api_keys",
                columns: new[] { "organization_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "ix_api_keys_organization_id_user_id",
                table: "api_keys",
                columns: new[] { "organization_id", "user_id" });

            migrationBuilder.CreateIndex(
                name: "ix_api_keys_previous_hash",
                table: "api_keys",
                column: "previous_hash",
                unique: true,
                filter: "previous_hash is not null");

            migrationBuilder.CreateIndex(
                name: "ix_api_keys_team_id_organization_id",
                table: "api_keys",
                columns: new[] { "team_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_api_keys_user_id",
                table: "api_keys",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_audit_runs_finished_at",
                table: "audit_runs",
                column: "finished_at");

            migrationBuilder.CreateIndex(
                name: "ix_balances_account_id_organization_id",
                table: "balances",
                columns: new[] { "account_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_billing_mails_next_attempt_at",
                table: "billing_mails",
                column: "next_attempt_at",
                filter: "next_attempt_at is not null");

            migrationBuilder.CreateIndex(
                name: "ix_billing_mails_organization_id_key_user_id",
                table: "billing_mails",
                columns: new[] { "organization_id", "key", "user_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_billing_mails_user_id",
                table: "billing_mails",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_budget_windows_budget_id_organization_id",
                table: "budget_windows",
                columns: new[] { "budget_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_budget_windows_organization_id",
                table: "budget_windows",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_budgets_organization_id_subject_id",
                table: "budgets",
                columns: new[] { "organization_id", "subject_id" },
                filter: "ended_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_captured_contents_expires_at",
                table: "captured_contents",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_captured_contents_organization_id",
                table: "captured_contents",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_channel_bill_lines_accepted_by",
                table: "channel_bill_lines",
                column: "accepted_by");

            migrationBuilder.CreateIndex(
                name: "ix_channel_bill_lines_bill_id_reference",
                table: "channel_bill_lines",
                columns: new[] { "bill_id", "reference" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_channel_bill_lines_order_id",
                table: "channel_bill_lines",
                column: "order_id",
                filter: "order_id is not null");

            migrationBuilder.CreateIndex(
                name: "ix_channel_bill_lines_refund_id",
                table: "channel_bill_lines",
                column: "refund_id",
                filter: "refund_id is not null");

            migrationBuilder.CreateIndex(
                name: "ix_channel_bills_channel_day",
                table: "channel_bills",
                columns: new[] { "channel", "day" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_channel_bills_day_id",
                table: "channel_bills",
                columns: new[] { "day", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_channel_bills_next_attempt_at",
                table: "channel_bills",
                column: "next_attempt_at",
                filter: "next_attempt_at is not null");

            migrationBuilder.CreateIndex(
                name: "ix_channel_entries_journal_id",
                table: "channel_entries",
                column: "journal_id");

            migrationBuilder.CreateIndex(
                name: "ix_channel_journals_bill_id_reference",
                table: "channel_journals",
                columns: new[] { "bill_id", "reference" });

            migrationBuilder.CreateIndex(
                name: "ix_channel_journals_effective_at",
                table: "channel_journals",
                column: "effective_at");

            migrationBuilder.CreateIndex(
                name: "ix_channel_journals_idempotency_key",
                table: "channel_journals",
                column: "idempotency_key",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_contract_fee_charges_fee_id_organization_id",
                table: "contract_fee_charges",
                columns: new[] { "fee_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_contract_fee_charges_invoice_id",
                table: "contract_fee_charges",
                column: "invoice_id");

            migrationBuilder.CreateIndex(
                name: "ix_contract_fee_charges_invoice_id_organization_id",
                table: "contract_fee_charges",
                columns: new[] { "invoice_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_contract_fee_charges_organization_id",
                table: "contract_fee_charges",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_contract_fees_organization_id_starts_on",
                table: "contract_fees",
                columns: new[] { "organization_id", "starts_on" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_credit_note_lines_credit_note_id_organization_id",
                table: "credit_note_lines",
                columns: new[] { "credit_note_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_credit_note_lines_invoice_line_id",
                table: "credit_note_lines",
                column: "invoice_line_id");

            migrationBuilder.CreateIndex(
                name: "ix_credit_note_lines_invoice_line_id_organization_id",
                table: "credit_note_lines",
                columns: new[] { "invoice_line_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_credit_note_lines_organization_id",
                table: "credit_note_lines",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_credit_notes_invoice_id",
                table: "credit_notes",
                column: "invoice_id");

            migrationBuilder.CreateIndex(
                name: "ix_credit_notes_invoice_id_organization_id",
                table: "credit_notes",
                columns: new[] { "invoice_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_credit_notes_legal_entity_id_year_sequence",
                table: "credit_notes",
                columns: new[] { "legal_entity_id", "year", "sequence" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_credit_notes_number",
                table: "credit_notes",
                column: "number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_credit_notes_organization_id",
                table: "credit_notes",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_credit_notes_refund_id",
                table: "credit_notes",
                column: "refund_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_disputes_order_id_organization_id",
                table: "disputes",
                columns: new[] { "order_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_disputes_organization_id",
                table: "disputes",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_disputes_reference",
                table: "disputes",
                column: "reference",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_dunning_cases_organization_id",
                table: "dunning_cases",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_dunning_cases_subject_id",
                table: "dunning_cases",
                column: "subject_id",
                unique: true,
                filter: "closed_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_endpoint_spans_model_id",
                table: "endpoint_spans",
                column: "model_id");

            migrationBuilder.CreateIndex(
                name: "ix_entries_account_id_organization_id_id",
                table: "entries",
                columns: new[] { "account_id", "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_entries_organization_id_journal_id",
                table: "entries",
                columns: new[] { "organization_id", "journal_id" });

            migrationBuilder.CreateIndex(
                name: "ix_fapiao_requests_number",
                table: "fapiao_requests",
                column: "number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_fapiao_requests_organization_id_created_at",
                table: "fapiao_requests",
                columns: new[] { "organization_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "ix_fapiao_requests_organization_id_idempotency_key",
                table: "fapiao_requests",
                columns: new[] { "organization_id", "idempotency_key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_fapiao_requests_red_number",
                table: "fapiao_requests",
                column: "red_number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_fapiao_requests_status_created_at",
                table: "fapiao_requests",
                columns: new[] { "status", "created_at" });

            migrationBuilder.CreateIndex(
                name: "ix_fapiao_requests_title_id_organization_id",
                table: "fapiao_requests",
                columns: new[] { "title_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_fapiao_requests_user_id",
                table: "fapiao_requests",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_fapiao_titles_organization_id",
                table: "fapiao_titles",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_finance_marks_at",
                table: "finance_marks",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_finance_revenue_sums_organization_id",
                table: "finance_revenue_sums",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_guardrails_organization_id",
                table: "guardrails",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_guardrails_team_id_organization_id",
                table: "guardrails",
                columns: new[] { "team_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_holds_expires_at",
                table: "holds",
                column: "expires_at",
                filter: "state = 'held'");

            migrationBuilder.CreateIndex(
                name: "ix_holds_organization_id_request_id",
                table: "holds",
                columns: new[] { "organization_id", "request_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_inbound_notices_channel_event_id",
                table: "inbound_notices",
                columns: new[] { "channel", "event_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_inbound_notices_next_attempt_at",
                table: "inbound_notices",
                column: "next_attempt_at",
                filter: "handled_at is null and parked_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_invitations_hash",
                table: "invitations",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_invitations_invited_by",
                table: "invitations",
                column: "invited_by");

            migrationBuilder.CreateIndex(
                name: "ix_invitations_organization_id_normalized_email",
                table: "invitations",
                columns: new[] { "organization_id", "normalized_email" },
                unique: true,
                filter: "accepted_at is null and revoked_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_invitations_team_id_organization_id",
                table: "invitations",
                columns: new[] { "team_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_invoice_documents_organization_id",
                table: "invoice_documents",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_invoice_documents_subject_id_language",
                table: "invoice_documents",
                columns: new[] { "subject_id", "language" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_invoice_lines_invoice_id_organization_id",
                table: "invoice_lines",
                columns: new[] { "invoice_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_invoice_lines_invoice_id_position",
                table: "invoice_lines",
                columns: new[] { "invoice_id", "position" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_invoice_lines_organization_id",
                table: "invoice_lines",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_invoice_mails_next_attempt_at",
                table: "invoice_mails",
                column: "next_attempt_at",
                filter: "sent_at is null and parked_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_invoice_mails_organization_id",
                table: "invoice_mails",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_invoice_mails_subject_id",
                table: "invoice_mails",
                column: "subject_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_invoices_due_at",
                table: "invoices",
                column: "due_at",
                filter: "status = 'finalized'");

            migrationBuilder.CreateIndex(
                name: "ix_invoices_legal_entity_id_year_sequence",
                table: "invoices",
                columns: new[] { "legal_entity_id", "year", "sequence" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_invoices_number",
                table: "invoices",
                column: "number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_invoices_order_id",
                table: "invoices",
                column: "order_id",
                filter: "order_id is not null");

            migrationBuilder.CreateIndex(
                name: "ix_invoices_order_id_organization_id",
                table: "invoices",
                columns: new[] { "order_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_invoices_organization_id_created_at",
                table: "invoices",
                columns: new[] { "organization_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "ix_invoices_organization_id_source",
                table: "invoices",
                columns: new[] { "organization_id", "source" },
                unique: true,
                filter: "status <> 'void'");

            migrationBuilder.CreateIndex(
                name: "ix_journals_organization_id_idempotency_key",
                table: "journals",
                columns: new[] { "organization_id", "idempotency_key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_journals_organization_id_reverses_id",
                table: "journals",
                columns: new[] { "organization_id", "reverses_id" },
                unique: true,
                filter: "reverses_id is not null");

            migrationBuilder.CreateIndex(
                name: "ix_legal_entities_currency",
                table: "legal_entities",
                column: "currency",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_lot_draws_organization_id_journal_id",
                table: "lot_draws",
                columns: new[] { "organization_id", "journal_id" });

            migrationBuilder.CreateIndex(
                name: "ix_lots_account_id",
                table: "lots",
                column: "account_id",
                filter: "remaining > 0");

            migrationBuilder.CreateIndex(
                name: "ix_lots_account_id_organization_id",
                table: "lots",
                columns: new[] { "account_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_lots_expires_at",
                table: "lots",
                column: "expires_at",
                filter: "expired_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_memberships_user_id",
                table: "memberships",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_models_aliases",
                table: "models",
                column: "aliases")
                .Annotation("Npgsql:IndexMethod", "gin");

            migrationBuilder.CreateIndex(
                name: "ix_outgoing_mails_next_attempt_at",
                table: "outgoing_mails",
                column: "next_attempt_at",
                filter: "state = 'pending'");

            migrationBuilder.CreateIndex(
                name: "ix_own_vendor_keys_organization_id",
                table: "own_vendor_keys",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_own_vendor_keys_vendor_id",
                table: "own_vendor_keys",
                column: "vendor_id");

            migrationBuilder.CreateIndex(
                name: "ix_passkeys_credential_id",
                table: "passkeys",
                column: "credential_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_passkeys_user_id",
                table: "passkeys",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_payment_methods_organization_id",
                table: "payment_methods",
                column: "organization_id",
                unique: true,
                filter: "removed_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_payment_methods_user_id",
                table: "payment_methods",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_channel_channel_trade_no",
                table: "payment_orders",
                columns: new[] { "channel", "channel_trade_no" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_charge_id",
                table: "payment_orders",
                column: "charge_id",
                filter: "charge_id is not null");

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_charge_id_organization_id",
                table: "payment_orders",
                columns: new[] { "charge_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_invoice_id_organization_id",
                table: "payment_orders",
                columns: new[] { "invoice_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_next_check_at",
                table: "payment_orders",
                column: "next_check_at",
                filter: "next_check_at is not null");

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_organization_id_created_at",
                table: "payment_orders",
                columns: new[] { "organization_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_organization_id_idempotency_key",
                table: "payment_orders",
                columns: new[] { "organization_id", "idempotency_key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_out_trade_no",
                table: "payment_orders",
                column: "out_trade_no",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_payment_method_id_organization_id",
                table: "payment_orders",
                columns: new[] { "payment_method_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_refill",
                table: "payment_orders",
                column: "organization_id",
                unique: true,
                filter: "purpose = 'auto_top_up' and status in ('created', 'pending')");

            migrationBuilder.CreateIndex(
                name: "ix_payment_orders_user_id",
                table: "payment_orders",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_payment_refunds_next_check_at",
                table: "payment_refunds",
                column: "next_check_at",
                filter: "next_check_at is not null");

            migrationBuilder.CreateIndex(
                name: "ix_payment_refunds_order_id_organization_id",
                table: "payment_refunds",
                columns: new[] { "order_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_payment_refunds_organization_id_idempotency_key",
                table: "payment_refunds",
                columns: new[] { "organization_id", "idempotency_key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_payment_refunds_out_refund_no",
                table: "payment_refunds",
                column: "out_refund_no",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_periods_organization_id_starts_at",
                table: "periods",
                columns: new[] { "organization_id", "starts_at" });

            migrationBuilder.CreateIndex(
                name: "ix_periods_subscription_id_organization_id",
                table: "periods",
                columns: new[] { "subscription_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_periods_subscription_id_sequence",
                table: "periods",
                columns: new[] { "subscription_id", "sequence" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_policies_organization_id",
                table: "policies",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_policies_team_id_organization_id",
                table: "policies",
                columns: new[] { "team_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_price_discounts_customer_id_valid_from",
                table: "price_discounts",
                columns: new[] { "customer_id", "valid_from" });

            migrationBuilder.CreateIndex(
                name: "ix_price_discounts_open",
                table: "price_discounts",
                columns: new[] { "customer_id", "vendor_id", "model_pattern" },
                unique: true,
                filter: "valid_to is null");

            migrationBuilder.CreateIndex(
                name: "ix_price_proposals_status_proposed_at",
                table: "price_proposals",
                columns: new[] { "status", "proposed_at" });

            migrationBuilder.CreateIndex(
                name: "ix_price_proposals_upstream_id",
                table: "price_proposals",
                column: "upstream_id");

            migrationBuilder.CreateIndex(
                name: "ix_prices_open",
                table: "prices",
                columns: new[] { "upstream_id", "component", "currency", "min_prompt_tokens", "service_tier", "hours" },
                unique: true,
                filter: "valid_to is null and customer_id is null");

            migrationBuilder.CreateIndex(
                name: "ix_prices_open_of_customers",
                table: "prices",
                columns: new[] { "customer_id", "upstream_id", "component", "currency", "min_prompt_tokens", "service_tier", "hours" },
                unique: true,
                filter: "valid_to is null and customer_id is not null");

            migrationBuilder.CreateIndex(
                name: "ix_recovery_codes_user_id",
                table: "recovery_codes",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_redemption_codes_batch_id",
                table: "redemption_codes",
                column: "batch_id");

            migrationBuilder.CreateIndex(
                name: "ix_redemption_codes_hash",
                table: "redemption_codes",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_redemptions_code_id",
                table: "redemptions",
                column: "code_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_redemptions_organization_id_batch_id",
                table: "redemptions",
                columns: new[] { "organization_id", "batch_id" });

            migrationBuilder.CreateIndex(
                name: "ix_scim_groups_organization_id_external_id",
                table: "scim_groups",
                columns: new[] { "organization_id", "external_id" });

            migrationBuilder.CreateIndex(
                name: "ix_scim_groups_team_id_organization_id",
                table: "scim_groups",
                columns: new[] { "team_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_scim_tokens_hash",
                table: "scim_tokens",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_scim_tokens_organization_id",
                table: "scim_tokens",
                column: "organization_id");

            migrationBuilder.CreateIndex(
                name: "ix_scim_users_organization_id_external_id",
                table: "scim_users",
                columns: new[] { "organization_id", "external_id" });

            migrationBuilder.CreateIndex(
                name: "ix_scim_users_user_id",
                table: "scim_users",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_sessions_access_hash",
                table: "sessions",
                column: "access_hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_sessions_previous_refresh_hash",
                table: "sessions",
                column: "previous_refresh_hash");

            migrationBuilder.CreateIndex(
                name: "ix_sessions_refresh_hash",
                table: "sessions",
                column: "refresh_hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_sessions_user_id",
                table: "sessions",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_sign_on_identities_organization_id_user_id",
                table: "sign_on_identities",
                columns: new[] { "organization_id", "user_id" });

            migrationBuilder.CreateIndex(
                name: "ix_sign_on_identities_user_id",
                table: "sign_on_identities",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_sign_ons_domain",
                table: "sign_ons",
                column: "domain",
                unique: true,
                filter: "domain_verified_at is not null");

            migrationBuilder.CreateIndex(
                name: "ix_subscription_charges_organization_id_applied_at",
                table: "subscription_charges",
                columns: new[] { "organization_id", "applied_at" });

            migrationBuilder.CreateIndex(
                name: "ix_subscription_charges_organization_id_idempotency_key",
                table: "subscription_charges",
                columns: new[] { "organization_id", "idempotency_key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_subscription_charges_plan_id",
                table: "subscription_charges",
                column: "plan_id");

            migrationBuilder.CreateIndex(
                name: "ix_subscription_charges_subscription_id",
                table: "subscription_charges",
                column: "subscription_id",
                unique: true,
                filter: "status = 'open'");

            migrationBuilder.CreateIndex(
                name: "ix_subscription_charges_subscription_id_organization_id",
                table: "subscription_charges",
                columns: new[] { "subscription_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_subscriptions_next_plan_id",
                table: "subscriptions",
                column: "next_plan_id");

            migrationBuilder.CreateIndex(
                name: "ix_subscriptions_organization_id",
                table: "subscriptions",
                column: "organization_id",
                unique: true,
                filter: "status = 'active'");

            migrationBuilder.CreateIndex(
                name: "ix_subscriptions_paid_through",
                table: "subscriptions",
                column: "paid_through",
                filter: "status = 'active' and paid_through is not null");

            migrationBuilder.CreateIndex(
                name: "ix_subscriptions_plan_id",
                table: "subscriptions",
                column: "plan_id");

            migrationBuilder.CreateIndex(
                name: "ix_team_memberships_organization_id_user_id",
                table: "team_memberships",
                columns: new[] { "organization_id", "user_id" });

            migrationBuilder.CreateIndex(
                name: "ix_team_memberships_team_id_organization_id",
                table: "team_memberships",
                columns: new[] { "team_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_teams_organization_id_name",
                table: "teams",
                columns: new[] { "organization_id", "name" },
                unique: true,
                filter: "archived_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_tickets_expires_at",
                table: "tickets",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_tickets_hash",
                table: "tickets",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_tickets_user_id",
                table: "tickets",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "ix_upstreams_model_id_vendor_id_vendor_model_region_key_pool",
                table: "upstreams",
                columns: new[] { "model_id", "vendor_id", "vendor_model", "region", "key_pool" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_upstreams_vendor_id",
                table: "upstreams",
                column: "vendor_id");

            migrationBuilder.CreateIndex(
                name: "ix_usage_months_invoice_id_organization_id",
                table: "usage_months",
                columns: new[] { "invoice_id", "organization_id" });

            migrationBuilder.CreateIndex(
                name: "ix_usage_records_organization_id_key_id_occurred_at",
                table: "usage_records",
                columns: new[] { "organization_id", "key_id", "occurred_at" });

            migrationBuilder.CreateIndex(
                name: "ix_usage_records_organization_id_model_id_occurred_at_id",
                table: "usage_records",
                columns: new[] { "organization_id", "model_id", "occurred_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_usage_records_organization_id_occurred_at_id",
                table: "usage_records",
                columns: new[] { "organization_id", "occurred_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_usage_records_organization_id_status_occurred_at_id",
                table: "usage_records",
                columns: new[] { "organization_id", "status", "occurred_at", "id" },
                filter: "status <> 'succeeded'");

            migrationBuilder.CreateIndex(
                name: "ix_usage_records_own_key_id_occurred_at",
                table: "usage_records",
                columns: new[] { "own_key_id", "occurred_at" },
                filter: "own_key_id is not null");

            migrationBuilder.CreateIndex(
                name: "ix_usage_rollups_organization_id_grain_starts_at_key_id_model_",
                table: "usage_rollups",
                columns: new[] { "organization_id", "grain", "starts_at", "key_id", "model_id", "vendor_id", "user_id", "team_id", "tags" },
                unique: true)
                .Annotation("Npgsql:NullsDistinct", false);

            migrationBuilder.CreateIndex(
                name: "ix_users_normalized_email",
                table: "users",
                column: "normalized_email",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_users_service_account_of",
                table: "users",
                column: "service_account_of",
                filter: "service_account_of is not null");

            migrationBuilder.CreateIndex(
                name: "ix_vendor_keys_vendor_id_pool",
                table: "vendor_keys",
                columns: new[] { "vendor_id", "pool" });

            migrationBuilder.CreateIndex(
                name: "ix_vendor_terms_vendor_id_valid_from",
                table: "vendor_terms",
                columns: new[] { "vendor_id", "valid_from" });

            migrationBuilder.AddForeignKey(
                name: "fk_contract_fee_charges_invoices_invoice_id_organization_id",
                table: "contract_fee_charges",
                columns: new[] { "invoice_id", "organization_id" },
                principalTable: "invoices",
                principalColumns: new[] { "id", "organization_id" },
                onDelete: ReferentialAction.Restrict);

            migrationBuilder.AddForeignKey(
                name: "fk_credit_note_lines_credit_notes_credit_note_id_organization_",
                table: "credit_note_lines",
                columns: new[] { "credit_note_id", "organization_id" },
                principalTable: "credit_notes",
                principalColumns: new[] { "id", "organization_id" },
                onDelete: ReferentialAction.Restrict);

            migrationBuilder.AddForeignKey(
                name: "fk_credit_note_lines_invoice_lines_invoice_line_id_organizatio",
                table: "credit_note_lines",
                columns: new[] { "invoice_line_id", "organization_id" },
                principalTable: "invoice_lines",
                principalColumns: new[] { "id", "organization_id" },
                onDelete: ReferentialAction.Restrict);

            migrationBuilder.AddForeignKey(
                name: "fk_credit_notes_invoices_invoice_id_organization_id",
                table: "credit_notes",
                columns: new[] { "invoice_id", "organization_id" },
                principalTable: "invoices",
                principalColumns: new[] { "id", "organization_id" },
                onDelete: ReferentialAction.Restrict);

            migrationBuilder.AddForeignKey(
                name: "fk_credit_notes_payment_refunds_refund_id",
                table: "credit_notes",
                column: "refund_id",
                principalTable: "payment_refunds",
                principalColumn: "id",
                onDelete: ReferentialAction.Restrict);

            migrationBuilder.AddForeignKey(
                name: "fk_disputes_payment_orders_order_id_organization_id",
                table: "disputes",
                columns: new[] { "order_id", "organization_id" },
                principalTable: "payment_orders",
                principalColumns: new[] { "id", "organization_id" },
                onDelete: ReferentialAction.Restrict);

            migrationBuilder.AddForeignKey(
                name: "fk_invoice_lines_invoices_invoice_id_organization_id",
                table: "invoice_lines",
                columns: new[] { "invoice_id", "organization_id" },
                principalTable: "invoices",
                principalColumns: new[] { "id", "organization_id" },
                onDelete: ReferentialAction.Restrict);

            migrationBuilder.AddForeignKey(
                name: "fk_invoices_payment_orders_order_id_organization_id",
                table: "invoices",
                columns: new[] { "order_id", "organization_id" },
                principalTable: "payment_orders",
                principalColumns: new[] { "id", "organization_id" },
                onDelete: ReferentialAction.Restrict);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "fk_invoices_organizations_organization_id",
                table: "invoices");

            migrationBuilder.DropForeignKey(
                name: "fk_payment_methods_organizations_organization_id",
                table: "payment_methods");

            migrationBuilder.DropForeignKey(
                name: "fk_payment_orders_organizations_organization_id",
                table: "payment_orders");

            migrationBuilder.DropForeignKey(
                name: "fk_subscription_charges_organizations_organization_id",
                table: "subscription_charges");

            migrationBuilder.DropForeignKey(
                name: "fk_subscriptions_organizations_organization_id",
                table: "subscriptions");

            migrationBuilder.DropForeignKey(
                name: "fk_users_organizations_service_account_of",
                table: "users");

            migrationBuilder.DropForeignKey(
                name: "fk_payment_methods_users_user_id",
                table: "payment_methods");

            migrationBuilder.DropForeignKey(
                name: "fk_payment_orders_users_user_id",
                table: "payment_orders");

            migrationBuilder.DropForeignKey(
                name: "fk_payment_orders_invoices_invoice_id_organization_id",
                table: "payment_orders");

            migrationBuilder.DropTable(
                name: "alert_deliveries");

            migrationBuilder.DropTable(
                name: "alert_rules");

            migrationBuilder.DropTable(
                name: "api_keys");

            migrationBuilder.DropTable(
                name: "audit_entries");

            migrationBuilder.DropTable(
                name: "audit_runs");

            migrationBuilder.DropTable(
                name: "authenticators");

            migrationBuilder.DropTable(
                name: "auto_top_ups");

            migrationBuilder.DropTable(
                name: "balances");

            migrationBuilder.DropTable(
                name: "billing_mails");

            migrationBuilder.DropTable(
                name: "billing_profiles");

            migrationBuilder.DropTable(
                name: "budget_windows");

            migrationBuilder.DropTable(
                name: "captured_contents");

            migrationBuilder.DropTable(
                name: "channel_bill_lines");

            migrationBuilder.DropTable(
                name: "channel_entries");

            migrationBuilder.DropTable(
                name: "contract_fee_charges");

            migrationBuilder.DropTable(
                name: "credit_limits");

            migrationBuilder.DropTable(
                name: "credit_note_lines");

            migrationBuilder.DropTable(
                name: "disputes");

            migrationBuilder.DropTable(
                name: "dunning_cases");

            migrationBuilder.DropTable(
                name: "endpoint_spans");

            migrationBuilder.DropTable(
                name: "entries");

            migrationBuilder.DropTable(
                name: "fapiao_requests");

            migrationBuilder.DropTable(
                name: "finance_horizon");

            migrationBuilder.DropTable(
                name: "finance_marks");

            migrationBuilder.DropTable(
                name: "finance_model_sums");

            migrationBuilder.DropTable(
                name: "finance_revenue_sums");

            migrationBuilder.DropTable(
                name: "guardrails");

            migrationBuilder.DropTable(
                name: "holds");

            migrationBuilder.DropTable(
                name: "holidays");

            migrationBuilder.DropTable(
                name: "inbound_notices");

            migrationBuilder.DropTable(
                name: "invitations");

            migrationBuilder.DropTable(
                name: "invoice_documents");

            migrationBuilder.DropTable(
                name: "invoice_mails");

            migrationBuilder.DropTable(
                name: "invoice_series");

            migrationBuilder.DropTable(
                name: "lot_draws");

            migrationBuilder.DropTable(
                name: "operators");

            migrationBuilder.DropTable(
                name: "outgoing_mails");

            migrationBuilder.DropTable(
                name: "output_samples");

            migrationBuilder.DropTable(
                name: "own_vendor_keys");

            migrationBuilder.DropTable(
                name: "passkeys");

            migrationBuilder.DropTable(
                name: "payment_channels");

            migrationBuilder.DropTable(
                name: "periods");

            migrationBuilder.DropTable(
                name: "policies");

            migrationBuilder.DropTable(
                name: "price_discounts");

            migrationBuilder.DropTable(
                name: "price_proposals");

            migrationBuilder.DropTable(
                name: "prices");

            migrationBuilder.DropTable(
                name: "protection_keys");

            migrationBuilder.DropTable(
                name: "rate_limits");

            migrationBuilder.DropTable(
                name: "recovery_codes");

            migrationBuilder.DropTable(
                name: "redemptions");

            migrationBuilder.DropTable(
                name: "scim_groups");

            migrationBuilder.DropTable(
                name: "scim_tokens");

            migrationBuilder.DropTable(
                name: "scim_users");

            migrationBuilder.DropTable(
                name: "sessions");

            migrationBuilder.DropTable(
                name: "setup_tokens");

            migrationBuilder.DropTable(
                name: "sign_on_identities");

            migrationBuilder.DropTable(
                name: "sign_ons");

            migrationBuilder.DropTable(
                name: "team_memberships");

            migrationBuilder.DropTable(
                name: "tickets");

            migrationBuilder.DropTable(
                name: "usage_months");

            migrationBuilder.DropTable(
                name: "usage_pending");

            migrationBuilder.DropTable(
                name: "usage_records");

            migrationBuilder.DropTable(
                name: "usage_rollups");

            migrationBuilder.DropTable(
                name: "usage_sums");

            migrationBuilder.DropTable(
                name: "vendor_keys");

            migrationBuilder.DropTable(
                name: "vendor_terms");

            migrationBuilder.DropTable(
                name: "alert_channels");

            migrationBuilder.DropTable(
                name: "alert_firings");

            migrationBuilder.DropTable(
                name: "budgets");

            migrationBuilder.DropTable(
                name: "channel_journals");

            migrationBuilder.DropTable(
                name: "contract_fees");

            migrationBuilder.DropTable(
                name: "credit_notes");

            migrationBuilder.DropTable(
                name: "invoice_lines");

            migrationBuilder.DropTable(
                name: "fapiao_titles");

            migrationBuilder.DropTable(
                name: "finance_spans");

            migrationBuilder.DropTable(
                name: "journals");

            migrationBuilder.DropTable(
                name: "lots");

            migrationBuilder.DropTable(
                name: "upstreams");

            migrationBuilder.DropTable(
                name: "redemption_codes");

            migrationBuilder.DropTable(
                name: "memberships");

            migrationBuilder.DropTable(
                name: "teams");

            migrationBuilder.DropTable(
                name: "channel_bills");

            migrationBuilder.DropTable(
                name: "payment_refunds");

            migrationBuilder.DropTable(
                name: "accounts");

            migrationBuilder.DropTable(
                name: "models");

            migrationBuilder.DropTable(
                name: "vendors");

            migrationBuilder.DropTable(
                name: "code_batches");

            migrationBuilder.DropTable(
                name: "organizations");

            migrationBuilder.DropTable(
                name: "users");

            migrationBuilder.DropTable(
                name: "invoices");

            migrationBuilder.DropTable(
                name: "legal_entities");

            migrationBuilder.DropTable(
                name: "payment_orders");

            migrationBuilder.DropTable(
                name: "payment_methods");

            migrationBuilder.DropTable(
                name: "subscription_charges");

            migrationBuilder.DropTable(
                name: "subscriptions");

            migrationBuilder.DropTable(
                name: "plans");
        }
    }
}
