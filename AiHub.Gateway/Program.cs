using AiHub.Domain;
using AiHub.Gateway;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Limits;
using AiHub.Gateway.Management;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddGatewayHosting();
builder.AddNpgsqlDbContext<HubDb>("hub");
builder.AddRedisClient("cache");
builder.Services.AddLimits();
builder.AddDataPlane();
builder.AddManagement();

var app = builder.Build();

app.UseRequestIds();
app.UseExceptionHandler();

app.MapDefaultEndpoints();
app.MapDataPlane();
app.MapManagement();

app.Run();
