using System.Buffers;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Gateway.Dialects.OpenAI;

namespace AiHub.Gateway.Providers;

/// <summary>A chat request said the way one vendor needs it: without what it refuses, by the names it knows, thinking switched on its way. All else stays as it came.</summary>
internal static class ShapedRequest
{
    public static (ChatRequest Request, IReadOnlyList<string> Dropped) Of(ChatRequest request, VendorQuirks quirks)
    {
        using var document = JsonDocument.Parse(request.Json, Wire.Reader);
        var asked = document.RootElement;
        var dropped = new List<string>();
        var body = new ArrayBufferWriter<byte>(request.Json.Length + 64);
        using (var writer = new Utf8JsonWriter(body, Wire.Writer))
        {
            writer.WriteStartObject();
            foreach (var member in asked.EnumerateObject())
            {
                Write(writer, asked, member, quirks, dropped);
            }

            WriteThinking(writer, asked, quirks, dropped);
            WriteDefaults(writer, asked, quirks);
            writer.WriteEndObject();
        }

        // Nothing in it that was checked before has changed.
        return (request.Saying(body.WrittenMemory), dropped);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement asked, JsonProperty member, VendorQuirks quirks, List<string> dropped)
    {
        if (quirks.Thinking.Length > 0 && member.Name is "reasoning_effort" or "reasoning")
        {
            return;
        }

        if (quirks.Drops(member.Name))
        {
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                dropped.Add(member.Name);
            }

            return;
        }

        var name = quirks.NewName(member.Name);
        if (name is not null && asked.TryGetProperty(name, out _))
        {
            // The client used both names; the vendor's own stands.
            return;
        }

        writer.WritePropertyName(name ?? member.Name);
        if (!quirks.KnowsDeveloper && member.NameEquals("messages"u8))
        {
            WriteMessages(writer, member.Value);
        }
        else
        {
            writer.Copy(member.Value);
        }
    }

    private static void WriteMessages(Utf8JsonWriter writer, JsonElement messages)
    {
        writer.WriteStartArray();
        foreach (var message in messages.EnumerateArray())
        {
            if (!message.Says("role"u8, "developer"u8))
            {
                writer.Copy(message);
                continue;
            }

            writer.WriteStartObject();
            foreach (var member in message.EnumerateObject())
            {
                writer.WritePropertyName(member.Name);
                if (member.NameEquals("role"u8))
                {
                    writer.WriteStringValue("system"u8);
                }
                else
                {
                    writer.Copy(member.Value);
                }
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    // The client says it in OpenAI's or OpenRouter's words, unless it knows the vendor's.
    private static void WriteThinking(Utf8JsonWriter writer, JsonElement asked, VendorQuirks quirks, List<string> dropped)
    {
        asked.Given("reasoning"u8, JsonValueKind.Object, out var reasoning);
        var effort = asked.Text("reasoning_effort"u8) ?? reasoning.Text("effort"u8);
        var budget = reasoning.Number("max_tokens"u8);
        var off = effort == "none" || reasoning.Given("enabled"u8, JsonValueKind.False, out _);
        if (quirks.Thinking.Length == 0 || (effort is null && budget is null && !off && !reasoning.Flag("enabled"u8)))
        {
            return;
        }

        switch (quirks.Thinking)
        {
            case "effort":
                writer.WriteString("reasoning_effort"u8, off ? "none" : effort ?? (budget is { } tokens ? Efforts.OfBudget(tokens) : "medium"));
                break;
            case "enable_thinking" when !asked.Given("enable_thinking"u8, out _):
                writer.WriteBoolean("enable_thinking"u8, !off);
                if (!off && !asked.Given("thinking_budget"u8, out _) && (budget ?? (effort is null ? null : Efforts.Budget(effort))) is { } most)
                {
                    writer.WriteNumber("thinking_budget"u8, most);
                }

                break;
            case "thinking" when !asked.Given("thinking"u8, out _):
                writer.WriteStartObject("thinking"u8);
                writer.WriteString("type"u8, off ? "disabled"u8 : "enabled"u8);
                writer.WriteEndObject();
                break;
            case "none" when !off:
                dropped.Add(asked.Given("reasoning_effort"u8, out _) ? "reasoning_effort" : "reasoning");
                break;
        }
    }

    private static void WriteDefaults(Utf8JsonWriter writer, JsonElement asked, VendorQuirks quirks)
    {
        if (quirks.Defaults.Length == 0)
        {
            return;
        }

        using var defaults = JsonDocument.Parse(quirks.Defaults);
        foreach (var member in defaults.RootElement.EnumerateObject())
        {
            if (!asked.TryGetProperty(member.Name, out _) && !(member.NameEquals("enable_thinking"u8) && AsksToThink(asked)))
            {
                writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
            }
        }
    }

    private static bool AsksToThink(JsonElement asked) => asked.Given("reasoning_effort"u8, out _) || asked.Given("reasoning"u8, out _);
}
