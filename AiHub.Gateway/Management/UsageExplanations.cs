using System.Globalization;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Catalog;
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
    private const long Million = 1_000_000;

    public static void MapUsageExplanations(this IEndpointRouteBuilder api) => api.MapGroup("/usage").WithTags("Usage")
        .MapGet("/requests/{id}/explain", ExplainAsync)
        .OfOrganization(Permission.UsageRead)
        .Parameter("id", new("The id the caller received in `x-request-id`.", "调用方在 `x-request-id` 中收到的编号。"), "uuid", Examples.Request.Id)
        .Describe("explainRequest", new("Explain a charge", "解释一次扣费"),
            new("The tokens by kind, the prices that applied, the arithmetic line by line, what was set aside, where it was taken from and how it was booked.", "按类别列出令牌、所适用的价格、逐行计算过程、预留额度、扣费来源以及记账凭证。"),
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
        var lines = ChargeLine.Of(new Consumption(record.Tokens, record.Units), currency, prices);
        var exact = ChargeLine.Sum(lines);
        // With an own key the hub charges a part of what the vendor does, itself rounded once.
        var charged = record.OwnKeyId is null ? exact : (Int128)OwnKey.Fee(new Money(record.VendorCostNanos, currency), record.FeeBasisPoints).Nanos * Million;
        var hold = await db.Holds.AsNoTracking().FirstOrDefaultAsync(row => row.RequestId == record.Id, ct);
        var journal = await JournalAsync(db, record, ct);
        var model = await db.Models.AsNoTracking().FirstOrDefaultAsync(row => row.Id == record.ModelId, ct);

        return new ChargeExplanation(
            await UsageRequests.ViewAsync(db, record, ct),
            [.. lines.Select(line => new ChargeLineView(
                Wire.Name(line.Bucket), line.Quantity, Wire.Name(line.Price.Component), line.Price.Id, PerMillion(line.Price), Exact(line.Millionths)))],
            [.. prices.Select(row => new ExplainedPrice(
                row.Id, Wire.Name(row.Component), PerMillion(row), row.Currency.ToString(), row.MinPromptTokens, row.ServiceTier, row.Hours, row.ValidFrom, row.ValidTo, row.Source, row.ApprovedBy))],
            Exact(charged),
            Exact(((Int128)record.Cost.Nanos * Million) - charged),
            record.Cost.ToDecimalString(),
            currency.ToString(),
            record.PlanTokens,
            record.PlanTokensCharged,
            model is null ? null : Weights(model.Weights, record),
            Payments(journal),
            hold is null ? null : await HoldAsync(db, hold, ct),
            journal,
            record.OwnKeyId is { } own ? await OwnAsync(db, own, record, ct) : null);
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

    // Millionths of a nano-unit: fifteen decimals.
    private static string Exact(Int128 millionths)
    {
        var (units, rest) = Int128.DivRem(Int128.Abs(millionths), (Int128)Money.NanosPerUnit * Million);
        var text = string.Create(CultureInfo.InvariantCulture, $"{units}.{(long)rest:D15}").TrimEnd('0').TrimEnd('.');

        return millionths < 0 ? "-" + text : text;
    }
}
