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

    /// <summary>Takes the place of any answer; told whether a stream was asked for.</summary>
    public Func<HttpContext, bool, CancellationToken, Task>? Instead { get; init; }

    /// <summary>Spoils each chunk, and the document.</summary>
    public Action<JsonObject>? Spoil { get; init; }

    public Func<ChatAnswer, IEnumerable<Step>, IEnumerable<Step>>? Events { get; init; }

    public Func<byte[], IEnumerable<Step>>? Document { get; init; }

    /// <summary>Spoils each write, of streams and of documents.</summary>
    public Func<Step.Bytes, IEnumerable<Step>>? Write { get; init; }

    /// <summary>What happens in the middle of an answer, whatever it is made of.</summary>
    public Trouble? Trouble { get; init; }

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

    public IEnumerable<Step> Whole(ChatAnswer answer) => Whole(answer.Document());

    public IEnumerable<Step> Whole(JsonObject document)
    {
        Spoil?.Invoke(document);
        var bytes = Wire.Document(document);

        return Written(Document is { } steps ? steps(bytes) : [new Step.Bytes(bytes, HasUsage: document["usage"] is not null)]);
    }

    /// <summary>An answer of events or bytes, half of it before the trouble.</summary>
    public IEnumerable<Step> Pieces(IReadOnlyList<Step> steps)
    {
        foreach (var sent in steps.OfType<Step.Event>())
        {
            Spoil?.Invoke(sent.Json);
        }

        if (Trouble is not { } trouble)
        {
            return Written(Framing.Encode(steps));
        }

        IEnumerable<Step> half = steps.Take(steps.Count / 2);
        half = trouble.What is { } what ? half.Append(what) : half;
        return Written(Framing.Encode(trouble.GoesOn ? half.Concat(steps.Skip(steps.Count / 2)) : half));
    }

    private IEnumerable<Step> Written(IEnumerable<Step> steps) =>
        Write is { } write ? steps.SelectMany(step => step is Step.Bytes bytes ? write(bytes) : [step]) : steps;
}

/// <param name="What">Null when the answer just ends.</param>
public sealed record Trouble(Step? What, bool GoesOn);
