using AiHub.Domain;
using AiHub.Gateway.Management;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddNpgsqlDbContext<HubDb>("hub");
builder.AddManagement();

var app = builder.Build();

app.UseExceptionHandler();

app.MapDefaultEndpoints();
app.MapManagement();

app.Run();
