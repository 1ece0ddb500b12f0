using System.Text.Json;
using AiHub.Domain.Catalog;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>
/// The usage of one Messages answer. Its <c>input_tokens</c> are only those that no cache had to do with, and in a stream every later
/// report replaces the figures it names; both differ from Chat Completions.
/// </summary>
public struct AnthropicUsage
{
    private long? _input;
    private long? _output;
    private long _cacheRead;
    private long _cacheWrite;
    private long? _cacheWrite1h;
    private long _thinking;

    /// <summary>Takes over what this report says; an explicit 0 is a value, null and absence are not.</summary>
    public void Take(JsonElement usage)
    {
        _input = usage.Number("input_tokens"u8) ?? _input;
        _output = usage.Number("output_tokens"u8) ?? _output;
        _cacheRead = usage.Number("cache_read_input_tokens"u8) ?? _cacheRead;
        _cacheWrite = usage.Number("cache_creation_input_tokens"u8) ?? _cacheWrite;
        if (usage.Given("cache_creation"u8, JsonValueKind.Object, out var creation))
        {
            _cacheWrite1h = creation.Number("ephemeral_1h_input_tokens"u8) ?? _cacheWrite1h;
            if (!usage.Given("cache_creation_input_tokens"u8, out _))
            {
                _cacheWrite = (creation.Number("ephemeral_5m_input_tokens"u8) ?? 0) + (_cacheWrite1h ?? 0);
            }
        }

        if (usage.Given("output_tokens_details"u8, JsonValueKind.Object, out var details))
        {
            _thinking = details.Number("thinking_tokens"u8) ?? _thinking;
        }
    }

    /// <summary>Null while the totals are missing. Parts that exceed their total are cut to it.</summary>
    public readonly TokenUsage? Tokens
    {
        get
        {
            if (_input is not { } input || _output is not { } output)
            {
                return null;
            }

            var write = Math.Max(0, _cacheWrite);
            var write1h = Math.Clamp(_cacheWrite1h ?? 0, 0, write);
            var thinking = Math.Clamp(_thinking, 0, Math.Max(0, output));
            return new TokenUsage(
                InputUncached: Math.Max(0, input),
                CacheRead: Math.Max(0, _cacheRead),
                CacheWrite5m: write - write1h,
                CacheWrite1h: write1h,
                OutputText: Math.Max(0, output) - thinking,
                OutputReasoning: thinking);
        }
    }

    /// <summary>The vendor's figures contradict each other.</summary>
    public readonly bool Inconsistent =>
        _input < 0 || _output < 0 || _cacheRead < 0 || _cacheWrite < 0 || _thinking < 0 || _thinking > _output || _cacheWrite1h < 0 || _cacheWrite1h > _cacheWrite;

    public static AnthropicUsage Of(JsonElement usage)
    {
        var read = new AnthropicUsage();
        read.Take(usage);
        return read;
    }

    /// <summary>The usage of a message, with every key that Anthropic's own SDKs insist on.</summary>
    /// <param name="tokens">Null at the start of a stream, when nobody knows yet.</param>
    public static void WriteMessage(Utf8JsonWriter writer, TokenUsage? tokens, string? serviceTier)
    {
        writer.WriteStartObject("usage"u8);
        WriteFigures(writer, tokens ?? default);
        if (tokens is { } known)
        {
            writer.WriteStartObject("cache_creation"u8);
            writer.WriteNumber("ephemeral_5m_input_tokens"u8, known.CacheWrite5m);
            writer.WriteNumber("ephemeral_1h_input_tokens"u8, known.CacheWrite1h);
            writer.WriteEndObject();
        }
        else
        {
            // The only figure that message_delta does not replace.
            writer.WriteNull("cache_creation"u8);
        }

        writer.WriteString("service_tier"u8, serviceTier ?? "standard");
        writer.WriteNull("inference_geo"u8);
        writer.WriteNull("speed"u8);
        writer.WriteEndObject();
    }

    /// <summary>The usage at the end of a stream: totals of the whole message, which replace those at its start.</summary>
    public static void WriteDelta(Utf8JsonWriter writer, TokenUsage tokens)
    {
        writer.WriteStartObject("usage"u8);
        WriteFigures(writer, tokens);
        writer.WriteEndObject();
    }

    /// <summary>The same figures as Chat Completions has them: totals, with their parts beside them.</summary>
    public static void WriteChat(Utf8JsonWriter writer, TokenUsage tokens, JsonElement original)
    {
        writer.WriteStartObject("usage"u8);
        writer.WriteNumber("prompt_tokens"u8, tokens.Input);
        writer.WriteNumber("completion_tokens"u8, tokens.Output);
        writer.WriteNumber("total_tokens"u8, tokens.Total);
        writer.WriteStartObject("prompt_tokens_details"u8);
        writer.WriteNumber("cached_tokens"u8, tokens.CacheRead);
        writer.WriteNumber("cache_write_tokens"u8, tokens.CacheWrite5m + tokens.CacheWrite1h);
        if (tokens.CacheWrite1h > 0)
        {
            writer.WriteNumber("cache_write_1h_tokens"u8, tokens.CacheWrite1h);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("completion_tokens_details"u8);
        writer.WriteNumber("reasoning_tokens"u8, tokens.OutputReasoning);
        writer.WriteEndObject();
        if (original.Given("server_tool_use"u8, out var tools))
        {
            writer.WritePropertyName("server_tool_use"u8);
            tools.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static void WriteFigures(Utf8JsonWriter writer, TokenUsage tokens)
    {
        writer.WriteNumber("input_tokens"u8, tokens.InputUncached + tokens.AudioIn + tokens.ImageIn);
        writer.WriteNumber("cache_creation_input_tokens"u8, tokens.CacheWrite5m + tokens.CacheWrite1h);
        writer.WriteNumber("cache_read_input_tokens"u8, tokens.CacheRead);
        writer.WriteNumber("output_tokens"u8, tokens.Output);
        writer.WriteStartObject("output_tokens_details"u8);
        writer.WriteNumber("thinking_tokens"u8, tokens.OutputReasoning);
        writer.WriteEndObject();
        writer.WriteNull("server_tool_use"u8);
    }
}
