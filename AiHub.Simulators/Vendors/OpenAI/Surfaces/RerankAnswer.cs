using System.Text.Json;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <summary>Orders documents by the words they share with the query. Counts searches as Cohere does, or tokens as Jina does.</summary>
public static class RerankAnswer
{
    public const string Path = "rerank";
    private const int DocumentsPerSearch = 100;

    public static OpenAIError? Check(SurfaceBody body, bool refuseUnknown)
    {
        var fields = body.Fields;
        return Rules.Unknown(fields, refuseUnknown, "model", "query", "documents", "top_n", "return_documents", "max_tokens_per_doc", "max_chunks_per_doc", "rank_fields", "priority")
            ?? Rules.Needs(fields, "query")
            ?? Rules.IsText(fields, "query")
            ?? Rules.Needs(fields, "documents")
            ?? Rules.IsList(fields, "documents", 1_000)
            ?? Rules.IsWhole(fields, "top_n", 1, int.MaxValue)
            ?? Rules.IsFlag(fields, "return_documents");
    }

    public static Answer Of(SurfaceModel model, SurfaceBody body, DateTimeOffset now)
    {
        var fields = body.Fields;
        var query = fields.Given("query")!.Value.GetString()!;
        var documents = fields.Given("documents")!.Value.EnumerateArray()
            .Select(document => document.ValueKind == JsonValueKind.String ? document.GetString()! : document.Given("text")?.GetString() ?? string.Empty).ToList();
        var wanted = SimulatedModel.Words(query).Select(word => word.Trim().ToLowerInvariant()).ToHashSet();
        var tokens = documents.Sum(document => Tokens.Count(document) + Tokens.Count(query));
        var results = documents.Index()
            .Select(document => (document.Index, document.Item, Score: Score(document.Item, wanted)))
            .OrderByDescending(document => document.Score)
            .ThenBy(document => document.Index)
            .Take(fields.Given("top_n")?.GetInt32() ?? documents.Count)
            .Select(document => (JsonNode)(fields.Given("return_documents") is { ValueKind: JsonValueKind.True }
                ? new JsonObject { ["index"] = document.Index, ["relevance_score"] = document.Score, ["document"] = new JsonObject { ["text"] = document.Item } }
                : new JsonObject { ["index"] = document.Index, ["relevance_score"] = document.Score }));

        var answer = new JsonObject { ["results"] = new JsonArray([.. results]) };
        if (model.CountsTokens)
        {
            (answer["model"], answer["usage"]) = (model.Name, new JsonObject { ["total_tokens"] = tokens });
        }
        else
        {
            answer["id"] = Guid.CreateVersion7(now).ToString();
            answer["meta"] = new JsonObject
            {
                ["api_version"] = new JsonObject { ["version"] = "2" },
                ["billed_units"] = new JsonObject { ["search_units"] = (documents.Count + DocumentsPerSearch - 1) / DocumentsPerSearch },
            };
        }

        return new Answer(tokens, 0) { Document = answer };
    }

    private static double Score(string document, HashSet<string> wanted) =>
        Math.Round((double)SimulatedModel.Words(document).Select(word => word.Trim().ToLowerInvariant()).Distinct().Count(wanted.Contains) / Math.Max(1, wanted.Count), 4);
}
