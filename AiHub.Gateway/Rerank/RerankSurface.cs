using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects;
using AiHub.Gateway.Embeddings;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Modalities;

namespace AiHub.Gateway.Rerank;

/// <summary>Documents in the order of their relevance to a query, in the shape that Cohere and Jina share. Paid by the search or by tokens.</summary>
internal sealed class RerankSurface : Surface
{
    private const int DocumentsPerSearch = 100;

    // A longer document is cut into several, and each of them counts.
    private const int LongestDocument = 500;

    public override string Name => "rerank";

    public override string Path => "rerank";

    public override ModelKind Kind => ModelKind.Rerank;

    public override string Operation => "rerank";

    public override bool AnswersInWords => true;

    public override OpenAIError? Check(SurfaceRequest request)
    {
        var documents = request.Json("documents").Span;
        return !request.Has("query") ? OpenAIError.Missing("query")
            : documents.IsEmpty ? OpenAIError.Missing("documents")
            : documents[0] != (byte)'[' ? OpenAIError.WrongType("documents", "an array of texts or objects")
            : Documents(documents).Count == 0 ? OpenAIError.BadRequest("Invalid 'documents': the array is empty.", "documents", "empty_array")
            : null;
    }

    public override Consumption Expect(SurfaceRequest request, Model model)
    {
        var documents = Documents(request.Json("documents").Span);
        var query = JsonTexts.Estimate(request.Json("query").Span);
        // The query is read again with each document.
        return new Consumption(
            new TokenUsage(checked(documents.Sum() + query * documents.Count)),
            new UnitUsage(SearchUnits: Searches(documents.Sum(tokens => 1 + tokens / LongestDocument))));
    }

    public override UnitUsage Units(SurfaceRequest request, Heard heard) =>
        heard.Units.SearchUnits > 0 ? heard.Units : new UnitUsage(SearchUnits: Searches(Documents(request.Json("documents").Span).Count));

    public override TokenUsage Tokens(SurfaceRequest request, Heard heard, TokenCounter counter, Model model)
    {
        var documents = request.Json("documents").Span;
        return new TokenUsage(JsonTexts.Count(counter, model.Id, documents) + JsonTexts.Count(counter, model.Id, request.Json("query").Span) * Documents(documents).Count);
    }

    protected override void HearUsage(ReadOnlySpan<byte> usage, Heard heard) => Inputs.Hear(usage, heard);

    protected override void HearMember(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, Heard heard)
    {
        if (!name.SequenceEqual("meta"u8))
        {
            return;
        }

        if (SurfaceNumbers.Whole(value, "billed_units", "search_units") is > 0 and var searches)
        {
            heard.Units = heard.Units with { SearchUnits = searches };
        }

        if ((SurfaceNumbers.Whole(value, "billed_units", "input_tokens") ?? SurfaceNumbers.Whole(value, "tokens", "input_tokens")) is > 0 and var tokens)
        {
            heard.Tokens ??= new TokenUsage(tokens);
        }
    }

    private static long Searches(long documents) => (documents + DocumentsPerSearch - 1) / DocumentsPerSearch;

    // The tokens of each document, roughly.
    private static List<long> Documents(ReadOnlySpan<byte> json)
    {
        var tokens = new List<long>();
        var documents = new JsonElements(json);
        while (documents.Next())
        {
            tokens.Add(JsonTexts.Estimate(documents.Value));
        }

        return tokens;
    }
}
