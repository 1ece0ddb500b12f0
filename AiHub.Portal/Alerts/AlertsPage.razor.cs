using AiHub.Contracts;
using AiHub.Portal.Budgets;
using AiHub.Portal.Resources;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Alerts;

public sealed partial class AlertsPage
{
    private const string Here = "/alerts";

    private IReadOnlyList<AlertChannelView> _channels = null!;
    private IReadOnlyList<AlertRuleView> _rules = [];
    private Page<AlertFiringView> _firings = null!;

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    private string? DoneText => Done switch
    {
        "channel" => Text.Alerts_ChannelAdded,
        "channel-removed" => Text.Alerts_ChannelRemoved,
        "rule" => Text.Alerts_RuleAdded,
        "rule-removed" => Text.Alerts_RuleRemoved,
        "test" => Text.Alerts_TestOnItsWay,
        "retry" => Text.Alerts_Retried,
        _ => null,
    };

    protected override async Task OnInitializedAsync()
    {
        var (channels, rules, firings) = (Management.AlertChannelsAsync(Ct), Management.AlertRulesAsync(Ct), Management.AlertFiringsAsync(Cursor, Ct));
        await Task.WhenAll(channels, rules, firings);
        (_rules, _firings, _channels) = (await rules, await firings, await channels);
    }

    /// <summary>Of the firings shown, the newest message to it.</summary>
    private AlertDeliveryView? LastOf(AlertChannelView channel) => _firings.Data.SelectMany(firing => firing.Deliveries).FirstOrDefault(delivery => delivery.ChannelId == channel.Id);

    private string ChannelName(Guid id) => _channels.FirstOrDefault(channel => channel.Id == id)?.Name ?? Text.Alerts_RemovedChannel;

    private Task TestAsync(AlertChannelView channel) => DoAsync($"test-{channel.Id}", Management.TestAlertChannelAsync(channel.Id, Ct), $"{Here}?done=test");

    private Task RemoveChannelAsync(AlertChannelView channel) =>
        DoAsync($"remove-channel-{channel.Id}", Management.RemoveAlertChannelAsync(channel.Id, Ct), $"{Here}?done=channel-removed");

    private Task RemoveRuleAsync(AlertRuleView rule) => DoAsync($"remove-rule-{rule.Id}", Management.RemoveAlertRuleAsync(rule.Id, Ct), $"{Here}?done=rule-removed");

    private Task RetryAsync(AlertDeliveryView delivery) => DoAsync($"retry-{delivery.Id}", Management.RetryAlertAsync(delivery.Id, Ct), $"{Here}?done=retry");

    private async Task AddQuotaAsync()
    {
        if (!NewBudgetInput.TryReadAlerts(Posted.Text("thresholds"), out var thresholds))
        {
            Refuse("quota", "thresholds", Text.NewBudget_AlertsBad);
            return;
        }

        await AddAsync("quota", new NewAlertRule("quota", Posted.Text("name"), thresholds));
    }

    private Task AddWalletAsync() => AddAsync("wallet", new NewAlertRule("wallet", Posted.Text("name"), Below: Posted.Text("below")));

    private async Task AddAsync(string form, NewAlertRule rule)
    {
        if (await AskAsync(form, Management.AddAlertRuleAsync(rule, Ct)) is not null)
        {
            Navigation.NavigateTo($"{Here}?done=rule");
        }
    }
}
