using System.Text.Encodings.Web;
using System.Text.Json;
using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Modalities;

namespace AiHub.Gateway.Guardrails;

/// <summary>Looks at what a caller wants to tell a model before anybody is told, and covers what must not be seen.</summary>
public sealed class InputGuard(Judges judges)
{
    private static readonly string[] OfChat = ["messages"];
    private static readonly string[] OfSurfaces = ["input", "prompt", "query", "documents", "instructions"];
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>The request as models may see it; itself when nothing had to be covered.</returns>
    public async ValueTask<(ChatRequest? Request, OpenAIError? Error)> LookAsync(Caller caller, ChatRequest request, Guid call, GuardrailLog log, CancellationToken ct)
    {
        if (!caller.Guardrails.LooksAtInput)
        {
            return (request, null);
        }

        var (json, error) = await LookAsync(caller, request.Json, OfChat, request.Model, call, log, ct);
        return error is not null ? (null, error) : (json is null ? request : request.Reworded(json), null);
    }

    /// <returns>Why it cannot go on as it is; null when it can.</returns>
    public async ValueTask<OpenAIError?> LookAsync(Caller caller, SurfaceRequest request, Guid call, GuardrailLog log, CancellationToken ct)
    {
        if (!caller.Guardrails.LooksAtInput)
        {
            return null;
        }

        foreach (var member in OfSurfaces)
        {
            var json = request.Json(member);
            byte[] wrapped = json.IsEmpty
                ? request.Text(member) is { } text ? JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { [member] = text }) : []
                : [.. JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, int>())[..1], .. JsonSerializer.SerializeToUtf8Bytes(member), (byte)':', .. json.Span, (byte)'}'];
            if (wrapped.Length == 0)
            {
                continue;
            }

            var (masked, error) = await LookAsync(caller, wrapped, [member], request.Model, call, log, ct);
            if (error is not null)
            {
                return error;
            }

            if (masked is not null)
            {
                using var document = JsonDocument.Parse(masked);
                request.Cover(member, document.RootElement.GetProperty(member));
            }
        }

        return null;
    }

    public static OpenAIError Refusal(string guardrail) => OpenAIError.BadRequest(
        $"The guardrail '{guardrail}' of your organization does not let this request through. Leave out what it is about, or ask whoever decides your organization's policy.",
        code: Code).Final();

    public const string Code = "guardrail_blocked";

    private async ValueTask<(byte[]? Json, OpenAIError? Error)> LookAsync(
        Caller caller, ReadOnlyMemory<byte> json, string[] members, string model, Guid call, GuardrailLog log, CancellationToken ct)
    {
        List<(JsonRange Range, string Text)> spoken;
        try
        {
            spoken = SpokenTexts.Of(json.Span, members);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: what cannot be read cannot be judged.
            return (null, OpenAIError.BadRequest("The texts of your request are not valid Unicode."));
        }

        var set = caller.Guardrails;
        IReadOnlyList<string> texts = [.. spoken.Select(each => TextSearch.Apply(each.Text, Stages.Input, set.Input, log))];
        if (log.Blocked is null)
        {
            texts = await judges.AskAsync(set.AsksOnInput, Stages.Input, call, model, caller, texts, log, ct);
        }

        if (log.Blocked is not null || !spoken.Zip(texts).Any(pair => pair.First.Text != pair.Second))
        {
            return (null, null);
        }

        var edits = new JsonEdits(json);
        foreach (var ((range, before), after) in spoken.Zip(texts))
        {
            if (before != after)
            {
                edits.Replace(range, JsonSerializer.SerializeToUtf8Bytes(after, Readable));
            }
        }

        return (edits.ToArray(), null);
    }
}
