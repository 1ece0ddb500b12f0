using System.Text;
using System.Text.Json.Nodes;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Providers;
using AiHub.Tests.Dialects.Anthropic;

namespace AiHub.Tests.Providers;

/// <summary>How vendors differ is data of their rows; what a client wrote is said in the vendor's way, and everything else stays.</summary>
public sealed class VendorQuirksTests : IDisposable
{
    private readonly HandlerPool _handlers = new(TimeProvider.System);

    public void Dispose() => _handlers.Dispose();

    public static TheoryData<string, string, string, string> Shaped => new()
    {
        { "thinking=enable_thinking", """{"reasoning_effort":"low"}""", """{"enable_thinking":true,"thinking_budget":4096}""", "" },
        { "thinking=enable_thinking", """{"reasoning":{"max_tokens":900}}""", """{"enable_thinking":true,"thinking_budget":900}""", "" },
        { "thinking=enable_thinking", """{"reasoning_effort":"none"}""", """{"enable_thinking":false}""", "" },
        { "thinking=enable_thinking", """{"enable_thinking":true,"reasoning_effort":"none"}""", """{"enable_thinking":true}""", "" },
        { "thinking=thinking", """{"reasoning":{"enabled":true}}""", """{"thinking":{"type":"enabled"}}""", "" },
        { "thinking=thinking", """{"reasoning_effort":"none"}""", """{"thinking":{"type":"disabled"}}""", "" },
        { "thinking=effort", """{"reasoning":{"effort":"high"}}""", """{"reasoning_effort":"high"}""", "" },
        { "thinking=effort", """{"reasoning":{"max_tokens":100}}""", """{"reasoning_effort":"low"}""", "" },
        { "thinking=none", """{"reasoning_effort":"high"}""", "{}", "reasoning_effort" },
        { "thinking=none", """{"reasoning_effort":"none"}""", "{}", "" },
        { "defaults={\"enable_thinking\":false}", "{}", """{"enable_thinking":false}""", "" },
        { "defaults={\"enable_thinking\":false}", """{"enable_thinking":true}""", """{"enable_thinking":true}""", "" },
        { "drop=logit_bias seed", """{"logit_bias":{"1":2},"seed":null,"x":[1,2.50]}""", """{"x":[1,2.50]}""", "logit_bias" },
        { "rename=max_completion_tokens=max_tokens", """{"max_completion_tokens":7}""", """{"max_tokens":7}""", "" },
        { "rename=max_completion_tokens=max_tokens", """{"max_completion_tokens":7,"max_tokens":8}""", """{"max_tokens":8}""", "" },
    };

    [Theory, MemberData(nameof(Shaped))]
    public async Task A_request_is_said_the_way_its_vendor_needs_it(string quirk, string asked, string sent, string dropped)
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"choices":[{}]}""");
        var (name, value) = (quirk[..quirk.IndexOf('=')], quirk[(quirk.IndexOf('=') + 1)..]);
        var body = JsonNode.Parse(asked)!.AsObject();
        body["model"] = "m";
        body["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "héllo" });

        var settings = await AskAsync(vendor, new Dictionary<string, string> { [name] = value }, body.ToJsonString());

        Assert.True(vendor.Requests.TryDequeue(out var received));
        var said = JsonNode.Parse(received.Body)!.AsObject();
        Assert.Equal("vendor-model", (string?)said["model"]);
        said.Remove("model");
        said.Remove("messages");
        Translate.Same(sent, said);
        Assert.Equal(dropped, string.Join(' ', settings.Exchange.Dropped));
    }

    [Fact]
    public async Task Developers_speak_as_the_system_where_nobody_knows_them()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"choices":[{}]}""");

        await AskAsync(vendor, new() { ["developer_role"] = "false" }, """{"model":"m","messages":[{"role":"developer","content":"x","extra":1},{"role":"user","content":"y"}],"x_unknown":1.0}""");

        Assert.True(vendor.Requests.TryDequeue(out var received));
        Assert.Equal("""{"model":"vendor-model","messages":[{"role":"system","content":"x","extra":1},{"role":"user","content":"y"}],"x_unknown":1.0}""", received.Body);
    }

    [Fact]
    public void A_quirk_may_speak_of_some_models_only()
    {
        var quirks = new Dictionary<string, string> { ["thinking"] = "adaptive", ["thinking:claude-haiku"] = "budget", ["thinking:claude-haiku-5"] = "none" };

        Assert.Equal("adaptive", VendorQuirks.Of(quirks, "claude-opus-5").Thinking);
        Assert.Equal("budget", VendorQuirks.Of(quirks, "claude-haiku-4-5").Thinking);
        Assert.Equal("none", VendorQuirks.Of(quirks, "claude-haiku-5").Thinking);
    }

    [Theory]
    [InlineData("openai", "", "https://v.example/v1/chat/completions")]
    [InlineData("azure", "", "https://v.example/v1/openai/deployments/my%20model/chat/completions?api-version=2025-04-01-preview")]
    [InlineData("anthropic", "", "https://v.example/v1/messages")]
    [InlineData("responses", "", "https://v.example/v1/responses")]
    [InlineData("gemini", "", "https://v.example/v1/models/my%20model:generateContent")]
    [InlineData("openai", "/api/paas/v4/chat", "https://v.example/v1/api/paas/v4/chat")]
    public void A_dialect_decides_where_a_vendor_is_asked(string dialect, string path, string url) =>
        Assert.Equal(url, VendorAddress.ChatUrl("https://v.example/v1", dialect, "my model", new VendorQuirks { Path = path }));

    [Fact]
    public void A_dialect_that_nobody_speaks_is_refused() => Assert.Throws<InvalidOperationException>(() => VendorAddress.Dialect("klingon"));

    [Fact]
    public async Task A_vendor_without_a_key_is_asked_without_one()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"choices":[{}]}""");

        await AskAsync(vendor, [], """{"model":"m","messages":[{}]}""", key: null);

        Assert.True(vendor.Requests.TryDequeue(out var received));
        Assert.DoesNotContain("Authorization", received.Headers.Keys);
    }

    private async Task<HubExecutionSettings> AskAsync(ScriptedVendor vendor, Dictionary<string, string> quirks, string body, string? key = "sk-vendor")
    {
        var target = new WireTarget(
            "scripted", vendor.Url, "vendor-model", key is null ? null : new VendorSecret(key), VendorQuirks.Of(quirks, "vendor-model"), UpstreamTimeouts.Default, AllowPrivateNetwork: true);
        var settings = new HubExecutionSettings { Request = ChatRequest.Parse(Encoding.UTF8.GetBytes(body)).Request! };
        await new WireConnector(target, _handlers, TimeProvider.System).GetChatMessageContentsAsync([], settings);
        return settings;
    }
}
