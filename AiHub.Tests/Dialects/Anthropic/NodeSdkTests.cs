using System.Text.Json.Nodes;
using AiHub.Tests.Node;

namespace AiHub.Tests.Dialects.Anthropic;

/// <summary>Anthropic's official Node SDK reads what the dialect writes.</summary>
public sealed class NodeSdkTests
{
    [NodeFact]
    public async Task The_node_sdk_reads_messages_streams_errors_counts_and_models()
    {
        await using var server = await WritersServer.StartAsync();
        var said = (await NodeClients.RunAsync("anthropic.mjs", server.Url)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonNode.Parse(line)!)
            .ToDictionary(line => (string)line["scenario"]!, line => line);

        foreach (var model in (ReadOnlySpan<string>)["text", "agent", "refuses"])
        {
            Translate.Same(said[$"whole {model}"]["value"]!["content"], said[$"helper {model}"]["value"]!["content"]);
            Translate.Same(said[$"whole {model}"]["value"]!["stop_reason"], said[$"helper {model}"]["value"]!["stop_reason"]);
            foreach (var figure in (ReadOnlySpan<string>)["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens", "output_tokens_details"])
            {
                Translate.Same(said[$"whole {model}"]["value"]!["usage"]![figure], said[$"helper {model}"]["value"]!["usage"]![figure]);
            }
        }

        Assert.Equal("""你好 "there" 😀""", (string?)said["whole text"]["value"]!["content"]![0]!["text"]);
        Assert.Equal("refusal", (string?)said["whole refuses"]["value"]!["stop_reason"]);
        Assert.Equal(
            "message_start content_block_start thinking_delta thinking_delta signature_delta content_block_stop content_block_start content_block_stop "
            + "content_block_start text_delta text_delta citations_delta content_block_stop content_block_start input_json_delta input_json_delta "
            + "content_block_stop content_block_start input_json_delta content_block_stop message_delta message_stop",
            string.Join(' ', said["events"]["value"]!.AsArray().Select(type => (string?)type)));

        Assert.Equal(
            "400 BadRequestError invalid_request_error, 401 AuthenticationError authentication_error, 402 PaymentRequiredError billing_error, "
            + "403 PermissionDeniedError permission_error, 404 NotFoundError not_found_error, 413 ContentTooLargeError request_too_large, "
            + "429 RateLimitError rate_limit_error, 502 InternalServerError api_error, 503 OverloadedError overloaded_error, 504 GatewayTimeoutError timeout_error",
            string.Join(", ", said.Where(one => one.Key.StartsWith("status ", StringComparison.Ordinal))
                .Select(one => $"{one.Key["status ".Length..]} {one.Value["error"]!["name"]} {one.Value["error"]!["type"]}")));
        Assert.Equal("req_1", (string?)said["status 429"]["error"]!["request"]);
        Assert.Contains("messages.0.content.0.text: Field required", (string?)said["invalid"]["error"]!["message"], StringComparison.Ordinal);

        foreach (var broken in (ReadOnlySpan<string>)["dies in the iterator", "dies in the helper"])
        {
            Assert.Equal("api_error", (string?)said[broken]["error"]!["type"]);
            Assert.Contains("The upstream broke off its answer.", (string?)said[broken]["error"]!["message"], StringComparison.Ordinal);
        }

        Assert.Equal("APIUserAbortError", (string?)said["aborted"]["error"]!["name"]);
        Assert.Equal(9, (int?)said["counted"]["value"]!["input_tokens"]);
        Assert.Equal(["vendor/model-1", "vendor/model-2", "vendor/model-3", "vendor/model-4", "vendor/model-5"], said["models"]["value"]!.AsArray().Select(id => (string?)id));
        Assert.Equal(["vendor/model-2", "vendor/model-3"], said["models backwards"]["value"]!.AsArray().Select(id => (string?)id));
        Assert.Equal("Model 5", (string?)said["one model"]["value"]!["display_name"]);
        Assert.Equal("NotFoundError", (string?)said["no model"]["error"]!["name"]);
    }
}
