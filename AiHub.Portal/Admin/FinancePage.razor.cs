using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;
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
    private IReadOnlyList<HubOrderView> _orders = [];
    private IReadOnlyList<HubFapiaoView> _fapiao = [];
    private FapiaoImported? _imported;
    private ProblemView? _problem;
    private IReadOnlyList<string> _unread = [];

    [SupplyParameterFromQuery]
    public string? From { get; set; }

    [SupplyParameterFromQuery]
    public string? To { get; set; }

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
        var fapiao = PendingAsync(ct);
        await Task.WhenAll(days, plans, payments, receivables, models, orders, fapiao);
        (_days, _plans, _payments) = (await days, await plans, await payments);
        (_receivables, _models, _orders, _fapiao) = (await receivables, await models, await orders, await fapiao);
    }

    private async Task<IReadOnlyList<HubFapiaoView>> PendingAsync(CancellationToken ct)
    {
        var pending = await Task.WhenAll(new[] { "submitted", "issuing", "red_pending" }.Select(status => Management.FapiaoOfHubAsync(status, ct)));
        return [.. pending.SelectMany(rows => rows)];
    }

    private async Task ImportAsync()
    {
        var (read, unread) = (new List<FapiaoImportLine>(), new List<string>());
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

        (_imported, _problem) = await Management.ImportFapiaoAsync(new FapiaoImport(read), HttpContext.RequestAborted);
        if (_imported is not null)
        {
            Input = new ImportInput { Lines = unread.Count > 0 ? string.Join('\n', unread) : null };
            _fapiao = await PendingAsync(HttpContext.RequestAborted);
        }
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
