using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;
using AiHub.Portal.Usage;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Admin;

public sealed partial class FinancePage
{
    private const int Days = 30;

    private DateOnly _from;
    private DateOnly _to;
    private IReadOnlyList<RevenueRow> _days = null!;
    private IReadOnlyList<RevenueRow> _plans = [];
    private IReadOnlyList<ChannelTotals> _payments = [];
    private IReadOnlyList<Receivable> _receivables = [];
    private IReadOnlyList<ModelMargin> _models = [];
    private VendorNames _vendors = null!;
    private IReadOnlyList<HubOrderView> _orders = [];
    private IReadOnlyList<HubFapiaoView> _fapiao = [];
    private int _skipped;
    private ProblemView? _problem;
    private IReadOnlyList<string> _unread = [];

    [SupplyParameterFromQuery]
    public string? From { get; set; }

    [SupplyParameterFromQuery]
    public string? To { get; set; }

    /// <summary>How many numbers of fapiao were imported just now.</summary>
    [SupplyParameterFromQuery]
    public int? Imported { get; set; }

    [SupplyParameterFromForm]
    public ImportInput Input { get; set; } = null!;

    [CascadingParameter]
    public required HttpContext HttpContext { get; set; }

    protected override async Task OnInitializedAsync()
    {
        Input ??= new ImportInput();
        _to = Parse(To) ?? Time.Today;
        _from = Parse(From) is { } from && from <= _to && _to.DayNumber - from.DayNumber < 366 ? from : _to.AddDays(1 - Days);
        var ct = HttpContext.RequestAborted;
        var (days, plans, payments) = (Management.RevenueAsync(_from, _to, "day", ct), Management.RevenueAsync(_from, _to, "plan", ct), Management.PaymentTotalsAsync(_from, _to, ct));
        var (receivables, models, orders) = (Management.ReceivablesAsync(ct), Management.ModelMarginsAsync(_from, _to, ct), Management.LatestOrdersAsync(ct));
        var (fapiao, vendors) = (PendingAsync(ct), VendorNames.LoadAsync(Management, ct));
        await Task.WhenAll(days, plans, payments, receivables, models, orders, fapiao, vendors);
        (_days, _plans, _payments, _vendors) = (await days, await plans, await payments, await vendors);
        (_receivables, _models, _orders, _fapiao) = (await receivables, await models, await orders, await fapiao);
    }

    private async Task<IReadOnlyList<HubFapiaoView>> PendingAsync(CancellationToken ct)
    {
        var pending = await Task.WhenAll(new[] { "submitted", "issuing", "red_pending" }.Select(status => Management.FapiaoOfHubAsync(status, ct)));
        return [.. pending.SelectMany(rows => rows)];
    }

    private async Task ImportAsync()
    {
        var (read, unread, posted) = (new List<FapiaoImportLine>(), new List<string>(), new PostedForm(HttpContext));
        foreach (var line in (Input.Lines ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Split([',', '\t', '，'], 2, StringSplitOptions.TrimEntries) is [var id, var number] && Guid.TryParse(id, out var fapiao))
            {
                read.Add(new FapiaoImportLine(fapiao, number));
            }
            else
            {
                unread.Add(line);
            }
        }

        // What cannot be read stays to be corrected; nothing read is nothing to import.
        if (unread.Count > 0)
        {
            _unread = [Text.Finance_FapiaoUnread];
            if (read.Count == 0)
            {
                return;
            }
        }

        (var imported, _problem) = await Management.ImportFapiaoAsync(new FapiaoImport(read), posted.Id(ImportState.Field), HttpContext.RequestAborted);
        if (imported is null)
        {
            return;
        }

        if (unread.Count == 0 && imported.Skipped.Count == 0)
        {
            Navigation.NavigateTo($"/admin/finance?imported={imported.Imported}#fapiao");
            return;
        }

        // What was not taken stays to be looked at.
        if (imported.Skipped.Count > 0)
        {
            _unread = [.. _unread, Text.Finance_FapiaoSkipped];
        }

        var skipped = read.Where(line => imported.Skipped.Contains(line.Id)).Select(line => $"{line.Id},{line.Number}");
        (Imported, _skipped) = (imported.Imported, imported.Skipped.Count);
        Input = new ImportInput { Lines = string.Join('\n', skipped.Concat(unread)) };
        _fapiao = await PendingAsync(HttpContext.RequestAborted);
    }

    private static string Deductions(RevenueRow row) =>
        (AmountText.Parse(row.Promotions) + AmountText.Parse(row.Breakage) + AmountText.Parse(row.WrittenOff) + AmountText.Parse(row.Tax)).ToString(CultureInfo.InvariantCulture);

    private static DateOnly? Parse(string? text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private static string Iso(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The form as it was filled in.</summary>
    public sealed class ImportInput
    {
        public string? Lines { get; set; }
    }
}
