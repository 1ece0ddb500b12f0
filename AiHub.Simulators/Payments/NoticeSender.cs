using System.Collections.Concurrent;

namespace AiHub.Simulators.Payments;

/// <summary>A notice ready to be sent: signing happens anew for each try, as the real channels do.</summary>
public sealed record Notice(string Channel, string EventId, string OutTradeNo, string Url, Func<HttpRequestMessage> Make, Func<int, string, bool> IsAcknowledged);

/// <param name="Status">The answer's; 0 when there was none.</param>
public sealed record NoticeDelivery(string Channel, string EventId, string OutTradeNo, DateTimeOffset At, int Status, string Answer, bool Acknowledged);

/// <summary>
/// Sends notices and repeats those that are not acknowledged, on the channel's own schedule by the simulators' clock, which
/// <c>/_sim/clock</c> moves.
/// </summary>
public sealed partial class NoticeSender(SimulatorClock clock, ILogger<NoticeSender> logger) : BackgroundService
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    private static readonly Dictionary<string, TimeSpan[]> Schedules = new()
    {
        [Channels.Alipay] = [Minutes(4), Minutes(10), Minutes(10), Minutes(60), Minutes(120), Minutes(360), Minutes(900)],
        [Channels.WechatPay] =
        [
            Seconds(15), Seconds(15), Seconds(30), Minutes(3), Minutes(10), Minutes(20), Minutes(30), Minutes(30), Minutes(30), Minutes(60),
            Minutes(180), Minutes(180), Minutes(180), Minutes(360), Minutes(360),
        ],
        [Channels.Stripe] = [Minutes(5), Minutes(30), Minutes(120), Minutes(300), Minutes(600), Minutes(720), Minutes(720), Minutes(720), Minutes(720)],
    };

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly ConcurrentDictionary<Guid, Waiting> _waiting = new();
    private readonly ConcurrentQueue<NoticeDelivery> _deliveries = new();

    public IReadOnlyList<NoticeDelivery> Deliveries => [.. _deliveries];

    public void Send(Notice notice, int copies = 1, TimeSpan delay = default)
    {
        for (var copy = 0; copy < copies; copy++)
        {
            var id = Guid.CreateVersion7(clock.GetUtcNow());
            _waiting[id] = new Waiting(notice, clock.GetUtcNow() + delay, 0);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Beat);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = clock.GetUtcNow();
            await Task.WhenAll(_waiting.Where(waiting => waiting.Value.At <= now).Select(waiting => TryAsync(waiting.Key, waiting.Value, stoppingToken)));
        }
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    private async Task TryAsync(Guid id, Waiting waiting, CancellationToken ct)
    {
        var (status, answer) = (0, "");
        try
        {
            using var request = waiting.Notice.Make();
            using var response = await _http.SendAsync(request, ct);
            (status, answer) = ((int)response.StatusCode, await response.Content.ReadAsStringAsync(ct));
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            LogNotDelivered(waiting.Notice.Channel, waiting.Notice.Url, failure.Message);
        }

        var acknowledged = status > 0 && waiting.Notice.IsAcknowledged(status, answer);
        _deliveries.Enqueue(new NoticeDelivery(waiting.Notice.Channel, waiting.Notice.EventId, waiting.Notice.OutTradeNo, clock.GetUtcNow(), status, answer, acknowledged));
        var schedule = Schedules[waiting.Notice.Channel];
        if (acknowledged || waiting.Tries >= schedule.Length)
        {
            _waiting.TryRemove(id, out _);
        }
        else
        {
            _waiting[id] = waiting with { At = clock.GetUtcNow() + schedule[waiting.Tries], Tries = waiting.Tries + 1 };
        }
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);

    private static TimeSpan Minutes(int minutes) => TimeSpan.FromMinutes(minutes);

    private sealed record Waiting(Notice Notice, DateTimeOffset At, int Tries);

    [LoggerMessage(LogLevel.Information, "A notice of {Channel} could not be delivered to {Url}: {Reason}")]
    private partial void LogNotDelivered(string channel, string url, string reason);
}

/// <summary>What the simulated channels are called in addresses and records.</summary>
public static class Channels
{
    public const string Alipay = "alipay";
    public const string WechatPay = "wechat-pay";
    public const string Stripe = "stripe";
}
