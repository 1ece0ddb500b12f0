using AiHub.Simulators;
using AiHub.Simulators.Control;
using AiHub.Simulators.Payments;
using AiHub.Simulators.Vendors.Anthropic;
using AiHub.Simulators.Vendors.OpenAI;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddSimulators();
builder.AddPaymentChannels();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapOpenAIVendor();
app.MapAnthropicVendor();
app.MapPaymentChannels();
app.MapControl();

app.Run();
