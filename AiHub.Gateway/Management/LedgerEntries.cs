using System.Globalization;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Every movement of an organization's plan tokens and money: the ledger's own entries, so they sum to the balances.</summary>
public static class LedgerEntries
{
    /// <summary>The accounts a customer sees, in their words.</summary>
    private enum Shown
    {
        Plan,
        Granted,
        Purchased,
    }

    private static readonly Dictionary<AccountKind, Shown> Accounts = new()
    {
        [AccountKind.Allowance] = Shown.Plan,
        [AccountKind.WalletGranted] = Shown.Granted,
        [AccountKind.WalletPurchased] = Shown.Purchased,
    };

    public static void MapLedgerEntries(this IEndpointRouteBuilder api) =>
        api.MapGroup("/billing").WithTags("Billing").MapGet("/ledger", ListAsync)
            .OfOrganization(Permission.BillingRead)
            .Parameter("account", new("Only entries of plan, granted or purchased.", "仅列出 plan、granted 或 purchased 账户的分录。"))
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listLedgerEntries", new("List ledger entries", "列出账本分录"),
                new("Every movement of plan tokens, granted and purchased money, newest first. All entries of an account sum to its balance.", "套餐 token、赠送余额与充值余额的每一笔变动，从新到旧排列。同一账户的全部分录之和等于其余额。"),
                null, new Page<LedgerEntryView>([PaymentExamples.Entry], null))
            .Refuses(ProblemKind.InvalidRequest);

    private static async Task<Results<Ok<Page<LedgerEntryView>>, Refused>> ListAsync(
        string? account, string? cursor, string? limit, Member member, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var only = asked.OneOf<Shown>("account", account);
        var (size, before) = (asked.Limit(limit), asked.Number(cursor) ?? long.MaxValue);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var (currency, kinds) = (member.Organization.Currency, Accounts.Keys.Where(kind => only is null || Accounts[kind] == only).ToList());
        return TypedResults.Ok(await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var accounts = await db.Accounts.AsNoTracking().Where(row => kinds.Contains(row.Kind)).ToDictionaryAsync(row => row.Id, row => Accounts[row.Kind], ct);
            // Account by account, each read from the end of its index; the newest of these are the newest of all.
            var newest = new List<Entry>();
            foreach (var id in accounts.Keys)
            {
                newest.AddRange(await db.Entries.AsNoTracking().Where(entry => entry.AccountId == id && entry.Id < before).OrderByDescending(entry => entry.Id).Take(size + 1).ToListAsync(ct));
            }

            var entries = newest.OrderByDescending(entry => entry.Id).Take(size + 1).ToList();
            var shown = entries.Take(size).ToList();
            var ids = shown.Select(entry => entry.JournalId).Distinct().ToList();
            var journals = await db.Journals.AsNoTracking().Where(journal => ids.Contains(journal.Id)).ToDictionaryAsync(journal => journal.Id, ct);
            // The journal of a call has the id of its hold.
            var calls = await db.Holds.AsNoTracking().Where(hold => ids.Contains(hold.Id)).ToDictionaryAsync(hold => hold.Id, hold => hold.RequestId, ct);
            return new Page<LedgerEntryView>(
                [.. shown.Select(entry => View(entry, journals[entry.JournalId], accounts[entry.AccountId], currency, calls))],
                entries.Count > size ? shown[^1].Id.ToString(CultureInfo.InvariantCulture) : null);
        }, ct));
    }

    private static LedgerEntryView View(Entry entry, Journal journal, Shown account, Currency currency, Dictionary<Guid, Guid> calls) => new(
        entry.Id.ToString(CultureInfo.InvariantCulture),
        journal.Id,
        journal.Kind,
        Wire.Name(account),
        account == Shown.Plan ? "tokens" : currency.ToString(),
        account == Shown.Plan ? entry.Amount.ToString(CultureInfo.InvariantCulture) : new Money(entry.Amount, currency).ToDecimalString(),
        journal.EffectiveAt,
        journal.BookedAt,
        journal.Memo,
        calls.TryGetValue(journal.Id, out var request) ? request : null);
}
