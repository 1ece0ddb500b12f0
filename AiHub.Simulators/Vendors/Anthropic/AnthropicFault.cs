using System.Text;
using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary>One way in which the vendor goes wrong. What is not set stays right.</summary>
public sealed record AnthropicFault(string Name, string Description)
{
    public AnthropicRefusal? Refusal { get; init; }

    /// <summary>Takes the place of any answer.</summary>
    public Func<HttpContext, CancellationToken, Task>? Instead { get; init; }

    /// <summary>Drops the line before there is an answer.</summary>
    public bool Cuts { get; init; }

    /// <summary>Spoils each event, and the document.</summary>
    public Action<JsonObject>? Spoil { get; init; }

    /// <summary>What becomes of the events of a stream; the request's id is told for errors among them.</summary>
    public Func<IEnumerable<Sent>, string, IEnumerable<Step>>? Events { get; init; }

    public Func<byte[], string, IEnumerable<Step>>? Document { get; init; }

    public string LineEnd { get; init; } = "\n";

    public Func<Step.Bytes, IEnumerable<Step>>? Write { get; init; }

    public IEnumerable<Step> Stream(MessageAnswer answer, string requestId)
    {
        var sent = answer.Events().Select(one =>
        {
            Spoil?.Invoke(one.Event);
            return new Sent(one.Event, new Step.Bytes(Encode(one.Event), one.Part, HasUsage: one.Event.ContainsKey("usage")));
        });
        return Written(Events is { } events ? events(sent, requestId) : sent.Select(one => one.Bytes));
    }

    public IEnumerable<Step> Whole(MessageAnswer answer, string requestId)
    {
        var document = answer.Document();
        Spoil?.Invoke(document);
        var bytes = Encoding.UTF8.GetBytes(Wire.Line(document));
        return Written(Document is { } steps ? steps(bytes, requestId) : [new Step.Bytes(bytes, HasUsage: document.ContainsKey("usage"))]);
    }

    private byte[] Encode(JsonObject json) => Encoding.UTF8.GetBytes($"event: {json["type"]}{LineEnd}data: {Wire.Line(json)}{LineEnd}{LineEnd}");

    private IEnumerable<Step> Written(IEnumerable<Step> steps) =>
        Write is { } write ? steps.SelectMany(step => step is Step.Bytes bytes ? write(bytes) : [step]) : steps;
}

/// <summary>One event as it is, and as it goes over the wire.</summary>
public sealed record Sent(JsonObject Json, Step.Bytes Bytes)
{
    public string Type => (string)Json["type"]!;
}
