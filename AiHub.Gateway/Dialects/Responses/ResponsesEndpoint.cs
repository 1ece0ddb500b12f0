using System.Buffers;
using System.Text.Json;
using AiHub.Gateway.Access;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>OpenAI's Responses: an answer, and those that were stored.</summary>
public static class ResponsesEndpoint
{
    // Past any item of an answer, so that an input item's id is never taken for one of those.
    private const int FirstInputItem = 0x1000;

    private static readonly string[] Readers = [HttpMethods.Get, HttpMethods.Head];

    public static IServiceCollection AddResponses(this IServiceCollection services)
    {
        services.AddOptions<ResponsesOptions>().BindConfiguration(ResponsesOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ResponsesOptions>, ResponsesOptionsValidator>();
        return services.AddSingleton<StoredResponses>();
    }

    public static void MapResponses(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/responses", AnswerAsync);
        routes.MapMethods("/responses/{id}", Readers, FindAsync);
        routes.MapMethods("/responses/{id}/input_items", Readers, InputAsync);
        routes.MapDelete("/responses/{id}", DeleteAsync);
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context, ApiKeys keys, TextCalls calls, StoredResponses store, IOptions<ResponsesOptions> options, TimeProvider time)
    {
        var received = time.GetTimestamp();
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        var body = await RequestBody.ReadOwnAsync(context.Request, context.RequestAborted);
        if (body.Error is { } unreadable)
        {
            return unreadable;
        }

        if (!ResponsesRequest.TryRead(body.Json, out var request, out var wrong))
        {
            return wrong;
        }

        context.Response.RegisterForDispose(request);
        var (earlier, gone) = await EarlierTurns.FindAsync(store, caller.OrganizationId, request);
        if (earlier is null)
        {
            return gone!;
        }

        context.Response.RegisterForDispose(earlier);
        var (asked, untranslatable) = ResponsesCall.Of(body.Json, request, earlier);
        if (asked is null)
        {
            return untranslatable!;
        }

        var (chat, refusal) = ChatRequest.Of(asked);
        var keep = request.Store ?? options.Value.StoreByDefault;
        return chat is null
            ? refusal!
            : await calls.AnswerAsync(context, caller, Surfaces.Responses, chat, received, call => new ResponsesForClient(call, asked, store, keep, time));
    }

    private static Task<IResult> FindAsync(string id, HttpContext context, ApiKeys keys, StoredResponses store) =>
        WithStoredAsync(id, context, keys, store, (_, _, response) => Json(response.Response.Raw()));

    private static Task<IResult> InputAsync(string id, HttpContext context, ApiKeys keys, StoredResponses store) =>
        WithStoredAsync(id, context, keys, store, (_, name, response) =>
        {
            var body = new ArrayBufferWriter<byte>(1024);
            using (var writer = new Utf8JsonWriter(body, Wire.Writing))
            {
                WriteInput(writer, response.Input, name);
            }

            return Json(body.WrittenSpan);
        });

    private static Task<IResult> DeleteAsync(string id, HttpContext context, ApiKeys keys, StoredResponses store) =>
        WithStoredAsync(id, context, keys, store, async (organization, name, _) =>
        {
            await store.DeleteAsync(organization, name);
            return Json(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["id"] = id, ["object"] = "response", ["deleted"] = true }));
        });

    private static Task<IResult> WithStoredAsync(string id, HttpContext context, ApiKeys keys, StoredResponses store, Func<Guid, ResponseId, StoredResponse, IResult> act) =>
        WithStoredAsync(id, context, keys, store, (organization, name, response) => Task.FromResult(act(organization, name, response)));

    private static async Task<IResult> WithStoredAsync(string id, HttpContext context, ApiKeys keys, StoredResponses store, Func<Guid, ResponseId, StoredResponse, Task<IResult>> act)
    {
        var (caller, stranger) = await keys.FindAsync(context);
        if (caller is null)
        {
            return stranger!;
        }

        try
        {
            using var response = ResponseId.TryParse(id, out var name) ? await store.FindAsync(caller.OrganizationId, name) : null;
            return response is not null
                ? await act(caller.OrganizationId, name, response)
                : OpenAIError.Of(StatusCodes.Status404NotFound, $"Response with id '{id}' not found. It was not stored, was deleted, or its time is over.");
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            return EarlierTurns.Unreachable();
        }
    }

    // {"object":"list","data":[…],"first_id":…,"last_id":…,"has_more":false}, newest first as OpenAI lists them
    private static void WriteInput(Utf8JsonWriter writer, JsonElement input, ResponseId response)
    {
        var ids = new List<string>();
        writer.WriteStartObject();
        writer.WriteString("object"u8, "list"u8);
        writer.WriteStartArray("data"u8);
        foreach (var (number, item) in input.EnumerateArray().Index().Reverse())
        {
            var id = item.Text("id"u8) ?? response.Item("msg", FirstInputItem + number);
            ids.Add(id);
            writer.WriteStartObject();
            writer.WriteString("id"u8, id);
            if (!item.Get("type"u8).Exists())
            {
                writer.WriteString("type"u8, "message"u8);
            }

            foreach (var member in item.EnumerateObject().Where(member => !member.NameEquals("id"u8)))
            {
                member.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("first_id"u8, ids.FirstOrDefault());
        writer.WriteString("last_id"u8, ids.LastOrDefault());
        writer.WriteBoolean("has_more"u8, false);
        writer.WriteEndObject();
    }

    private static IResult Json(ReadOnlySpan<byte> json) => TypedResults.Bytes(json.ToArray(), "application/json");
}
