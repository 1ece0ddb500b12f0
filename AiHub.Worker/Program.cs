using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Worker.Accounts;
using AiHub.Worker.Alerts;
using AiHub.Worker.Demo;
using AiHub.Worker.Invoicing;
using AiHub.Worker.Migration;
using AiHub.Worker.Payments;
using AiHub.Worker.Quotas;
using AiHub.Worker.Subscriptions;
using AiHub.Worker.Usage;
using AiHub.Worker.Webhooks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

var builder = WebApplication.CreateBuilder(args);

if (args is [Migrate.Argument, ..])
{
    return await Migrate.RunAsync(builder.Configuration, TimeProvider.System, Console.Out, Console.Error, CancellationToken.None);
}

if (args is [DemoSeed.Argument, ..])
{
    return await DemoSeed.RunAsync(builder.Configuration, builder.Environment, TimeProvider.System, Console.Out, Console.Error, CancellationToken.None);
}

builder.AddServiceDefaults();
builder.AddNpgsqlDbContext<HubDb>("hub");
builder.Services.AddLedger();
builder.AddPayments();

builder.Services.AddHostedService<PeriodRun>();
builder.Services.AddSubscriptions();
builder.Services.AddHostedService<HoldSweep>();
builder.Services.AddHostedService<LedgerAudit>();
builder.Services.AddHostedService<UsageRollUp>();
builder.Services.AddHostedService<ContentSweep>();
builder.Services.AddAlerts();
builder.Services.AddInvoicing();
builder.Services.AddHostedService<UsageMonths>();

builder.Services.AddSingleton<LedgerHealth>();
builder.Services.AddHealthChecks()
    .AddCheck<LedgerHealth>("ledger", tags: ["report"])
    .AddCheck<BillHealth>("bills", HealthStatus.Degraded, tags: ["report"]);

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapWebhooks();

await app.RunAsync();
return 0;
