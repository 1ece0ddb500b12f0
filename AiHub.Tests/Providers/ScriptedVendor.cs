using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace AiHub.Tests.Providers;

/// <summary>A vendor on a real socket that answers exactly the bytes a test gives it, and keeps those it was sent.</summary>
public sealed class ScriptedVendor : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedVendor(WebApplication app) => _app = app;

    public Uri Url => new(new Uri(_app.Urls.Single()), "/v1/chat/completions");

    public ConcurrentQueue<ReceivedRequest> Requests { get; } = new();

    public static async Task<ScriptedVendor> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        var app = builder.Build();
        var vendor = new ScriptedVendor(app);
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            vendor.Requests.Enqueue(new ReceivedRequest(Encoding.UTF8.GetString(body.ToArray()), context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
            body.Position = 0;
            context.Request.Body = body;
            await answer(context);
        });
        await app.StartAsync();
        return vendor;
    }

    /// <summary>Answers a stream; each piece is written and flushed by itself.</summary>
    public static Task<ScriptedVendor> StreamingAsync(params string[] pieces) => StartAsync(context => WriteAsync(context, "text/event-stream", pieces));

    public static Task<ScriptedVendor> AnsweringAsync(string body, int status = 200, string type = "application/json") => StartAsync(context =>
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, type, body);
    });

    public static async Task WriteAsync(HttpContext context, string type, params string[] pieces)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = type;
        }

        context.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
        foreach (var piece in pieces)
        {
            await context.Response.WriteAsync(piece);
            await context.Response.Body.FlushAsync();
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

public sealed record ReceivedRequest(string Body, IReadOnlyDictionary<string, string> Headers);
