using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace AiHub.Tests.Alerts;

/// <param name="Headers">By lower-case name.</param>
public sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>Somebody's web server that hears of alerts. It answers what it is told to, in order, and then always yes.</summary>
public sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Receiver(WebApplication app) => _app = app;

    public ConcurrentQueue<Received> Received { get; } = [];

    public ConcurrentQueue<(int Status, string Body)> Answers { get; } = [];

    public Uri Url => new(_app.Urls.First());

    public static async Task<Receiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new Receiver(app);
        app.Run(receiver.HearAsync);
        await app.StartAsync();

        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task HearAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        Received.Enqueue(new Received(
            context.Request.Path + context.Request.QueryString, context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()), body));
        var (status, text) = Answers.TryDequeue(out var answer) ? answer : (200, """{"errcode":0,"errmsg":"ok"}""");
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(text);
    }
}
