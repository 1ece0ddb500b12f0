using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using Microsoft.Extensions.Time.Testing;

namespace AiHub.Tests.Routing;

public sealed class UpstreamHealthTests
{
    private static readonly Guid Upstream = Guid.CreateVersion7();

    private readonly FakeTimeProvider _time = new();
    private readonly UpstreamHealth _health;

    public UpstreamHealthTests() => _health = new UpstreamHealth(_time);

    [Fact]
    public void An_upstream_rests_as_long_as_it_asks_to()
    {
        _health.Failed(Upstream, new UpstreamException(ProviderFailure.Busy, "", retryAfter: TimeSpan.FromSeconds(20)));

        Assert.Equal(_time.GetUtcNow().AddSeconds(20), _health.RestsUntil(Upstream));
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Null(_health.RestsUntil(Upstream));
    }

    [Fact]
    public void Failing_again_and_again_it_rests_longer_and_longer_until_it_succeeds()
    {
        var rests = new List<double>();
        for (var i = 0; i < 10; i++)
        {
            _health.Failed(Upstream, new UpstreamException(ProviderFailure.Unavailable, ""));
            rests.Add(_health.RestsUntil(Upstream) is { } until ? (until - _time.GetUtcNow()).TotalSeconds : 0);
        }

        Assert.Equal([0, 0, 10, 20, 40, 80, 160, 300, 300, 300], rests);
        _health.Succeeded(Upstream);
        Assert.Null(_health.RestsUntil(Upstream));
    }

    [Fact]
    public void A_request_it_rightly_rejects_is_not_held_against_it()
    {
        for (var i = 0; i < 10; i++)
        {
            _health.Failed(Upstream, new UpstreamException(ProviderFailure.Rejected, ""));
        }

        Assert.Null(_health.RestsUntil(Upstream));
    }
}
