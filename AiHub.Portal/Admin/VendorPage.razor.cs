using AiHub.Contracts;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Admin;

public sealed partial class VendorPage
{
    private readonly Dictionary<Guid, EndpointTest> _tests = [];
    private readonly Dictionary<Guid, VendorBalanceView> _balances = [];
    private VendorView _vendor = null!;
    private IReadOnlyList<EndpointView> _endpoints = [];
    private IReadOnlyList<ModelAdminView> _models = [];

    [Parameter]
    public required string Id { get; set; }

    private string Here => $"/admin/vendors/{Id}";

    private string? DoneText => Done switch
    {
        "added" => Text.Vendors_Added,
        "saved" => Text.Vendors_Saved,
        "on" => Text.Vendors_IsOn,
        "off" => Text.Vendors_IsOff,
        "key" => Text.Vendors_KeyAdded,
        "key-removed" => Text.Vendors_KeyRemoved,
        "endpoint" => Text.Endpoints_Added,
        _ => null,
    };

    protected override async Task OnInitializedAsync()
    {
        var (vendors, endpoints, models) = (Management.VendorsAsync(Ct), Management.EndpointsAsync(null, Ct), Management.AllModelsAsync(Ct));
        await Task.WhenAll(vendors, endpoints, models);
        if ((await vendors).FirstOrDefault(vendor => vendor.Id == Id) is not { } found)
        {
            Navigation.NotFound();
            return;
        }

        _endpoints = [.. (await endpoints).Where(endpoint => endpoint.VendorId == Id)];
        (_models, _vendor) = (await models, found);
    }

    /// <summary>A key goes to the host it was entered for and to no other.</summary>
    private bool IsHere(VendorKeyView key) => !Uri.TryCreate(_vendor.BaseUrl, UriKind.Absolute, out var url) || url.Host == key.Host;

    private Task SwitchAsync(bool on) =>
        DoAsync(on ? "switch-on" : "switch-off", Management.ChangeVendorAsync(Id, new VendorChange(Enabled: on), Ct), $"{Here}?done={(on ? "on" : "off")}");

    private Task SaveAsync() => DoAsync(
        "vendor",
        Management.ChangeVendorAsync(
            Id,
            new VendorChange(
                Posted.Text("name"), Posted.Text("base_url"), Posted.Text("dialect"), Country: Posted.Filled("country")?.ToUpperInvariant(),
                RetainsPrompts: VendorText.Known(Posted.Text("retains")), TrainsOnPrompts: VendorText.Known(Posted.Text("trains")), AllowPrivateNetwork: Posted.Has("private")),
            Ct),
        $"{Here}?done=saved");

    /// <summary>Whatever of them is wrong is said at the one field they are written in.</summary>
    private IEnumerable<string> QuirkFields => Problem?.Errors?.Keys.Where(name => name.Split('.')[0] == "quirks") ?? [];

    private IReadOnlyList<string> QuirkErrors => [.. QuirkFields.SelectMany(name => Errors("quirks", name))];

    private async Task SaveQuirksAsync()
    {
        if (!QuirkLines.TryRead(Posted.Lines("quirks"), out var quirks, out var bad))
        {
            Refuse("quirks", "quirks", string.Format(Text.Vendors_QuirksBad, bad));
            return;
        }

        await DoAsync("quirks", Management.ChangeVendorAsync(Id, new VendorChange(Quirks: quirks), Ct), $"{Here}?done=saved");
    }

    private Task AddKeyAsync() =>
        DoAsync("add-key", Management.AddVendorKeyAsync(new NewVendorKey(Id, Posted.Text("name"), Posted.Text("key"), Posted.Text("pool")), Ct), $"{Here}?done=key");

    private Task SwitchKeyAsync(VendorKeyView key) =>
        DoAsync($"key-{key.Id}", Management.SwitchVendorKeyAsync(key.Id, !key.Enabled, Ct), $"{Here}?done={(key.Enabled ? "off" : "on")}");

    private async Task AskBalanceAsync(VendorKeyView key) => _balances[key.Id] = await Management.VendorBalanceAsync(key.Id, Ct);

    // A vendor may keep its accounts in a currency the hub has none of.
    private static string BalanceText(string amount, string currency) =>
        currency is "USD" or "CNY" ? AmountText.Rounded(amount, currency).Exact : $"{amount} {currency}";

    private Task RemoveKeyAsync(VendorKeyView key) => DoAsync($"remove-key-{key.Id}", Management.RemoveVendorKeyAsync(key.Id, Ct), $"{Here}?done=key-removed");

    private Task AddEndpointAsync() => DoAsync(
        "add-endpoint",
        Management.AddEndpointAsync(new NewEndpoint(Posted.Text("model_id"), Id, Posted.Text("vendor_model"), Posted.Text("region"), KeyPool: Posted.Text("key_pool")), Ct),
        $"{Here}?done=endpoint");

    private async Task TestAsync(EndpointView endpoint)
    {
        if (await AskAsync(EndpointRow.TestForm(endpoint), Management.TestEndpointAsync(endpoint.Id, Ct)) is { } test)
        {
            _tests[endpoint.Id] = test;
        }
    }

    private async Task ShareAsync(EndpointView endpoint)
    {
        if (EndpointRow.Read(Posted) is not { } change)
        {
            Refuse(EndpointRow.ShareForm(endpoint), "share", Text.Endpoints_ShareBad);
            return;
        }

        await DoAsync(EndpointRow.ShareForm(endpoint), Management.ChangeEndpointAsync(endpoint.Id, change, Ct), $"{Here}?done=saved");
    }

    private Task SwitchEndpointAsync(EndpointView endpoint) => DoAsync(
        EndpointRow.SwitchForm(endpoint), Management.ChangeEndpointAsync(endpoint.Id, new EndpointChange(Enabled: !endpoint.Enabled), Ct), $"{Here}?done={(endpoint.Enabled ? "off" : "on")}");
}
