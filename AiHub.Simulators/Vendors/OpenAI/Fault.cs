using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>One way in which a vendor goes wrong. What is not set stays right.</summary>
public sealed record Fault(string Name, string Description)
{
    /// <summary>Parameters that OpenAI does not know are refused, as OpenAI does and most compatible vendors do not.</summary>
    public bool RefusesUnknownParameters { get; init; }

    public OpenAIError? Refusal { get; init; }

    /// <summary>Only shows with a model that calls tools.</summary>
    public bool CallsTools { get; init; }

    /// <summary>Drops the line before there is an answer.</summary>
    public bool Cuts { get; init; }

    /// <summary>Takes the place of any answer.</summary>
    public Func<HttpContext, ChatRequest, CancellationToken, Task>? Instead { get; init; }

    /// <summary>Spoils each chunk, and the document.</summary>
    public Action<JsonObject>? Spoil { get; init; }

    public Func<ChatAnswer, IEnumerable<Step>, IEnumerable<Step>>? Events { get; init; }

    public Func<byte[], IEnumerable<Step>>? Document { get; init; }

    /// <summary>Spoils each write, of streams and of documents.</summary>
    public Func<Step.Bytes, IEnumerable<Step>>? Write { get; init; }

    public Framing Framing { get; init; } = Framing.Usual;

    public IEnumerable<Step> Stream(ChatAnswer answer)
    {
        var steps = answer.Events();
        if (Spoil is { } spoil)
        {
            steps = steps.Select(step =>
            {
                if (step is Step.Event sent)
                {
                    spoil(sent.Json);
                }

                return step;
            });
        }

        return Written(Framing.Encode(Events is { } events ? events(answer, steps) : steps));
    }

    public IEnumerable<Step> Whole(ChatAnswer answer)
    {
        var document = answer.Document();
        Spoil?.Invoke(document);
        var bytes = Wire.Document(document);

        return Written(Document is { } steps ? steps(bytes) : [new Step.Bytes(bytes, HasUsage: document["usage"] is not null)]);
    }

    private IEnumerable<Step> Written(IEnumerable<Step> steps) =>
        Write is { } write ? steps.SelectMany(step => step is Step.Bytes bytes ? write(bytes) : [step]) : steps;
}
