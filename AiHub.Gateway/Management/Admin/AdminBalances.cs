using System.Globalization;
using System.Text.Json;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>What is left of the hub's own money at a vendor, where the vendor can be asked.</summary>
public static class AdminBalances
{
    private const int LongestAnswer = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static void MapAdminBalances(this IEndpointRouteBuilder api) => api.MapGroup("/admin").WithTags("Administration")
        .MapGet("/vendor-keys/{id}/balance", AskAsync)
        .RequireAuthorization(Policies.Operator)
        .Parameter("id", new("The key's id.", "密钥编号。"), "uuid", AdminExamples.VendorKey.Id)
        .Describe("getVendorBalance", new("Ask a vendor what is left", "查询厂商余额"),
            new("Asks the vendor, with this key. Which vendors can be asked, and how, their quirk “balance” says. For operators.", "使用该密钥向厂商查询账户余额；厂商的“balance”特性说明能否及如何查询。仅限平台运营者。"),
            null, AdminExamples.Balance)
        .Refuses(ProblemKind.OperatorRequired, ProblemKind.VendorKeyNotFound);

    private static async Task<Results<Ok<VendorBalanceView>, Refused>> AskAsync(
        string id, HubDb db, VendorSettings settings, VendorSecrets secrets, HandlerPool handlers, TimeProvider time, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var parsed) || await db.VendorKeys.AsNoTracking().FirstOrDefaultAsync(row => row.Id == parsed, ct) is not { } key)
        {
            return Refused.Because(ProblemKind.VendorKeyNotFound);
        }

        var vendor = await db.Vendors.AsNoTracking().SingleAsync(row => row.Id == key.VendorId, ct);
        if (VendorBalance.Of(vendor.Quirks) is not { } told)
        {
            return TypedResults.Ok(new VendorBalanceView(null, null, 0, "This vendor cannot be asked."));
        }

        var nowhere = new Upstream { Id = Guid.Empty, ModelId = "", VendorId = vendor.Id, VendorModel = "" };
        if (settings.OpenTarget(vendor, nowhere, null) is not { } target || secrets.Open(key, target.ChatUrl) is not { } secret)
        {
            return TypedResults.Ok(new VendorBalanceView(null, null, 0, "The vendor is switched off, or the key was entered for another host."));
        }

        var started = time.GetTimestamp();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        using var request = new HttpRequestMessage(HttpMethod.Get, settings.AddressOf(vendor).TrimEnd('/') + told.Path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {secret.Value}");
        request.Headers.TryAddWithoutValidation("User-Agent", "AiHub");
        try
        {
            using var response = await handlers.For(target).SendAsync(request, patience.Token);
            if (!response.IsSuccessStatusCode)
            {
                return Failed($"The vendor answered {(int)response.StatusCode}.");
            }

            await response.Content.LoadIntoBufferAsync(LongestAnswer, patience.Token);
            using var answer = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(patience.Token), cancellationToken: patience.Token);
            return told.Read(answer.RootElement) is var (amount, currency)
                ? TypedResults.Ok(new VendorBalanceView(amount.ToString(CultureInfo.InvariantCulture), currency, Elapsed(), null))
                : Failed("The vendor's answer does not tell.");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException)
        {
            return Failed("The vendor could not be reached, or its answer not be read.");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Failed("No answer in time.");
        }

        Ok<VendorBalanceView> Failed(string why) => TypedResults.Ok(new VendorBalanceView(null, null, Elapsed(), why));

        int Elapsed() => (int)time.GetElapsedTime(started).TotalMilliseconds;
    }
}
