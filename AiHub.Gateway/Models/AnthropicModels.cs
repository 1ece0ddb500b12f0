using System.Buffers;
using System.Globalization;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Gateway.Errors;

namespace AiHub.Gateway.Models;

/// <summary>The models as Anthropic's clients page through them.</summary>
internal static class AnthropicModels
{
    private const int UsualPage = 20;
    private const int LongestPage = 1_000;

    public static IResult Page(IQueryCollection query, IEnumerable<Model> models)
    {
        var limit = UsualPage;
        if (query["limit"] is [{ Length: > 0 } asked] && !(int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= LongestPage))
        {
            return OpenAIError.BadRequest($"limit: Input should be between 1 and {LongestPage}");
        }

        var body = new ArrayBufferWriter<byte>(4096);
        ModelList.Write([.. models.Select(Listed)], limit, query["after_id"], query["before_id"], body);
        return TypedResults.Bytes(body.WrittenMemory, "application/json");
    }

    public static IResult One(Model model)
    {
        var body = new ArrayBufferWriter<byte>(512);
        ModelList.Write(Listed(model), body);
        return TypedResults.Bytes(body.WrittenMemory, "application/json");
    }

    private static ListedModel Listed(Model model) => new(model.Id, model.Name, model.CreatedAt, model.ContextLength, model.MaxOutputTokens);
}
