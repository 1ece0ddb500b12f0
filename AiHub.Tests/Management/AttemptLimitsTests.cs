using AiHub.Gateway.Management.SignIn;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AiHub.Tests.Management;

public sealed class AttemptLimitsTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();

    private AttemptLimits Limits(AttemptOptions? options = null) => new(Options.Create(options ?? new AttemptOptions()), _time);

    [Fact]
    public void A_burst_passes_up_to_the_count_and_the_next_is_told_how_long_to_wait()
    {
        var limits = Limits();

        Assert.All(Enumerable.Range(0, 6), _ => Assert.Null(limits.Admit("x", "a", 6, Minute)));

        Assert.Equal(TimeSpan.FromSeconds(10), limits.Admit("x", "a", 6, Minute));
        Assert.Equal(TimeSpan.FromSeconds(10), limits.Admit("x", "a", 6, Minute));
    }

    [Fact]
    public void Who_waits_as_long_as_told_gets_through_once()
    {
        var limits = Limits();
        for (var i = 0; i < 6; i++)
        {
            limits.Admit("x", "a", 6, Minute);
        }

        _time.Advance(limits.Admit("x", "a", 6, Minute)!.Value);

        Assert.Null(limits.Admit("x", "a", 6, Minute));
        Assert.NotNull(limits.Admit("x", "a", 6, Minute));
    }

    [Fact]
    public void One_who_knocks_too_often_does_not_lock_out_another()
    {
        var limits = Limits();
        limits.Admit("x", "a", 1, Minute);

        Assert.NotNull(limits.Admit("x", "a", 1, Minute));
        Assert.Null(limits.Admit("x", "b", 1, Minute));
        Assert.Null(limits.Admit("y", "a", 1, Minute));
    }

    [Fact]
    public void An_account_is_the_same_account_however_its_address_is_written()
    {
        var limits = Limits(new AttemptOptions { SignInsPerAccountPerMinute = 1 });

        Assert.Null(limits.SignIn("10.0.0.1", "me@example.com"));
        Assert.NotNull(limits.SignIn("10.0.0.2", " ME@example.com"));
    }

    [Fact]
    public async Task Exactly_the_count_passes_when_many_knock_at_once()
    {
        var limits = Limits();

        var admitted = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => limits.Admit("x", "a", 17, Minute) is null)));

        Assert.Equal(17, admitted.Count(passed => passed));
    }
}
