using System.Text;
using AiHub.Simulators.Vendors.Anthropic;
using AiHub.Simulators.Vendors.Gemini;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Simulators.Vendors.Responses;
using AiHub.Simulators.Vendors.Shared;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiHub.Simulators.Control;

/// <summary><c>/_sim</c>: what the simulators received and served, and what they shall do next. On their own port only.</summary>
public static class ControlEndpoints
{
    private const int PageOfAnswers = 10_000;
    private static readonly Dictionary<string, IEnumerable<string>> FaultsByVendor = new()
    {
        [Exchange.Vendor] = Faults.All.Keys,
        [Exchange.AzureVendor] = Faults.All.Keys,
        [AnthropicExchange.Vendor] = AnthropicFaults.All.Keys,
        [GeminiVendor.VendorName] = VendorFaults.All.Keys,
        [ResponsesVendor.VendorName] = VendorFaults.All.Keys,
    };

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static void MapControl(this WebApplication app)
    {
        var sim = app.MapGroup("/_sim");

        sim.MapGet("/", Help);

        sim.MapGet("/vendors/requests", (RequestLog log, string? contains) => log.Requests().Select(RequestView.Of)
            .Where(request => contains is null || (request.Body?.Contains(contains, StringComparison.Ordinal) ?? false)));
        sim.MapDelete("/vendors/requests", (RequestLog log) =>
        {
            log.Clear();

            return TypedResults.NoContent();
        });

        sim.MapGet("/vendors/served", (ServedLog served, long? after, int? limit) =>
            new ServedPage(served.Count, served.After(after ?? 0, Math.Clamp(limit ?? PageOfAnswers, 1, PageOfAnswers))));

        sim.MapGet("/faults", (FaultQueue faults) => faults.Pending());
        sim.MapPost("/faults", Order);
        sim.MapDelete("/faults", (FaultQueue faults) =>
        {
            faults.Clear();

            return TypedResults.NoContent();
        });

        sim.MapGet("/clock", ClockView.Of);
        sim.MapPost("/clock", Turn);
    }

    private static Results<Ok<IReadOnlyList<PendingFault>>, BadRequest<Problem>> Order(FaultOrder order, FaultQueue faults)
    {
        if (!FaultsByVendor.TryGetValue(order.Vendor, out var known))
        {
            return TypedResults.BadRequest(new Problem($"There is no vendor '{order.Vendor}'. There are: {string.Join(", ", FaultsByVendor.Keys)}."));
        }

        if (!known.Contains(order.Fault))
        {
            return TypedResults.BadRequest(new Problem($"There is no fault '{order.Fault}'. There are: {string.Join(", ", known)}."));
        }

        if (order.Count < 1)
        {
            return TypedResults.BadRequest(new Problem("A fault happens at least once."));
        }

        faults.Add(new PendingFault(order.Vendor, order.Fault, order.Count, order.Model));

        return TypedResults.Ok(faults.Pending());
    }

    private static Results<Ok<ClockView>, BadRequest<Problem>> Turn(ClockOrder order, SimulatorClock clock)
    {
        switch (order)
        {
            case { Reset: true, AdvanceSeconds: null, Now: null }:
                clock.Reset();
                break;
            case { AdvanceSeconds: { } seconds, Now: null, Reset: false }:
                clock.Advance(TimeSpan.FromSeconds(seconds));
                break;
            case { Now: { } now, AdvanceSeconds: null, Reset: false }:
                clock.Set(now);
                break;
            default:
                return TypedResults.BadRequest(new Problem("Say one of: advance_seconds, now, reset."));
        }

        return TypedResults.Ok(ClockView.Of(clock));
    }

    private static HelpPage Help() => new(
        "The simulators of AI Hub. They answer as vendors do and record what they were asked.",
        new Dictionary<string, string>
        {
            ["POST /vendors/openai/v1/chat/completions"] = "An OpenAI-compatible vendor; the key is Simulators:ApiKey.",
            ["POST /vendors/openai/v1/{embeddings | images/generations | images/edits | audio/speech | audio/transcriptions | moderations | rerank}"] =
                "What is not chat, by the models embed, image, speech, transcribe, moderate and rerank; embed-fault-500 fails in that way, and so on.",
            ["GET /vendors/openai/v1/models"] = "Its models.",
            ["POST /vendors/anthropic/v1/messages"] = "A vendor that speaks Anthropic's protocol; the same key in x-api-key.",
            ["GET /vendors/anthropic/v1/models"] = "Its models, among them fault-… for each of its faults.",
            ["POST /vendors/gemini/v1beta/models/{model}:generateContent"] = "A vendor that speaks Google's protocol, also :streamGenerateContent?alt=sse; the same key in x-goog-api-key.",
            ["POST /vendors/responses/v1/responses"] = "A vendor that speaks OpenAI's Responses; the same key as a bearer token.",
            ["POST /vendors/azure/openai/deployments/{model}/chat/completions?api-version="] = "An Azure OpenAI resource; the same key in api-key.",
            ["model sim/refused"] = "The one fault that no server can play: the hub's vendor sim-refused is at port 1, where nobody listens, so the connection is refused.",
            ["x-sim-fault: {name}"] = "A header by which a request to a vendor asks for one of its faults.",
            ["GET /_sim/vendors/requests?contains="] = "What was received, byte for byte; only requests whose body contains the text.",
            ["DELETE /_sim/vendors/requests"] = "Forgets them.",
            ["GET /_sim/vendors/served?after=&limit="] = "The record of tokens served, oldest first, after a number.",
            ["POST /_sim/faults"] = "{\"vendor\":\"openai\",\"fault\":\"stall\",\"count\":1,\"model\":null}: what goes wrong with the next requests.",
            ["GET /_sim/faults"] = "What is still to go wrong.",
            ["DELETE /_sim/faults"] = "Calls it off.",
            ["GET /_sim/clock"] = "The simulators' time.",
            ["POST /_sim/clock"] = "{\"advance_seconds\":3600} or {\"now\":\"2026-01-31T23:59:00Z\"} or {\"reset\":true}.",
        },
        SimulatedModel.All.Values.Where(model => !model.Name.StartsWith("fault-", StringComparison.Ordinal)).ToDictionary(model => model.Name, model => model.Description),
        Faults.All.ToDictionary(fault => fault.Key, fault => fault.Value.Description));

    private sealed record HelpPage(string About, Dictionary<string, string> Endpoints, Dictionary<string, string> Models, Dictionary<string, string> Faults);

    private sealed record FaultOrder(string Vendor, string Fault, int Count = 1, string? Model = null);

    private sealed record ClockOrder(double? AdvanceSeconds = null, DateTimeOffset? Now = null, bool Reset = false);

    private sealed record ClockView(DateTimeOffset Now, double ShiftSeconds)
    {
        public static ClockView Of(SimulatorClock clock) => new(clock.GetUtcNow(), clock.Shift.TotalSeconds);
    }

    private sealed record Problem(string Error);

    private sealed record ServedPage(long Total, IReadOnlyList<ServedAnswer> Answers);

    /// <param name="Body">The body as text; null when it is not UTF-8.</param>
    private sealed record RequestView(
        long Number,
        string Vendor,
        string RequestId,
        DateTimeOffset ReceivedAt,
        string Method,
        string Path,
        IReadOnlyDictionary<string, string> Headers,
        string? Body,
        byte[] BodyBase64,
        int Status,
        string? Fault,
        bool ClientAborted,
        bool Finished)
    {
        public static RequestView Of(ReceivedRequest request) => new(
            request.Number,
            request.Vendor,
            request.RequestId,
            request.ReceivedAt,
            request.Method,
            request.Path,
            request.Headers,
            Text(request.Body),
            request.Body,
            request.Status,
            request.Fault,
            request.ClientAborted,
            request.Finished);

        private static string? Text(byte[] body)
        {
            try
            {
                return StrictUtf8.GetString(body);
            }
            catch (DecoderFallbackException)
            {
                return null;
            }
        }
    }
}
