using System.Text;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>One thing that happens while an answer is sent.</summary>
public abstract record Step
{
    /// <summary>One chunk of the answer.</summary>
    public sealed record Event(JsonObject Json, Part? Part = null) : Step
    {
        public bool Finishes => Json["choices"] is JsonArray { Count: > 0 } choices && choices[0]?["finish_reason"] is not null;

        public bool HasUsage => Json["usage"] is not null;
    }

    /// <summary>The <c>[DONE]</c> at the end of a stream.</summary>
    public sealed record Done : Step;

    /// <summary>One write.</summary>
    public sealed record Bytes(byte[] Data, Part? Part = null, bool HasUsage = false) : Step;

    public sealed record Wait(TimeSpan Time) : Step
    {
        /// <summary>Until the caller gives up.</summary>
        public static readonly Wait ForEver = new(Timeout.InfiniteTimeSpan);
    }

    /// <summary>Drops the connection.</summary>
    public sealed record Cut : Step;
}

/// <summary>The piece of an answer that a write delivers.</summary>
public sealed record Part(int Choice, string Text, bool IsThought);

/// <summary>How events are set apart on the wire.</summary>
public sealed record Framing(string Field, string End)
{
    public static readonly Framing Usual = new("data: ", "\n\n");

    public IEnumerable<Step> Encode(IEnumerable<Step> steps) => steps.Select(step => step switch
    {
        Step.Event sent => new Step.Bytes(Encoding.UTF8.GetBytes($"{Field}{Wire.Line(sent.Json)}{End}"), sent.Part, sent.HasUsage),
        Step.Done => new Step.Bytes(Encoding.UTF8.GetBytes($"{Field}[DONE]{End}")),
        _ => step,
    });
}
