using System.Globalization;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Invoices;
using AiHub.Domain.Payments;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>What finance asks: earned, paid, owed, spent on vendors. Every figure is a sum over the ledger or over usage records.</summary>
public static class AdminFinance
{
    // One hub keeps its books in one zone, whatever its customers' are.
    private const string Zone = Organization.DefaultTimeZone;
    private static readonly Text From = new("First day (YYYY-MM-DD) in Beijing; by default 29 days before `to`.", "起始日期（YYYY-MM-DD，北京时间）；默认为 `to` 之前 29 天。");

    public static void MapAdminFinance(this IEndpointRouteBuilder api)
    {
        var finance = api.MapGroup("/admin/finance").WithTags("Administration");

        finance.MapGet("/revenue", RevenueAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("from", From, "date", "2026-01-01").Parameter("to", Texts.To, "date", "2026-01-31")
            .Parameter("by", new("day (default), plan or organization.", "day（默认）、plan 或 organization。"), example: "day")
            .Describe("getRevenue", new("Revenue", "收入"), new("Recognised when it was earned, from the ledger: calls and plans, less gifts, write-offs and tax.", "按账本中的确认时间统计：调用与套餐收入，扣除赠送、核销与税额。"), null, new Page<RevenueRow>([FinanceExamples.Revenue], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        finance.MapGet("/payments", PaymentsAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("from", From, "date", "2026-01-01").Parameter("to", Texts.To, "date", "2026-01-31")
            .Describe("getPaymentTotals", new("Payments by channel", "各渠道收款"), new("What came in, went back, was kept by channels and paid out by them: all of it from the ledger, where channels' bills are booked.", "收款、退款、渠道手续费与提现金额，均取自账本；渠道账单的手续费与提现逐笔入账。"), null, new Page<ChannelTotals>([FinanceExamples.Channel], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        finance.MapGet("/receivables", ReceivablesAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("getReceivables", new("Receivables", "应收账款"), new("Who owes what of invoices, from the ledger.", "各组织的应收金额，取自账本。"), null, new Page<Receivable>([FinanceExamples.Receivable], null))
            .Refuses(ProblemKind.OperatorRequired);

        finance.MapGet("/models", ModelsAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("from", From, "date", "2026-01-01").Parameter("to", Texts.To, "date", "2026-01-31")
            .Describe("getModelMargins", new("Vendor cost and margin by model", "各模型的厂商成本与毛利"), new("From usage records and the vendors' terms of the day.", "取自用量记录与当日的厂商结算条款。"), null, new Page<ModelMargin>([FinanceExamples.Model], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        finance.MapGet("/orders", OrdersAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("status", new("Only those with this status: created, pending, paid, closed or failed.", "只列出此状态的订单：created、pending、paid、closed 或 failed。"))
            .Parameter("channel", new("Only those of this channel: stripe, alipay or wechat_pay.", "只列出此渠道的订单：stripe、alipay 或 wechat_pay。"))
            .Parameter("search", new("The order's number, the channel's, an id, or part of the organization's name.", "订单号、渠道交易号、编号，或组织名称的一部分。"))
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listAllOrders", new("List all orders", "列出全部订单"), new("Of every organization, newest first.", "列出所有组织的订单，按时间从新到旧排列。"), null, new Page<HubOrderView>([FinanceExamples.Order], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        finance.MapGet("/export", ExportAsync)
            .RequireAuthorization(Policies.Operator)
            .Produces<string>(StatusCodes.Status200OK, "text/csv")
            .Parameter("report", new("revenue, payments, receivables or models.", "revenue、payments、receivables 或 models。"), example: "revenue")
            .Parameter("from", From, "date", "2026-01-01").Parameter("to", Texts.To, "date", "2026-01-31")
            .Parameter("by", new("Of revenue: day (default), plan or organization.", "收入报表的维度：day（默认）、plan 或 organization。"), example: "day")
            .Describe("exportFinance", new("Export a report", "导出报表"), new("As CSV for spreadsheets (UTF-8 with a byte order mark); cells that a spreadsheet would take for a formula begin with an apostrophe. The header `x-aihub-rows` says beforehand how many rows there are.", "CSV 格式（UTF-8，带 BOM）；可能被表格软件当作公式的单元格以单引号开头。响应头 `x-aihub-rows` 预先给出总行数。"), null, "key,currency,…")
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        finance.MapGet("/vendor-terms", TermsAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("listVendorTerms", new("List vendor terms", "列出厂商结算条款"), new("What vendors charge of their list prices, newest first.", "厂商结算价占目录价的比例，按时间从新到旧排列。"), null, new Page<VendorTermsView>([FinanceExamples.Terms], null))
            .Refuses(ProblemKind.OperatorRequired);

        finance.MapPost("/vendor-terms", AddTermsAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("addVendorTerms", new("Add vendor terms", "新增厂商结算条款"), new("They hold for calls from then on; what was reported stays.", "对此后的调用生效，不影响历史数据。"), FinanceExamples.NewTerms, FinanceExamples.Terms)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.VendorNotFound);
    }

    private static async Task<Results<Ok<Page<RevenueRow>>, Refused>> RevenueAsync(
        string? from, string? to, string? by, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var span = Span(asked, from, to, time);
        var wanted = By(asked, by);
        return asked.Errors.Any ? asked.Errors.Refuse() : TypedResults.Ok(new Page<RevenueRow>(await RevenueRowsAsync(db, person, span, wanted, ct), null));
    }

    private static async Task<Results<Ok<Page<ChannelTotals>>, Refused>> PaymentsAsync(
        string? from, string? to, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var span = Span(asked, from, to, time);
        return asked.Errors.Any ? asked.Errors.Refuse() : TypedResults.Ok(new Page<ChannelTotals>(await PaymentRowsAsync(db, person, span, ct), null));
    }

    private static async Task<Ok<Page<Receivable>>> ReceivablesAsync(Person person, HubDb db, TimeProvider time, CancellationToken ct) =>
        TypedResults.Ok(new Page<Receivable>(await ReceivableRowsAsync(db, person, time.Now(), ct), null));

    private static async Task<Results<Ok<Page<ModelMargin>>, Refused>> ModelsAsync(
        string? from, string? to, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var span = Span(asked, from, to, time);
        return asked.Errors.Any ? asked.Errors.Refuse() : TypedResults.Ok(new Page<ModelMargin>(await ModelRowsAsync(db, person, span, ct), null));
    }

    private static async Task<Results<Ok<Page<HubOrderView>>, Refused>> OrdersAsync(
        string? status, string? channel, string? search, string? cursor, string? limit, Person person, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (state, by, after, size) = (asked.OneOf<PaymentOrderStatus>("status", status), asked.OneOf<PaymentChannelId>("channel", channel), asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        string? word = state is { } known ? Wire.Name(known) : null;
        string? name = by is { } named ? Wire.Name(named) : null;
        var wanted = string.IsNullOrWhiteSpace(search) ? null : search.Trim();
        var (at, id) = (after?.At.ToUniversalTime(), after?.Id);
        var rows = await db.AsOperatorAsync(person.UserId, () => db.Database.SqlQuery<OrderRow>($"select * from finance_orders({word}, {name}, {wanted}, {at}, {id}, {size + 1})").ToListAsync(ct), ct);
        var page = rows.Take(size).ToList();
        return TypedResults.Ok(new Page<HubOrderView>(
            [
                .. page.Select(row => new HubOrderView(
                    row.Id, row.OrganizationId, row.OrganizationName, row.Purpose, row.Channel, row.Status, row.Currency, Minor(row.AmountMinor, row.Currency), Minor(row.RefundedMinor, row.Currency),
                    row.OutTradeNo, row.ChannelTradeNo, row.CreatedAt, row.PaidAt)),
            ],
            rows.Count > size ? new Cursor(page[^1].CreatedAt, page[^1].Id).ToString() : null));
    }

    private static async Task<Results<ContentHttpResult, Refused>> ExportAsync(
        string? report, string? from, string? to, string? by, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var span = Span(asked, from, to, time);
        var wanted = By(asked, by);
        if (report is not ("revenue" or "payments" or "receivables" or "models"))
        {
            asked.Errors.Add("report", FieldText.OneOf, "revenue, payments, receivables, models");
        }

        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        (string Titles, IEnumerable<string> Rows) table = report switch
        {
            "revenue" => (
                CsvLine.Of(wanted, "currency", "usage", "subscriptions", "promotions", "breakage", "written_off", "tax", "net"),
                (await RevenueRowsAsync(db, person, span, wanted, ct))
                    .Select(row => Line([row.Key, row.Currency], row.Usage, row.Subscriptions, row.Promotions, row.Breakage, row.WrittenOff, row.Tax, row.Net))),
            "payments" => (
                CsvLine.Of("channel", "currency", "paid_count", "paid", "refunded_count", "refunded", "fees", "net", "paid_out"),
                (await PaymentRowsAsync(db, person, span, ct))
                    .Select(row => Line([row.Channel, row.Currency], Whole(row.PaidCount), row.Paid, Whole(row.RefundedCount), row.Refunded, row.Fees, row.Net, row.PaidOut))),
            "receivables" => (
                CsvLine.Of("organization_id", "organization", "currency", "oldest_due_at", "open", "overdue"),
                (await ReceivableRowsAsync(db, person, time.Now(), ct))
                    .Select(row => Line([row.OrganizationId.ToString(), row.OrganizationName, row.Currency, row.OldestDueAt is { } due ? Wire.Instant(due) : ""], row.Open, row.Overdue))),
            _ => (
                CsvLine.Of("model", "vendor", "currency", "calls", "list_price", "charged", "vendor_cost", "margin"),
                (await ModelRowsAsync(db, person, span, ct))
                    .Select(row => Line([row.ModelId, row.VendorId, row.Currency], Whole(row.Calls), row.ListPrice, row.Charged, row.VendorCost, row.Margin))),
        };
        return CsvTable.Of(http, $"{report}-{span.From:yyyy-MM-dd}-{span.To:yyyy-MM-dd}.csv", table.Titles, [.. table.Rows]);
    }

    // Words are made safe; figures are numbers, minus sign and all.
    private static string Line(string[] words, params string[] figures) => CsvLine.Of(words).TrimEnd() + "," + string.Join(',', figures) + "\r\n";

    private static async Task<Ok<Page<VendorTermsView>>> TermsAsync(HubDb db, CancellationToken ct) => TypedResults.Ok(new Page<VendorTermsView>(
        [.. (await db.VendorTerms.AsNoTracking().OrderByDescending(row => row.ValidFrom).Take(200).ToListAsync(ct)).Select(View)], null));

    private static async Task<Results<Created<VendorTermsView>, Refused>> AddTermsAsync(
        NewVendorTerms request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        if (!decimal.TryParse(request.CostPercent, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) || percent > 200 || percent * 100 != decimal.Truncate(percent * 100))
        {
            var errors = new FieldErrors(http.Request.Language());
            errors.Add("cost_percent", FieldText.Range, 0, 200);
            return errors.Refuse();
        }

        if (!await db.Vendors.AnyAsync(vendor => vendor.Id == request.VendorId, ct))
        {
            return Refused.Because(ProblemKind.VendorNotFound);
        }

        var terms = new VendorTerms { Id = Guid.CreateVersion7(now), VendorId = request.VendorId, BasisPoints = (int)(percent * 100), ValidFrom = (request.ValidFrom ?? now).Cut(), CreatedAt = now };
        return await db.AsOperatorAsync<Results<Created<VendorTermsView>, Refused>>(person.UserId, async () =>
        {
            db.VendorTerms.Add(terms);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "vendor_terms.added", request.VendorId, null, View(terms), now, ct);
            return TypedResults.Created($"{ManagementApi.Path}/admin/finance/vendor-terms", View(terms));
        }, ct);
    }

    private static async Task<IReadOnlyList<RevenueRow>> RevenueRowsAsync(HubDb db, Person person, DaySpan span, string by, CancellationToken ct) =>
        [.. (await db.AsOperatorAsync(person.UserId, () => db.Database.SqlQuery<Earned>($"select * from finance_revenue({span.Start}, {span.End}, {Zone}, {by})").ToListAsync(ct), ct))
            .Select(row => new RevenueRow(
                row.Key, row.Currency, Text(row.UsageNanos), Text(row.SubscriptionNanos), Text(row.PromotionNanos), Text(row.BreakageNanos), Text(row.WriteOffNanos), Text(row.TaxNanos),
                Text(row.UsageNanos + row.SubscriptionNanos + row.PromotionNanos + row.BreakageNanos + row.WriteOffNanos + row.TaxNanos)))];

    private static async Task<IReadOnlyList<ChannelTotals>> PaymentRowsAsync(HubDb db, Person person, DaySpan span, CancellationToken ct)
    {
        var (booked, kept) = await db.AsOperatorAsync(
            person.UserId,
            async () => (
                await db.Database.SqlQuery<Collected>($"select * from finance_payments({span.Start}, {span.End})").ToListAsync(ct),
                (await db.Database.SqlQuery<Kept>($"select * from finance_channel_fees({span.Start}, {span.End})").ToListAsync(ct)).ToDictionary(row => (row.Channel, row.Currency))),
            ct);
        // A fee may be kept in a currency nothing was booked in.
        var keptElsewhere = kept.Keys.Except(booked.Select(row => (row.Channel, row.Currency))).Select(key => new Collected(key.Channel, key.Currency, 0, 0, 0, 0));
        return
        [
            .. booked.Concat(keptElsewhere).OrderBy(row => row.Channel, StringComparer.Ordinal).ThenBy(row => row.Currency, StringComparer.Ordinal).Select(row =>
            {
                var ours = kept.GetValueOrDefault((row.Channel, row.Currency));
                return new ChannelTotals(
                    row.Channel, row.Currency, row.PaidCount, Text(row.PaidNanos), row.RefundedCount, Text(row.RefundedNanos), Text(ours?.FeeNanos ?? 0),
                    Text(row.PaidNanos - row.RefundedNanos - (ours?.FeeNanos ?? 0)), Text(ours?.PaidOutNanos ?? 0));
            }),
        ];
    }

    private static async Task<IReadOnlyList<Receivable>> ReceivableRowsAsync(HubDb db, Person person, DateTimeOffset now, CancellationToken ct) =>
        [.. (await db.AsOperatorAsync(person.UserId, () => db.Database.SqlQuery<Owed>($"select * from finance_receivables({now.ToUniversalTime()})").ToListAsync(ct), ct))
            .Select(row => new Receivable(row.OrganizationId, row.OrganizationName, row.Currency, Text(row.OpenNanos), Text(row.OverdueNanos), row.OldestDueAt))];

    private static async Task<IReadOnlyList<ModelMargin>> ModelRowsAsync(HubDb db, Person person, DaySpan span, CancellationToken ct) =>
        [.. (await db.AsOperatorAsync(person.UserId, () => db.Database.SqlQuery<Served>($"select * from finance_models({span.Start}, {span.End})").ToListAsync(ct), ct))
            .Select(row => new ModelMargin(
                row.ModelId, row.VendorId, row.Currency, row.Calls, Text(row.ListNanos), Text(row.ChargedNanos), Text(row.CostNanos), Text(row.ListNanos - row.CostNanos)))];

    private static DaySpan Span(Asked asked, string? from, string? to, TimeProvider time)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(Zone);
        var days = asked.Range(from, to, DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.Now(), zone).DateTime));
        return new DaySpan(days.From, days.To, Begins(days.From), Begins(days.To.AddDays(1)));

        DateTimeOffset Begins(DateOnly day) => new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), zone.GetUtcOffset(day.ToDateTime(TimeOnly.MinValue))).ToUniversalTime();
    }

    private static string By(Asked asked, string? by)
    {
        if (by is not (null or "day" or "plan" or "organization"))
        {
            asked.Errors.Add("by", FieldText.OneOf, "day, plan, organization");
        }

        return by ?? "day";
    }

    // Sums over all organizations may be larger than one customer's money can be.
    private static string Text(decimal nanos) => (nanos / Money.NanosPerUnit).ToString("0.#########", CultureInfo.InvariantCulture);

    private static string Minor(long minor, string currency) => Invoices.Amount(minor, Enum.Parse<Currency>(currency));

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static VendorTermsView View(VendorTerms terms) => new(terms.Id, terms.VendorId, Invoices.Percent(terms.BasisPoints), terms.ValidFrom);

    private readonly record struct DaySpan(DateOnly From, DateOnly To, DateTimeOffset Start, DateTimeOffset End);

    private sealed record Earned(
        string Key, string Currency, decimal UsageNanos, decimal SubscriptionNanos, decimal PromotionNanos, decimal BreakageNanos, decimal WriteOffNanos, decimal TaxNanos);

    private sealed record Collected(string Channel, string Currency, long PaidCount, decimal PaidNanos, long RefundedCount, decimal RefundedNanos);

    private sealed record Kept(string Channel, string Currency, decimal FeeNanos, decimal PaidOutNanos);

    private sealed record Owed(Guid OrganizationId, string OrganizationName, string Currency, decimal OpenNanos, decimal OverdueNanos, DateTimeOffset? OldestDueAt);

    private sealed record Served(string ModelId, string VendorId, string Currency, long Calls, decimal ListNanos, decimal ChargedNanos, decimal CostNanos);

    private sealed record OrderRow(
        Guid Id, Guid OrganizationId, string OrganizationName, string Purpose, string Channel, string Status, string Currency, long AmountMinor, long RefundedMinor,
        string OutTradeNo, string? ChannelTradeNo, DateTimeOffset CreatedAt, DateTimeOffset? PaidAt);
}
