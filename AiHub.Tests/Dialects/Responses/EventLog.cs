using System.Text.Json.Nodes;

namespace AiHub.Tests.Dialects.Responses;

/// <summary>
/// Follows a stream of Responses events as a strict client does: puts the answer together from the deltas and objects to anything
/// that does not fit what came before.
/// </summary>
internal sealed class EventLog
{
    private readonly List<JsonObject> _items = [];
    private readonly HashSet<int> _closed = [];
    private readonly HashSet<(int Item, int Part, string Kind)> _parts = [];
    private readonly HashSet<(int Item, int Part, string Kind)> _closedParts = [];
    private readonly Dictionary<(int Item, int Part, string Kind), string> _texts = [];

    private EventLog()
    {
    }

    public List<JsonObject> Events { get; } = [];

    public JsonObject? Final { get; private set; }

    public bool EndedCleanly { get; private set; }

    public IEnumerable<string> Types => Events.Select(one => one["type"]!.GetValue<string>());

    public static EventLog Read(string stream)
    {
        var log = new EventLog();
        Assert.EndsWith("\n\n", stream, StringComparison.Ordinal);
        foreach (var block in stream[..^2].Split("\n\n"))
        {
            Assert.False(log.EndedCleanly);
            if (block == "data: [DONE]")
            {
                log.EndedCleanly = true;
                continue;
            }

            var lines = block.Split('\n');
            Assert.Equal(2, lines.Length);
            Assert.StartsWith("event: ", lines[0], StringComparison.Ordinal);
            Assert.StartsWith("data: ", lines[1], StringComparison.Ordinal);
            var one = JsonNode.Parse(lines[1]["data: ".Length..])!.AsObject();
            Assert.Equal(lines[0]["event: ".Length..], one["type"]!.GetValue<string>());
            log.Take(one);
        }

        return log;
    }

    private void Take(JsonObject one)
    {
        Assert.Equal(Events.Count, one["sequence_number"]!.GetValue<int>());
        var type = one["type"]!.GetValue<string>();
        switch (Events.Count)
        {
            case 0:
                Assert.Equal("response.created", type);
                break;
            case 1:
                Assert.Equal("response.in_progress", type);
                break;
        }

        Events.Add(one);
        switch (type)
        {
            case "response.created" or "response.in_progress":
                Assert.True(Events.Count <= 2);
                Assert.Empty(one["response"]!["output"]!.AsArray());
                break;
            case "response.output_item.added":
                ItemAdded(one);
                break;
            case "response.output_item.done":
                ItemDone(one);
                break;
            case "response.content_part.added" or "response.reasoning_summary_part.added":
                Assert.True(_parts.Add(PartOf(one)));
                Open(one);
                break;
            case "response.content_part.done" or "response.reasoning_summary_part.done":
                PartDone(one);
                break;
            case "response.completed" or "response.incomplete":
                Ended(one, type["response.".Length..]);
                Assert.Equal(_items.Count, _closed.Count);
                break;
            case "response.failed":
                Final = one["response"]!.AsObject();
                Assert.Equal("failed", Final["status"]!.GetValue<string>());
                Assert.NotNull(Final["error"]);
                break;
            case "error":
                Assert.Equal("failed", Final!["status"]!.GetValue<string>());
                Assert.NotNull(one["message"]);
                Assert.NotNull(one["error"]);
                break;
            case "response.output_text.annotation.added":
                Assert.Contains(PartOf(one), _parts);
                Open(one);
                break;
            default:
                Text(one, type);
                break;
        }
    }

    private void ItemAdded(JsonObject one)
    {
        Assert.Null(Final);
        Assert.Equal(_items.Count, one["output_index"]!.GetValue<int>());
        var item = one["item"]!.AsObject();
        Assert.DoesNotContain(item["id"]!.GetValue<string>(), _items.Select(earlier => earlier["id"]!.GetValue<string>()));
        _items.Add(item);
    }

    private void ItemDone(JsonObject one)
    {
        var index = one["output_index"]!.GetValue<int>();
        Assert.True(_closed.Add(index));
        var item = one["item"]!.AsObject();
        Assert.Equal(_items[index]["id"]!.GetValue<string>(), item["id"]!.GetValue<string>());
        Assert.Equal(_items[index]["type"]!.GetValue<string>(), item["type"]!.GetValue<string>());
        Assert.NotEqual("in_progress", item["status"]?.GetValue<string>());
        Assert.Equal(_parts.Count(part => part.Item == index), _closedParts.Count(part => part.Item == index));

        // The item says what its deltas said.
        var said = string.Concat(_texts.Where(text => text.Key.Item == index).OrderBy(text => text.Key.Part).Select(text => text.Value));
        Assert.Equal(Said(item), said);
        _items[index] = item;
    }

    private void PartDone(JsonObject one)
    {
        var part = PartOf(one);
        Assert.Contains(part, _parts);
        Assert.True(_closedParts.Add(part));
        Open(one);
        var content = one["part"]!;
        Assert.Equal((content["text"] ?? content["refusal"])!.GetValue<string>(), _texts.GetValueOrDefault(part, ""));
    }

    private void Text(JsonObject one, string type)
    {
        Open(one);
        var part = PartOf(one);
        if (type.EndsWith(".delta", StringComparison.Ordinal))
        {
            if (part.Part >= 0)
            {
                Assert.Contains(part, _parts);
                Assert.DoesNotContain(part, _closedParts);
            }

            _texts[part] = _texts.GetValueOrDefault(part, "") + one["delta"]!.GetValue<string>();
            return;
        }

        Assert.EndsWith(".done", type, StringComparison.Ordinal);
        var whole = one["text"] ?? one["refusal"] ?? one["arguments"] ?? one["input"];
        Assert.Equal(whole!.GetValue<string>(), _texts.GetValueOrDefault(part, ""));
    }

    private void Open(JsonObject one)
    {
        var index = one["output_index"]!.GetValue<int>();
        Assert.DoesNotContain(index, _closed);
        Assert.Equal(_items[index]["id"]!.GetValue<string>(), one["item_id"]!.GetValue<string>());
    }

    private void Ended(JsonObject one, string status)
    {
        Final = one["response"]!.AsObject();
        Assert.Equal(status, Final["status"]!.GetValue<string>());
        Assert.Equal(_items.Select(item => item.ToJsonString()), Final["output"]!.AsArray().Select(item => item!.ToJsonString()));
    }

    private static (int Item, int Part, string Kind) PartOf(JsonObject one) =>
        one["summary_index"] is { } summary ? (one["output_index"]!.GetValue<int>(), summary.GetValue<int>(), "summary")
        : one["content_index"] is { } content ? (one["output_index"]!.GetValue<int>(), content.GetValue<int>(), "content")
        : (one["output_index"]!.GetValue<int>(), -1, "call");

    private static string Said(JsonObject item) => item["type"]!.GetValue<string>() switch
    {
        "message" => string.Concat(item["content"]!.AsArray().Select(part => (part!["text"] ?? part["refusal"])!.GetValue<string>())),
        "reasoning" => string.Concat(item["summary"]!.AsArray().Concat(item["content"]?.AsArray() ?? []).Select(part => part!["text"]!.GetValue<string>())),
        "function_call" => item["arguments"]!.GetValue<string>(),
        _ => item["input"]!.GetValue<string>(),
    };
}
