using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using AiHub.Tests.Chat;
using AiHub.Tests.Providers;

namespace AiHub.Tests.Models;

/// <summary><c>GET /v1/models</c>: complete, and nearly nothing for whoever has it already.</summary>
public sealed class ModelListTests(VendorHub vendors) : IClassFixture<VendorHub>
{
    [Fact]
    public async Task The_list_is_sent_once_and_again_only_when_it_has_changed()
    {
        var customer = await vendors.Hub.RegisterAsync();
        var first = await customer.Api.GetAsync("models");
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.True(first.Headers.CacheControl is { Private: true, NoCache: true });

        var known = await AskAsync(first.Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        Assert.Empty(await known.Content.ReadAsByteArrayAsync());
        Assert.Equal(first.Headers.ETag, known.Headers.ETag);

        await using var vendor = await ScriptedVendor.AnsweringAsync("{}");
        var model = await vendors.ServeAsync(vendor);
        var changed = await AskAsync(first.Headers.ETag!);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Contains(model, await changed.Content.ReadAsStringAsync());

        async Task<HttpResponseMessage> AskAsync(EntityTagHeaderValue tag)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "models");
            request.Headers.IfNoneMatch.Add(tag);
            return await customer.Api.SendAsync(request);
        }
    }

    [Fact]
    public async Task A_model_is_listed_with_what_the_catalogue_knows_of_it()
    {
        var customer = await vendors.Hub.RegisterAsync();
        var list = JsonNode.Parse(await customer.Api.GetStringAsync("models"))!;
        var echo = list["data"]!.AsArray().Single(model => (string?)model!["id"] == "sim/echo")!;

        Assert.Equal(("list", "model", "sim", "chat"), ((string?)list["object"], (string?)echo["object"], (string?)echo["owned_by"], (string?)echo["kind"]));
        Assert.Equal(131_072, (int?)echo["context_length"]);
        Assert.Contains("tools", echo["supported_parameters"]!.AsArray().Select(name => (string?)name));
    }
}
