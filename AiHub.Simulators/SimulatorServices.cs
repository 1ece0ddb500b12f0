using System.Text.Json;
using AiHub.Simulators.Control;
using AiHub.Simulators.Vendors;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators;

public static class SimulatorServices
{
    private const long LargestRequest = 64 * 1024 * 1024;

    public static WebApplicationBuilder AddSimulators(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<SimulatorOptions>().BindConfiguration(SimulatorOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<SimulatorOptions>, SimulatorOptionsValidator>();

        builder.Services.AddSingleton<SimulatorClock>();
        builder.Services.AddSingleton<RequestLog>();
        builder.Services.AddSingleton<ServedLog>();
        builder.Services.AddSingleton<FaultQueue>();
        builder.Services.AddSingleton<PromptCache>();
        builder.Services.AddSingleton<RequestRate>();
        builder.Services.AddHostedService<TokensAtStart>();

        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.DictionaryKeyPolicy = null;
        });

        // A write that has returned is on the wire: what a cut stream delivered is then known exactly, and is not lost with the connection.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.MaxWriteBufferSize = 1);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestBodySize = LargestRequest;
        });

        return builder;
    }

    /// <summary>Loads the tokenizer before the first request has to wait for it.</summary>
    private sealed class TokensAtStart : IHostedService
    {
        public Task StartAsync(CancellationToken ct)
        {
            Tokens.Count("ready");

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken ct) => Task.CompletedTask;
    }
}
