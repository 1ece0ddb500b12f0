using System.Text;
using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Shared;

/// <summary>One event of a stream, with the piece of the answer that it delivers.</summary>
public sealed record Spoken(JsonObject Json, Part? Part = null, bool HasUsage = false, bool Finishes = false);

/// <summary>One way in which a vendor goes wrong. What is not set stays right.</summary>
public sealed record VendorFault(string Name, string Description)
{
    /// <summary>The status it answers; its words are the vendor's.</summary>
    public int? Status { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What the vendor calls it, where a status has several meanings: <c>quota</c>, <c>context</c>, <c>policy</c>.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Drops the line before there is an answer.</summary>
    public bool Cuts { get; init; }

    /// <summary>Takes the place of any answer.</summary>
    public Func<HttpContext, SimulatedVendor, bool, CancellationToken, Task>? Instead { get; init; }

    /// <summary>Leaves out, or spoils, what the vendor counted.</summary>
    public Action<SimulatedVendor, JsonObject>? Spoil { get; init; }

    public Func<SimulatedVendor, IEnumerable<Spoken>, IEnumerable<Step>>? Events { get; init; }

    public Func<SimulatedVendor, byte[], IEnumerable<Step>>? Document { get; init; }

    public Func<Step.Bytes, IEnumerable<Step>>? Write { get; init; }

    public IEnumerable<Step> Stream(SimulatedVendor vendor, IEnumerable<Spoken> answer)
    {
        var sent = answer.Select(one =>
        {
            Spoil?.Invoke(vendor, one.Json);
            return one;
        });
        return Written(Events is { } events ? events(vendor, sent) : sent.Select(vendor.Frame));
    }

    public IEnumerable<Step> Whole(SimulatedVendor vendor, JsonObject document)
    {
        Spoil?.Invoke(vendor, document);
        var bytes = Encoding.UTF8.GetBytes(Wire.Line(document));
        return Written(Document is { } steps ? steps(vendor, bytes) : [new Step.Bytes(bytes, HasUsage: vendor.HasUsage(document))]);
    }

    private IEnumerable<Step> Written(IEnumerable<Step> steps) =>
        Write is { } write ? steps.SelectMany(step => step is Step.Bytes bytes ? write(bytes) : [step]) : steps;
}

/// <summary>The catalogue of what goes wrong at vendors that share it. Each is also a model, <c>fault-{name}</c>, can be ordered for the next requests, and asked for in a header.</summary>
public static class VendorFaults
{
    private const int PiecesBeforeTrouble = 3;

    public static readonly VendorFault None = new("none", "Nothing goes wrong.");

    public static IReadOnlyDictionary<string, VendorFault> All { get; } = ((IEnumerable<VendorFault>)
        [
            new("busy", "Answers 429 with retry-after.") { Status = 429, RetryAfter = TimeSpan.FromSeconds(2) },
            new("429-storm", "Answers 429 without saying when to come back.") { Status = 429 },
            new("quota", "Answers that the account's money or plan is used up.") { Status = 429, Reason = "quota" },
            new("bad-key", "Answers 401 as if the key had been revoked.") { Status = 401 },
            new("arrears", "Answers 402: the vendor wants money.") { Status = 402 },
            new("403", "Answers 403.") { Status = 403 },
            new("404", "Answers 404 as if the model were gone.") { Status = 404 },
            new("408", "Answers 408.") { Status = 408 },
            new("context-length", "Answers 400: the prompt is too long.") { Status = 400, Reason = "context" },
            new("policy", "Answers 400: a filter does not let the prompt through.") { Status = 400, Reason = "policy" },
            new("500", "Answers 500.") { Status = 500 },
            new("502", "Answers 502.") { Status = 502 },
            new("503", "Answers 503.") { Status = 503 },
            new("504", "Answers 504.") { Status = 504 },
            new("529", "Answers 529, as overloaded vendors do.") { Status = 529 },
            new("reset-before-headers", "Resets the connection before any answer.") { Cuts = true, Instead = (context, _, _, _) => Mishaps.ResetAsync(context) },
            new("stall-before-headers", "Accepts the request and never answers.") { Instead = (_, _, _, ct) => Task.Delay(Timeout.Infinite, ct) },
            new("stall-before-first-token", "Sends headers and then nothing.") { Events = (_, _) => [Step.Wait.ForEver], Document = (_, _) => [Step.Wait.ForEver] },
            new("html", "Answers 200 with an HTML page.") { Instead = (context, _, _, ct) => Mishaps.HtmlAsync(context, ct) },
            new("huge-body", "Sends a body of 100 MB in one event.") { Instead = (context, _, stream, ct) => HugeAsync(context, stream, compressed: false, ct) },
            new("gzip-bomb", "Sends 100 MB compressed to a few hundred KB, asked or not.") { Instead = (context, _, stream, ct) => HugeAsync(context, stream, compressed: true, ct) },
            MidAnswer("dies", "Drops the line in the middle of its answer.", _ => new Step.Cut()),
            MidAnswer("stall", "Falls silent in the middle of the answer and keeps the line open.", _ => Step.Wait.ForEver),
            MidAnswer("ends-early", "Ends the answer properly in the middle, without a word about why.", null),
            MidAnswer("garbage-frame", "Sends one event that is not JSON; a document is cut short.", _ => Mishaps.Text("data: {\"broken\":[{\"ind\n\n"), goesOn: true),
            MidAnswer("error-in-band", "Sends an error in the middle of a stream; as a document, with status 200.", vendor => Mishaps.Text(vendor.ErrorFrame()), vendor => Mishaps.Text(vendor.ErrorBody())),
            new("error-in-band-first", "Sends an error as the first event, after status 200.")
            {
                Events = (vendor, _) => [Mishaps.Text(vendor.ErrorFrame())],
                Document = (vendor, _) => [Mishaps.Text(vendor.ErrorBody())],
            },
            new("no-usage", "Never sends usage.") { Spoil = (vendor, json) => vendor.ForgetUsage(json) },
            new("duplicate-usage", "Sends the event with its usage twice.") { Events = (vendor, sent) => sent.SelectMany(one => one is { HasUsage: true, Part: null } ? (Step[])[vendor.Frame(one), vendor.Frame(one)] : [vendor.Frame(one)]) },
            new("comments", "Sends comment lines between events.") { Events = (vendor, sent) => sent.SelectMany(one => (Step[])[Mishaps.Text(": keep-alive\n\n"), vendor.Frame(one)]) },
            new("drip", "Sends one byte a second.") { Write = Mishaps.Dripped },
            new("split-utf8", "Sends every character beyond ASCII in two writes.") { Write = Mishaps.Halved },
        ]).ToDictionary(fault => fault.Name);

    private static VendorFault MidAnswer(
        string name, string description, Func<SimulatedVendor, Step>? trouble, Func<SimulatedVendor, Step>? document = null, bool goesOn = false) => new(name, description)
        {
            Events = (vendor, sent) => Mishaps.InTheMiddle(sent.Select(one => ((Step)vendor.Frame(one), one.Part is not null, one.Finishes)), PiecesBeforeTrouble, trouble?.Invoke(vendor), goesOn),
            Document = (vendor, bytes) => document is not null ? [document(vendor)]
                : Mishaps.HalfOf(bytes, trouble?.Invoke(vendor)),
        };

    private static Task HugeAsync(HttpContext context, bool stream, bool compressed, CancellationToken ct) => stream
        ? Mishaps.HugeAsync(context, "data: {\"huge\":\"", "\"}\n\n", ChatEndpoint.EventStream, compressed, ct)
        : Mishaps.HugeAsync(context, "{\"huge\":\"", "\"}", "application/json", compressed, ct);
}
