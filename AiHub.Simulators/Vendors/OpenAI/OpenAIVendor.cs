using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.OpenAI.Surfaces;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>A vendor that speaks OpenAI's protocol, at <c>/vendors/openai/v1</c>.</summary>
public static class OpenAIVendor
{
    private const string Chat = "/v1/chat/completions";
    private const string Models = "/v1/models";

    // 2026-01-01: models are older than any request for them.
    private const long ModelsCreated = 1_767_225_600;

    public static void MapOpenAIVendor(this WebApplication app)
    {
        var vendor = app.MapGroup("/vendors/openai");

        vendor.MapPost(Chat, context => Exchange.RunAsync(context, ChatEndpoint.AnswerAsync));
        vendor.MapSurfaces();
        vendor.MapGet(Models, context => Exchange.RunAsync(context, ListAsync));
        vendor.MapGet($"{Models}/{{model}}", context => Exchange.RunAsync(context, FindAsync));
        vendor.Map("/{**rest}", context => Exchange.RunAsync(context, RefuseAsync));
    }

    private static Task ListAsync(Exchange exchange, CancellationToken ct) => WriteAsync(
        exchange,
        new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. SimulatedModel.All.Keys.Concat(SurfaceModel.Names).Select(name => (JsonNode)View(name))]) },
        ct);

    private static Task FindAsync(Exchange exchange, CancellationToken ct)
    {
        var name = (string)exchange.Context.GetRouteValue("model")!;

        return SimulatedModel.All.ContainsKey(name) || SurfaceModel.Names.Contains(name) ? WriteAsync(exchange, View(name), ct) : exchange.RefuseAsync(OpenAIError.NoSuchModel(name), ct);
    }

    private static Task RefuseAsync(Exchange exchange, CancellationToken ct)
    {
        var request = exchange.Context.Request;
        var path = request.Path.Value!["/vendors/openai".Length..];

        return exchange.RefuseAsync(
            path is Chat or Models ? OpenAIError.WrongMethod(request.Method, path) : OpenAIError.NoSuchUrl(request.Method, path), ct);
    }

    private static JsonObject View(string name) => new() { ["id"] = name, ["object"] = "model", ["created"] = ModelsCreated, ["owned_by"] = "simulator" };

    private static async Task WriteAsync(Exchange exchange, JsonNode json, CancellationToken ct)
    {
        exchange.Context.Response.ContentType = "application/json";
        await exchange.Context.Response.Body.WriteAsync(Wire.Document(json), ct);
    }
}
