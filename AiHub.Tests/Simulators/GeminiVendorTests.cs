using System.Text;
using System.Text.Json.Nodes;
using AiHub.Simulators;

namespace AiHub.Tests.Simulators;

/// <summary>The simulated Google is strict about what it takes, and about where its signatures come back.</summary>
public sealed class GeminiVendorTests : IClassFixture<SimulatorHost>, IDisposable
{
    private const string Turn = """{"role":"user","parts":[{"text":"Hi"}]}""";

    private readonly HttpClient _vendor;

    public GeminiVendorTests(SimulatorHost simulators)
    {
        _vendor = new HttpClient { BaseAddress = new Uri(simulators.Url, "/vendors/gemini/v1beta/models/") };
        _vendor.DefaultRequestHeaders.Add("x-goog-api-key", SimulatorOptions.DevelopmentKey);
    }

    public void Dispose() => _vendor.Dispose();

    [Theory]
    [InlineData("""{"contents":[TURN],"foo":1}""", "Unknown name \"foo\": Cannot find field.")]
    [InlineData("""{"contents":[TURN],"generationConfig":{"max_tokens":1}}""", "Unknown name \"max_tokens\" at 'generationConfig'")]
    [InlineData("""{"contents":[TURN],"generationConfig":{"temperature":"hot"}}""", "Invalid value at 'generationConfig.temperature'")]
    [InlineData("""{"contents":[TURN],"generationConfig":{"maxOutputTokens":1.5}}""", "Invalid value at 'generationConfig.maxOutputTokens'")]
    [InlineData("""{"contents":[{"role":"assistant","parts":[{"text":"x"}]}]}""", "Invalid value at 'contents[0].role'")]
    [InlineData("""{"contents":[{"role":"user","parts":[{"text":"x","bar":1}]}]}""", "Unknown name \"bar\" at 'contents[0].parts[0]'")]
    [InlineData("""{"contents":[{"role":"user","parts":[{"text":"x","inlineData":{"mimeType":"a","data":"b"}}]}]}""", "oneof field 'data'")]
    [InlineData("""{"contents":[{"role":"user","parts":[]}]}""", "must not be empty")]
    [InlineData("""{"contents":[]}""", "contents is not specified")]
    [InlineData("{}", "contents: required field is not set")]
    [InlineData("""{"contents":[TURN,{"role":"model","parts":[{"functionCall":{"name":"f"}}]}]}""", "missing a thought_signature")]
    [InlineData("""{"contents":[TURN,{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"eA=="}]}]}""", "not valid")]
    [InlineData("""{"contents":[{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}]}""", "immediately after a function call turn")]
    [InlineData("""{"contents":[TURN,{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"skip_thought_signature_validator"}]},TURN]}""", "number of function response parts")]
    public async Task What_Google_does_not_take_is_refused_in_its_words(string body, string words)
    {
        var (status, error) = await RefusedAsync("./echo:generateContent", body.Replace("TURN", Turn, StringComparison.Ordinal));

        Assert.Equal((400, "INVALID_ARGUMENT", 400), (status, (string?)error["status"], (int)error["code"]!));
        Assert.Contains(words, (string?)error["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_in_the_URL_opens_nothing()
    {
        var (status, _) = await RefusedAsync($"./echo:generateContent?key={SimulatorOptions.DevelopmentKey}", $$"""{"contents":[{{Turn}}]}""");

        Assert.Equal(404, status);
    }

    [Fact]
    public async Task A_fault_can_be_asked_for_in_a_header()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "./echo:generateContent") { Content = new StringContent($$"""{"contents":[{{Turn}}]}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("x-sim-fault", "503");

        using var response = await _vendor.SendAsync(request);

        Assert.Equal(503, (int)response.StatusCode);
    }

    [Fact]
    public async Task An_answer_in_pieces_says_what_one_in_a_piece_says()
    {
        var body = """{"contents":[TURN],"generationConfig":{"thinkingConfig":{"includeThoughts":true}}}""".Replace("TURN", Turn, StringComparison.Ordinal);
        using var whole = await _vendor.PostAsync("./reasoning:generateContent", new StringContent(body, Encoding.UTF8, "application/json"));
        using var pieces = await _vendor.PostAsync("./reasoning:streamGenerateContent?alt=sse", new StringContent(body, Encoding.UTF8, "application/json"));

        var document = JsonNode.Parse(await whole.Content.ReadAsStringAsync())!;
        var events = (await pieces.Content.ReadAsStringAsync()).Split("\r\n\r\n", StringSplitOptions.RemoveEmptyEntries).Select(sent => JsonNode.Parse(sent["data: ".Length..])!).ToArray();

        Assert.Equal(document["usageMetadata"]!.ToJsonString(), events[^1]["usageMetadata"]!.ToJsonString());
        Assert.Equal("STOP", (string?)events[^1]["candidates"]![0]!["finishReason"]);
        Assert.Equal(Text(document), string.Concat(events.Select(Text)));

        static string Text(JsonNode answer) => string.Concat(answer["candidates"]![0]!["content"]!["parts"]!.AsArray().Select(part => (string?)part!["text"]));
    }

    private async Task<(int Status, JsonObject Error)> RefusedAsync(string path, string body)
    {
        using var response = await _vendor.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!.AsObject());
    }
}
