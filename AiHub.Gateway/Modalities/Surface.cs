using System.Text;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Audio;
using AiHub.Gateway.Dialects;
using AiHub.Gateway.Embeddings;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Images;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Moderations;
using AiHub.Gateway.Rerank;

namespace AiHub.Gateway.Modalities;

/// <summary>
/// Something callers ask of models besides chat. Requests and answers pass as they are; what a surface knows is where they go,
/// the few fields the hub decides by, and how to count.
/// </summary>
public abstract class Surface
{
    public static readonly Surface Embeddings = new EmbeddingSurface("openai");
    public static readonly Surface RoutedEmbeddings = new EmbeddingSurface("openrouter");
    public static readonly Surface ImageGenerations = new ImageSurface("generations");
    public static readonly Surface Speech = new SpeechSurface();
    public static readonly Surface Transcriptions = new TranscriptionSurface();

    public static readonly IReadOnlyList<Surface> All =
        [Embeddings, ImageGenerations, new ImageSurface("edits"), Speech, Transcriptions, new ModerationSurface(), new RerankSurface()];

    /// <summary>The dialect and operation, as usage records name them.</summary>
    public abstract string Name { get; }

    /// <summary>Below the base URL, the hub's and the vendor's alike.</summary>
    public abstract string Path { get; }

    /// <summary>Which models can be asked.</summary>
    public abstract ModelKind Kind { get; }

    /// <summary>What OpenTelemetry calls it.</summary>
    public abstract string Operation { get; }

    /// <summary>The model of a request that names none; null when it must name one.</summary>
    public virtual string? UsualModel => null;

    public virtual bool TakesJson => true;

    /// <summary>Files come in <c>multipart/form-data</c>, at most this many bytes of it; null when there are no files.</summary>
    public virtual long? LargestForm => null;

    /// <summary>The answer is neither JSON nor text, and is passed on while it comes.</summary>
    public virtual bool AnswersWithBytes(SurfaceRequest request) => false;

    /// <summary>The caller wants events.</summary>
    public virtual bool Streams(SurfaceRequest request) => request.Text("stream") == "true";

    /// <summary>Whether an answer may be plain text.</summary>
    public virtual bool AnswersWithText(SurfaceRequest request) => false;

    /// <summary>Whether an answer holds what a model says, or repeats of what it was told.</summary>
    public virtual bool AnswersInWords => false;

    /// <summary>Whether events carry their names beside their data.</summary>
    public virtual bool NamesEvents => false;

    /// <returns>What is wrong with the fields the hub has to understand; null when nothing is.</returns>
    public abstract OpenAIError? Check(SurfaceRequest request);

    /// <summary>Changes of the hub's own on the way to the vendor: a field and its new value.</summary>
    public virtual IEnumerable<(string Field, string Value)> Changes(SurfaceRequest request) => [];

    /// <summary>The most a call is likely to use, in every way it might be counted.</summary>
    public abstract Consumption Expect(SurfaceRequest request, Model model);

    /// <summary>Takes notes of what a piece of the answer says about its cost.</summary>
    public virtual void Hear(ReadOnlyMemory<byte> piece, SurfaceRequest request, Heard heard)
    {
        var members = new JsonMembers(piece.Span);
        while (members.Next())
        {
            if (members.Name.SequenceEqual("usage"u8) && members.Value.Length > 0)
            {
                HearUsage(members.Value, heard);
            }
            else if (members.Value.Length > 0)
            {
                HearMember(members.Name, members.Value, heard);
            }
        }
    }

    /// <summary>What was used besides tokens: as the vendor said, or else as the hub can see.</summary>
    public virtual UnitUsage Units(SurfaceRequest request, Heard heard) => heard.Units;

    /// <summary>The tokens nobody reported.</summary>
    public abstract TokenUsage Tokens(SurfaceRequest request, Heard heard, TokenCounter counter, Model model);

    /// <summary>The answer in the form its caller asked for, when that is not how the vendor sent it.</summary>
    public virtual (byte[] Body, string ContentType)? Render(SurfaceRequest request, ReadOnlyMemory<byte> answer, string? contentType) => null;

    protected virtual void HearUsage(ReadOnlySpan<byte> usage, Heard heard)
    {
    }

    protected virtual void HearMember(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, Heard heard)
    {
    }

}

/// <summary>What a vendor's answer told about its cost.</summary>
public sealed class Heard
{
    /// <summary>Null while no tokens were reported.</summary>
    public TokenUsage? Tokens { get; set; }

    public UnitUsage Units { get; set; }

    /// <summary>The vendor's figures contradicted each other and were clamped.</summary>
    public bool Inconsistent { get; set; }

    /// <summary>The hub could not see a quantity and had to guess it.</summary>
    public bool UnitsAreGuessed { get; set; }

    /// <summary>Generated text, where a surface has some.</summary>
    public StringBuilder Text { get; } = new();

    /// <summary>Pieces of an unfinished image that were delivered.</summary>
    public int Previews { get; set; }

    /// <summary>Whether everything these prices charge was told.</summary>
    public bool Tells(PriceList prices) =>
        (!prices.CountsTokens || Tokens is not null)
        && (prices.Find(PriceComponent.Image) is null || Units.Images > 0)
        && (prices.Find(PriceComponent.Second) is null || Units.Seconds > 0)
        && (prices.Find(PriceComponent.Character) is null || Units.Characters > 0)
        && (prices.Find(PriceComponent.SearchUnit) is null || Units.SearchUnits > 0);
}
