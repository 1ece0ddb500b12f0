using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.Completions;
using AiHub.Gateway.Dialects.Responses;

namespace AiHub.Tests.Dialects.Completions;

public sealed class CompletionsTests
{
    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeSeconds(1_790_000_000);
    private static readonly TokenUsage Used = new(InputUncached: 6, CacheRead: 1, OutputText: 5);

    [Fact]
    public void A_prompt_becomes_a_chat_of_one_message()
    {
        var (chat, dropped) = Translate("""{"model":"m","prompt":"Once \"upon\"\n","stop":["\n"],"temperature":0,"seed":7,"top_k":3}""");

        Assert.Equal(
            """{"model":"m","messages":[{"role":"user","content":"Once \u0022upon\u0022\n"}],"max_completion_tokens":16,"stop":["\n"],"temperature":0,"seed":7,"top_k":3}""",
            chat.ToJsonString());
        Assert.Empty(dropped);
    }

    [Fact]
    public void What_a_chat_cannot_do_is_named()
    {
        var (chat, dropped) = Translate("""{"model":"m","prompt":["x"],"suffix":"end","best_of":5,"n":2,"logprobs":2,"echo":true,"max_tokens":9,"stream":true,"tools":[],"user":null}""");

        Assert.Equal(
            """{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":9,"logprobs":true,"top_logprobs":2,"n":2}""",
            chat.ToJsonString());
        Assert.Equal(["suffix", "best_of", "tools"], dropped);
    }

    [Theory]
    [InlineData("""{"prompt":"x"}""", "model", "missing_required_parameter")]
    [InlineData("""{"model":"m"}""", "prompt", "missing_required_parameter")]
    [InlineData("""{"model":"m","prompt":[]}""", "prompt", "invalid_type")]
    [InlineData("""{"model":"m","prompt":[1,"a"]}""", "prompt", "invalid_type")]
    [InlineData("""{"model":"m","prompt":"x","n":0}""", "n", "invalid_type")]
    [InlineData("""{"model":"m","prompt":"x","logprobs":true}""", "logprobs", "invalid_type")]
    [InlineData("""{"model":"m","prompt":"x","suffix":1}""", "suffix", "invalid_type")]
    [InlineData("nonsense", null, "invalid_json")]
    public void What_is_wrong_is_said_by_name(string body, string? param, string code)
    {
        Assert.False(CompletionsRequest.TryRead(Encoding.UTF8.GetBytes(body), out _, out var refusal));

        Assert.Equal((param, code), (refusal.Param, refusal.Code));
    }

    [Theory]
    [InlineData("\"a\"", 1)]
    [InlineData("[\"a\",\"b\"]", 2)]
    [InlineData("[1,2,3]", 1)]
    [InlineData("[[1,2],[3]]", 2)]
    public void Prompts_are_told_apart(string prompt, int prompts)
    {
        Assert.True(CompletionsRequest.TryRead(Encoding.UTF8.GetBytes($$"""{"model":"m","prompt":{{prompt}}}"""), out var request, out _));
        using (request)
        {
            Assert.Equal(prompts, request.Prompts.Count);
        }
    }

    [Fact]
    public void A_whole_answer_has_the_shape_of_a_completion()
    {
        var answer = new CompletionAnswer("cmpl-1", At, "m", null, withAlternatives: true);
        var body = new ArrayBufferWriter<byte>();
        using (var writer = answer.Begin(body))
        {
            writer.WriteStartArray("choices");
            answer.WriteChoices(writer, """
                {"choices":[
                  {"index":0,"message":{"role":"assistant","content":" time","reasoning_content":"hm"},"finish_reason":"stop",
                   "logprobs":{"content":[{"token":" ti","logprob":-0.5,"top_logprobs":[{"token":" ti","logprob":-0.5},{"token":" ty","logprob":-2}]},{"token":"me","logprob":-0.25,"top_logprobs":[]}]}},
                  {"index":1,"message":{"content":null},"finish_reason":"length"}]}
                """u8);
            writer.WriteEndArray();
            writer.WritePropertyName("usage");
            CompletionAnswer.WriteUsage(writer, Used);
            writer.WriteEndObject();
        }

        Assert.Equal(
            """{"id":"cmpl-1","object":"text_completion","created":1790000000,"model":"m","choices":[{"text":" time","index":0,"logprobs":{"tokens":[" ti","me"],"token_logprobs":[-0.5,-0.25],"top_logprobs":[{" ti":-0.5," ty":-2},{}],"text_offset":[0,3]},"finish_reason":"stop"},{"text":"","index":1,"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":0}}}""",
            Encoding.UTF8.GetString(body.WrittenSpan));
    }

    [Fact]
    public void A_stream_has_the_shape_of_completions_and_begins_with_the_prompt()
    {
        using var echo = new JsonText();
        echo.AppendPlain("Once 😀"u8);
        var answer = new CompletionAnswer("cmpl-1", At, "m", echo, withAlternatives: false);
        var output = new ArrayBufferWriter<byte>();

        Assert.False(answer.TryWriteChunk(output, """{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"""u8));
        Assert.False(answer.TryWriteChunk(output, """{"choices":[{"index":0,"delta":{"reasoning_content":"hm"},"finish_reason":null}]}"""u8));
        Assert.True(answer.TryWriteChunk(output, """{"choices":[{"index":0,"delta":{"content":" upon"},"logprobs":{"content":[{"token":" upon","logprob":-1}]},"finish_reason":null}]}"""u8));
        Assert.True(answer.TryWriteChunk(output, """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"""u8));
        Assert.False(answer.TryWriteChunk(output, """{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12,"vendor":1}}"""u8));
        answer.WriteEnd(output, includeUsage: true, Used);

        Assert.Equal(
            """
            data: {"id":"cmpl-1","object":"text_completion","created":1790000000,"model":"m","choices":[{"text":"Once \ud83d\uDE00 upon","index":0,"logprobs":{"tokens":[" upon"],"token_logprobs":[-1],"top_logprobs":null,"text_offset":[6]},"finish_reason":null}]}

            data: {"id":"cmpl-1","object":"text_completion","created":1790000000,"model":"m","choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}]}

            data: {"id":"cmpl-1","object":"text_completion","created":1790000000,"model":"m","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12,"vendor":1}}

            data: [DONE]


            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void A_broken_stream_ends_in_an_error()
    {
        var answer = new CompletionAnswer("cmpl-1", At, "m", null, withAlternatives: false);
        var output = new ArrayBufferWriter<byte>();

        answer.WriteFailure(output, "The model's provider broke off its answer.", "upstream_truncated");

        Assert.Equal(
            """
            data: {"id":"cmpl-1","object":"text_completion","created":1790000000,"model":"m","error":{"message":"The model's provider broke off its answer.","type":"server_error","param":null,"code":"upstream_truncated"},"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"error"}]}

            data: [DONE]


            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    private static (JsonNode Chat, List<string> Dropped) Translate(string body)
    {
        Assert.True(CompletionsRequest.TryRead(Encoding.UTF8.GetBytes(body), out var request, out var refusal), refusal?.Message);
        using (request)
        {
            using var prompt = new JsonText();
            prompt.AppendPlain(Encoding.UTF8.GetBytes(request.Prompts[0].GetString()!));
            var chat = new ArrayBufferWriter<byte>();
            var dropped = new List<string>();
            request.WriteChat(prompt, chat, dropped);
            return (JsonNode.Parse(chat.WrittenSpan)!, dropped);
        }
    }
}
