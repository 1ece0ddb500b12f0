using System.Globalization;
using System.Text.Json.Nodes;
using AiHub.Domain;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using AiHub.Gateway.Access;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Limits;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Dialects.OpenRouter;

/// <summary>What a key may ask about itself, its organization's money and its calls. Amounts are in the organization's currency.</summary>
internal static class OpenRouterAccount
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void MapOpenRouterAccount(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/credits", Methods, CreditsAsync);
        routes.MapMethods("/key", Methods, KeyAsync);
        routes.MapMethods("/auth/key", Methods, KeyAsync);
        routes.MapMethods("/generation", Methods, GenerationAsync);
    }

    private static async Task<IResult> CreditsAsync(HttpContext context, ApiKeys keys, HubDb db)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var funds = await Spending.OfAsync(db, caller, context.RequestAborted);
        return Data(new JsonObject { ["total_credits"] = Number(funds.Total), ["total_usage"] = Number(funds.Spent) });
    }

    private static async Task<IResult> KeyAsync(HttpContext context, ApiKeys keys, HubDb db, TimeProvider time)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        // Days, weeks (from Monday) and months are UTC's.
        var today = new DateTimeOffset(time.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        var monday = today.AddDays(-(((int)today.DayOfWeek + 6) % 7));
        var ct = context.RequestAborted;
        var (name, all, daily, weekly, monthly) = await db.InOrganizationAsync(
            caller.OrganizationId,
            async () => (
                await db.ApiKeys.Where(key => key.Id == caller.KeyId).Select(key => key.Name).FirstAsync(ct),
                await Spending.SpentByKeyAsync(db, caller, DateTimeOffset.UnixEpoch, ct),
                await Spending.SpentByKeyAsync(db, caller, today, ct),
                await Spending.SpentByKeyAsync(db, caller, monday, ct),
                await Spending.SpentByKeyAsync(db, caller, today.AddDays(1 - today.Day), ct)),
            ct);
        var key = new JsonObject
        {
            ["label"] = name,
            ["limit"] = null,
            ["limit_remaining"] = null,
            ["limit_reset"] = null,
            ["usage"] = Number(all),
            ["usage_daily"] = Number(daily),
            ["usage_weekly"] = Number(weekly),
            ["usage_monthly"] = Number(monthly),
            ["include_byok_in_limit"] = false,
            ["is_free_tier"] = !caller.AllowsOverage,
            ["is_management_key"] = false,
            ["is_provisioning_key"] = false,
            ["creator_user_id"] = caller.UserId.ToString(),
            ["organization_id"] = caller.OrganizationId.ToString(),
            ["workspace_id"] = null,
            ["expires_at"] = caller.ExpiresAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["allowed_data_regions"] = new JsonArray(),
            ["free_model_daily_requests"] = new JsonObject { ["limit"] = 0, ["remaining"] = 0, ["used"] = 0 },
            ["rate_limit"] = RateLimit(caller),
        };
        foreach (var own in (ReadOnlySpan<string>)["byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly"])
        {
            key[own] = 0;
        }

        return Data(key);
    }

    private static async Task<IResult> GenerationAsync(string? id, HttpContext context, ApiKeys keys, HubDb db)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var ct = context.RequestAborted;
        var record = Generations.TryParse(id, out var call)
            ? await db.InOrganizationAsync(caller.OrganizationId, () => db.UsageRecords.AsNoTracking().FirstOrDefaultAsync(one => one.Id == call, ct), ct)
            : null;
        return record is null
            ? OpenAIError.Of(StatusCodes.Status404NotFound, $"Generation {id} not found.")
            : Data(Generation(record));
    }

    private static JsonObject Generation(UsageRecord record)
    {
        var tokens = record.Tokens;
        var generation = new JsonObject
        {
            ["id"] = Generations.Name(record.Id),
            ["request_id"] = record.Id.ToString(),
            ["created_at"] = record.OccurredAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["model"] = record.ModelId,
            ["provider_name"] = record.VendorId,
            ["api_type"] = record.Surface is "openai.chat" or "openrouter.chat" or "anthropic.messages" or "openai.responses" ? "completions" : null,
            ["origin"] = "",
            ["data_region"] = "global",
            ["streamed"] = record.Streamed,
            ["cancelled"] = record.Status == UsageStatus.Cancelled,
            ["finish_reason"] = record.FinishReason,
            ["native_finish_reason"] = record.FinishReason,
            ["generation_time"] = (long)record.Latency.TotalMilliseconds,
            ["latency"] = record.TimeToFirstToken is { } first ? (long)first.TotalMilliseconds : null,
            ["total_cost"] = Number(record.Cost),
            ["usage"] = Number(record.Cost),
            ["is_byok"] = record.OwnKeyId is not null,
            ["tokens_prompt"] = tokens.Input,
            ["tokens_completion"] = tokens.Output,
            ["native_tokens_prompt"] = tokens.Input,
            ["native_tokens_completion"] = tokens.Output,
            ["native_tokens_cached"] = tokens.CacheRead,
            ["native_tokens_reasoning"] = tokens.OutputReasoning,
            ["native_tokens_completion_images"] = tokens.ImageOut,
        };
        foreach (var unknown in (ReadOnlySpan<string>)
            [
                "app_id", "cache_discount", "external_user", "http_referer", "moderation_latency", "num_fetches", "num_input_audio_prompt", "num_media_completion",
                "num_media_prompt", "num_search_results", "preset_id", "provider_responses", "router", "service_tier", "upstream_id", "upstream_inference_cost",
                "user_agent", "web_search_engine", "workspace_id",
            ])
        {
            generation[unknown] = null;
        }

        return generation;
    }

    private static JsonObject RateLimit(Caller caller) => new()
    {
        ["requests"] = caller.Limits.Where(scope => scope.Kind == LimitKind.Requests).Select(scope => scope.Limit).DefaultIfEmpty(-1).Min(),
        ["interval"] = "60s",
        ["note"] = "-1 is unlimited.",
    };

    private static IResult Data(JsonObject data) => TypedResults.Json(new JsonObject { ["data"] = data });

    /// <summary>The exact amount as a JSON number.</summary>
    private static JsonNode Number(Money money) => JsonNode.Parse(money.ToDecimalString())!;
}
