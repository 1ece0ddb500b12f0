using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Dialects.Responses;

/// <summary>A Responses request means the same to a vendor that speaks Responses as to one that speaks Chat Completions.</summary>
public sealed class BothWaysTests
{
    [Theory]
    [InlineData("echo", "Hello 世界 😀", false)]
    [InlineData("echo", "Hello 世界 😀", true)]
    [InlineData("reasoning", "Think hard.", false)]
    [InlineData("reasoning", "Think hard.", true)]
    [InlineData("tools", "all tools", false)]
    [InlineData("tools", "all tools", true)]
    [InlineData("lorem", "lorem 4000", false)]
    [InlineData("lorem", "lorem 4000", true)]
    public async Task The_translated_way_gives_the_client_what_the_verbatim_way_gives_it(string model, string text, bool stream)
    {
        var customer = await (await TestHub.SharedAsync()).RegisterAsync();

        var verbatim = await AskAsync(customer, $"sim/responses-{model}", text, stream);
        var translated = await AskAsync(customer, $"sim/{model}", text, stream);

        Assert.Equal(Comparable(verbatim, model), Comparable(translated, model));
    }

    private static async Task<JsonNode> AskAsync(TestCustomer customer, string model, string text, bool stream)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["instructions"] = "Be kind.",
            ["input"] = new JsonArray(
                new JsonObject { ["role"] = "user", ["content"] = "Earlier" },
                new JsonObject { ["role"] = "assistant", ["content"] = new JsonArray(new JsonObject { ["type"] = "output_text", ["text"] = "Yes?", ["annotations"] = new JsonArray() }) },
                new JsonObject { ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = "input_text", ["text"] = text }) }),
            ["tools"] = JsonNode.Parse(
                """
                [{"type":"function","name":"weather","strict":false,"parameters":{"type":"object","properties":{"city":{"type":"string"}}}},
                 {"type":"function","name":"time","strict":false,"parameters":{"type":"object","properties":{}}}]
                """),
            ["max_output_tokens"] = 200,
            ["store"] = false,
            ["stream"] = stream,
        };
        var response = await customer.Api.PostAsJsonAsync("responses", body);
        var answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, answer);
        if (!stream)
        {
            return JsonNode.Parse(answer)!;
        }

        var events = answer.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(sent => sent.Split('\n').Single(line => line.StartsWith("data: ", StringComparison.Ordinal))[6..])
            .Where(data => data != "[DONE]")
            .Select(data => JsonNode.Parse(data)!).ToList();
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(sent => (int)sent["sequence_number"]!));
        return events[^1]["response"]!;
    }

    // Ids differ from answer to answer, and the two simulated vendors think, and lead up to a call, in words of their own.
    private static IEnumerable<string> Comparable(JsonNode response, string model) =>
    [
        $"{response["status"]} {response["incomplete_details"]?["reason"]} {response["instructions"]} {response["max_output_tokens"]} {response["tools"]!.AsArray().Count}",
        .. response["output"]!.AsArray().Where(item => model != "tools" || (string)item!["type"]! != "message").Select(item => (string)item!["type"]! switch
        {
            "message" => $"message {item["role"]} {item["status"]} {Said(item)[..Math.Min(Said(item).Length, 40)]}",
            "function_call" => $"call {item["name"]} {JsonNode.Parse((string)item["arguments"]!)!.ToJsonString()}",
            var type => type,
        }),
        model is "echo" or "lorem" ? $"{response["usage"]!["output_tokens"]}" : "",
        $"thinking: {(int)response["usage"]!["output_tokens_details"]!["reasoning_tokens"]! > 0}",
    ];

    private static string Said(JsonNode message) => string.Concat(message["content"]!.AsArray().Select(part => (string?)part!["text"]));
}
