using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Gateway.Dialects.Responses;
using static AiHub.Tests.Dialects.Responses.Talk;

namespace AiHub.Tests.Dialects.Responses;

/// <summary>What a chat model said in one turn must reach it unchanged in the next, whichever items it travelled as.</summary>
public sealed class RoundTripTests
{
    private const string Stateless = """{"model":"m","input":"go","include":["reasoning.encrypted_content"],"tools":[{"type":"custom","name":"patch"},{"type":"function","name":"f"}]}""";

    [Fact]
    public void Reasoning_text_and_calls_survive_a_turn()
    {
        var message = new JsonObject
        {
            ["role"] = "assistant",
            ["content"] = "I will call.",
            ["reasoning_content"] = "first\n\"this\", 然后那个",
            ["tool_calls"] = new JsonArray(Function("call_1", "f", "{\"a\": 1}"), Function("call_2", "patch", "{\"input\":\"*** \\n\\\"x\\\" 你\"}")),
        };

        Assert.Equal(message.ToJsonString(Relaxed), NextTurn(message, "tool_calls").ToJsonString(Relaxed));
    }

    [Fact]
    public void Signed_thoughts_and_signatures_on_calls_survive_a_turn()
    {
        var call = Function("call_1", "f", "{}");
        call["extra_content"] = new JsonObject { ["google"] = new JsonObject { ["thought_signature"] = "sig==" } };
        var message = new JsonObject
        {
            ["role"] = "assistant",
            ["content"] = null,
            ["reasoning_content"] = "hm",
            ["reasoning_details"] = new JsonArray(
                new JsonObject { ["type"] = "reasoning.text", ["index"] = 0, ["signature"] = "abc", ["text"] = "hm" },
                new JsonObject { ["type"] = "reasoning.encrypted", ["index"] = 1, ["data"] = "ENC" }),
            ["tool_calls"] = new JsonArray(call),
        };

        Assert.Equal(message.ToJsonString(Relaxed), NextTurn(message, "tool_calls").ToJsonString(Relaxed));
    }

    [Fact]
    public void A_thought_that_came_in_fragments_goes_back_in_one()
    {
        static string Detail(JsonObject detail) => Chunk(new JsonObject { ["reasoning_details"] = new JsonArray(detail) });
        var items = Items(Stateless,
        [
            Detail(new JsonObject { ["type"] = "reasoning.text", ["index"] = 0, ["text"] = "one " }),
            Detail(new JsonObject { ["type"] = "reasoning.text", ["index"] = 0, ["text"] = "two", ["signature"] = null }),
            Detail(new JsonObject { ["type"] = "reasoning.text", ["index"] = 0, ["signature"] = "S" }),
            Text("said"),
            Detail(new JsonObject { ["type"] = "reasoning.encrypted", ["index"] = 1, ["data"] = "LATE" }),
            Text(" and done"),
            Finish("stop"),
        ]);

        Assert.Equal(["reasoning", "message", "reasoning"], items.Select(item => item!["type"]!.GetValue<string>()));
        Assert.Equal(
            """{"role":"assistant","content":"said and done","reasoning_content":"one two","reasoning_details":[{"type":"reasoning.text","index":0,"signature":"S","text":"one two"},{"type":"reasoning.encrypted","index":1,"data":"LATE"}]}""",
            Again(items)[1]!.ToJsonString(Relaxed));
    }

    [Fact]
    public void A_client_that_keeps_only_the_visible_thoughts_still_returns_them()
    {
        var items = Whole("""{"model":"m","input":"go"}""", Answer(new JsonObject { ["content"] = "ok", ["reasoning_content"] = "because" }))["output"]!.AsArray();

        Assert.Null(items[0]!["encrypted_content"]);
        Assert.Equal("because", Again(items)[1]!["reasoning_content"]!.GetValue<string>());
    }

    [Fact]
    public void Thoughts_another_vendor_encrypted_are_named_as_lost()
    {
        var (chat, dropped) = Translate("""{"model":"m","input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAAA"},{"role":"user","content":"x"}]}""");

        Assert.Equal("""[{"role":"user","content":"x"}]""", chat["messages"]!.ToJsonString());
        Assert.Equal(["input[].encrypted_content"], dropped);
    }

    [Theory]
    [InlineData("aihub1.")]
    [InlineData("aihub1.!!!")]
    [InlineData("aihub1.W10")]
    public void A_damaged_package_is_no_reason_to_fail(string content)
    {
        var (_, dropped) = Translate($$"""{"model":"m","input":[{"type":"reasoning","summary":[],"encrypted_content":"{{content}}"},{"role":"user","content":"x"}]}""");

        Assert.Equal(["input[].encrypted_content"], dropped);
    }

    private static JsonObject Function(string id, string name, string arguments) => new()
    {
        ["id"] = id,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = name, ["arguments"] = arguments },
    };

    // The assistant's message as the model sees it in the next turn.
    private static JsonNode NextTurn(JsonObject message, string finishReason) =>
        Again(Whole(Stateless, Answer((JsonObject)message.DeepClone(), finishReason))["output"]!.AsArray())[1]!;

    private static JsonArray Items(string request, IEnumerable<string> chunks)
    {
        using var read = Request(request);
        using var answer = new ResponseAnswer(read, Id, At, "m", stored: false);
        foreach (var chunk in chunks)
        {
            answer.Take(Encoding.UTF8.GetBytes(chunk), null);
        }

        answer.Complete(Used, At, null);
        var items = new ArrayBufferWriter<byte>();
        answer.WriteItems(items);
        return JsonNode.Parse(items.WrittenSpan)!.AsArray();
    }

    private static JsonArray Again(JsonArray output)
    {
        var input = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "go" });
        foreach (var item in output)
        {
            input.Add(item!.DeepClone());
        }

        var next = JsonNode.Parse(Stateless)!;
        next["input"] = input;
        return Translate(next.ToJsonString()).Chat["messages"]!.AsArray();
    }
}
