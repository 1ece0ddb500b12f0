using AiHub.Gateway.Management;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddManagement();

var app = builder.Build();

app.UseExceptionHandler();

app.MapDefaultEndpoints();
app.MapManagement();

app.Run();
