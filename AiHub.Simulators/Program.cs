using AiHub.Simulators;
using AiHub.Simulators.Control;
using AiHub.Simulators.Identity;
using AiHub.Simulators.Payments;
using AiHub.Simulators.Vendors.Anthropic;
using AiHub.Simulators.Vendors.Azure;
using AiHub.Simulators.Vendors.Gemini;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Simulators.Vendors.Responses;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddSimulators();
builder.AddPaymentChannels();
builder.AddIdentityProviders();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapOpenAIVendor();
app.MapAnthropicVendor();
app.MapGeminiVendor();
app.MapResponsesVendor();
app.MapAzureVendor();
app.MapPaymentChannels();
app.MapIdentityProviders();
app.MapControl();

app.Run();
