using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Worker.Payments;

namespace AiHub.Worker.Webhooks;

/// <summary>Where channels tell us what happened. Verified first, kept second, acknowledged third; acted upon later.</summary>
public static partial class WebhookEndpoint
{
    private const int LargestNotice = 1024 * 1024;

    public static void MapWebhooks(this WebApplication app)
    {
        foreach (var (path, id) in new[] { ("stripe", PaymentChannelId.Stripe), ("alipay", PaymentChannelId.Alipay), ("wechat-pay", PaymentChannelId.WechatPay) })
        {
            app.MapPost($"/webhooks/{path}", (HttpContext http, PaymentChannels channels, HubDb db, TimeProvider time, ILogger<InboxRun> logger, CancellationToken ct) =>
                ReceiveAsync(id, http, channels, db, time, logger, ct)).ExcludeFromDescription();
        }
    }

    private static async Task<IResult> ReceiveAsync(
        PaymentChannelId id, HttpContext http, PaymentChannels channels, HubDb db, TimeProvider time, ILogger logger, CancellationToken ct)
    {
        if (channels.Find(id) is not { } channel)
        {
            return TypedResults.NotFound();
        }

        if (await BodyAsync(http.Request, ct) is not { } body)
        {
            return TypedResults.StatusCode(StatusCodes.Status413PayloadTooLarge);
        }

        await channel.PrepareAsync(http.Request.Headers, ct);
        if (channel.Read(http.Request.Headers, body, time.GetUtcNow()) is not { } notice)
        {
            LogForged(logger, id, http.Connection.RemoteIpAddress?.ToString());
            return channel.NotAcknowledged;
        }

        // Once we answer, the channel stops repeating itself, so the notice must already be safe.
        await db.KeepAsync(notice, ct);

        return channel.Acknowledged;
    }

    /// <returns>The bytes as they came; null when they are too many.</returns>
    private static async Task<byte[]?> BodyAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentLength > LargestNotice)
        {
            return null;
        }

        using var kept = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(buffer, ct)) > 0;)
        {
            if (kept.Length + read > LargestNotice)
            {
                return null;
            }

            kept.Write(buffer, 0, read);
        }

        return kept.ToArray();
    }

    [LoggerMessage(LogLevel.Warning, "A notice that claims to be from {Channel} is not proven to be (sent by {Address}); it was ignored.")]
    private static partial void LogForged(ILogger logger, PaymentChannelId channel, string? address);
}
