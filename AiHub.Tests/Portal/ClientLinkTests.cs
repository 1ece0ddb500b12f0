using System.Text;
using System.Text.Json;
using AiHub.Portal.Keys;
using Microsoft.AspNetCore.WebUtilities;

namespace AiHub.Tests.Portal;

public sealed class ClientLinkTests
{
    private static readonly IReadOnlyDictionary<string, Uri> Links =
        ClientLink.All(new Uri("https://hub.example/v1"), "ai-hub-a+b/c", "sim/echo").ToDictionary(link => link.Id, link => new Uri(link.Address));

    [Theory]
    [InlineData("cherry-studio", "cherrystudio://providers/api-keys", "data", """{"id":"ai-hub","name":"AI Hub","type":"openai","baseUrl":"https://hub.example","apiKey":"ai-hub-a+b/c"}""")]
    [InlineData("deepchat", "deepchat://provider/install", "data", """{"id":"ai-hub","name":"AI Hub","type":"openai-completions","baseUrl":"https://hub.example/v1","apiKey":"ai-hub-a+b/c"}""")]
    [InlineData("aionui", "aionui://provider/add", "data", """{"platform":"custom","name":"AI Hub","baseUrl":"https://hub.example/v1","apiKey":"ai-hub-a+b/c"}""")]
    [InlineData("chatbox", "chatbox://provider/import", "config", """{"id":"ai-hub","name":"AI Hub","type":"openai","urls":{"website":"https://hub.example"},"settings":{"apiHost":"https://hub.example","apiPath":"/v1/chat/completions","apiKey":"ai-hub-a+b/c","models":[{"modelId":"sim/echo","nickname":"sim/echo","type":"chat"}]}}""")]
    public void A_client_reads_the_address_and_the_key_out_of_its_link(string id, string address, string parameter, string config)
    {
        var link = Links[id];

        Assert.Equal(address, link.GetLeftPart(UriPartial.Path));
        var data = QueryHelpers.ParseQuery(link.Query)[parameter].ToString();
        Assert.Equal(config, Encoding.UTF8.GetString(Convert.FromBase64String(data)));
        JsonDocument.Parse(config).Dispose();
    }

    [Theory]
    [InlineData("cc-switch-claude", "claude", "https://hub.example")]
    [InlineData("cc-switch-codex", "codex", "https://hub.example/v1")]
    public void A_switcher_gets_the_address_its_program_wants(string id, string app, string endpoint)
    {
        var query = QueryHelpers.ParseQuery(Links[id].Query);

        Assert.Equal(("provider", app, endpoint, "ai-hub-a+b/c", "sim/echo"), (query["resource"].ToString(), query["app"].ToString(), query["endpoint"].ToString(), query["apiKey"].ToString(), query["model"].ToString()));
    }

    [Fact]
    public void No_link_leads_to_a_web_site() => Assert.All(Links.Values, link => Assert.DoesNotContain("http", link.Scheme, StringComparison.Ordinal));
}
