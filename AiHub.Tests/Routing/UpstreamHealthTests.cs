using System.Net;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using Microsoft.Extensions.Time.Testing;

namespace AiHub.Tests.Routing;

/// <summary>When an endpoint or a key is left alone, for how long, and who finds out that it is well again.</summary>
public sealed class UpstreamHealthTests
{
    private static readonly Guid Organization = Guid.CreateVersion7();

    private readonly FakeTimeProvider _time = new();
    private readonly PlannedUpstream _upstream = Upstream(Guid.CreateVersion7(), "key-1");
    private readonly UpstreamHealth _health;

    public UpstreamHealthTests() => _health = new UpstreamHealth(_time);

    [Fact]
    public void An_endpoint_rests_as_long_as_it_asks_to()
    {
        Fail(new UpstreamException(ProviderFailure.Busy, "", HttpStatusCode.ServiceUnavailable, retryAfter: TimeSpan.FromSeconds(20)));

        Assert.Equal(_time.GetUtcNow().AddSeconds(20), _health.RestsUntil(_upstream.Id));
        Assert.False(_health.TryEnter(_upstream));
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Null(_health.RestsUntil(_upstream.Id));
    }

    [Fact]
    public void Failing_again_and_again_it_rests_longer_and_longer_until_it_succeeds()
    {
        var rests = new List<double>();
        for (var i = 0; i < 10; i++)
        {
            Fail(Down());
            rests.Add(_health.RestsUntil(_upstream.Id) is { } until ? (until - _time.GetUtcNow()).TotalSeconds : 0);
        }

        Assert.Equal([0, 0, 10, 20, 40, 80, 160, 300, 300, 300], rests);
        _health.Succeeded(_upstream, Organization);
        Assert.Null(_health.RestsUntil(_upstream.Id));
        Fail(Down());
        Assert.Null(_health.RestsUntil(_upstream.Id));
    }

    [Fact]
    public void After_its_rest_one_call_finds_out_and_the_others_wait_for_what_it_finds()
    {
        Open();
        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.True(_health.TryEnter(_upstream));
        Assert.False(_health.TryEnter(_upstream));

        _health.Succeeded(_upstream, Organization);
        Assert.True(_health.TryEnter(_upstream));
        Assert.True(_health.TryEnter(_upstream));
    }

    [Fact]
    public void A_probe_that_fails_begins_a_longer_rest_and_one_that_tells_nothing_makes_room_for_another()
    {
        Open();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(_health.TryEnter(_upstream));
        Fail(Down());
        Assert.Equal(_time.GetUtcNow().AddSeconds(20), _health.RestsUntil(_upstream.Id));

        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.True(_health.TryEnter(_upstream));
        _health.Left(_upstream);
        Assert.True(_health.TryEnter(_upstream));

        // One that never comes back is forgotten in time.
        Assert.False(_health.TryEnter(_upstream));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(_health.TryEnter(_upstream));
    }

    [Fact]
    public void A_request_it_rightly_rejects_is_not_held_against_it()
    {
        for (var i = 0; i < 10; i++)
        {
            Fail(new UpstreamException(ProviderFailure.Rejected, "", HttpStatusCode.BadRequest));
        }

        Assert.True(_health.TryEnter(_upstream));
        Assert.Null(_health.RestsUntil("key-1", _upstream.Id));
    }

    [Fact]
    public void An_endpoint_that_fails_a_third_of_the_time_stays_in_use()
    {
        for (var i = 0; i < 60; i++)
        {
            if (i % 3 == 2)
            {
                Fail(Down());
            }
            else
            {
                _health.Succeeded(_upstream, Organization);
            }
        }

        Assert.True(_health.TryEnter(_upstream));
    }

    [Fact]
    public void What_fails_for_one_organization_alone_while_others_succeed_is_its_own_affair()
    {
        var other = Guid.CreateVersion7();
        _health.Succeeded(_upstream, other);
        for (var i = 0; i < 20; i++)
        {
            Fail(new UpstreamException(ProviderFailure.Timeout, ""));
        }

        Assert.True(_health.TryEnter(_upstream));

        _health.Failed(_upstream, Down(), other);
        Assert.False(_health.TryEnter(_upstream));
    }

    [Fact]
    public void A_busy_key_rests_as_long_as_the_vendor_says_at_that_endpoint_only()
    {
        var elsewhere = Upstream(Guid.CreateVersion7(), "key-1");
        Fail(new UpstreamException(ProviderFailure.Busy, "", HttpStatusCode.TooManyRequests, retryAfter: TimeSpan.FromSeconds(30)));

        Assert.False(_health.TryEnter(_upstream));
        Assert.True(_health.TryEnter(_upstream with { Credential = "key-2" }));
        Assert.True(_health.TryEnter(elsewhere));
        Assert.Null(_health.RestsUntil(_upstream.Id));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(_health.TryEnter(_upstream));
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, false)]
    [InlineData(HttpStatusCode.PaymentRequired, false)]
    [InlineData(HttpStatusCode.Forbidden, true)]
    public void A_dead_key_rests_everywhere_a_forbidden_one_where_it_is_forbidden(HttpStatusCode status, bool usableElsewhere)
    {
        var elsewhere = Upstream(Guid.CreateVersion7(), "key-1");
        Fail(new UpstreamException(ProviderFailure.Unauthorized, "", status));

        Assert.False(_health.TryEnter(_upstream));
        Assert.Equal(usableElsewhere, _health.TryEnter(elsewhere));
        Assert.True(_health.TryEnter(_upstream with { Credential = "key-2" }));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(_health.TryEnter(_upstream));
    }

    [Fact]
    public void A_walk_goes_to_the_next_key_when_a_key_failed_and_past_all_keys_when_the_endpoint_did()
    {
        var (a, b) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var plan = Plan(Upstream(a, "1"), Upstream(a, "2"), Upstream(b, "3"));

        var walk = new RouteWalk(plan, _health, new RetryBudget());
        var first = walk.First();
        Assert.Equal("2", walk.After(first, new UpstreamException(ProviderFailure.Unauthorized, "", HttpStatusCode.Unauthorized))!.Credential);

        walk = new RouteWalk(plan, _health, new RetryBudget());
        first = walk.First();
        Assert.Equal("3", walk.After(first, Down())!.Credential);
        Assert.Null(walk.After(plan.Upstreams[2], Down()));
    }

    [Fact]
    public void A_walk_ends_at_what_the_caller_did_and_asks_who_rests_only_when_nobody_else_is_left()
    {
        var (a, b) = (Upstream(Guid.CreateVersion7(), "1"), Upstream(Guid.CreateVersion7(), "2"));
        _health.Failed(a, new UpstreamException(ProviderFailure.Unavailable, "", retryAfter: TimeSpan.FromMinutes(1)), Organization);

        var walk = new RouteWalk(Plan(a, b), _health, new RetryBudget());
        Assert.Equal(b, walk.First());
        Assert.Equal(a, walk.After(b, Down()));
        Assert.Null(walk.After(a, Down()));

        walk = new RouteWalk(Plan(a, b), _health, new RetryBudget());
        Assert.Null(walk.After(walk.First(), new UpstreamException(ProviderFailure.Rejected, "", HttpStatusCode.BadRequest)));
    }

    [Fact]
    public void Second_tries_are_bounded_by_how_many_calls_there_are()
    {
        var budget = new RetryBudget();
        var plan = Plan(Upstream(Guid.CreateVersion7(), "1"), Upstream(Guid.CreateVersion7(), "2"));
        var retries = 0;
        for (var i = 0; i < 1_000; i++)
        {
            var walk = new RouteWalk(plan, new UpstreamHealth(_time), budget);
            retries += walk.After(walk.First(), Down()) is null ? 0 : 1;
        }

        Assert.InRange(retries, 500, 540);
    }

    private void Open()
    {
        for (var i = 0; i < 3; i++)
        {
            Fail(Down());
        }

        Assert.False(_health.TryEnter(_upstream));
    }

    private void Fail(UpstreamException failure) => _health.Failed(_upstream, failure, Organization);

    private static UpstreamException Down() => new(ProviderFailure.Unavailable, "", HttpStatusCode.InternalServerError);

    private static RoutePlan Plan(params PlannedUpstream[] upstreams) => new(upstreams[0].Model, upstreams);

    private static PlannedUpstream Upstream(Guid id, string credential) => new(
        id,
        $"{id}:{credential}",
        "vendor",
        "model",
        new Uri("https://vendor.test"),
        new PriceList(Currency.USD, []),
        new Model { Id = "m/one", Name = "One", CreatedAt = DateTimeOffset.UnixEpoch },
        credential);
}
