using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Simulators;

namespace AiHub.Tests.Simulators;

/// <summary>The simulated Responses API, and the simulated Azure resource, are strict about what they take.</summary>
public sealed class ResponsesVendorTests : IClassFixture<SimulatorHost>, IDisposable
{
    private readonly HttpClient _vendor;

    public ResponsesVendorTests(SimulatorHost simulators)
    {
        _vendor = new HttpClient { BaseAddress = new Uri(simulators.Url, "/vendors/") };
        _vendor.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", SimulatorOptions.DevelopmentKey);
    }

    public void Dispose() => _vendor.Dispose();

    [Theory]
    [InlineData("""{"model":"echo","input":"Hi","messages":[]}""", "messages", "unknown_parameter")]
    [InlineData("""{"model":"echo","input":"Hi","max_tokens":5}""", "max_tokens", "unknown_parameter")]
    [InlineData("""{"model":"echo"}""", "input", "missing_required_parameter")]
    [InlineData("""{"model":"echo","input":"Hi","temperature":"hot"}""", "temperature", "invalid_type")]
    [InlineData("""{"model":"echo","input":"Hi","max_output_tokens":3}""", "max_output_tokens", "integer_below_min_value")]
    [InlineData("""{"model":"echo","input":[{"role":"robot","content":"Hi"}]}""", "input[0].role", "invalid_value")]
    [InlineData("""{"model":"echo","input":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}""", "input[0].content[0].type", "invalid_value")]
    [InlineData("""{"model":"echo","input":[{"role":"assistant","content":[{"type":"input_text","text":"Hi"}]}]}""", "input[0].content[0].type", "invalid_value")]
    [InlineData("""{"model":"echo","input":[{"role":"user","content":"Hi","cache_control":{}}]}""", "input[0].cache_control", "unknown_parameter")]
    [InlineData("""{"model":"echo","input":"Hi","tools":[{"type":"function","name":"f","parameters":{}}]}""", "tools[0].strict", "missing_required_parameter")]
    [InlineData("""{"model":"echo","input":[{"type":"function_call_output","call_id":"c","output":"x"}]}""", "input", null)]
    [InlineData("""{"model":"echo","input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]}""", "input", null)]
    [InlineData("""{"model":"echo","input":[{"type":"reasoning","summary":[],"encrypted_content":"eA=="}]}""", null, "invalid_encrypted_content")]
    public async Task What_OpenAI_does_not_take_is_refused_in_its_words(string body, string? parameter, string? code)
    {
        var (status, error) = await RefusedAsync("responses/v1/responses", body);

        Assert.Equal((400, "invalid_request_error", parameter, code), (status, (string?)error["type"], (string?)error["param"], (string?)error["code"]));
    }

    [Fact]
    public async Task Azure_wants_its_own_header_a_version_and_a_deployment()
    {
        const string Body = """{"messages":[{"role":"user","content":"Hi"}],"model":"echo"}""";
        Assert.Equal(401, (await RefusedAsync("azure/openai/deployments/echo/chat/completions?api-version=2025-04-01-preview", Body)).Status);

        _vendor.DefaultRequestHeaders.Add("api-key", SimulatorOptions.DevelopmentKey);
        Assert.Equal(404, (await RefusedAsync("azure/openai/deployments/echo/chat/completions", Body)).Status);
        var (status, error) = await RefusedAsync("azure/openai/deployments/nothing/chat/completions?api-version=2025-04-01-preview", Body);
        Assert.Equal((404, "DeploymentNotFound"), (status, (string?)error["code"]));

        using var answered = await PostAsync("azure/openai/deployments/echo/chat/completions?api-version=2025-04-01-preview", Body);
        Assert.Equal(200, (int)answered.StatusCode);
    }

    private async Task<(int Status, JsonObject Error)> RefusedAsync(string path, string body)
    {
        using var response = await PostAsync(path, body);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!.AsObject());
    }

    private Task<HttpResponseMessage> PostAsync(string path, string body) => _vendor.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
}
