using System.Globalization;
using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary>A vendor that speaks Anthropic's protocol, at <c>/vendors/anthropic/v1</c>.</summary>
public static class AnthropicVendor
{
    private const int UsualPage = 20;
    private const int LongestPage = 1_000;

    public static void MapAnthropicVendor(this WebApplication app)
    {
        var vendor = app.MapGroup("/vendors/anthropic");
        vendor.MapPost("/v1/messages", context => AnthropicExchange.RunAsync(context, MessagesEndpoint.AnswerAsync));
        vendor.MapPost("/v1/messages/count_tokens", context => AnthropicExchange.RunAsync(context, MessagesEndpoint.CountAsync));
        vendor.MapGet("/v1/models", context => AnthropicExchange.RunAsync(context, ListAsync));
        vendor.MapGet("/v1/models/{model}", context => AnthropicExchange.RunAsync(context, FindAsync));
        vendor.Map("/{**rest}", context => AnthropicExchange.RunAsync(context, (exchange, ct) => exchange.RefuseAsync(AnthropicRefusal.NotFound("Not found"), ct)));
    }

    private static Task ListAsync(AnthropicExchange exchange, CancellationToken ct)
    {
        var query = exchange.Context.Request.Query;
        string[] names = [.. AnthropicModel.All.Keys];
        var limit = int.TryParse(query["limit"], CultureInfo.InvariantCulture, out var asked) ? asked : UsualPage;
        if (limit is < 1 or > LongestPage)
        {
            return exchange.RefuseAsync(AnthropicRefusal.Invalid($"limit: Input should be greater than or equal to 1 and less than or equal to {LongestPage}"), ct);
        }

        var start = Array.IndexOf(names, query["after_id"].ToString()) + 1;
        string[] page = [.. names.Skip(start).Take(limit)];
        return WriteAsync(
            exchange,
            new JsonObject
            {
                ["data"] = new JsonArray([.. page.Select(name => (JsonNode)View(name))]),
                ["has_more"] = start + page.Length < names.Length,
                ["first_id"] = page.FirstOrDefault(),
                ["last_id"] = page.LastOrDefault(),
            },
            ct);
    }

    private static Task FindAsync(AnthropicExchange exchange, CancellationToken ct)
    {
        var name = (string)exchange.Context.GetRouteValue("model")!;
        return AnthropicModel.All.ContainsKey(name) ? WriteAsync(exchange, View(name), ct) : exchange.RefuseAsync(AnthropicRefusal.NotFound($"model: {name}"), ct);
    }

    private static JsonObject View(string name) => new()
    {
        ["type"] = "model",
        ["id"] = name,
        ["display_name"] = CultureInfo.InvariantCulture.TextInfo.ToTitleCase(name),
        ["created_at"] = "2026-01-01T00:00:00Z",
    };

    private static async Task WriteAsync(AnthropicExchange exchange, JsonNode json, CancellationToken ct)
    {
        exchange.Context.Response.ContentType = "application/json";
        await exchange.Context.Response.WriteAsync(Wire.Line(json), ct);
    }
}
