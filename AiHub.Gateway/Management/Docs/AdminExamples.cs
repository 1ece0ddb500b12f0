using System.Text.Json;
using AiHub.Contracts;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the reference of the operators' calls shows.</summary>
public static class AdminExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 31, 8, 30, 0, TimeSpan.Zero);
    private static readonly Guid EndpointId = Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120011");

    public static readonly HubOrganizationDetail OrganizationDetail = new(OrganizationExamples.OfHub, Examples.Wallet, new KeyLimits(10), new KeyLimits());
    public static readonly NewCredit NewCredit = new("25.00", "For the outage of January 30", Moment.AddMonths(3));
    public static readonly ParkedView Parked = new("payment_notices", Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120015"), null, "stripe paid AH20260131083000", 10, "No worker at hand serves Stripe.", Moment);
    public static readonly HubHealthView Health = new([new QueueView("payment_notices", 0, 1, null), new QueueView("alert_messages", 2, 0, Moment)], [Parked], [], [new RunView("InvoiceRun", Moment, 17_280, 1, 842, Moment.AddHours(-3), "NpgsqlException: the connection was closed")]);

    public static readonly NewVendorKey NewVendorKey = new("acme", "first key", "sk-acme-…");
    public static readonly VendorKeyView VendorKey = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120012"), "acme", "default", "first key", "9xYz", "api.acme.example", true, Moment);
    public static readonly VendorKeyChange VendorKeyChange = new(true);
    public static readonly NewVendor NewVendor = new("acme", "Acme", "https://api.acme.example/v1", Country: "CN");
    public static readonly VendorChange VendorChange = new(Enabled: false);
    public static readonly VendorView Vendor = new(
        "acme", "Acme", "https://api.acme.example/v1", "openai", null, true, "CN", null, null, false, new Dictionary<string, string>(), "operator", [VendorKey]);

    public static readonly NewModel NewModel = new("acme/turbo", "Acme Turbo", Aliases: ["turbo"], ContextLength: 128_000, MaxOutputTokens: 8_000);
    public static readonly ModelChange ModelChange = new("acme/turbo", Enabled: false, Weights: new ModelWeights(1_000, 100, 3_000));
    public static readonly ModelAdminView Model = new("acme/turbo", "Acme Turbo", "chat", ["turbo"], 128_000, 8_000, ["text"], ["text"], ["tools"], null, true, "operator", new ModelWeights(1_000, 1_000, 1_000));

    public static readonly NewEndpoint NewEndpoint = new("acme/turbo", "acme", "turbo-2026");
    public static readonly EndpointChange EndpointChange = new(Weight: 3);
    public static readonly EndpointView Endpoint = new(EndpointId, "acme/turbo", "acme", "turbo-2026", "", null, "default", 0, 1, true, null, new EndpointHealth("acme", "", "operational", 0.9981, 420, 71.5));
    public static readonly VendorBalanceView Balance = new("218.42", "CNY", 180, null);
    public static readonly EndpointTest Test = new(true, 200, 312, null);

    public static readonly NewPrice NewPrice = new(EndpointId, "input", "CNY", "2", "https://acme.example/pricing, 2026-01-31");
    public static readonly PriceEnd PriceEnd = new(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
    public static readonly PriceRowView Price = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120013"), EndpointId, "input", "CNY", "2", 0, "", "Asia/Shanghai mon-fri 09:00-12:00,14:00-18:00 except cn-statutory", Moment, null, NewPrice.Source, "01981c2e-7a10-7c3e-8b5e-0242ac120001");
    public static readonly PriceProposalView Proposal = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120014"), EndpointId, "acme/turbo", "acme", "output", "CNY", "8", "6", 0, "", "", "vendor page, 2026-01-31", Moment, "pending", null, null);

    public static readonly CatalogueImport Import = new(JsonSerializer.SerializeToElement(new
    {
        source = "vendor page, 2026-01-31",
        vendors = Array.Empty<object>(),
        models = new[]
        {
            new
            {
                id = "acme/turbo",
                name = "Acme Turbo",
                aliases = new[] { "turbo" },
                context_length = 128_000,
                max_output_tokens = 8_000,
                input_modalities = new[] { "text" },
                output_modalities = new[] { "text" },
                upstreams = new[] { new { vendor = "acme", model = "turbo-2026", prices = new { CNY = new[] { new { input = "2", output = "8" } } } } },
            },
        },
    }));
    public static readonly Guid ImportId = new("01920d0a-7a2b-7c3d-8e4f-5a6b7c8d9e0f");
    public static readonly CatalogueImported Imported = new(0, 1, 1, 0, 2);
    public static readonly HolidayYear Holidays = new("cn-statutory", 2026, [new DateOnly(2026, 10, 1), new DateOnly(2026, 10, 2)]);
}
