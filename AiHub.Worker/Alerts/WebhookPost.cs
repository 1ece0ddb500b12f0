using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Alerts;
using AiHub.Outbound;
using Microsoft.Extensions.Options;

namespace AiHub.Worker.Alerts;

/// <summary>
/// Posts an alert to a URL somebody has given us: signed, so that the receiver knows who it is from, and only to addresses outside the hub's own
/// network. Chat robots are spoken to in their own words.
/// </summary>
public sealed class WebhookPost : IDisposable
{
    private const int LargestAnswer = 16 * 1024;

    private readonly HttpMessageInvoker _invoker;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    public WebhookPost(IOptions<AlertOptions> options, TimeProvider time, GuardedHttp? outbound = null)
    {
        (_time, _timeout) = (time, options.Value.Timeout);
        outbound ??= new GuardedHttp(time);
        _invoker = new HttpMessageInvoker(outbound.Untold(options.Value.AllowPrivateNetwork || outbound.CustomersMayGoPrivate, options.Value.Timeout));
    }

    public void Dispose() => _invoker.Dispose();

    /// <returns>What went wrong; null when nothing did.</returns>
    public async Task<string?> SendAsync(AlertMessage message, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        using var request = message.ChannelKind switch
        {
            AlertChannelKind.Wecom => Post(message.Target, Wecom(message)),
            AlertChannelKind.Feishu => Post(message.Target, Feishu(message, now)),
            AlertChannelKind.Dingtalk => Post(DingtalkUrl(message, now), Dingtalk(message)),
            _ => Signed(message, now),
        };

        using var limit = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        using var answer = await _invoker.SendAsync(request, either.Token);
        if (!answer.IsSuccessStatusCode)
        {
            return $"The receiver answered {(int)answer.StatusCode}.";
        }

        // Robots say yes to everything and mean it only when their code is zero.
        return message.ChannelKind == AlertChannelKind.Webhook ? null : Refusal(await ReadAsync(answer, either.Token));
    }

    private static HttpRequestMessage Signed(AlertMessage message, DateTimeOffset now)
    {
        var text = AlertText.Of(message);
        var body = new JsonObject
        {
            ["type"] = "alert.fired",
            ["id"] = message.FiringId.ToString(),
            ["organization_id"] = message.OrganizationId.ToString(),
            ["organization_name"] = message.OrganizationName,
            ["kind"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(message.Kind.ToString()),
            ["source_id"] = message.SourceId.ToString(),
            ["name"] = message.Name,
            ["threshold_percent"] = message.Kind is AlertKind.Wallet or AlertKind.Test ? null : message.Threshold,
            [message.Kind == AlertKind.Wallet ? "available" : "used"] = AlertText.Number(message.UsedAmount, message.Unit),
            [message.Kind == AlertKind.Wallet ? "below" : "limit"] = AlertText.Number(message.OfAmount, message.Unit),
            ["unit"] = message.Unit,
            ["resets_at"] = message.ResetsAt?.ToString("O", CultureInfo.InvariantCulture),
            ["fired_at"] = message.FiredAt.ToString("O", CultureInfo.InvariantCulture),
            ["text"] = text.Body,
        }.ToJsonString();

        var request = Post(message.Target, body);
        var (id, timestamp) = (message.Id.ToString(), now.ToUnixTimeSeconds());
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", AlertSecrets.Sign(message.Secret!, id, timestamp, body));

        return request;
    }

    private static string Wecom(AlertMessage message)
    {
        var text = AlertText.Of(message);

        return new JsonObject { ["msgtype"] = "markdown", ["markdown"] = new JsonObject { ["content"] = $"**{text.Subject}**\n{text.Body}" } }.ToJsonString();
    }

    private static string Dingtalk(AlertMessage message)
    {
        var text = AlertText.Of(message);

        return new JsonObject
        {
            ["msgtype"] = "markdown",
            ["markdown"] = new JsonObject { ["title"] = text.Subject, ["text"] = $"**{text.Subject}**\n\n{text.Body.Replace("\n", "\n\n", StringComparison.Ordinal)}" },
        }.ToJsonString();
    }

    private static string DingtalkUrl(AlertMessage message, DateTimeOffset now)
    {
        if (message.Secret is not { Length: > 0 } secret)
        {
            return message.Target;
        }

        var timestamp = now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        var sign = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}\n{secret}")));

        return $"{message.Target}{(message.Target.Contains('?', StringComparison.Ordinal) ? '&' : '?')}timestamp={timestamp}&sign={Uri.EscapeDataString(sign)}";
    }

    private static string Feishu(AlertMessage message, DateTimeOffset now)
    {
        var text = AlertText.Of(message);
        var body = new JsonObject { ["msg_type"] = "text", ["content"] = new JsonObject { ["text"] = $"{text.Subject}\n{text.Body}" } };
        if (message.Secret is { Length: > 0 } secret)
        {
            // The text to sign is the key here, and what is signed is empty.
            var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            body["timestamp"] = timestamp;
            body["sign"] = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes($"{timestamp}\n{secret}"), ReadOnlySpan<byte>.Empty));
        }

        return body.ToJsonString();
    }

    private static HttpRequestMessage Post(string url, string json) => new(HttpMethod.Post, url)
    {
        Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json", "utf-8") } },
        Headers = { { "User-Agent", "AI-Hub" } },
    };

    private static async Task<string> ReadAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(ct);
        var buffer = new byte[LargestAnswer];

        return Encoding.UTF8.GetString(buffer, 0, await stream.ReadAtLeastAsync(buffer, LargestAnswer, throwOnEndOfStream: false, ct));
    }

    private static string? Refusal(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            foreach (var name in (ReadOnlySpan<string>)["errcode", "code", "StatusCode"])
            {
                if (json.RootElement.TryGetProperty(name, out var code) && code.TryGetInt64(out var number))
                {
                    return number == 0 ? null : $"The robot refused it with code {number}.";
                }
            }
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // Not one of its own answers.
        }

        return "The robot's answer cannot be understood.";
    }
}
