using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Resources;

namespace AiHub.Portal.Models;

/// <summary>The words for models.</summary>
public static class ModelText
{
    public static string Kind(string kind) => kind switch
    {
        "chat" => Text.Kind_Chat,
        "embedding" => Text.Kind_Embedding,
        "image" => Text.Kind_Image,
        "speech" => Text.Kind_Speech,
        "transcription" => Text.Kind_Transcription,
        "moderation" => Text.Kind_Moderation,
        "rerank" => Text.Kind_Rerank,
        _ => kind,
    };

    public static string Modality(string modality) => modality switch
    {
        "text" => Text.Modality_Text,
        "image" => Text.Modality_Image,
        "audio" => Text.Modality_Audio,
        "file" => Text.Modality_File,
        "video" => Text.Modality_Video,
        _ => modality,
    };

    public static string Modalities(IEnumerable<string> modalities) => string.Join(Text.List_Separator, modalities.Select(Modality));

    public static string Sort(string sort) => sort switch
    {
        ModelQuery.ByInput => Text.Sort_Input,
        ModelQuery.ByOutput => Text.Sort_Output,
        ModelQuery.ByContext => Text.Sort_Context,
        ModelQuery.ByLatency => Text.Sort_Latency,
        ModelQuery.ByNewest => Text.Sort_Newest,
        _ => Text.Sort_Name,
    };

    public static string Health(string status) => status switch
    {
        "operational" => Text.Health_Operational,
        "degraded" => Text.Health_Degraded,
        "down" => Text.Health_Down,
        _ => Text.Health_Unknown,
    };

    public static string HealthTone(string status) => status switch
    {
        "operational" => "good",
        "degraded" => "warn",
        "down" => "bad",
        _ => "plain",
    };

    /// <summary>Rounded down: what is not quite a hundred per cent is not shown as it.</summary>
    public static string Uptime(double? share) => share is { } served
        ? (Math.Floor((decimal)served * 10_000) / 100).ToString("0.##", CultureInfo.CurrentCulture) + "%"
        : Text.None;

    /// <summary>The price in one currency, or null when it cannot be paid in it.</summary>
    public static PriceView? In(this PublicModelView model, string currency) => model.Prices.FirstOrDefault(price => price.Currency == currency);
}
