using System.Text.Json;
using AiHub.Gateway.Errors;
using StackExchange.Redis;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>What was stored and a request goes on from: the turns before it, and single items it names.</summary>
internal sealed class EarlierTurns : IDisposable
{
    private static readonly TimeSpan CachePause = TimeSpan.FromSeconds(5);

    private readonly List<StoredResponse> _stored = [];

    private EarlierTurns()
    {
    }

    /// <summary>The turns before, oldest first.</summary>
    public IReadOnlyList<ResponseId> Ids { get; private set; } = [];

    public EarlierItems Items { get; private set; } = EarlierItems.None;

    public bool IsEmpty => _stored.Count == 0;

    /// <returns>Either what was found, or why the request cannot go on from it.</returns>
    public static async Task<(EarlierTurns? Turns, OpenAIError? Error)> FindAsync(StoredResponses store, Guid organization, ResponsesRequest request)
    {
        var found = new EarlierTurns();
        try
        {
            if (await found.LoadAsync(store, organization, request) is not { } refusal)
            {
                return (found, null);
            }

            found.Dispose();
            return (null, refusal);
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            found.Dispose();
            return (null, Unreachable());
        }
    }

    /// <summary>Stored responses cannot be read right now.</summary>
    public static OpenAIError Unreachable() =>
        OpenAIError.Of(StatusCodes.Status503ServiceUnavailable, "Stored responses cannot be read right now. Please try again in a moment.") with { Code = "hub_unavailable", RetryAfter = CachePause };

    public void Dispose() => _stored.ForEach(turn => turn.Dispose());

    private async Task<OpenAIError?> LoadAsync(StoredResponses store, Guid organization, ResponsesRequest request)
    {
        var turns = new List<JsonElement>();
        if (request.PreviousResponseId is { } previous)
        {
            if (!ResponseId.TryParse(previous, out var last) || await store.ConversationAsync(organization, last) is not { } conversation)
            {
                return OpenAIError.BadRequest($"Previous response with id '{previous}' not found.", "previous_response_id", "previous_response_not_found");
            }

            _stored.AddRange(conversation);
            Ids = [.. conversation[^1].Earlier(), last];
            foreach (var turn in conversation)
            {
                turns.AddRange(turn.Input.EnumerateArray());
                turns.AddRange(turn.Output.EnumerateArray());
            }
        }

        var referenced = new Dictionary<string, JsonElement>();
        foreach (var id in request.References())
        {
            if (await FindItemAsync(store, organization, turns, id) is not { } item)
            {
                return new OpenAIError(StatusCodes.Status404NotFound, $"Item with id '{id}' not found. Only items of stored responses can be referred to.", "invalid_request_error", "input", null);
            }

            referenced[id] = item;
        }

        Items = new EarlierItems(turns, referenced);
        return null;
    }

    private async Task<JsonElement?> FindItemAsync(StoredResponses store, Guid organization, List<JsonElement> turns, string id)
    {
        if (Among(turns, id) is { } known)
        {
            return known;
        }

        if (!ResponseId.TryParseItem(id, out var owner) || await store.FindAsync(organization, owner) is not { } response)
        {
            return null;
        }

        _stored.Add(response);
        return Among(response.Output.EnumerateArray(), id);
    }

    private static JsonElement? Among(IEnumerable<JsonElement> items, string id)
    {
        foreach (var item in items)
        {
            if (item.Text("id"u8) == id)
            {
                return item;
            }
        }

        return null;
    }
}
