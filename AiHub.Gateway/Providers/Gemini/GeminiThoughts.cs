using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers.Gemini;

/// <summary>
/// The signatures of an assistant's message, where Gemini wants them back: on the text, on the calls, on the thoughts themselves. They come
/// in <c>reasoning_details</c>, and those of calls also in the <c>extra_content</c> that Google's own OpenAI-compatible endpoint uses.
/// </summary>
internal sealed class GeminiThoughts
{
    public const string Format = "google-gemini-v1";

    /// <summary>A whole part that Chat Completions has no counterpart of, such as code that ran at Google, as base64 of its JSON.</summary>
    public const string PartFormat = "google-gemini-v1.part";

    /// <summary>What Google's documents name for history that another model wrote and nobody signed.</summary>
    private static readonly JsonElement Unsigned = JsonElement.Parse("\"skip_thought_signature_validator\""u8);

    private readonly Dictionary<string, JsonElement> _calls = [];
    private readonly Queue<JsonElement> _texts = [];
    private readonly List<JsonElement> _before = [];
    private bool _signedCall;

    public bool Any { get; private set; }

    public static GeminiThoughts Of(JsonElement message, Action<string> drop)
    {
        var thoughts = new GeminiThoughts();
        foreach (var detail in message.Items("reasoning_details"u8))
        {
            if (!thoughts.Take(detail))
            {
                // Another vendor's reasoning: only that vendor can read it.
                drop("messages[].reasoning_details");
            }
        }

        return thoughts;
    }

    /// <summary>Thoughts that are signed themselves, and parts that stood before the answer.</summary>
    public void WriteBefore(Utf8JsonWriter writer)
    {
        foreach (var part in _before)
        {
            writer.Copy(part);
        }
    }

    /// <returns>Undefined when there is none left.</returns>
    public JsonElement OfText() => _texts.TryDequeue(out var signature) ? signature : default;

    /// <summary>Gemini signs the first of several calls, and refuses a call of its own turn that nobody signed.</summary>
    public JsonElement OfCall(JsonElement call, string id)
    {
        if (call.Given("extra_content"u8, out var extra) && extra.Given("google"u8, out var google) && google.Given("thought_signature"u8, JsonValueKind.String, out var signature)
            || _calls.TryGetValue(id, out signature))
        {
            _signedCall = true;
            return signature;
        }

        if (_signedCall)
        {
            return default;
        }

        _signedCall = true;
        return Unsigned;
    }

    private bool Take(JsonElement detail)
    {
        switch (detail.Text("format"u8))
        {
            case Format when detail.Says("type"u8, "reasoning.text"u8):
                Any = true;
                if (detail.Given("signature"u8, JsonValueKind.String, out var signature))
                {
                    _before.Add(JsonSerializer.SerializeToElement(new { text = detail.Text("text"u8) ?? "", thought = true, thoughtSignature = signature.GetString() }));
                }

                return true;
            case Format when detail.Given("data"u8, JsonValueKind.String, out var data):
                Any = true;
                if (detail.Text("id"u8) is { } id)
                {
                    _calls[id] = data;
                }
                else
                {
                    _texts.Enqueue(data);
                }

                return true;
            case PartFormat when detail.Given("data"u8, JsonValueKind.String, out var packed) && packed.TryGetBytesFromBase64(out var json) && Wire.TryParse(json, out var part):
                Any = true;
                _before.Add(part);
                return true;
            default:
                return false;
        }
    }
}
