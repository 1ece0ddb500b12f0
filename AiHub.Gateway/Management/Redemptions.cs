using System.Security.Cryptography;
using System.Text;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Payments;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Redeeming codes: what they grant is granted money, spent before purchased money. Guessing is slow, and a code has 100 bits.</summary>
public static class Redemptions
{
    /// <summary>Without what looks like something else.</summary>
    public const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    public const int Length = 20;

    private const int TriesPerOrganization = 10;
    private const int TriesPerAddress = 30;
    private static readonly TimeSpan TriesWindow = TimeSpan.FromMinutes(10);

    public static void MapRedemptions(this IEndpointRouteBuilder api)
    {
        var billing = api.MapGroup("/billing/redemptions").WithTags("Payments");

        billing.MapPost("", RedeemAsync)
            .OfOrganization(Permission.BillingWrite)
            .Describe("redeemCode", new("Redeem a code", "使用兑换码"), new("What it grants is in the wallet at once, as granted balance.", "兑换金额立即计入钱包的赠送余额。"), SubscriptionExamples.Redeem, SubscriptionExamples.Redemption)
            .Refuses(ProblemKind.CodeNotValid, ProblemKind.CodeNotForYou, ProblemKind.TooManyAttempts, ProblemKind.RoleNotAllowed);

        billing.MapGet("", ListAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("listRedemptions", new("List redeemed codes", "列出已使用的兑换码"), new("Newest first.", "按时间从新到旧排列。"), null, new Page<RedemptionView>([SubscriptionExamples.Redemption], null));
    }

    /// <summary>However it is typed: case, blanks and hyphens do not count.</summary>
    internal static byte[] Hash(string code) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(code.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant()));

    private static async Task<Results<Created<RedemptionView>, Refused>> RedeemAsync(
        CodeRedemption request, Member member, HttpContext http, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var wait = limits.Admit("redeem organization", member.OrganizationId.ToString(), TriesPerOrganization, TriesWindow)
            ?? limits.Admit("redeem address", ClientAddress.Network(http), TriesPerAddress, TriesWindow);
        if (wait is { } until)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, until);
        }

        var now = time.Now();
        return await db.InOrganizationAsync<Results<Created<RedemptionView>, Refused>>(member.OrganizationId, async () =>
        {
            var redeemed = await db.RedeemCodeAsync(Hash(request.Code), member.UserId, now, ct);
            if (redeemed.Outcome != "accepted")
            {
                return Refused.Because(redeemed.Outcome is "other_currency" or "too_many" ? ProblemKind.CodeNotForYou : ProblemKind.CodeNotValid);
            }

            var redemption = await db.Redemptions.AsNoTracking().OrderByDescending(row => row.RedeemedAt).ThenByDescending(row => row.Id).FirstAsync(ct);
            var view = View(redemption, member.Organization.Currency);
            await db.AuditAsync(http.Actor(), "code.redeemed", redemption.Id.ToString(), null, new { view.Amount, view.Currency, redemption.BatchId }, now, ct);
            return TypedResults.Created($"{ManagementApi.Path}/billing/redemptions", view);
        }, ct);
    }

    private static async Task<Ok<Page<RedemptionView>>> ListAsync(Member member, HubDb db, CancellationToken ct)
    {
        const int Newest = 100;
        var rows = await db.InOrganizationAsync(member.OrganizationId, () => db.Redemptions.AsNoTracking().OrderByDescending(row => row.RedeemedAt).Take(Newest).ToListAsync(ct), ct);
        return TypedResults.Ok(new Page<RedemptionView>([.. rows.Select(row => View(row, member.Organization.Currency))], null));
    }

    private static RedemptionView View(Redemption row, Currency currency) => new(
        row.Id, MinorUnits.ToMoney(row.AmountMinor, currency).ToDecimalString(), currency.ToString(), row.RedeemedAt, row.ExpiresAt);
}
