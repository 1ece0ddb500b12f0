using System.Buffers;
using System.Text.Json;
using AiHub.Domain.Usage;

namespace AiHub.Domain.Accounts;

/// <summary>Writes settlements as <c>ledger_settle</c> reads them; a usage record member by member under its column's name.</summary>
internal static class SettlementJson
{
    public static byte[] Of(IReadOnlyList<Settlement> settlements)
    {
        var buffer = new ArrayBufferWriter<byte>(settlements.Count * 1200);
        using var json = new Utf8JsonWriter(buffer);

        json.WriteStartArray();
        foreach (var settlement in settlements)
        {
            json.WriteStartObject();
            json.WriteString("hold_id", settlement.HoldId);
            json.WriteString("organization_id", settlement.Usage.OrganizationId);
            json.WriteString("now", settlement.Now);
            json.WriteStartObject("usage");
            Write(json, settlement.Usage);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, UsageRecord usage)
    {
        json.WriteString("id", usage.Id);
        json.WriteString("organization_id", usage.OrganizationId);
        if (usage.TeamId is { } team)
        {
            json.WriteString("team_id", team);
        }

        json.WriteString("user_id", usage.UserId);
        json.WriteString("key_id", usage.KeyId);
        json.WriteString("model_id", usage.ModelId);
        json.WriteString("upstream_id", usage.UpstreamId);
        json.WriteString("vendor_id", usage.VendorId);
        json.WriteString("surface", usage.Surface);
        json.WriteString("occurred_at", usage.OccurredAt);

        json.WriteNumber("tokens_input_uncached", usage.Tokens.InputUncached);
        json.WriteNumber("tokens_cache_read", usage.Tokens.CacheRead);
        json.WriteNumber("tokens_cache_write5m", usage.Tokens.CacheWrite5m);
        json.WriteNumber("tokens_cache_write1h", usage.Tokens.CacheWrite1h);
        json.WriteNumber("tokens_output_text", usage.Tokens.OutputText);
        json.WriteNumber("tokens_output_reasoning", usage.Tokens.OutputReasoning);
        json.WriteNumber("tokens_audio_in", usage.Tokens.AudioIn);
        json.WriteNumber("tokens_audio_out", usage.Tokens.AudioOut);
        json.WriteNumber("tokens_image_in", usage.Tokens.ImageIn);
        json.WriteNumber("tokens_image_out", usage.Tokens.ImageOut);

        json.WriteNumber("units_images", usage.Units.Images);
        json.WriteNumber("units_seconds", usage.Units.Seconds);
        json.WriteNumber("units_characters", usage.Units.Characters);
        json.WriteNumber("units_search_units", usage.Units.SearchUnits);

        json.WriteString("source", Storage.Words.Of(usage.Source.ToString()));
        json.WriteString("status", Storage.Words.Of(usage.Status.ToString()));
        json.WriteString("error_code", usage.ErrorCode);
        json.WriteBoolean("streamed", usage.Streamed);
        json.WriteString("finish_reason", usage.FinishReason);
        json.WriteNumber("plan_tokens", usage.PlanTokens);
        json.WriteNumber("cost_nanos", usage.Cost.Nanos);
        json.WriteString("currency", usage.Cost.Currency.ToString());

        json.WriteStartArray("price_rows");
        foreach (var row in usage.PriceRows)
        {
            json.WriteStringValue(row);
        }

        json.WriteEndArray();
        json.WriteStartArray("tags");
        foreach (var tag in usage.Tags)
        {
            json.WriteStringValue(tag);
        }

        json.WriteEndArray();
        json.WriteString("latency", Interval(usage.Latency));
        if (usage.TimeToFirstToken is { } first)
        {
            json.WriteString("time_to_first_token", Interval(first));
        }

        json.WriteNumber("attempts", usage.Attempts);
        if (usage.Tried is { } tried)
        {
            json.WritePropertyName("tried");
            Storage.JsonAttempts.Write(json, tried);
        }
    }

    private static string Interval(TimeSpan span) => $"{span.Ticks / TimeSpan.TicksPerMicrosecond} microseconds";
}
