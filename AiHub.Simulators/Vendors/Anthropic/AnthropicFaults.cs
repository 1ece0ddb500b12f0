using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Simulators.Vendors.Shared;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary>The catalogue of what goes wrong at Anthropic. Each is also a model, <c>fault-{name}</c>, and can be ordered for the next requests.</summary>
public static class AnthropicFaults
{
    private const int PiecesBeforeTrouble = 4;

    public static readonly AnthropicFault None = new("none", "Nothing goes wrong.");

    public static readonly AnthropicFault Busy = new("busy", "Answers 429 with retry-after.") { Refusal = AnthropicRefusal.TooManyRequests(50, TimeSpan.FromSeconds(2)) };

    public static readonly AnthropicFault Dies = MidAnswer("dies", "Drops the line in the middle of its answer.", _ => new Step.Cut());

    public static IReadOnlyDictionary<string, AnthropicFault> All { get; } = ((IEnumerable<AnthropicFault>)
        [
            Busy,
            Dies,
            new("429-storm", "Answers 429 without saying when to come back.") { Refusal = AnthropicRefusal.TooManyRequests(50, null) },
            new("bad-key", "Answers 401 as if the key had been revoked.") { Refusal = AnthropicRefusal.WrongKey() },
            new("arrears", "Answers 400: the credit balance is too low.")
            {
                Refusal = AnthropicRefusal.Invalid("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."),
            },
            new("billing", "Answers 402 billing_error.") { Refusal = new AnthropicRefusal(402, "billing_error", "There is an issue with your billing or payment information.") },
            new("403", "Answers 403 permission_error.") { Refusal = new AnthropicRefusal(403, "permission_error", "Your API key does not have permission to use the specified resource.") },
            new("404", "Answers 404 as if the model were gone.") { Refusal = AnthropicRefusal.NotFound("model: gone") },
            new("413", "Answers 413 request_too_large.") { Refusal = new AnthropicRefusal(413, "request_too_large", "Request exceeds the maximum size") },
            new("context-length", "Answers 400: the prompt is too long.") { Refusal = AnthropicRefusal.Invalid("prompt is too long: 200001 tokens > 200000 maximum") },
            new("500", "Answers 500 api_error.") { Refusal = AnthropicRefusal.Failed },
            new("408", "Answers 408.") { Refusal = new AnthropicRefusal(408, "timeout_error", "Request timed out") },
            new("502", "Answers 502.") { Refusal = new AnthropicRefusal(502, "api_error", "Bad gateway") },
            new("503", "Answers 503.") { Refusal = new AnthropicRefusal(503, "api_error", "Service unavailable") },
            new("504", "Answers 504 timeout_error.") { Refusal = new AnthropicRefusal(504, "timeout_error", "Request timed out") },
            new("529", "Answers 529 overloaded_error.") { Refusal = AnthropicRefusal.Overloaded },
            new("reset-before-headers", "Resets the connection before any answer.") { Cuts = true, Instead = (context, _) => Mishaps.ResetAsync(context) },
            new("stall-before-headers", "Accepts the request and never answers.") { Instead = (_, ct) => Task.Delay(Timeout.Infinite, ct) },
            new("stall-before-first-token", "Sends headers and then nothing.") { Events = (_, _) => [Step.Wait.ForEver], Document = (_, _) => [Step.Wait.ForEver] },
            new("html", "Answers 200 with an HTML page.") { Instead = Mishaps.HtmlAsync },
            new("huge-body", "Sends a body of 100 MB in one event.") { Instead = (context, ct) => Mishaps.HugeAsync(context, "event: content_block_delta\ndata: {\"huge\":\"", "\"}\n\n", ChatEndpoint.EventStream, compressed: false, ct) },
            new("duplicate-usage", "Sends message_delta, which has the usage, twice.") { Events = (sent, _) => sent.SelectMany(one => one.Type == "message_delta" ? (Step[])[one.Bytes, one.Bytes] : [one.Bytes]) },
            MidAnswer("stall", "Falls silent in the middle of the answer and keeps the line open.", _ => Step.Wait.ForEver),
            MidAnswer("ends-early", "Ends the answer properly in the middle: no message_delta, no message_stop, no reset.", null),
            MidAnswer("garbage-frame", "Sends one event that is not JSON; a document is cut short.", _ => Mishaps.Text("event: content_block_delta\ndata: {\"type\":\"content_bl\n\n"), goesOn: true),
            MidAnswer("error-in-band", "Sends event: error in the middle of a stream; as a document, with status 200.", InBand, InBandDocument),
            new("error-in-band-first", "Sends event: error as the first event, after status 200.")
            {
                Events = (_, requestId) => [InBand(requestId)],
                Document = (_, requestId) => [InBandDocument(requestId)],
            },
            new("missing-stop", "Leaves out message_stop.") { Events = (sent, _) => sent.Where(one => one.Type != "message_stop").Select(one => one.Bytes) },
            new("missing-delta", "Leaves out message_delta, and so the stop reason and the usage.") { Events = (sent, _) => sent.Where(one => one.Type != "message_delta").Select(one => one.Bytes) },
            new("no-usage", "Never sends usage.") { Spoil = WithoutUsage },
            new("crlf", "Ends lines with CRLF.") { LineEnd = "\r\n" },
            new("pings", "Sends a ping before every event.") { Events = (sent, _) => sent.SelectMany(one => (Step[])[Mishaps.Text("event: ping\ndata: {\"type\": \"ping\"}\n\n"), one.Bytes]) },
            new("unknown-event", "Sends an event that nobody knows yet.") { Events = (sent, _) => sent.SelectMany(one => (Step[])[Mishaps.Text("event: news\ndata: {\"type\":\"news\"}\n\n"), one.Bytes]) },
            new("drip", "Sends one byte a second.") { Write = Mishaps.Dripped },
            new("split-utf8", "Sends every character beyond ASCII in two writes.") { Write = Mishaps.Halved },
        ]).ToDictionary(fault => fault.Name);

    // Without a document of its own, a spoilt document is half of the right one and then the same trouble.
    private static AnthropicFault MidAnswer(string name, string description, Func<string, Step>? trouble, Func<string, Step>? document = null, bool goesOn = false) => new(name, description)
    {
        Events = (sent, requestId) => Mishaps.InTheMiddle(sent.Select(one => ((Step)one.Bytes, one.Bytes.Part is not null, one.Type == "message_delta")), PiecesBeforeTrouble, trouble?.Invoke(requestId), goesOn),
        Document = (bytes, requestId) => document is not null ? [document(requestId)]
            : Mishaps.HalfOf(bytes, trouble?.Invoke(requestId)),
    };

    /// <summary>The fault that a request asks for itself.</summary>
    public static AnthropicFault? Asked(HttpRequest request) => request.Headers["x-sim-fault"] is [{ Length: > 0 } name, ..] ? All.GetValueOrDefault(name) : null;

    private static void WithoutUsage(JsonObject json)
    {
        json.Remove("usage");
        (json["message"] as JsonObject)?.Remove("usage");
    }

    private static Step InBand(string requestId) => Mishaps.Text($"event: error\ndata: {Wire.Line(AnthropicRefusal.Overloaded.ToJson(requestId))}\n\n");

    private static Step InBandDocument(string requestId) => Mishaps.Text(Wire.Line(AnthropicRefusal.Overloaded.ToJson(requestId)));
}
