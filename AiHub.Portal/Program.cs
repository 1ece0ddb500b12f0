using AiHub.Portal;
using AiHub.Portal.Account;
using AiHub.Portal.Admin;
using AiHub.Portal.Billing;
using AiHub.Portal.Budgets;
using AiHub.Portal.Errors;
using AiHub.Portal.Keys;
using AiHub.Portal.Management;
using AiHub.Portal.Organization;
using AiHub.Portal.Parts;
using AiHub.Portal.Playground;
using AiHub.Portal.Preferences;
using AiHub.Portal.SignIn;
using AiHub.Portal.SignOn;
using AiHub.Portal.Usage;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddRedisClient("cache");

builder.Services.AddPortalOptions();
builder.Services.AddManagement();
builder.Services.AddSignIn(builder.Configuration);
builder.Services.AddLanguages();
builder.Services.AddScoped<OrganizationTime>();
builder.Services.AddPlayground();
builder.Services.AddRazorComponents();
builder.Services.AddResponseCompression();

var app = builder.Build();

app.UseResponseCompression();
app.UsePageHeaders();
app.UseRequestLocalization();
app.UseErrorPages();
app.UseAuthentication();
app.UseSessionGate();
app.UseAuthorization();
app.UseOperatorGate();
app.UseAntiforgery();

app.MapDefaultEndpoints();
app.MapStaticAssets();
app.MapSignOut();
app.MapAuditExport();
app.MapPasskeySignIn();
app.MapAccount();
app.MapSignOnPage();
app.MapPreferences();
app.MapOrganizationSwitch();
app.MapKeyActions();
app.MapBudgetEnding();
app.MapOrderState();
app.MapPlanActions();
app.MapInvoiceFiles();
app.MapBillFiles();
app.MapImportAsked();
app.MapPulse();
app.MapUsageDownloads();
app.MapPlayground();
app.MapRazorComponents<App>();

app.Run();
