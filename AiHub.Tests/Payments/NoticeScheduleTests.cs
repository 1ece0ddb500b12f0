using AiHub.Simulators;
using AiHub.Simulators.Payments;
using AiHub.Tests.Alerts;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace AiHub.Tests.Payments;

/// <summary>The simulated channels repeat their notices as the real ones do, by a clock that is moved by hand.</summary>
public sealed class NoticeScheduleTests
{
    [Theory]
    [InlineData(Channels.Alipay, "4m 10m 10m 1h 2h 6h 15h")]
    [InlineData(Channels.WechatPay, "15s 15s 30s 3m 10m 20m 30m 30m 30m 60m 3h 3h 3h 6h 6h")]
    [InlineData(Channels.Stripe, "5m 30m 2h 5h 10h 12h 12h 12h 12h")]
    public async Task A_notice_nobody_acknowledges_comes_again_on_the_channel_s_own_schedule_and_then_no_more(string channel, string schedule)
    {
        await using var receiver = await Receiver.StartAsync();
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 31, 0, 0, 0, TimeSpan.Zero));
        using var sender = new NoticeSender(new SimulatorClock(clock), NullLogger<NoticeSender>.Instance);
        var waits = schedule.Split(' ').Select(wait => wait[^1] switch { 's' => TimeSpan.FromSeconds(Number(wait)), 'm' => TimeSpan.FromMinutes(Number(wait)), _ => TimeSpan.FromHours(Number(wait)) }).ToList();
        foreach (var _ in waits.Append(default))
        {
            receiver.Answers.Enqueue((500, "failure"));
        }

        await sender.StartAsync(default);
        sender.Send(new Notice(channel, "event", "order", receiver.Url.ToString(), () => new HttpRequestMessage(HttpMethod.Post, receiver.Url), (status, _) => status == 200));
        await HeardAsync(1);
        foreach (var (tries, wait) in waits.Index())
        {
            clock.Advance(wait - TimeSpan.FromSeconds(1));
            await Task.Delay(250);
            Assert.Equal(tries + 1, sender.Deliveries.Count);
            clock.Advance(TimeSpan.FromSeconds(1));
            await HeardAsync(tries + 2);
        }

        // Whoever still says nothing is not told again.
        clock.Advance(TimeSpan.FromDays(30));
        await Task.Delay(250);
        Assert.Equal(waits.Count + 1, sender.Deliveries.Count);
        Assert.All(sender.Deliveries, delivery => Assert.Equal((500, false, "event"), (delivery.Status, delivery.Acknowledged, delivery.EventId)));
        await sender.StopAsync(default);

        Task HeardAsync(int count) => PaymentHub.PollAsync(() => Task.FromResult(sender.Deliveries.Count == count));
        static int Number(string wait) => int.Parse(wait.AsSpan(0, wait.Length - 1), System.Globalization.CultureInfo.InvariantCulture);
    }
}
