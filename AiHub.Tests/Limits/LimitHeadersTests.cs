using AiHub.Domain.Quotas;
using AiHub.Gateway.Limits;
using Microsoft.AspNetCore.Http;

namespace AiHub.Tests.Limits;

public sealed class LimitHeadersTests
{
    [Theory]
    [InlineData(0, "0ms")]
    [InlineData(0.2, "1ms")]
    [InlineData(12, "12ms")]
    [InlineData(999, "999ms")]
    [InlineData(1000, "1s")]
    [InlineData(8640, "8.64s")]
    [InlineData(59_999.5, "1m0s")]
    [InlineData(360_000, "6m0s")]
    [InlineData(61_001, "1m2s")]
    [InlineData(3_723_000, "1h2m3s")]
    public void Durations_are_written_as_OpenAI_writes_them(double milliseconds, string text) =>
        Assert.Equal(text, LimitHeaders.Duration(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void A_refusal_tells_the_client_when_to_come_back()
    {
        var response = new DefaultHttpContext().Response;
        var scope = new LimitScope(LimitOwner.Key, Guid.CreateVersion7(), LimitKind.Requests, 10);

        new Admission(new LimitFigures(10, 0, TimeSpan.FromMilliseconds(59_300)), new LimitFigures(1000, 250, TimeSpan.FromMilliseconds(60_999)), new Refusal(scope, TimeSpan.FromMilliseconds(1200.5))).WriteTo(response);

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["x-ratelimit-limit-requests"] = "10",
                ["x-ratelimit-remaining-requests"] = "0",
                ["x-ratelimit-reset-requests"] = "59.3s",
                ["x-ratelimit-limit-tokens"] = "1000",
                ["x-ratelimit-remaining-tokens"] = "250",
                ["x-ratelimit-reset-tokens"] = "1m1s",
                ["Retry-After"] = "2",
                ["retry-after-ms"] = "1201",
            },
            response.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()));
    }

    [Fact]
    public void No_limit_writes_no_header()
    {
        var response = new DefaultHttpContext().Response;

        Admission.Unlimited.WriteTo(response);

        Assert.Empty(response.Headers);
    }
}
