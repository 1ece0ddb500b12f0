using System.Text;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Metering;

namespace AiHub.Tests.Metering;

public sealed class TokenCounterTests
{
    private static readonly TokenCounter Counter = new();

    [Theory]
    [InlineData("openai/gpt-5.5", "hello world", 2)]
    [InlineData("openai/gpt-4", "hello world", 2)]
    [InlineData("qwen/qwen3.8-max", "你好，世界", 3)]
    public void Text_is_counted_as_its_encoding_cuts_it(string model, string text, int tokens) => Assert.Equal(tokens, Counter.Count(model, text));

    [Theory]
    [InlineData("The quick brown fox jumps over the lazy dog, and then it does so again and again until nobody counts any more.")]
    [InlineData("用一句话解释量子纠缠，不要使用比喻，也不要超过五十个字。")]
    [InlineData("public static void Main() { Console.WriteLine(\"Hello\"); }")]
    public void A_guess_is_seldom_too_low_and_never_far_off(string text)
    {
        var exact = Counter.Count("openai/gpt-5.5", text);
        var guess = TokenCounter.Estimate(Encoding.UTF8.GetBytes(text));

        Assert.InRange(guess, exact * 0.9, exact * 2.5);
    }

    [Fact]
    public void A_picture_is_not_counted_by_its_bytes()
    {
        var picture = new string('A', 500_000);
        var request = Parse($$$"""{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{picture}}}"}}]}]}""");

        Assert.InRange(request.EstimatedPromptTokens, 1_200, 1_400);
        Assert.InRange(Counter.CountPrompt("openai/gpt-5.5", request), 1_200, 1_300);
    }

    [Fact]
    public void A_prompt_is_counted_with_what_the_format_adds()
    {
        var request = Parse("""{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}]}""");

        // 3 for the reply; 3 and the role for each message; "Be brief." is 3 tokens, "hi" is one.
        Assert.Equal(3 + (3 + 1 + 3) + (3 + 1 + 1), Counter.CountPrompt("openai/gpt-5.5", request));
    }

    private static ChatRequest Parse(string json) => ChatRequest.Parse(Encoding.UTF8.GetBytes(json)).Request!;
}
