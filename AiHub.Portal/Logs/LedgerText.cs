using AiHub.Contracts;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Logs;

/// <summary>The words for what a call used and how it was booked.</summary>
public static class LedgerText
{
    public const string Tokens = "TOK";

    public static string Bucket(string bucket) => bucket switch
    {
        "input_uncached" => Text.Bucket_Input,
        "cache_read" => Text.Bucket_CacheRead,
        "cache_write5m" => Text.Bucket_CacheWrite5m,
        "cache_write1h" => Text.Bucket_CacheWrite1h,
        "output_text" => Text.Bucket_Output,
        "output_reasoning" => Text.Bucket_Reasoning,
        "audio_in" => Text.Bucket_AudioIn,
        "audio_out" => Text.Bucket_AudioOut,
        "image_in" => Text.Bucket_ImageIn,
        "image_out" => Text.Bucket_ImageOut,
        "images" => Text.Bucket_Images,
        "seconds" => Text.Bucket_Seconds,
        "characters" => Text.Bucket_Characters,
        "search_units" => Text.Bucket_Searches,
        _ => bucket,
    };

    /// <summary>The names their inventors gave them; one that is not known stands as it came.</summary>
    public static string Surface(string surface) => surface switch
    {
        "openai.chat" => "OpenAI Chat Completions",
        "openai.completions" => "OpenAI Completions",
        "openai.responses" => "OpenAI Responses",
        "openai.moderations" => "OpenAI Moderations",
        "anthropic.messages" => "Anthropic Messages",
        _ => surface,
    };

    public static string Finish(string reason) => reason switch
    {
        "stop" => Text.Finish_Stop,
        "length" => Text.Finish_Length,
        "tool_calls" or "function_call" => Text.Finish_Tools,
        "content_filter" => Text.Finish_Filter,
        _ => reason,
    };

    public static string Account(string account) => account switch
    {
        "allowance" => Text.Ledger_Allowance,
        "wallet_granted" => Text.Ledger_Granted,
        "wallet_purchased" => Text.Ledger_Purchased,
        "write_off" => Text.Ledger_WriteOff,
        "tokens_used" => Text.Ledger_TokensUsed,
        "usage_revenue" => Text.Ledger_Revenue,
        _ => account,
    };

    public static string Source(string source) => source switch
    {
        "vendor" => Text.Source_Vendor,
        "estimated" => Text.Source_Estimated,
        "counted" => Text.Source_Counted,
        "cached" => Text.Source_Cached,
        _ => source,
    };

    /// <summary>What went wrong with a vendor, in words, and what to make of it.</summary>
    public static string Failure(string code) => code switch
    {
        "upstream_busy" => Text.Failure_Busy,
        "upstream_unavailable" => Text.Failure_Unavailable,
        "upstream_rejected" => Text.Failure_Rejected,
        "upstream_unauthorized" => Text.Failure_Unauthorized,
        "upstream_malformed" => Text.Failure_Malformed,
        "upstream_truncated" => Text.Failure_Truncated,
        "upstream_timeout" => Text.Failure_Timeout,
        "content_policy_violation" => Text.Failure_Filtered,
        "unsupported_parameter" => Text.Failure_Unsupported,
        _ => code,
    };

    public static string Amount(string amount, string unit) => unit == Tokens
        ? string.Format(Text.Ledger_Tokens, SignedNumber(amount))
        : AmountText.InColumn(amount, unit, 0).Exact;

    private static string SignedNumber(string amount) => amount.StartsWith('-') ? "−" + Show.Number(long.Parse(amount[1..], System.Globalization.CultureInfo.InvariantCulture)) : Show.Number(long.Parse(amount, System.Globalization.CultureInfo.InvariantCulture));
}
