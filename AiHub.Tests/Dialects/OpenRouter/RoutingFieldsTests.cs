using System.Text;
using System.Text.Json.Nodes;
using AiHub.Domain;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Dialects.OpenRouter;
using AiHub.Gateway.Routing;

namespace AiHub.Tests.Dialects.OpenRouter;

/// <summary>What a request says about who shall answer it is heard by the hub and told to no vendor.</summary>
public sealed class RoutingFieldsTests
{
    [Fact]
    public void They_become_preferences_and_leave_the_body()
    {
        var request = Read(
            """
            {"model":"a/b","models":["c/d"],"route":"fallback","session_id":"s1","user":"u","service_tier":"flex","temperature":0,
             "provider":{"order":["x"],"only":["x","y"],"ignore":["z"],"allow_fallbacks":false,"require_parameters":true,"data_collection":"deny","zdr":true,"sort":{"by":"throughput"},
                         "max_price":{"prompt":1,"completion":"2.5"}},
             "messages":[{"role":"user","content":"hi"}]}
            """).WithoutRoutingFields().Request!;

        Assert.Equal("a/b", request.Model);
        Assert.Equal(["model", "user", "service_tier", "temperature", "messages"], JsonNode.Parse(request.Json.Span)!.AsObject().Select(member => member.Key));
        var heard = request.Preferences;
        Assert.Equal(["c/d", "|", "x", "|", "x", "y", "|", "z"], (string[])[.. heard.FallbackModels, "|", .. heard.Order, "|", .. heard.Only, "|", .. heard.Ignore]);
        Assert.Equal((RouteSort.Throughput, false, true, true, true), (heard.Sort, heard.AllowFallbacks, heard.RequireParameters, heard.DenyDataCollection, heard.ZeroDataRetention));
        Assert.Equal(new MaxPrice(Currency.USD, PromptNanos: 1_000_000_000, CompletionNanos: 2_500_000_000), heard.MaxPrice);
        Assert.Equal(("s1", "flex", "temperature"), (heard.Session, heard.ServiceTier, Assert.Single(heard.Parameters)));
    }

    [Theory]
    [InlineData("""{"orders":["x"]}""", "provider.orders")]
    [InlineData("""{"order":"x"}""", "provider.order")]
    [InlineData("""{"sort":"beauty"}""", "provider.sort")]
    [InlineData("""{"max_price":{"prompt":-1}}""", "provider.max_price")]
    [InlineData("[]", "provider")]
    public void A_slip_in_them_is_named(string provider, string param)
    {
        var refused = Read($$"""{"model":"m","provider":{{provider}},"messages":[{"role":"user","content":"hi"}]}""").WithoutRoutingFields();

        Assert.Equal((400, param), (refused.Error!.Status, refused.Error.Param));
    }

    [Fact]
    public void The_rest_of_an_openrouter_request_is_put_in_words_every_vendor_takes()
    {
        var (chat, request, _) = OpenRouterRequest.Read(Encoding.UTF8.GetBytes(
            """
            {"models":["a/b","c/d"],"usage":{"include":true},"plugins":[{"id":"web"}],"transforms":[],"reasoning":{"effort":"low","exclude":true},"top_k":3,"seed":7,
             "messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]},
                         {"role":"assistant","content":"ho","reasoning":"hm","reasoning_details":[]}]}
            """));

        Assert.Equal("a/b", chat!.Model);
        Assert.True(request!.HidesReasoning);
        Assert.Equal(["plugins", "reasoning", "top_k"], chat.Dropped);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"seed":7,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},{"role":"assistant","content":"ho"}],"model":"a/b"}"""),
            JsonNode.Parse(chat.Json.Span)));
    }

    private static ChatRequest Read(string body)
    {
        var request = ChatRequest.Parse(Encoding.UTF8.GetBytes(body)).Request!;
        Assert.True(request.HasRoutingFields);
        return request;
    }
}
