using System.Buffers;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>What a response repeats of its request. Clients with strict readers want every member, so what was not said is filled in.</summary>
internal static class ResponseEcho
{
    public static byte[] Of(ResponsesRequest request)
    {
        var body = request.Body;
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Wire.Writing))
        {
            writer.WriteStartObject();
            // Nothing runs in the background here: whoever asked for it finds the answer complete at once.
            writer.WriteBoolean("background"u8, false);
            writer.WriteOr("instructions"u8, body.Get("instructions"u8), "null"u8);
            writer.WriteOr("max_output_tokens"u8, body.Get("max_output_tokens"u8), "null"u8);
            writer.WriteOr("max_tool_calls"u8, body.Get("max_tool_calls"u8), "null"u8);
            writer.WriteOr("metadata"u8, body.Get("metadata"u8), "{}"u8);
            writer.WriteOr("parallel_tool_calls"u8, body.Get("parallel_tool_calls"u8), "true"u8);
            writer.WriteOr("previous_response_id"u8, body.Get("previous_response_id"u8), "null"u8);
            writer.WriteOr("prompt_cache_key"u8, body.Get("prompt_cache_key"u8), "null"u8);
            writer.WriteOr("prompt_cache_retention"u8, body.Get("prompt_cache_retention"u8), "null"u8);
            writer.WriteOr("presence_penalty"u8, body.Get("presence_penalty"u8), "0"u8);
            writer.WriteOr("frequency_penalty"u8, body.Get("frequency_penalty"u8), "0"u8);
            WriteReasoning(writer, request.Reasoning);
            writer.WriteOr("safety_identifier"u8, body.Get("safety_identifier"u8), "null"u8);
            writer.WriteOr("temperature"u8, body.Get("temperature"u8), "1"u8);
            WriteText(writer, body.Get("text"u8));
            writer.WriteOr("tool_choice"u8, body.Get("tool_choice"u8), "\"auto\""u8);
            WriteTools(writer, body.Get("tools"u8));
            writer.WriteOr("top_logprobs"u8, body.Get("top_logprobs"u8), "0"u8);
            writer.WriteOr("top_p"u8, body.Get("top_p"u8), "1"u8);
            writer.WriteString("truncation"u8, "disabled"u8);
            writer.WriteOr("user"u8, body.Get("user"u8), "null"u8);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteReasoning(Utf8JsonWriter writer, JsonElement reasoning)
    {
        writer.WriteStartObject("reasoning"u8);
        writer.WriteOr("effort"u8, reasoning.Get("effort"u8), "null"u8);
        writer.WriteOr("summary"u8, reasoning.Get("summary"u8), "null"u8);
        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, JsonElement text)
    {
        writer.WriteStartObject("text"u8);
        writer.WritePropertyName("format"u8);
        var format = text.Get("format"u8);
        if (format.Text("type"u8) == "json_schema")
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "json_schema"u8);
            writer.WriteOr("name"u8, format.Get("name"u8), "null"u8);
            writer.WriteOr("description"u8, format.Get("description"u8), "null"u8);
            writer.WriteOr("schema"u8, format.Get("schema"u8), "null"u8);
            writer.WriteOr("strict"u8, format.Get("strict"u8), "false"u8);
            writer.WriteEndObject();
        }
        else if (format.Exists())
        {
            format.WriteTo(writer);
        }
        else
        {
            writer.WriteRawValue("{\"type\":\"text\"}"u8, skipInputValidation: true);
        }

        writer.WriteOr("verbosity"u8, text.Get("verbosity"u8), "\"medium\""u8);
        writer.WriteEndObject();
    }

    // Only those the model was given.
    private static void WriteTools(Utf8JsonWriter writer, JsonElement tools)
    {
        writer.WriteStartArray("tools"u8);
        if (tools.ValueKind == JsonValueKind.Array)
        {
            foreach (var tool in tools.EnumerateArray())
            {
                if (ToolKinds.Of(tool) == ToolKind.Function)
                {
                    WriteFunction(writer, tool);
                }
                else if (ToolKinds.Of(tool) is not null || ToolKinds.IsNamespace(tool))
                {
                    tool.WriteTo(writer);
                }
            }
        }

        writer.WriteEndArray();
    }

    private static void WriteFunction(Utf8JsonWriter writer, JsonElement tool)
    {
        writer.WriteStartObject();
        foreach (var member in tool.EnumerateObject())
        {
            member.WriteTo(writer);
        }

        // A null that was sent is there already.
        foreach (var required in (ReadOnlySpan<string>)["description", "parameters", "strict"])
        {
            if (!tool.TryGetProperty(required, out _))
            {
                writer.WriteNull(required);
            }
        }

        writer.WriteEndObject();
    }
}
