using System.Collections.Frozen;
using System.Text;
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
    private const string Documents = "documents";

    private static readonly string[] OfChat = ["messages", "prediction", "tools", "functions", "response_format"];

    // What is said to the hub or a machine and not to a model; pictures nobody here can read.
    private static readonly FrozenSet<string> Controls = new[]
    {
        "model", "user", "stream", "image", "image[]", "images", "mask", "voice", "language", "response_format", "stream_format", "size", "quality", "style", "background",
        "output_format", "encoding_format", "input_type", "truncate", "moderation", "input_fidelity", "provider", "timestamp_granularities[]", "include[]", "chunking_strategy",
    }.ToFrozenSet();
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>The request as models may see it; itself when nothing had to be covered.</returns>
    public async ValueTask<(ChatRequest? Request, OpenAIError? Error)> LookAsync(Caller caller, ChatRequest request, Guid call, GuardrailLog log, CancellationToken ct)
    {
        if (!caller.Guardrails.LooksAtInput)
        {
            return (request, null);
        }

        if (caller.Guardrails.CoversUnreadable.Count > 0 && (SpokenTexts.HasUnreadable(request.Json.Span) || (request.Original is { } original && SpokenTexts.HasUnreadable(original.Json.Span))))
        {
            log.AddUnreadable(caller.Guardrails);
            if (log.Blocked is not null)
            {
                return (request, null);
            }
        }

        var (json, beside, error) = await LookAsync(caller, request.Json, OfChat, request.Original?.Json ?? default, request.Model, call, log, ct);
        return error is not null ? (null, error)
            : json is not null ? (request.Reworded(json), null)
            // Only the client's own words say it: then those are what no vendor is sent.
            : beside ? (request.Reworded(request.Json), null)
            : (request, null);
    }

    /// <returns>Why it cannot go on as it is; null when it can.</returns>
    public async ValueTask<OpenAIError?> LookAsync(Caller caller, SurfaceRequest request, Guid call, GuardrailLog log, CancellationToken ct)
    {
        if (!caller.Guardrails.LooksAtInput)
        {
            return null;
        }

        if (caller.Guardrails.CoversUnreadable.Count > 0 && (request.Files.Count > 0 || request.Members.Any(member => SpokenTexts.HasUnreadable(member == "input" ? "" : member, request.Json(member).Span))))
        {
            log.AddUnreadable(caller.Guardrails);
            if (log.Blocked is not null)
            {
                return null;
            }
        }

        foreach (var member in request.Members.Where(member => !Controls.Contains(member)).ToList())
        {
            var json = request.Json(member);
            if (member == "input" && caller.Guardrails.MayRefuseInput && SpokenTexts.HasTokens(json.Span))
            {
                return OpenAIError.BadRequest("Your organization's guardrails cannot read token ids. Send 'input' as text.", "input", Unreadable).Final();
            }

            byte[] wrapped = json.IsEmpty
                ? request.Text(member) is { } text ? JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { [member] = text }) : []
                : [.. JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, int>())[..1], .. JsonSerializer.SerializeToUtf8Bytes(member), (byte)':', .. json.Span, (byte)'}'];
            if (wrapped.Length == 0)
            {
                continue;
            }

            var (masked, _, error) = await LookAsync(caller, wrapped, [member], default, request.Model, call, log, ct);
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

    public static OpenAIError Refusal(GuardrailLog log) => log.IsUnreadable
        ? OpenAIError.BadRequest(
            $"The guardrail '{log.Blocked}' of your organization lets nothing through that it cannot read: pictures, sound and files that are not text. Send text, or ask whoever decides your organization's policy.",
            code: Unreadable).Final()
        : OpenAIError.BadRequest(
            $"The guardrail '{log.Blocked}' of your organization does not let this request through. Leave out what it is about, or ask whoever decides your organization's policy.",
            code: Code).Final();

    public const string Code = "guardrail_blocked";

    /// <summary>What cannot be read cannot be judged.</summary>
    public const string Unreadable = "guardrail_unreadable";

    /// <param name="original">The same in the client's own dialect, which may say more; empty where this is it.</param>
    /// <returns>The JSON with what was covered, if anything was; and whether something would have to be covered that only the original says.</returns>
    private async ValueTask<(byte[]? Json, bool Beside, OpenAIError? Error)> LookAsync(
        Caller caller, ReadOnlyMemory<byte> json, string[] members, ReadOnlyMemory<byte> original, string model, Guid call, GuardrailLog log, CancellationToken ct)
    {
        List<Spoken> spoken;
        List<string> beside;
        try
        {
            spoken = SpokenTexts.Of(json.Span, members, all: members is [Documents]);
            beside = original.IsEmpty ? [] : Beside(spoken, SpokenTexts.Of(original.Span, NamesOf(original.Span)));
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: what cannot be read cannot be judged.
            return (null, false, OpenAIError.BadRequest("The texts of your request are not valid Unicode."));
        }

        var set = caller.Guardrails;
        IReadOnlyList<string> before = [.. spoken.Select(each => each.Text), .. beside];
        IReadOnlyList<string> texts = AcrossParts(spoken, [.. before.Select(text => TextSearch.ApplyThrough(text, Stages.Input, set.Input, log))], set.Input, log);
        if (log.Blocked is null)
        {
            texts = await judges.AskAsync(set.AsksOnInput, Stages.Input, call, model, caller, texts, log, ct);
        }

        var changes = log.Blocked is null && spoken.Zip(texts).Any(pair => pair.First.Text != pair.Second);
        var more = log.Blocked is null && before.Zip(texts).Skip(spoken.Count).Any(pair => pair.First != pair.Second);
        if (!changes)
        {
            return (null, more, null);
        }

        var edits = new JsonEdits(json);
        foreach (var (said, after) in spoken.Zip(texts))
        {
            if (said.Text != after)
            {
                edits.Replace(said.Range, JsonSerializer.SerializeToUtf8Bytes(said.Written(after), Readable));
            }
        }

        return (edits.ToArray(), more, null);
    }

    // The parts of one message are one text to a model, however somebody has cut it.
    private static List<string> AcrossParts(List<Spoken> spoken, List<string> texts, IReadOnlyList<TextRule> rules, GuardrailLog log)
    {
        foreach (var parts in spoken.Index().Where(each => each.Item.Content is not null).GroupBy(each => each.Item.Content, each => each.Index))
        {
            var places = parts.ToList();
            if (places.Count > 1)
            {
                foreach (var (at, text) in places.Zip(TextSearch.ApplyAcross(places.ConvertAll(at => texts[at]), Stages.Input, rules, log)))
                {
                    texts[at] = text;
                }
            }
        }

        return texts;
    }

    private static string[] NamesOf(ReadOnlySpan<byte> json)
    {
        var names = new List<string>();
        var members = new JsonMembers(json);
        while (members.Next())
        {
            if (Encoding.UTF8.GetString(members.Name) is var name && !Controls.Contains(name))
            {
                names.Add(name);
            }
        }

        return [.. names];
    }

    // What the translation has not taken over: texts of documents, of tools a vendor runs itself.
    private static List<string> Beside(List<Spoken> spoken, List<Spoken> original)
    {
        var known = spoken.Select(each => each.Text).ToHashSet();
        var missing = original.Select(each => each.Text).Where(text => !known.Contains(text)).ToList();
        return missing.Count == 0 ? [] : [.. missing.Where(text => !spoken.Any(each => each.Text.Contains(text, StringComparison.Ordinal)))];
    }
}
