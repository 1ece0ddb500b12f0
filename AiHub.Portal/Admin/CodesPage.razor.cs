using System.Globalization;
using System.Text;
using AiHub.Contracts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Admin;

/// <summary>Redemption codes: made in batches, shown once, revoked by the batch.</summary>
public sealed partial class CodesPage
{
    private const int DefaultDays = 30;
    private const int MostRows = 12;

    private IReadOnlyList<CodeBatchView> _batches = null!;
    private CreatedCodeBatch? _created;

    protected override async Task OnInitializedAsync() => _batches = await Management.CodeBatchesAsync(Ct);

    private async Task MakeAsync()
    {
        if (!Posted.TryNumber("count", out var count) || count is null)
        {
            Refuse("codes", "count", Text.Codes_NumberBad);
            return;
        }

        if (!Posted.TryNumber("per_organization", out var each) || each is null)
        {
            Refuse("codes", "per_organization", Text.Codes_NumberBad);
            return;
        }

        if (!Posted.TryNumber("grant_days", out var days))
        {
            Refuse("codes", "grant_days", Text.Codes_NumberBad);
            return;
        }

        if (!DateOnly.TryParseExact(Posted.Text("redeem_before"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var last))
        {
            Refuse("codes", "redeem_before", Text.Budget_UntilBad);
            return;
        }

        var request = new NewCodeBatch(Posted.Text("name"), Posted.Text("currency"), Posted.Text("amount"), count.Value, Time.EndOf(last), each.Value, days);
        _created = await AskAsync("codes", Management.MakeCodesAsync(request, Ct));
        if (_created is not null)
        {
            // They are in this one answer; no copy of it may stay in the browser.
            HttpContext.Response.Headers.CacheControl = "no-store";
            _batches = await Management.CodeBatchesAsync(Ct);
        }
    }

    private Task RevokeAsync(CodeBatchView batch) => DoAsync(RevokeForm(batch), Management.RevokeCodesAsync(batch.Id, Ct), $"{FinanceTabs.Codes}?done=revoked");

    private bool IsOpen(CodeBatchView batch) => batch.RevokedAt is null && batch.RedeemBefore > Time.Now && batch.Redeemed < batch.Count;

    private (string Tone, string Name) StateOf(CodeBatchView batch) =>
        batch.RevokedAt is not null ? ("bad", Text.Codes_IsRevoked)
        : batch.Redeemed == batch.Count ? ("plain", Text.Codes_UsedUp)
        : batch.RedeemBefore <= Time.Now ? ("plain", Text.Granted_Expired)
        : ("good", Text.Codes_IsOpen);

    private static string RevokeForm(CodeBatchView batch) => $"revoke-{batch.Id:N}";

    private static string FileName(CreatedCodeBatch created) => $"codes-{created.Batch.Id:N}.csv";

    // The codes are in this answer and nowhere else, so the file is in it too: nothing is asked for a second time.
    private static string File(CreatedCodeBatch created)
    {
        var text = new StringBuilder("\uFEFF").Append("code,amount,currency,redeem_before\r\n");
        foreach (var code in created.Codes)
        {
            text.Append(CultureInfo.InvariantCulture, $"{code},{created.Batch.Amount},{created.Batch.Currency},{created.Batch.RedeemBefore:O}\r\n");
        }

        return "data:text/csv;charset=utf-8;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static string Iso(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
