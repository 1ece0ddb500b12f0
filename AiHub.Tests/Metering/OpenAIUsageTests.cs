using System.Text;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.OpenAI;
using FsCheck.Xunit;

namespace AiHub.Tests.Metering;

public sealed class OpenAIUsageTests
{
    public static TheoryData<string, string, TokenUsage> Shapes => new()
    {
        { "plain", """{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}""", new TokenUsage(10, OutputText: 5) },
        { "an explicit zero is a value", """{"prompt_tokens":10,"completion_tokens":0,"total_tokens":10}""", new TokenUsage(10) },
        { "openai", """{"prompt_tokens":100,"completion_tokens":50,"prompt_tokens_details":{"cached_tokens":60,"audio_tokens":10},"completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":5}}""", new TokenUsage(30, CacheRead: 60, AudioIn: 10, OutputText: 25, OutputReasoning: 20, AudioOut: 5) },
        { "deepseek", """{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}""", new TokenUsage(36, CacheRead: 64, OutputText: 50) },
        { "moonshot", """{"prompt_tokens":100,"completion_tokens":50,"cached_tokens":10}""", new TokenUsage(90, CacheRead: 10, OutputText: 50) },
        { "cache writes", """{"prompt_tokens":100,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":50}}""", new TokenUsage(10, CacheRead: 40, CacheWrite5m: 50, OutputText: 1) },
        { "reasoning beside the completion", """{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}""", new TokenUsage(10, OutputText: 5, OutputReasoning: 20) },
        { "only a total", """{"total_tokens":15,"prompt_tokens":10}""", new TokenUsage(10, OutputText: 5) },
        { "null details", """{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":null,"completion_tokens_details":{"reasoning_tokens":null}}""", new TokenUsage(10, OutputText: 5) },
        { "numbers with a point", """{"prompt_tokens":10.0,"completion_tokens":5.0}""", new TokenUsage(10, OutputText: 5) },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Every_token_is_in_one_bucket(string dialect, string json, TokenUsage expected)
    {
        var reading = OpenAIUsage.Read(Encoding.UTF8.GetBytes(json));

        Assert.True(new UsageReading(expected, Inconsistent: false) == reading, dialect);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"prompt_tokens":null,"completion_tokens":null}""")]
    [InlineData("""{"prompt_tokens":5}""")]
    [InlineData("""{"prompt_tokens":"5","completion_tokens":"6"}""")]
    public void What_is_missing_is_not_zero(string json) => Assert.Null(OpenAIUsage.Read(Encoding.UTF8.GetBytes(json)));

    [Property]
    public void Whatever_a_vendor_claims_the_buckets_add_up_to_its_totals(long prompt, long completion, long cached, long written, long audio, long reasoning)
    {
        var json = $$"""{"prompt_tokens":{{prompt}},"completion_tokens":{{completion}},"prompt_tokens_details":{"cached_tokens":{{cached}},"cache_write_tokens":{{written}},"audio_tokens":{{audio}}},"completion_tokens_details":{"reasoning_tokens":{{reasoning}} } }""";

        var reading = OpenAIUsage.Read(Encoding.UTF8.GetBytes(json))!.Value;

        Assert.Equal(Math.Max(0, prompt), reading.Tokens.Input);
        Assert.Equal(Math.Max(0, completion), reading.Tokens.Output);
        Assert.True(reading.Tokens is { InputUncached: >= 0, CacheRead: >= 0, CacheWrite5m: >= 0, AudioIn: >= 0, OutputText: >= 0, OutputReasoning: >= 0 });
        Assert.True(reading.Inconsistent || (cached >= 0 && cached <= prompt && reasoning >= 0 && reasoning <= completion));
    }
}
