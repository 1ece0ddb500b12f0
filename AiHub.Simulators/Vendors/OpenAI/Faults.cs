using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.Shared;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>The catalogue of what goes wrong at vendors. Each is also a model, <c>fault-{name}</c>, and can be ordered for the next requests.</summary>
public static class Faults
{
    private const int PiecesBeforeTrouble = 4;

    /// <summary>What Azure sends before anything else: what its filter found in the prompt.</summary>
    public static readonly Step.Bytes Filtered = Mishaps.Text("data: {\"id\":\"\",\"object\":\"\",\"created\":0,\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[{\"prompt_index\":0}]}\n\n");

    public static readonly Fault None = new("none", "Nothing goes wrong.");

    public static readonly Fault Busy = new("busy", "Answers 429 with retry-after.")
    {
        Refusal = OpenAIError.TooManyRequests(60, TimeSpan.FromSeconds(2)),
    };

    public static readonly Fault Dies = MidAnswer("dies", "Drops the line in the middle of its answer.", new Step.Cut());

    public static IReadOnlyDictionary<string, Fault> All { get; } = ((IEnumerable<Fault>)
        [
            Busy,
            Dies,
            new("reset-before-headers", "Resets the connection before any answer.") { Cuts = true, Instead = (context, _, _) => Mishaps.ResetAsync(context) },
            MidAnswer("reset-mid-stream", "Resets the connection in the middle of the answer.", new Step.Cut()),
            new("stall-before-headers", "Accepts the request and never answers.") { Instead = (_, _, ct) => Task.Delay(Timeout.Infinite, ct) },
            MidAnswer("stall", "Falls silent in the middle of the answer and keeps the line open.", Step.Wait.ForEver),
            new("drip", "Sends one byte a second.") { Write = Mishaps.Dripped },
            new("split-utf8", "Sends every character beyond ASCII in two writes.") { Write = Mishaps.Halved },
            MidAnswer("ends-early", "Ends the answer properly in the middle: no finish_reason, no [DONE], no reset."),
            MidAnswer("broken-sse", "Forgets 'data:' before one event; a document is cut short.", Mishaps.Text("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lost\"}}]}\n\n"), goesOn: true),
            MidAnswer("garbage-frame", "Sends one event that is not JSON; a document is cut short.", Mishaps.Text("data: {\"id\":\"chatcmpl-broken\",\"choices\":[{\"ind\n\n"), goesOn: true),
            new("single-newline", "Separates events with one newline instead of two.") { Framing = new Framing("data: ", "\n") },
            new("crlf", "Ends lines with CRLF.") { Framing = new Framing("data: ", "\r\n\r\n") },
            new("no-space", "Writes 'data:' without a space.") { Framing = new Framing("data:", "\n\n") },
            new("comments", "Sends comment lines between events.") { Events = (_, steps) => steps.SelectMany(step => (Step[])[Mishaps.Text(": keep-alive\n\n"), step]) },
            new("missing-done", "Leaves out [DONE].") { Events = (_, steps) => steps.Where(step => step is not Step.Done) },
            new("missing-finish-reason", "Never sends a finish_reason, not even null.") { Spoil = json => EachChoice(json, choice => choice.Remove("finish_reason")) },
            new("unknown-finish-reason", "Finishes with a reason that OpenAI does not have.") { Spoil = json => EachChoice(json, UnknownReason) },
            new("created-as-string", "Sends created as a string.") { Spoil = json => json["created"] = json["created"]?.ToString() },
            new("empty-choices", "Sends a first chunk without choices; a document without any.") { Events = EmptyFirst, Document = _ => [new Step.Bytes(NoChoices())] },
            new("usage-on-every-chunk", "Sends running usage with every chunk, asked or not.") { Events = RunningUsage },
            new("no-usage", "Never sends usage.") { Spoil = json => json.Remove("usage"), Events = (_, steps) => steps.Where(step => step is not Step.Event { Json: var json } || HasChoices(json)) },
            new("usage-null", "Sends usage: null even where it is due.") { Spoil = json => json["usage"] = null },
            MidAnswer("error-in-band", "Sends an error object in the middle of a stream; as a document, with status 200.", Mishaps.Text($"data: {InBandError()}\n\n"), InBandError()),
            new("error-in-band-first", "Sends an error object as the first event, after status 200.")
            {
                Events = (_, _) => [Mishaps.Text($"data: {InBandError()}\n\n")],
                Document = _ => [Mishaps.Text(InBandError())],
            },
            new("html", "Answers 200 with an HTML page.") { Instead = (context, _, ct) => Mishaps.HtmlAsync(context, ct) },
            new("huge-body", "Sends a body of 100 MB in one event.") { Instead = (context, stream, ct) => HugeAsync(context, stream, compressed: false, ct) },
            new("gzip-bomb", "Sends 100 MB compressed to a few hundred KB, with content-encoding: gzip, asked or not.")
            {
                Instead = (context, stream, ct) => HugeAsync(context, stream, compressed: true, ct),
            },
            new("429-storm", "Answers 429 without saying when to come back.") { Refusal = OpenAIError.TooManyRequests(60, null) },
            new("quota", "Answers 429 insufficient_quota.")
            {
                Refusal = new OpenAIError(429, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", Code: "insufficient_quota"),
            },
            new("500", "Answers 500.") { Refusal = new OpenAIError(500, "The server had an error while processing your request. Sorry about that!", "server_error") },
            new("403", "Answers 403.") { Refusal = new OpenAIError(403, "You are not allowed to sample from this model") },
            new("404", "Answers 404 as if the model were gone.") { Refusal = OpenAIError.NoSuchModel("gone") },
            new("408", "Answers 408.") { Refusal = new OpenAIError(408, "The request timed out.", "timeout") },
            new("policy", "Answers 400: a filter does not let the prompt through.")
            {
                Refusal = OpenAIError.Invalid("The response was filtered due to the prompt triggering our content management policy.", "prompt", "content_filter"),
            },
            new("502", "Answers 502.") { Refusal = new OpenAIError(502, "Bad gateway", "server_error") },
            new("stall-before-first-token", "Sends headers and then nothing.") { Events = (_, _) => [Step.Wait.ForEver], Document = _ => [Step.Wait.ForEver] },
            new("duplicate-usage", "Sends the chunk with its usage twice.") { Events = (_, steps) => steps.SelectMany(step => step is Step.Event { HasUsage: true } ? (Step[])[step, step] : [step]) },
            new("tool-indexes", "Sends the pieces of several tool calls mixed, the last call first.") { CallsTools = true, Events = (_, steps) => Mixed(steps) },
            new("503", "Answers 503.") { Refusal = new OpenAIError(503, "The engine is currently overloaded, please try again later.", "service_unavailable_error") },
            new("529", "Answers 529, as overloaded vendors do.") { Refusal = new OpenAIError(529, "Overloaded", "overloaded_error") },
            new("bad-key", "Answers 401 as if the key had been revoked.") { Refusal = OpenAIError.WrongKey("sk-sim-revoked-0000") },
            new("arrears", "Answers 402: the vendor wants money.") { Refusal = new OpenAIError(402, "Insufficient Balance", "unknown_error", Code: "invalid_request_error") },
            new("context-length", "Answers 400 context_length_exceeded.") { Refusal = OpenAIError.ContextLengthExceeded(8192, 9001) },
            new("unknown-parameters", "Refuses parameters that OpenAI does not know.") { RefusesUnknownParameters = true },
        ]).ToDictionary(fault => fault.Name);

    // Without a document of its own, a spoilt document is half of the right one and then the same trouble.
    private static Fault MidAnswer(string name, string description, Step? trouble = null, string? document = null, bool goesOn = false) => new(name, description)
    {
        Trouble = new Trouble(trouble, goesOn),
        Events = (_, steps) => Mishaps.InTheMiddle(steps.Select(step => (step, step is Step.Event { Part: not null }, step is Step.Event { Finishes: true })), PiecesBeforeTrouble, trouble, goesOn),
        Document = bytes => document is not null
            ? [Mishaps.Text(document)]
            : Mishaps.HalfOf(bytes, trouble),
    };

    private static IEnumerable<Step> EmptyFirst(ChatAnswer answer, IEnumerable<Step> steps) =>
        steps.Prepend(Filtered);

    private static IEnumerable<Step> RunningUsage(ChatAnswer answer, IEnumerable<Step> steps)
    {
        var sent = 0;
        foreach (var step in steps)
        {
            if (step is Step.Event { Json: var json } chunk)
            {
                sent = chunk.Finishes ? answer.CompletionTokens : Math.Min(sent + Tokens.Count(chunk.Part?.Text ?? string.Empty), answer.CompletionTokens);
                json["usage"] = answer.Usage(sent);
            }

            yield return step;
        }
    }

    /// <summary>The fault that a request asks for itself.</summary>
    public static Fault? Asked(HttpRequest request) => request.Headers["x-sim-fault"] is [{ Length: > 0 } name, ..] ? All.GetValueOrDefault(name) : null;

    // Pieces of a call keep their order; those of different calls take turns, the last call first.
    private static IEnumerable<Step> Mixed(IEnumerable<Step> steps)
    {
        List<Step.Event> pieces = [];
        foreach (var step in steps)
        {
            if (step is Step.Event { Part: not null } sent && CallOf(sent) is not null)
            {
                pieces.Add(sent);
                continue;
            }

            foreach (var piece in Turns(pieces))
            {
                yield return piece;
            }

            pieces.Clear();
            yield return step;
        }
    }

    private static IEnumerable<Step> Turns(List<Step.Event> pieces)
    {
        var calls = pieces.GroupBy(CallOf).OrderByDescending(call => call.Key).Select(call => call.ToArray()).ToArray();
        for (var turn = 0; calls.Any(call => turn < call.Length); turn++)
        {
            foreach (var call in calls.Where(call => turn < call.Length))
            {
                yield return call[turn];
            }
        }
    }

    private static int? CallOf(Step.Event sent) => sent.Json["choices"] is JsonArray { Count: > 0 } choices && choices[0]?["delta"]?["tool_calls"] is JsonArray calls ? (int?)calls[0]?["index"] : null;

    private static Task HugeAsync(HttpContext context, bool stream, bool compressed, CancellationToken ct)
    {
        var (start, end) = stream
            ? ("data: {\"id\":\"chatcmpl-huge\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"huge\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
                "\"},\"finish_reason\":null}]}\n\ndata: [DONE]\n\n")
            : ("{\"id\":\"chatcmpl-huge\",\"object\":\"chat.completion\",\"created\":0,\"model\":\"huge\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"",
                "\"},\"finish_reason\":\"stop\"}]}");
        return Mishaps.HugeAsync(context, start, end, stream ? ChatEndpoint.EventStream : "application/json", compressed, ct);
    }

    private static string InBandError() =>
        Wire.Line(new OpenAIError(502, "The server had an error while processing your request.", "server_error", Code: "server_error").ToJson());

    private static byte[] NoChoices() => Wire.Document(new JsonObject
    {
        ["id"] = "chatcmpl-empty",
        ["object"] = "chat.completion",
        ["created"] = 0,
        ["model"] = "empty",
        ["choices"] = new JsonArray(),
    });

    private static bool HasChoices(JsonObject json) => json["choices"] is JsonArray { Count: > 0 };

    private static void UnknownReason(JsonObject choice)
    {
        if (choice["finish_reason"] is not null)
        {
            choice["finish_reason"] = "insufficient_system_resource";
        }
    }

    private static void EachChoice(JsonObject json, Action<JsonObject> change)
    {
        foreach (var choice in json["choices"]?.AsArray() ?? [])
        {
            change(choice!.AsObject());
        }
    }
}
