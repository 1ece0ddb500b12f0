using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Resources;
using AiHub.Portal.Usage;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Admin;

public sealed partial class ModelPage
{
    private ModelAdminView _model = null!;
    private VendorNames _vendors = null!;
    private IReadOnlyList<(EndpointView Endpoint, IReadOnlyList<PriceRowView> Prices)> _prices = [];

    /// <summary>A model's id has a slash in it, so it is in the query.</summary>
    [SupplyParameterFromQuery]
    public string? Id { get; set; }

    private string Here => Address(_model.Id);

    private string? DoneText => Done switch
    {
        "added" => Text.AdminModels_Added,
        "saved" => Text.AdminModels_Saved,
        "on" => Text.Vendors_IsOn,
        "off" => Text.Vendors_IsOff,
        "priced" => Text.Prices_Added,
        "ended" => Text.Prices_Ended,
        _ => null,
    };

    public static string Address(string id) => $"/admin/model?id={Uri.EscapeDataString(id)}";

    protected override async Task OnInitializedAsync()
    {
        if ((await Management.AllModelsAsync(Ct)).FirstOrDefault(model => model.Id == Id) is not { } found)
        {
            Navigation.NotFound();
            return;
        }

        _vendors = await VendorNames.LoadAsync(Management, Ct);
        var endpoints = await Management.EndpointsAsync(found.Id, Ct);
        var prices = await Task.WhenAll(endpoints.Select(endpoint => Management.PricesAsync(endpoint.Id, Ct)));
        _prices = [.. endpoints.Zip(prices.Select(of => PriceExample.InOrder(of, Time.Now)))];
        _model = found;
    }

    private static string PriceForm(EndpointView endpoint) => $"price-{endpoint.Id}";

    private Task SwitchAsync(bool on) =>
        DoAsync(on ? "switch-on" : "switch-off", Management.ChangeModelAsync(new ModelChange(_model.Id, Enabled: on), Ct), $"{Here}&done={(on ? "on" : "off")}");

    private async Task SaveAsync()
    {
        foreach (var (field, error) in new[] { ("context_length", "context_length"), ("max_output_tokens", "max_output_tokens"), ("weight_input", "weights.input"), ("weight_output", "weights.output") })
        {
            if (!Posted.TryNumber(field, out _))
            {
                Refuse("model", error, Text.Limits_Bad);
                return;
            }
        }

        Posted.TryNumber("context_length", out var context);
        Posted.TryNumber("max_output_tokens", out var output);
        Posted.TryNumber("weight_input", out var input);
        Posted.TryNumber("weight_output", out var weighed);
        var weights = _model.Weights with { Input = input ?? _model.Weights.Input, Output = weighed ?? _model.Weights.Output };
        await DoAsync(
            "model",
            Management.ChangeModelAsync(
                new ModelChange(_model.Id, Posted.Text("name"), Posted.List("aliases"), context, output, Weights: weights == _model.Weights ? null : weights), Ct),
            $"{Here}&done=saved");
    }

    private async Task AddPriceAsync(EndpointView endpoint)
    {
        var form = PriceForm(endpoint);
        if (!Posted.TryNumber("min_prompt_tokens", out var prompt))
        {
            Refuse(form, "min_prompt_tokens", Text.Limits_Bad);
            return;
        }

        DateTimeOffset? from = null;
        if (Posted.Filled("valid_from") is { } text)
        {
            if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            {
                Refuse(form, "valid_from", Text.Budget_UntilBad);
                return;
            }

            from = Time.StartOf(day);
        }

        var price = new NewPrice(
            endpoint.Id, Posted.Text("component"), Posted.Text("currency"), Posted.Text("price"), Posted.Text("source"), prompt ?? 0, Posted.Text("service_tier"), Posted.Text("hours"), from);
        await DoAsync(form, Management.AddPriceAsync(price, Ct), $"{Here}&done=priced");
    }

    private Task EndAsync(PriceRowView price) => DoAsync($"end-{price.Id}", Management.EndPriceAsync(price.Id, Ct), $"{Here}&done=ended");

    private static string? Plain(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
