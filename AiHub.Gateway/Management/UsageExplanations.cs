using System.Globalization;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Gateway.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Why a call cost what it cost, to the last nano-unit: from the price rows its record names, its hold and its journal.</summary>
public static class UsageExplanations
{
    private const string TokenUnit = "TOK";

    public static void MapUsageExplanations(this IEndpointRouteBuilder api) => api.MapGroup("/usage").WithTags("Usage")
        .MapGet("/requests/{id}/explain", ExplainAsync)
        .OfOrganization(Permission.UsageRead)
        .Parameter("id", new("The id the caller received in `x-request-id`.", "调用方在 `x-request-id` 中收到的编号。"), "uuid", Examples.Request.Id)
        .Describe("explainRequest", new("Explain a charge", "解释一次扣费"),
            new("The tokens by kind, the prices that applied, the arithmetic line by line, what was set aside, where it was taken from (accounts, lots and budgets) and how it was booked.", "按类别列出令牌、所适用的价格、逐行计算过程、预留额度、扣费来源（账户、额度批次与预算）以及记账凭证。"),
            null, Examples.Explanation)
        .Refuses(ProblemKind.RequestNotFound);

    private static async Task<Results<Ok<ChargeExplanation>, Refused>> ExplainAsync(string id, Member member, HubDb db, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var parsed))
        {
            return Refused.Because(ProblemKind.RequestNotFound);
        }

        var explanation = await db.InOrganizationAsync(member.OrganizationId, async () =>
            await db.UsageRecords.AsNoTracking().FirstOrDefaultAsync(record => record.Id == parsed, ct) is { } record ? await OfAsync(db, record, ct) : null, ct);

        return explanation is null ? Refused.Because(ProblemKind.RequestNotFound) : TypedResults.Ok(explanation);
    }

    private static async Task<ChargeExplanation> OfAsync(HubDb db, UsageRecord record, CancellationToken ct)
    {
        var currency = record.Cost.Currency;
        var prices = await db.Prices.AsNoTracking().Where(row => record.PriceRows.Contains(row.Id)).OrderBy(row => row.Component).ToListAsync(ct);
        var discount = await db.PriceDiscounts.AsNoTracking().FirstOrDefaultAsync(row => record.PriceRows.Contains(row.Id), ct);
        var lines = ChargeLine.Of(new Consumption(record.Tokens, record.Units), currency, prices, discount);
        var exact = ChargeLine.Sum(lines);
        // With an own key the hub charges a part of what the vendor does, itself rounded once.
        var charged = record.OwnKeyId is null ? exact : (Int128)OwnKey.Fee(new Money(record.VendorCostNanos, currency), record.FeeBasisPoints).Nanos * PriceList.Parts;
        var hold = await db.Holds.AsNoTracking().FirstOrDefaultAsync(row => row.RequestId == record.Id, ct);
        var journal = await JournalAsync(db, record, ct);
        var model = await db.Models.AsNoTracking().FirstOrDefaultAsync(row => row.Id == record.ModelId, ct);

        return new ChargeExplanation(
            await UsageRequests.ViewAsync(db, record, ct),
            [.. lines.Select(line => new ChargeLineView(
                Wire.Name(line.Bucket), line.Quantity, Wire.Name(line.Price.Component), line.Price.Id, PerMillion(line.Price), Exact(line.Exact), PriceDiscount.Whole - line.Left))],
            [.. prices.Select(row => new ExplainedPrice(
                row.Id, Wire.Name(row.Component), PerMillion(row), row.Currency.ToString(), row.MinPromptTokens, row.ServiceTier, row.Hours, row.ValidFrom, row.ValidTo, row.Source, row.ApprovedBy, row.CustomerId is not null))],
            Exact(charged),
            Exact(((Int128)record.Cost.Nanos * PriceList.Parts) - charged),
            record.Cost.ToDecimalString(),
            currency.ToString(),
            record.PlanTokens,
            record.PlanTokensCharged,
            model is null ? null : Weights(model.Weights, record),
            Payments(journal),
            journal is null ? [] : await LotsAsync(db, journal.Id, ct),
            hold is null ? [] : await BudgetsAsync(db, hold, ct),
            hold is null ? null : await HoldAsync(db, hold, ct),
            journal,
            record.OwnKeyId is { } own ? await OwnAsync(db, own, record, ct) : null,
            discount is null ? null : new ExplainedDiscount(
                discount.Id, discount.BasisPoints, Named(discount.VendorId), Named(discount.ModelPattern), discount.ValidFrom, discount.ValidTo, discount.Source, discount.ApprovedBy));

        static string? Named(string text) => text.Length == 0 ? null : text;
    }

    private static async Task<OwnKeyCharge> OwnAsync(HubDb db, Guid own, UsageRecord record, CancellationToken ct)
    {
        var vendorCost = new Money(record.VendorCostNanos, record.Cost.Currency).ToDecimalString();
        return new OwnKeyCharge(
            own,
            await db.OwnVendorKeys.Where(key => key.Id == own).Select(key => key.Name).FirstOrDefaultAsync(ct),
            vendorCost,
            record.FeeBasisPoints,
            string.Create(CultureInfo.InvariantCulture, $"{vendorCost} × {record.FeeBasisPoints} ÷ {OwnKey.Whole} = {record.Cost.ToDecimalString()}"));
    }

    /// <summary>The account's entries with the sign turned round: what left it.</summary>
    private static IReadOnlyList<PaymentView> Payments(JournalView? journal) =>
    [
        .. (journal?.Entries ?? [])
            .Where(entry => entry.Account is "allowance" or "wallet_granted" or "wallet_purchased" or "write_off")
            .Select(entry => new PaymentView(entry.Account, entry.Amount.TrimStart('-'), entry.Unit)),
    ];

    private static async Task<JournalView?> JournalAsync(HubDb db, UsageRecord record, CancellationToken ct)
    {
        if (record.JournalId is not { } id || await db.Journals.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id, ct) is not { } journal)
        {
            return null;
        }

        var entries = await db.Entries
            .Where(entry => entry.JournalId == id)
            .OrderBy(entry => entry.Id)
            .Join(db.Accounts, entry => entry.AccountId, account => account.Id, (entry, account) => new { account.Kind, entry.Amount, entry.Unit })
            .ToListAsync(ct);

        return new JournalView(
            journal.Id,
            journal.Kind,
            journal.EffectiveAt,
            journal.BookedAt,
            [.. entries.Select(entry => new EntryView(Wire.Name(entry.Kind), Amount(entry.Amount, entry.Unit), entry.Unit))]);
    }

    private static async Task<IReadOnlyList<LotDrawView>> LotsAsync(HubDb db, Guid journalId, CancellationToken ct)
    {
        var draws = await db.LotDraws
            .Where(draw => draw.JournalId == journalId)
            .Join(db.Lots, draw => draw.LotId, lot => lot.Id, (draw, lot) => new { draw.Amount, Lot = lot })
            .Join(db.Accounts, row => row.Lot.AccountId, account => account.Id, (row, account) => new { row.Amount, row.Lot, account.Kind, account.Unit })
            .GroupJoin(db.Journals, row => row.Lot.Id, origin => origin.Id, (row, origins) => new { row.Amount, row.Lot, row.Kind, row.Unit, Origins = origins })
            .SelectMany(row => row.Origins.DefaultIfEmpty(), (row, origin) => new { row.Amount, row.Lot, row.Kind, row.Unit, Origin = origin == null ? null : origin.Kind, Memo = origin == null ? null : origin.Memo })
            // As they are consumed.
            .OrderBy(row => row.Lot.Priority).ThenBy(row => row.Lot.ExpiresAt).ThenBy(row => row.Lot.CreatedAt).ThenBy(row => row.Lot.Id)
            .ToListAsync(ct);

        return
        [
            .. draws.Select(row => new LotDrawView(
                row.Lot.Id, Wire.Name(row.Kind), row.Origin ?? "", row.Memo, Amount(row.Amount, row.Unit), row.Unit, row.Lot.CreatedAt, row.Lot.ExpiresAt)),
        ];
    }

    private static async Task<IReadOnlyList<BudgetDrawView>> BudgetsAsync(HubDb db, HoldRow hold, CancellationToken ct)
    {
        var budgets = await db.Budgets.AsNoTracking()
            .Where(budget => hold.BudgetIds.Contains(budget.Id))
            .Select(budget => new
            {
                Budget = budget,
                Ends = db.BudgetWindows.Where(window => window.BudgetId == budget.Id && hold.BudgetStarts.Contains(window.StartsAt)).Select(window => window.EndsAt).FirstOrDefault(),
                Organization = db.Organizations.Where(organization => organization.Id == budget.SubjectId).Select(organization => organization.Name).FirstOrDefault(),
                Team = db.Teams.Where(team => team.Id == budget.SubjectId).Select(team => team.Name).FirstOrDefault(),
                User = db.Users.Where(user => user.Id == budget.SubjectId).Select(user => user.DisplayName).FirstOrDefault(),
                Key = db.ApiKeys.Where(key => key.Id == budget.SubjectId).Select(key => key.Name).FirstOrDefault(),
            })
            .ToDictionaryAsync(row => row.Budget.Id, ct);

        return
        [
            .. hold.BudgetIds.Select((id, place) =>
            {
                var row = budgets[id];
                var budget = row.Budget;
                var isLifetime = budget.Period == BudgetPeriod.Lifetime;

                return new BudgetDrawView(
                    id, Wire.Name(budget.Scope), budget.SubjectId, row.Organization ?? row.Team ?? row.User ?? row.Key, budget.ModelId, budget.VendorId,
                    budget.Unit == Budget.Tokens ? Budgets.Tokens : budget.Unit, Wire.Name(budget.Period), budget.Hard,
                    Amount(hold.BudgetAmounts[place], budget.Unit),
                    hold.BudgetUsed is { } used ? Amount(used[place], budget.Unit) : null,
                    isLifetime ? null : hold.BudgetStarts[place], row.Ends, budget.EndedAt);
            }),
        ];
    }

    private static async Task<HoldView> HoldAsync(HubDb db, HoldRow hold, CancellationToken ct)
    {
        var lots = await db.Lots
            .Where(lot => hold.LotIds.Contains(lot.Id))
            .Join(db.Accounts, lot => lot.AccountId, account => account.Id, (lot, account) => new { lot.Id, account.Kind, account.Unit, lot.CreatedAt, lot.ExpiresAt })
            .ToDictionaryAsync(lot => lot.Id, ct);

        return new HoldView(
            hold.Id,
            Wire.Name(hold.State),
            hold.CreatedAt,
            hold.ClosedAt,
            hold.PlanTokens,
            new Money(hold.GrantedNanos, hold.Currency).ToDecimalString(),
            new Money(hold.PurchasedNanos, hold.Currency).ToDecimalString(),
            [
                .. hold.LotIds.Zip(hold.LotAmounts)
                    .Where(part => lots.ContainsKey(part.First))
                    .Select(part => (Lot: lots[part.First], Amount: part.Second))
                    .Select(part => new LotHoldView(part.Lot.Id, Wire.Name(part.Lot.Kind), Amount(part.Amount, part.Lot.Unit), part.Lot.CreatedAt, part.Lot.ExpiresAt)),
            ]);
    }

    /// <summary>Weights may have changed since; then the record's count stands alone.</summary>
    private static WeightsView? Weights(Weights weights, UsageRecord record)
    {
        if (weights.PlanTokens(record.Tokens) != record.PlanTokens)
        {
            return null;
        }

        var (input, cached, output) = (Weight(weights.Input), Weight(weights.CacheRead), Weight(weights.Output));
        var fresh = record.Tokens.Input - record.Tokens.CacheRead;

        return new WeightsView(
            input,
            output,
            string.Create(CultureInfo.InvariantCulture, $"⌈{fresh} × {input} + {record.Tokens.CacheRead} × {cached} + {record.Tokens.Output} × {output}⌉ = {record.PlanTokens}"));

        static decimal Weight(int thousandths) => (decimal)thousandths / Domain.Catalog.Weights.Scale;
    }

    internal static string Amount(long amount, string unit) => unit == TokenUnit
        ? amount.ToString(CultureInfo.InvariantCulture)
        : new Money(amount, Enum.Parse<Currency>(unit)).ToDecimalString();

    private static string PerMillion(PriceRow row) => new Money(row.NanosPerMillion, row.Currency).ToDecimalString();

    // Ten billion parts of a nano-unit: nineteen decimals.
    private static string Exact(Int128 parts)
    {
        var (units, rest) = Int128.DivRem(Int128.Abs(parts), (Int128)Money.NanosPerUnit * PriceList.Parts);
        var text = string.Create(CultureInfo.InvariantCulture, $"{units}.{rest:D19}").TrimEnd('0').TrimEnd('.');

        return parts < 0 ? "-" + text : text;
    }
}
