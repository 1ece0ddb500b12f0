using AiHub.Worker.Migration;

var builder = WebApplication.CreateBuilder(args);

if (args is [Migrate.Argument, ..])
{
    return await Migrate.RunAsync(builder.Configuration, TimeProvider.System, Console.Out, Console.Error, CancellationToken.None);
}

builder.AddServiceDefaults();

var app = builder.Build();

app.MapDefaultEndpoints();

await app.RunAsync();
return 0;
